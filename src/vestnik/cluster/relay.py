"""Decides what workers are told to attempt, when and how fast: due ids by priority, and again what nobody took.

It has never heard of RabbitMQ or of what a delivery says; it looks through a Store and hands ids to a publisher.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Protocol

import structlog

from vestnik.cluster.metrics import RelayMetrics
from vestnik.cluster.window import Window
from vestnik.dispatch.alarm import Alarm
from vestnik.dispatch.pace import Pace
from vestnik.dispatch.sweep import Sweep
from vestnik.domain.delivery import Waiting
from vestnik.domain.errors import StoreUnavailable
from vestnik.domain.moment import SECOND, Moment, seconds
from vestnik.domain.priority import take_turns
from vestnik.ports import Clock, Store

log = structlog.get_logger()

_BUSY_LOOK: Final = seconds(0.05)
"""Between two looks while something is out."""
_FULL_LOOK: Final = 0.2
"""Seconds between two looks while more than half of what may be out is: workers have enough to do, whoever rings."""
_IDLE_LOOK: Final = seconds(1)
"""Between two looks while nothing is; what is accepted rings, what was put off only comes due."""
_ALONE_LOOK: Final = seconds(0.2)
"""The same where the end of one attempt lets the next one begin."""
_PAUSE: Final = 0.5
"""Seconds after trouble with the store or the broker."""
_SOUND_EVERY: Final = 2.0
"""Seconds between two looks at how the work stands."""
_LONG_OVERDUE: Final = 6
"""So many times the usual wait, after which an id is published again although the queue may still hold it."""


class NotPublished(Exception):
    """The broker did not confirm; the text says why."""


class Publisher(Protocol):
    """The way to the workers."""

    async def publish(self, messenger: str, ids: Sequence[str], *, suspects: bool) -> None:
        """Returns when the broker has confirmed; NotPublished if it did not in time, though it may have the ids."""

    async def depth(self, messenger: str, *, suspects: bool) -> int:
        """How many tasks wait in the queue; NotPublished if the broker does not say."""

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class RelaySettings:
    """How one messenger's work is handed out; spans are seconds."""

    alone: bool = False
    """Only one attempt to a recipient may be under way."""
    task_size: int = 100
    """The most ids in one task."""
    ahead: int = 2000
    """The most ids that are out."""
    repeat_after: float = 5.0


