"""Decides when bots are told what became of their messages: in order for each phone, again until they have taken it.

It has never heard of how a webhook call is written or signed; each messenger's emulator does that.

Every bot with something to be told has a lane of its own, so one whose webhook is dead holds nobody else up. What a
lane tells it reads from the backlog on disk, and what a bot has taken is forgotten there, many at a time: after a
crash some reports come twice and none is lost.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, Protocol, TypeAlias

from vestnik.emulation.backlog import Backlog, Report, Settled
from vestnik.emulation.bots import Bots, Webhook
from vestnik.emulation.waiting import first_of
from vestnik.emulation.when import Moment, span
from vestnik.groupcommit import StoreUnavailable
from vestnik.ports import Clock, Request, Response, Transport

READ_AT_ONCE: Final = 512
"""Reports that a lane holds in memory."""
IN_FLIGHT: Final = 32
"""Calls of one bot's webhook under way at once."""
CALL_TIMEOUT: Final = 10.0
"""Seconds for one call."""
LONGEST_PAUSE: Final = 10.0
"""Seconds between two tries of a webhook that has taken nothing lately; the first pause is one second."""


class Teller(Protocol):
    """How a messenger tells a bot something."""

    def call(self, reports: Sequence[Report], webhook: Webhook) -> Request:
        """The call of the webhook that tells of these reports, as many as the webhook takes at once."""

    def again_after(self, attempt: int) -> float | None:
        """Seconds until the next try after that many failed; None gives up."""


Hearer: TypeAlias = Callable[[Sequence[Report], Response], Awaitable[None]]
"""Whoever wants to know what a webhook answered when it took these reports."""


@dataclass(slots=True)
class _Lane:
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    webhook_set: asyncio.Event = field(default_factory=asyncio.Event)
    failures: int = 0
    """Rounds in a row in which the webhook took nothing."""
    put_off: dict[str, Moment] = field(default_factory=dict)
    """Phones of which a report waits for its next try, until that: later ones about them wait with it."""


