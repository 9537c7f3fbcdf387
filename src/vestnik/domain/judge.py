"""Decides what follows from the outcome of an attempt: sent, tried again, failed or left in doubt.

It has never heard of a messenger's name, a clock or a store; the policy, the time and the luck come in as arguments.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from vestnik.domain.delivery import Claim, Ending, Verdict
from vestnik.domain.lifecycle import Event
from vestnik.domain.moment import Moment, seconds
from vestnik.domain.outcomes import Outcome, PutOff, Refused, Taken, Unclear
from vestnik.domain.retry import RetrySchedule


class OnUnclear(StrEnum):
    """What to do when nobody can know whether an attempt arrived."""

    RESEND = "resend"
    """Never lost, may double."""
    HOLD = "hold"
    """Never doubled, may be lost: a person or the API decides."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How a lane goes on after an attempt."""

    schedule: RetrySchedule
    on_unclear: OnUnclear = OnUnclear.RESEND
    honours_key: bool = False
    """The far side knows our Idempotency-Key: sending again cannot double."""
    report_wait: float = 0.0
    """Seconds to wait for a report that settles an unclear attempt before sending again."""


def judge(
    claim: Claim, outcome: Outcome, policy: Policy, now: Moment, luck: float, *, suspect: bool = False
) -> Verdict:
    """The verdict on one attempt; `luck` is drawn evenly from [0, 1).

    `suspect` says that the recipient kept us waiting.
    """
    match outcome:
        case Taken():
            event = Event.TAKE_FOR_GOOD if outcome.for_good else Event.TAKE
            return Verdict(
                claim.delivery_id,
                claim.attempt,
                event,
                Ending.TAKEN,
                claim.claimed_at,
                external_id=outcome.external_id,
                doubt=claim.doubt,
            )
        case Refused():
            return _without_retry(claim, outcome, Ending.REFUSED)
        case PutOff():
            if claim.attempt >= claim.max_attempts:
                return _without_retry(claim, outcome, Ending.PUT_OFF)
            due = policy.schedule.next_due(now, claim.attempt, luck, outcome.retry_after)
            return _again(claim, outcome, Ending.PUT_OFF, due, doubt=claim.doubt, suspect=suspect)
        case Unclear():
            return _judge_unclear(claim, outcome, policy, now, luck, suspect=suspect)
        case _:
            assert_never(outcome)


def _judge_unclear(
    claim: Claim, outcome: Unclear, policy: Policy, now: Moment, luck: float, *, suspect: bool
) -> Verdict:
    held = policy.on_unclear is OnUnclear.HOLD and not policy.honours_key
    if held or claim.attempt >= claim.max_attempts:
        return Verdict(
            claim.delivery_id,
            claim.attempt,
            Event.DOUBT,
            Ending.UNCLEAR,
            claim.claimed_at,
            code=outcome.code,
            detail=outcome.detail,
            doubt=True,
        )
    due = policy.schedule.next_due(now, claim.attempt, luck)
    if not policy.honours_key:
        due = max(due, now + seconds(policy.report_wait))
    return _again(claim, outcome, Ending.UNCLEAR, due, doubt=True, suspect=suspect)


def _again(
    claim: Claim, outcome: PutOff | Unclear, ending: Ending, due: Moment, *, doubt: bool, suspect: bool
) -> Verdict:
    return Verdict(
        claim.delivery_id,
        claim.attempt,
        Event.PUT_OFF,
        ending,
        claim.claimed_at,
        due_at=due,
        code=outcome.code,
        detail=outcome.detail,
        doubt=doubt,
        suspect=suspect,
    )


def _without_retry(claim: Claim, outcome: PutOff | Refused, ending: Ending) -> Verdict:
    """The last attempt surely failed; an earlier one that nobody knows of still leaves doubt.

    That is so also where the far side honours the key: a connection that was refused or an error of its server says
    nothing of what it once took.
    """
    return Verdict(
        claim.delivery_id,
        claim.attempt,
        Event.DOUBT if claim.doubt else Event.FAIL,
        ending,
        claim.claimed_at,
        code=outcome.code,
        detail=outcome.detail,
        doubt=claim.doubt,
    )
