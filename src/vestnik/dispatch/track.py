"""Decides how many attempts are under way at once, and that one which lasts too long gives its slot to the next.

It has never heard of verdicts or retries: claims go in, outcomes come out to the terms.
"""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

import structlog

from vestnik.dispatch.alarm import Alarm
from vestnik.dispatch.recorder import LARGEST_BATCH
from vestnik.dispatch.terms import Terms
from vestnik.domain.delivery import Claim, Return
from vestnik.domain.errors import StoreUnavailable
from vestnik.domain.moment import Moment, seconds
from vestnik.domain.outcomes import Outcome, Unclear

log = structlog.get_logger()

_STARTED_AT_ONCE: Final = 64
"""So many workers set out in one turn of the event loop, which is their share beside what the sockets bring to it."""
_BEAT: Final = 0.005
"""Seconds from one look that found less than was wanted to the next: what comes due meanwhile is claimed at once."""
_STORE_PAUSE: Final = 0.5
"""Seconds before asking a store again that cannot answer."""


Landed: TypeAlias = Callable[[Claim, Outcome, bool], Awaitable[None]]
"""Told of an attempt that ended, and whether it kept us waiting."""


@dataclass(slots=True)
class Flight:
    """An attempt under way."""

    claim: Claim
    started: float
    """Seconds on the event loop's clock."""
    replaced: bool = False
    """Another worker took the slot."""