class Courier:
    """Hands out the work of one messenger, of its healthy recipients or of those under suspicion."""

    def __init__(
        self,
        messenger: str,
        settings: RelaySettings,
        pace: Pace,
        store: Store,
        publisher: Publisher,
        clock: Clock,
        metrics: RelayMetrics,
        *,
        suspects: bool,
    ) -> None:
        self.alarm = Alarm(clock)
        self.messenger = messenger
        self._suspects = suspects
        self._settings = settings
        self._pace = pace
        self._store = store
        self._publisher = publisher
        self._clock = clock
        self._metrics = metrics
        self._window = Window(settings.ahead)
        metrics.known(messenger)
        self._caught_up_at = clock.now()
        self.trouble: str | None = None
        """Why nothing could be handed out at the last look."""

    async def run(self) -> None:
        """Looks and publishes until cancelled."""
        self._window = Window(self._settings.ahead)
        self._caught_up_at = self._clock.now()
        while True:
            try:
                await self._look()
                self.trouble = None
            except (StoreUnavailable, NotPublished) as trouble:
                self.trouble = str(trouble)
                log.warning("nothing is handed out for now", messenger=self.messenger, reason=str(trouble))
                await asyncio.sleep(_PAUSE)
            else:
                await self._wait()

    async def _wait(self) -> None:
        if self._window.room < self._settings.ahead // 2:
            await asyncio.sleep(_FULL_LOOK)
        else:
            await self.alarm.wait()

    async def sound(self) -> None:
        """Measures how far this is behind. NotPublished if the broker does not say."""
        tasks = await self._publisher.depth(self.messenger, suspects=self._suspects)
        behind = self._clock.now() - self._caught_up_at
        idle = _ALONE_LOOK if self._settings.alone else _IDLE_LOOK
        lag = behind / SECOND if behind > idle + seconds(_PAUSE) else 0.0
        self._metrics.queued(self.messenger, tasks, lag, suspects=self._suspects)

    async def _look(self) -> None:
        settings, now = self._settings, self._clock.now()
        due = await self._store.due(
            self.messenger,
            suspects=self._suspects,
            limit=settings.ahead,
            held=self._window.ids,
            now=now,
            alone=settings.alone,
        )
        self._window.keep(due.held)
        await self._publish_again(now)
        fresh, later = self._choose(due.queues, now)
        await self._publish(fresh)
        self._pace.spend(len(fresh), now)
        if len(fresh) == sum(map(len, due.queues)):
            self._caught_up_at = now
        self._metrics.looked(self.messenger, len(self._window), suspects=self._suspects)
        self.alarm.set_for(due.next_due)
        self.alarm.set_for(later)
        idle = _ALONE_LOOK if settings.alone else _IDLE_LOOK
        self.alarm.set_for(now + (_BUSY_LOOK if len(self._window) else idle))

    def _choose(self, queues: Sequence[Sequence[Waiting]], now: Moment) -> tuple[list[tuple[str, str]], Moment | None]:
        """What to publish now, each id with its recipient; and when more may be, if only the pace holds it back."""
        room, later = self._window.room, None
        allowed = self._pace.allowance(now)
        if allowed is not None and allowed < room:
            room, later = allowed, self._pace.next_allowance()
        chosen: list[tuple[str, str]] = []
        busy = set(self._window.recipients) if self._settings.alone else set()
        for waiting in take_turns(queues, sum(map(len, queues))):
            if len(chosen) >= room:
                break
            if waiting.recipient in busy or self._pace.hold_until(waiting.recipient, now) is not None:
                continue
            if self._settings.alone:
                busy.add(waiting.recipient)
            chosen.append((waiting.delivery_id, waiting.recipient))
        return chosen, later

    async def _publish(self, ids: Sequence[tuple[str, str]]) -> None:
        size = self._settings.task_size
        for begin in range(0, len(ids), size):
            batch = ids[begin : begin + size]
            await self._publisher.publish(self.messenger, [name for name, _ in batch], suspects=self._suspects)
            self._window.published(batch, self._clock.now())
            self._metrics.published(self.messenger, len(batch))

    async def _publish_again(self, now: Moment) -> None:
        """What was not taken in time and cannot all be in the queue: the broker lost it, or a worker did."""
        span = seconds(self._settings.repeat_after)
        if not (overdue := self._window.overdue(now - span)):
            return
        queued = self._settings.task_size * await self._publisher.depth(self.messenger, suspects=self._suspects)
        if queued >= len(overdue):
            long = self._window.overdue(now - span * _LONG_OVERDUE)
            overdue = long if queued < 2 * self._settings.ahead else []
        if overdue:
            self._metrics.repeated(self.messenger, len(overdue))
            await self._publish(overdue)


class Relay:
    """All couriers and the sweep, at work while this process leads."""

    def __init__(
        self, store: Store, couriers: Sequence[Courier], sweep: Sweep, metrics: RelayMetrics, clock: Clock
    ) -> None:
        self._store = store
        self._couriers = couriers
        self._sweep = sweep
        self._metrics = metrics
        self._clock = clock
        self._leads = False

    @property
    def trouble(self) -> str | None:
        """Why the leader hands out nothing at this moment; None for one that stands by."""
        return next((courier.trouble for courier in self._couriers if courier.trouble and self._leads), None)

    async def run(self) -> None:
        """Stands by, and leads when it is this process's turn, until cancelled."""
        await self._store.lead(self._work)

    async def _work(self) -> None:
        self._metrics.leads(True)
        self._leads = True
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._store.watch(self._wake))
                group.create_task(self._sweep.run())
                group.create_task(self._sound())
                for courier in self._couriers:
                    group.create_task(courier.run())
        finally:
            self._leads = False
            self._metrics.leads(False)
            self._metrics.stood_down()

    async def _sound(self) -> None:
        """Measures now and then, for whoever asks for numbers."""
        names = list(dict.fromkeys(courier.messenger for courier in self._couriers))
        while True:
            with suppress(StoreUnavailable, NotPublished):
                now = self._clock.now()
                for stand in await self._store.backlog(names):
                    oldest = 0.0 if stand.oldest_due is None else max(0.0, (now - stand.oldest_due) / SECOND)
                    self._metrics.stands(stand.messenger, oldest_due=oldest, leases=stand.leases)
                for courier in self._couriers:
                    await courier.sound()
            await asyncio.sleep(_SOUND_EVERY)

    def _wake(self) -> None:
        self._sweep.alarm.ring()
        for courier in self._couriers:
            courier.alarm.ring()