class Callbacks:
    """The lanes of all bots."""

    def __init__(self, backlog: Backlog, bots: Bots, clock: Clock, transport: Transport) -> None:
        self._backlog = backlog
        self._bots = bots
        self._clock = clock
        self._transport = transport
        self._tellers: dict[str, Teller] = {}
        self._hearers: dict[str, Hearer] = {}
        self._lanes: dict[tuple[str, str], _Lane] = {}
        self._group: asyncio.TaskGroup | None = None

    def know(self, messenger: str, teller: Teller) -> None:
        """From now on the messenger's reports are told in this way."""
        self._tellers[messenger] = teller

    def hear(self, messenger: str, hearer: Hearer) -> None:
        """From now on the hearer learns what the messenger's webhooks answer, before the next call about a phone."""
        self._hearers[messenger] = hearer

    async def run(self) -> None:
        """Tells bots what they are to be told, until it is cancelled; first what an earlier life left over."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            try:
                for messenger, bot in await self._left_over():
                    self.wake(messenger, bot)
                await asyncio.get_running_loop().create_future()
            finally:
                self._group = None  # A group that is ending takes no more tasks.
                self._lanes.clear()

    async def _left_over(self) -> list[tuple[str, str]]:
        while True:
            try:
                return await self._backlog.bots()
            except StoreUnavailable:
                await self._clock.sleep_until(self._clock.now() + span(LONGEST_PAUSE))

    def wake(self, messenger: str, bot: str, *, webhook_set: bool = False) -> None:
        """There may be something to tell the bot. After `webhook_set` nothing is held against its webhook."""
        if self._group is None or messenger not in self._tellers:
            return
        lane = self._lanes.get((messenger, bot))
        if lane is None:
            lane = self._lanes[messenger, bot] = _Lane()
            self._group.create_task(self._serve(messenger, bot, lane))
        lane.woken.set()
        if webhook_set:
            lane.webhook_set.set()

    def follow(self, work: Coroutine[None, None, None]) -> None:
        """Does the work although whoever wanted it done has left, or does not wait for it."""
        if self._group is None:
            work.close()
        else:
            self._group.create_task(_try(work))

    def wake_all(self, messenger: str) -> None:
        """The webhook of all bots of the messenger changed."""
        for name, bot in list(self._lanes):
            if name == messenger:
                self.wake(name, bot, webhook_set=True)

    async def _serve(self, messenger: str, bot: str, lane: _Lane) -> None:
        """Tells one bot everything; ends when there is nothing left that has a time."""
        while True:
            lane.woken.clear()
            try:
                later = await self._turn(messenger, bot, lane)
            except StoreUnavailable:
                later = self._clock.now() + span(LONGEST_PAUSE)
            if lane.woken.is_set():
                continue
            if later is None:
                self._lanes.pop((messenger, bot), None)  # Ending, `run` has forgotten all lanes already.
                return
            await first_of(lane.woken, self._clock, later)

    async def _turn(self, messenger: str, bot: str, lane: _Lane) -> Moment | None:
        """Tells the bot what is due, and says when there will be more."""
        now = self._clock.now()
        limit = 1 if lane.failures else READ_AT_ONCE
        reports, later = await self._backlog.due(messenger, bot, now, limit)
        webhook = self._bots.webhook(messenger, bot)
        if webhook is None:
            await self._backlog.drop(messenger, bot)
            return None
        if reports:
            await self._round(messenger, lane, reports, webhook)
            return now
        return later

    async def _round(self, messenger: str, lane: _Lane, reports: list[Report], webhook: Webhook) -> None:
        """Tells these reports, or puts them off."""
        lane.webhook_set.clear()
        fresh: list[Report] = []
        again: list[tuple[int, Moment, int]] = []
        for report in reports:
            until = lane.put_off.get(report.entry.recipient, report.due)
            if report.due < until:
                again.append((report.id, until, 0))
            else:
                lane.put_off.pop(report.entry.recipient, None)
                fresh.append(report)
        teller = self._tellers[messenger]
        trains = _trains(fresh, webhook.at_once)
        told, refused = await self._tell(trains, webhook, teller, self._hearers.get(messenger))
        given_up = []
        now = self._clock.now()
        for report in fresh:
            if report.id in refused:
                pause = teller.again_after(report.attempt + 1)
                if pause is None:
                    given_up.append(report.id)
                else:
                    until = lane.put_off.setdefault(report.entry.recipient, now + span(pause))
                    again.append((report.id, until, 1))
            elif report.id not in told:
                again.append((report.id, lane.put_off.get(report.entry.recipient, now), 0))
        await self._backlog.settle(Settled(messenger, [*told], given_up, again))
        if told:
            lane.failures = 0
        elif fresh:
            await self._pause(lane)

    async def _tell(
        self, trains: list[list[Report]], webhook: Webhook, teller: Teller, hearer: Hearer | None
    ) -> tuple[set[int], set[int]]:
        """Ids of the reports that the webhook took, and of those that it did not.

        Trains go side by side and the calls of one train after another, up to the first that is not taken.
        """
        taken: set[int] = set()
        refused: set[int] = set()
        ahead = iter(trains)

        async def carry() -> None:
            for train in ahead:
                for start in range(0, len(train), webhook.at_once):
                    reports = train[start : start + webhook.at_once]
                    if not await self._call(reports, webhook, teller, hearer):
                        refused.update(report.id for report in reports)
                        break
                    taken.update(report.id for report in reports)

        async with asyncio.TaskGroup() as group:
            for _ in range(min(IN_FLIGHT, len(trains))):
                group.create_task(carry())
        return taken, refused

    async def _call(self, reports: Sequence[Report], webhook: Webhook, teller: Teller, hearer: Hearer | None) -> bool:
        """Whether the webhook took the reports, and whoever wants to know its answer does."""
        try:
            answer = await self._transport.exchange(teller.call(reports, webhook), timeout=CALL_TIMEOUT)
            taken = 200 <= answer.status < 300
            if taken and hearer is not None:
                await hearer(reports, answer)
        except Exception:  # noqa: BLE001 - whatever keeps a bot from being told, others are told and it is tried again
            return False
        return taken

    async def _pause(self, lane: _Lane) -> None:
        """Leaves alone a webhook that took nothing, longer each time, until it is set anew."""
        lane.failures += 1
        pause = min(2.0 ** (lane.failures - 1), LONGEST_PAUSE)
        await first_of(lane.webhook_set, self._clock, self._clock.now() + span(pause))
        if lane.webhook_set.is_set():
            lane.failures = 0


async def _try(work: Coroutine[None, None, None]) -> None:
    with suppress(StoreUnavailable):
        await work


def _trains(reports: list[Report], at_once: int) -> list[list[Report]]:
    """The reports in trains that can go side by side: all of one phone are in one train, in their order.

    Where a webhook takes several at once, phones share a train until it fills a call.
    """
    phones: dict[str, list[Report]] = {}
    for report in reports:
        phones.setdefault(report.entry.recipient, []).append(report)
    trains: list[list[Report]] = []
    for own in phones.values():
        if at_once > 1 and trains and len(trains[-1]) + len(own) <= at_once:
            trains[-1].extend(own)
        else:
            trains.append(own)
    return trains
