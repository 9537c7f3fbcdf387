"""Decides what the two tracks of one messenger share: its pace, its breaker, its suspects and its verdicts.

It has never heard of other messengers, so nothing that one does can hold up another.
"""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Final

import structlog

from vestnik.dispatch.breaker import Breaker
from vestnik.dispatch.metrics import LaneMetrics
from vestnik.dispatch.pace import Pace
from vestnik.dispatch.recorder import Recorder
from vestnik.dispatch.suspects import Suspects
from vestnik.dispatch.terms import LaneSettings, Terms
from vestnik.dispatch.track import Track
from vestnik.dispatch.turns import Turns
from vestnik.domain.delivery import Claim, Ending, Return, Verdict
from vestnik.domain.judge import judge
from vestnik.domain.moment import Moment
from vestnik.domain.outcomes import Blame, Outcome, PutOff, Unclear
from vestnik.ports import Clock, Gateway, LaneStore

log = structlog.get_logger()

_ATTEMPT_ENDED: Final = {ending: f"attempt {ending.replace('_', ' ')}" for ending in Ending}
SUSPECTS_SHARE: Final = 8
"""One slot in this many is for recipients that kept us waiting lately."""
AHEAD: Final = 2
"""So many claims wait for each slot of the main track: with fewer the slots are empty while the next are claimed."""


class Lane:
    """One messenger: a main track for the healthy and a side track for recipients that kept us waiting."""

    def __init__(
        self,
        messenger: str,
        settings: LaneSettings,
        store: LaneStore,
        gateway: Gateway,
        clock: Clock,
        metrics: LaneMetrics,
    ) -> None:
        self._metrics = metrics
        one_at_a_time = gateway.traits.one_at_a_time
        self._terms = Terms(
            messenger,
            settings,
            store,
            gateway,
            clock,
            Suspects(),
            Breaker(threshold=settings.slots * 2),
            Pace(settings.per_second, settings.gap),
            Recorder(store, clock, self._settled),
            Turns(self._start) if one_at_a_time and not store.shared else None,
            alone=one_at_a_time and store.shared,
        )
        self._main = self._track(suspects=False, slots=settings.slots, ahead=settings.slots * AHEAD)
        self._side = self._track(suspects=True, slots=max(1, settings.slots // SUSPECTS_SHARE), ahead=0)

    def _track(self, *, suspects: bool, slots: int, ahead: int) -> Track:
        landed = partial(self._landed, suspects=suspects)
        return Track(self._terms, landed, self._handed_over, suspects=suspects, slots=slots, ahead=ahead)

    def _start(self, claim: Claim) -> None:
        self._main.enqueue(claim)

    @property
    def is_down(self) -> bool:
        """Whether nothing is sent at this moment because the messenger is down."""
        return self._terms.breaker.closed_at(self._terms.clock.now()) is not None

    @property
    def held(self) -> int:
        """How many deliveries are claimed and not landed."""
        return self._main.held + self._side.held

    def wake(self) -> None:
        """Something may have come due."""
        self._main.alarm.ring()
        self._side.alarm.ring()

    def expect_new(self, moment: Moment) -> None:
        """Something that was never attempted, so that nobody suspects it, will come due at that moment."""
        self._main.alarm.set_for(moment)

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
            group.create_task(self._terms.recorder.run())
            async with asyncio.TaskGroup() as tracks:
                tracks.create_task(self._main.run())
                tracks.create_task(self._side.run())
            self._terms.recorder.close()

    def _handed_over(self, claim: Claim) -> None:
        """The attempt lasts too long and gave its slot away."""
        self._terms.suspects.add(claim.recipient, self._terms.clock.now())
        self._metrics.handed_over()

    async def _landed(self, claim: Claim, outcome: Outcome, slow: bool, *, suspects: bool) -> None:
        """An attempt ended: the judge's verdict goes to the record, and the lane learns from it."""
        terms = self._terms
        now = terms.clock.now()
        if slow:
            terms.suspects.add(claim.recipient, now)
        else:
            terms.suspects.clear(claim.recipient)
        self._tell_breaker(outcome, now, suspects=suspects)
        verdict = judge(claim, outcome, terms.settings.policy, now, terms.clock.luck(), suspect=slow)
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
        await terms.recorder.add(verdict)

    def _tell_breaker(self, outcome: Outcome, now: Moment, *, suspects: bool) -> None:
        match outcome:
            case PutOff(blame=Blame.LANE, retry_after=retry_after):
                trouble, asked = True, retry_after
            case Unclear():
                trouble, asked = True, None
            case _:
                trouble, asked = False, None
        breaker = self._terms.breaker
        was_down = breaker.probing
        if not trouble:
            breaker.succeeded()
        elif not suspects:
            breaker.failed(now, asked)
        if was_down != breaker.probing:
            log.warning(
                "messenger is back" if was_down else "messenger is down, pausing", messenger=self._terms.messenger
            )
            self._metrics.breaker(is_open=not was_down)
            self.wake()

    def _settled(self, verdicts: Sequence[Verdict], returns: Sequence[Return]) -> None:
        for suspects, track in ((False, self._main), (True, self._side)):
            due = [verdict.due_at for verdict in verdicts if verdict.due_at is not None and verdict.suspect is suspects]
            due += [given.due_at for given in returns if given.suspect is suspects]
            track.alarm.set_for(min(due, default=None))
            if self._terms.alone:
                track.alarm.ring()  # Whoever had to wait for these is due now.