class Track:
    """A pool of workers that attempt what the track claims, `ahead` claims beyond those that find a free worker."""

    def __init__(
        self,
        terms: Terms,
        landed: Landed,
        handed_over: Callable[[Claim], None],
        *,
        suspects: bool,
        slots: int,
        ahead: int,
    ) -> None:
        self.alarm = Alarm(terms.clock)
        self._terms = terms
        self._landed = landed
        self._handed_over = handed_over
        self._suspects = suspects
        self._slots = slots
        self._ahead = ahead
        self._queue: asyncio.PriorityQueue[tuple[int, int, Claim]] = asyncio.PriorityQueue()
        self._numbers = itertools.count()
        self._idle = 0
        self._replaced = 0
        self._flights: dict[str, Flight] = {}
        self._in_air = 0
        self._hungry = asyncio.Event()
        self._taken_off = asyncio.Event()
        self._all_landed = asyncio.Event()
        self._stopping = False
        self._workers: set[asyncio.Task[None]] = set()

    @property
    def held(self) -> int:
        """Claims that wait for a worker or are being attempted."""
        return self._queue.qsize() + self._in_air

    def stop(self) -> None:
        """Ends `run` once attempts under way have finished or their grace is over."""
        self._stopping = True
        self._hungry.set()
        self.alarm.ring()

    def enqueue(self, claim: Claim) -> None:
        """The claim is attempted as soon as a worker is free.

        It overtakes as many as may wait where these are of the next lower priority, so that what is urgent does not
        stand behind a crowd, and whatever is overtaken waits for no endless stream.
        """
        number = next(self._numbers)
        self._queue.put_nowait((number + claim.priority * self._ahead, number, claim))

    async def run(self) -> None:
        """Claims and attempts until stopped."""
        async with asyncio.TaskGroup() as group:
            watcher = group.create_task(self._watch(group))
            for _ in range(self._slots):
                self._hire(group)
            await self._claim_until_stopped()
            self._terms.recorder.give_back(self._untried())
            await self._land()
            watcher.cancel()
            for worker in self._workers:
                worker.cancel()

    def _hire(self, group: asyncio.TaskGroup) -> None:
        worker = group.create_task(self._work())
        self._workers.add(worker)
        worker.add_done_callback(self._workers.discard)

    async def _claim_until_stopped(self) -> None:
        loop = asyncio.get_running_loop()
        while not self._stopping:
            begun, now = loop.time(), self._terms.clock.now()
            limit, later = self._appetite(now)
            if limit <= 0:
                await self._wait_for_appetite(later)
                continue
            try:
                claimed = await self._terms.store.claim(
                    self._terms.messenger,
                    suspects=self._suspects,
                    limit=limit,
                    lease_until=now + seconds(self._terms.settings.lease),
                    now=now,
                    alone=self._terms.alone,
                )
            except StoreUnavailable as trouble:
                log.warning("store unavailable, nothing is claimed", reason=str(trouble), pause=_STORE_PAUSE)
                await asyncio.sleep(_STORE_PAUSE)
                continue
            for begin in range(0, len(claimed.claims), _STARTED_AT_ONCE):
                self._admit(claimed.claims[begin : begin + _STARTED_AT_ONCE])
                await asyncio.sleep(0)
            if len(claimed.claims) < limit:
                self.alarm.set_for(claimed.next_due)
                if (left := begun + _BEAT - loop.time()) > 0:
                    await asyncio.sleep(left)
                await self.alarm.wait()

    def _appetite(self, now: Moment) -> tuple[int, Moment | None]:
        """How many to claim now; where none, when that changes by time alone."""
        terms = self._terms
        if (closed_at := terms.breaker.closed_at(now)) is not None:
            return 0, closed_at
        waiting = self._queue.qsize()
        if terms.breaker.probing:
            probes = max(1, self._slots // 8) - self._in_air - waiting
            return (probes, None) if not self._in_air else (0, None)
        room = self._idle + self._ahead - waiting
        if room < max(1, self._ahead // 2):
            return 0, None
        if not terms.store.shared:
            room = min(room, LARGEST_BATCH)
        allowed = terms.pace.allowance(now)
        if allowed is None:
            return room, None
        return min(room, allowed), terms.pace.next_allowance()

    async def _wait_for_appetite(self, later: Moment | None) -> None:
        if later is not None:
            self.alarm.set_for(later)
            await self.alarm.wait()
        else:
            self._hungry.clear()
            await self._hungry.wait()

    def _admit(self, claims: list[Claim]) -> None:
        terms, now = self._terms, self._terms.clock.now()
        returns: list[Return] = []
        for claim in claims:
            if not self._suspects and terms.suspects.include(claim.recipient, now):
                returns.append(claim.back(now, suspect=True))
            elif (not_before := terms.pace.hold_until(claim.recipient, now)) is not None:
                returns.append(claim.back(not_before, suspect=self._suspects))
            elif terms.turns is not None and terms.turns.busy(claim.recipient):
                if self._suspects:
                    later = now + seconds(terms.settings.patience)
                    returns.append(claim.back(later, suspect=True))
                else:
                    terms.turns.wait(claim)
            else:
                if terms.turns is not None:
                    terms.turns.enter(claim.recipient)
                self.enqueue(claim)
        terms.pace.spend(len(claims) - len(returns), now)
        if returns:
            terms.recorder.give_back(returns)

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self._idle += 1
            if self._queue.qsize() <= self._ahead // 2:
                self._hungry.set()
            try:
                _, _, claim = await self._queue.get()
            finally:
                self._idle -= 1
            flight = Flight(claim, loop.time())
            self._flights[claim.delivery_id] = flight
            self._in_air += 1
            self._taken_off.set()
            try:
                outcome = await self._attempt(claim)
            finally:
                self._flights.pop(claim.delivery_id, None)
                self._in_air -= 1
                if self._terms.turns is not None:
                    self._terms.turns.leave(claim.recipient)
            slow = flight.replaced or loop.time() - flight.started >= self._terms.settings.patience
            await self._landed(claim, outcome, slow)
            if not self._in_air:
                self._all_landed.set()
                self._hungry.set()
            if flight.replaced:
                self._replaced -= 1
                return

    async def _attempt(self, claim: Claim) -> Outcome:
        try:
            return await self._terms.gateway.send(claim)
        except Exception:
            log.exception("gateway broke", delivery_id=claim.delivery_id, messenger=claim.messenger)
            return Unclear("internal_error", "the gateway broke while it sent this; the log has the reason")

    async def _watch(self, group: asyncio.TaskGroup) -> None:
        """Takes the slot from attempts that outlast the lane's patience; on the side track they keep it."""
        if self._suspects:
            return
        loop, patience = asyncio.get_running_loop(), self._terms.settings.patience
        while True:
            oldest = next(iter(self._flights.values()), None)
            if oldest is None:
                self._taken_off.clear()
                await self._taken_off.wait()
            elif (left := oldest.started + patience - loop.time()) > 0:
                await asyncio.sleep(left)
            else:
                self._hand_over(oldest, group)

    def _hand_over(self, flight: Flight, group: asyncio.TaskGroup) -> None:
        del self._flights[flight.claim.delivery_id]
        self._handed_over(flight.claim)
        now = self._terms.clock.now()
        if self._terms.turns is not None and (followers := self._terms.turns.send_home(flight.claim.recipient)):
            self._terms.recorder.give_back([claim.back(now, suspect=True) for claim in followers])
        if self._replaced < self._terms.settings.slow_limit:
            flight.replaced = True
            self._replaced += 1
            self._hire(group)

    def _untried(self) -> list[Return]:
        """Claims that no worker has begun, to be given back."""
        claims = [] if self._suspects or self._terms.turns is None else self._terms.turns.send_all_home()
        while not self._queue.empty():
            claims.append(self._queue.get_nowait()[-1])
        now = self._terms.clock.now()
        return [claim.back(now, suspect=self._suspects) for claim in claims]

    async def _land(self) -> None:
        if not self._in_air:
            return
        self._all_landed.clear()
        try:
            async with asyncio.timeout(self._terms.settings.grace):
                await self._all_landed.wait()
        except TimeoutError:
            log.warning("attempts cut short by the stop", messenger=self._terms.messenger, count=self._in_air)
