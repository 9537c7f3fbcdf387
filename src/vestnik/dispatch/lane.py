"""Decides what the two tracks of one messenger share: its pace, its breaker, its suspects and its verdicts.

It has never heard of other messengers, so nothing that one does can hold up another.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from vestnik.dispatch.breaker import Breaker
from vestnik.dispatch.metrics import LaneMetrics
from vestnik.dispatch.pace import Pace
from vestnik.dispatch.recorder import Recorder
from vestnik.dispatch.suspects import Suspects
from vestnik.dispatch.track import Flight, Track
from vestnik.dispatch.turns import Turns
from vestnik.domain.delivery import Claim, Ending, Return, Verdict
from vestnik.domain.judge import Policy, judge
from vestnik.domain.moment import Moment
from vestnik.domain.outcomes import Blame, Outcome, PutOff, Unclear
from vestnik.ports import Clock, Gateway, Store

log = structlog.get_logger()

_ATTEMPT_ENDED: Final = {ending: f"attempt {ending.replace('_', ' ')}" for ending in Ending}
SUSPECTS_SHARE: Final = 8
"""One slot in this many is for recipients that kept us waiting lately."""


@dataclass(frozen=True, slots=True)
class LaneSettings:
    """How one messenger is sent to; all spans are seconds."""

    policy: Policy
    slots: int = 64
    """Attempts under way at once, not counting those that lasted too long and gave their slot away."""
    patience: float = 0.5
    """How long an attempt keeps its slot."""
    slow_limit: int = 4096
    """How many attempts without a slot may be under way; above it a slow one keeps its slot."""
    lease: float = 60.0
    grace: float = 10.0
    """How long attempts under way may take when the lane stops."""
    per_second: float = 0.0
    gap: float = 0.0


class Lane:
    """One messenger: a main track for the healthy and a side track for recipients that kept us waiting."""

    def __init__(
        self,
        messenger: str,
        settings: LaneSettings,
        store: Store,
        gateway: Gateway,
        clock: Clock,
        metrics: LaneMetrics,
    ) -> None:
        self.messenger = messenger
        self.settings = settings
        self.store = store
        self.gateway = gateway
        self.clock = clock
        self.suspects = Suspects()
        self.breaker = Breaker(threshold=settings.slots * 2)
        self.pace = Pace(settings.per_second, settings.gap)
        self.recorder = Recorder(store, clock, self._settled)
        self._metrics = metrics
        side_slots = max(1, settings.slots // SUSPECTS_SHARE)
        self._main = Track(self, suspects=False, slots=settings.slots, ahead=settings.slots)
        self.turns = Turns(self._main.enqueue) if gateway.traits.one_at_a_time else None
        """Who goes first where only one attempt to a recipient may be under way."""
        self._side = Track(self, suspects=True, slots=side_slots, ahead=0)

    def wake(self) -> None:
        """Something may have come due."""
        self._main.alarm.ring()
        self._side.alarm.ring()

    def expect(self, moment: Moment) -> None:
        """Something will come due at that moment."""
        self._main.alarm.set_for(moment)
        self._side.alarm.set_for(moment)

    def stop(self) -> None:
        """Ends `run`: nothing new is claimed, attempts under way finish within the grace, everything is recorded."""
        self._main.stop()
        self._side.stop()

    async def run(self) -> None:
        """Claims and sends until stopped."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.recorder.run())
            async with asyncio.TaskGroup() as tracks:
                tracks.create_task(self._main.run())
                tracks.create_task(self._side.run())
            self.recorder.close()

    def side_by_suspicion(self, claim: Claim, now: Moment) -> Return | None:
        """The claim given back to the side track, if its recipient is under suspicion."""
        if self.suspects.include(claim.recipient, now):
            return Return(claim.delivery_id, claim.attempt, now, suspect=True)
        return None

    def handed_over(self, claim: Claim) -> None:
        """The attempt lasts too long and gave its slot away."""
        self.suspects.add(claim.recipient, self.clock.now())
        self._metrics.handed_over()

    async def landed(self, flight: Flight, outcome: Outcome, *, slow: bool, suspects: bool) -> None:
        """An attempt ended: the judge's verdict goes to the record, and the lane learns from it."""
        claim, now = flight.claim, self.clock.now()
        if slow:
            self.suspects.add(claim.recipient, now)
        else:
            self.suspects.clear(claim.recipient)
        self._tell_breaker(outcome, now, suspects=suspects)
        verdict = judge(claim, outcome, self.settings.policy, now, self.clock.luck(), suspect=slow)
        self._metrics.attempted(verdict.ending)
        if verdict.ending is not Ending.TAKEN:
            log.info(
                _ATTEMPT_ENDED[verdict.ending],
                message_id=claim.message_id,
                delivery_id=claim.delivery_id,
                messenger=claim.messenger,
                attempt=claim.attempt,
                code=verdict.code,
                detail=verdict.detail,
                then=verdict.event.value,
            )
        await self.recorder.add(verdict)

    def _tell_breaker(self, outcome: Outcome, now: Moment, *, suspects: bool) -> None:
        match outcome:
            case PutOff(blame=Blame.LANE, retry_after=retry_after):
                trouble, asked = True, retry_after
            case Unclear():
                trouble, asked = True, None
            case _:
                trouble, asked = False, None
        was_down = self.breaker.probing
        if not trouble:
            self.breaker.succeeded()
        elif not suspects:
            self.breaker.failed(now, asked)
        if was_down != self.breaker.probing:
            log.warning("messenger is back" if was_down else "messenger is down, pausing", messenger=self.messenger)
            self._metrics.breaker(is_open=not was_down)
            self.wake()

    def _settled(self, verdicts: Sequence[Verdict], returns: Sequence[Return]) -> None:
        for suspects, track in ((False, self._main), (True, self._side)):
            due = [verdict.due_at for verdict in verdicts if verdict.due_at is not None and verdict.suspect is suspects]
            due += [given.due_at for given in returns if given.suspect is suspects]
            track.alarm.set_for(min(due, default=None))
