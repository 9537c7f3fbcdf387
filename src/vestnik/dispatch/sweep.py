"""Decides what happens to deliveries that nobody is attending to: interrupted attempts, run-out leases, expired ones.

It has never heard of lanes at work; it judges an interrupted attempt as one that ended without an answer.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import structlog

from vestnik.dispatch.alarm import Alarm
from vestnik.domain.delivery import Claim, Verdict
from vestnik.domain.errors import StoreUnavailable
from vestnik.domain.judge import OnUnclear, Policy, judge
from vestnik.domain.moment import SECOND, Moment, seconds
from vestnik.domain.outcomes import Unclear
from vestnik.domain.retry import RetrySchedule
from vestnik.ports import Clock, Store

log = structlog.get_logger()

_BATCH: Final = 1_000
_FORGET_EVERY: Final = seconds(600)
_STORE_PAUSE: Final = seconds(1)
_CHECKS_PER_LEASE: Final = 4
"""How often, while a lease lasts, a process looks for the leases of others that died."""
_UNREGISTERED: Final = Policy(RetrySchedule(), on_unclear=OnUnclear.HOLD)
"""For deliveries of a messenger that is no longer there: a person decides."""
INTERRUPTED: Final = Unclear("interrupted", "the process died while the attempt was under way")
LEASE_RAN_OUT: Final = Unclear("lease_ran_out", "the attempt outlasted its lease")


class Sweep:
    """Looks after what no lane holds, with each messenger's own policy."""

    def __init__(
        self, store: Store, clock: Clock, policies: Mapping[str, Policy], lease: float, retention: float | None = None
    ) -> None:
        """`lease` and `retention` are seconds; without a retention nothing is ever let go of."""
        self._store = store
        self._clock = clock
        self._policies = policies
        self._lease = seconds(lease)
        self._check_every = seconds(lease / _CHECKS_PER_LEASE if store.shared else lease)
        self._retention = None if retention is None else seconds(retention)
        self._forget_every = min(_FORGET_EVERY, max(SECOND, (self._retention or _FORGET_EVERY) // 10))
        self._check_at = self._look_at = self._forget_at = clock.now()
        self._stopping = False
        self._rounds = Alarm(clock)
        self.alarm = Alarm(clock)
        """Set for when something may be to expire that was not there yet."""
        self.put_off: Callable[[Moment], None] = lambda _: None
        """Told when the first of the deliveries that were just judged will be tried again."""

    async def recover(self) -> None:
        """Judges all attempts that a dead process left under way, once the store lets it.

        Where other processes share the rows they may be at work on them: then only leases that ran out are judged.
        """
        shared = self._store.shared
        while not self._stopping:
            try:
                await self._judge_orphans(LEASE_RAN_OUT if shared else INTERRUPTED, everything=not shared)
            except StoreUnavailable as trouble:
                log.warning("store unavailable, interrupted attempts wait", reason=str(trouble))
                self.alarm.set_for(self._clock.now() + _STORE_PAUSE)
                await self.alarm.wait()
            else:
                return

    def stop(self) -> None:
        """Ends `run`."""
        self._stopping = True
        self.alarm.ring()
        self._rounds.ring()

    async def run(self) -> None:
        """Expires what is to expire when its time comes, frees leases that ran out and lets go of what is over."""
        now = self._clock.now()
        self._check_at, self._look_at = now + self._check_every, now + self._lease
        async with asyncio.TaskGroup() as group:
            group.create_task(self._again_and_again(self._expire, self.alarm))
            group.create_task(self._again_and_again(self._go_round, self._rounds))

    async def _again_and_again(self, work: Callable[[Moment], Awaitable[Moment | None]], alarm: Alarm) -> None:
        """Does the work whenever the alarm rings, and when the work itself says."""
        while not self._stopping:
            now = self._clock.now()
            try:
                alarm.set_for(await work(now))
            except StoreUnavailable as trouble:
                log.warning("store unavailable, housekeeping waits", reason=str(trouble))
                alarm.set_for(self._clock.now() + _STORE_PAUSE)
            await alarm.wait()

    async def _expire(self, now: Moment) -> Moment | None:
        while True:
            count, following = await self._store.expire(_BATCH, now)
            if count < _BATCH:
                return following

    async def _go_round(self, now: Moment) -> Moment:
        if now >= self._check_at:
            await self._judge_orphans(LEASE_RAN_OUT, everything=False)
            self._check_at = now + self._check_every
        if now >= self._look_at:
            self.alarm.ring()  # Something may be to expire of which nobody heard: a claim was given back too late.
            self._look_at = now + self._lease
        if now >= self._forget_at:
            await self._store.forget(now)
            await self._retire(now)
            self._forget_at = now + self._forget_every
        return min(self._check_at, self._look_at, self._forget_at)

    async def _retire(self, now: Moment) -> None:
        while self._retention is not None and await self._store.retire(now - self._retention, now):
            if self._stopping:
                return

    async def _judge_orphans(self, outcome: Unclear, *, everything: bool) -> None:
        total = 0
        while orphans := await self._store.orphans(_BATCH, self._clock.now(), everything=everything):
            now = self._clock.now()
            verdicts = [self._judge(orphan, outcome, now) for orphan in orphans]
            await self._store.record(verdicts, now)
            if due := [verdict.due_at for verdict in verdicts if verdict.due_at is not None]:
                self.put_off(min(due))
            total += len(orphans)
        if total:
            log.warning("attempts without an end", reason=outcome.code, count=total)

    def _judge(self, orphan: Claim, outcome: Unclear, now: Moment) -> Verdict:
        policy = self._policies.get(orphan.messenger, _UNREGISTERED)
        return judge(orphan, outcome, policy, now, self._clock.luck())
