"""What follows from an attempt: never a resend that policy forbids, never more attempts than allowed."""

from typing import Any

import hypothesis.strategies as st
from hypothesis import given

from vestnik.domain.delivery import Claim, Ending, Verdict
from vestnik.domain.judge import OnUnclear, Policy, judge
from vestnik.domain.lifecycle import Event, State, step
from vestnik.domain.moment import SECOND
from vestnik.domain.outcomes import Outcome, PutOff, Refused, Taken, Unclear
from vestnik.domain.retry import RetrySchedule

NOW = 1_000 * SECOND
SCHEDULE = RetrySchedule(base=2, cap=60)
RESEND = Policy(SCHEDULE)
HOLD = Policy(SCHEDULE, on_unclear=OnUnclear.HOLD)


def a_claim(attempt: int = 1, *, doubt: bool = False) -> Claim:
    return Claim("M1-0", "owl", "ann", "text", "acme", "Acme", attempt, 3, NOW - SECOND, doubt)


def judged(outcome: Outcome, policy: Policy = RESEND, attempt: int = 1, **of_claim: Any) -> Verdict:
    return judge(a_claim(attempt, **of_claim), outcome, policy, NOW, 0.5)


def test_what_was_taken_is_sent_or_delivered_for_good() -> None:
    verdict = judged(Taken("x1"))
    assert (verdict.event, verdict.ending, verdict.external_id) == (Event.TAKE, Ending.TAKEN, "x1")
    assert (verdict.delivery_id, verdict.attempt, verdict.started_at) == ("M1-0", 1, NOW - SECOND)
    assert (verdict.due_at, verdict.code, verdict.detail) == (None, None, None)
    assert judged(Taken("x1", for_good=True)).event is Event.TAKE_FOR_GOOD


def test_what_was_refused_fails_and_says_why() -> None:
    verdict = judged(Refused("403", "blocked"))
    assert (verdict.event, verdict.ending, verdict.code, verdict.detail) == (
        Event.FAIL,
        Ending.REFUSED,
        "403",
        "blocked",
    )
    assert verdict.due_at is None


def test_what_was_put_off_is_tried_again_after_a_wait() -> None:
    verdict = judged(PutOff("500", "oops"))
    assert (verdict.event, verdict.ending, verdict.due_at) == (Event.PUT_OFF, Ending.PUT_OFF, NOW + SECOND)
    assert judged(PutOff("429", "slow down", retry_after=30)).due_at == NOW + 31 * SECOND


def test_the_last_attempt_fails_where_an_earlier_one_would_be_put_off() -> None:
    verdict = judged(PutOff("500", "oops"), attempt=3)
    assert (verdict.event, verdict.ending, verdict.due_at) == (Event.FAIL, Ending.PUT_OFF, None)


def test_an_unclear_attempt_is_sent_again_where_policy_says_so() -> None:
    verdict = judged(Unclear("timeout", "no answer"))
    assert (verdict.event, verdict.ending, verdict.doubt) == (Event.PUT_OFF, Ending.UNCLEAR, True)
    assert verdict.due_at == NOW + SECOND


def test_an_unclear_attempt_is_held_where_policy_says_so() -> None:
    verdict = judged(Unclear("timeout", "no answer"), HOLD)
    assert (verdict.event, verdict.doubt, verdict.due_at) == (Event.DOUBT, True, None)


def test_where_the_far_side_honours_the_key_even_the_careful_send_again() -> None:
    policy = Policy(SCHEDULE, on_unclear=OnUnclear.HOLD, honours_key=True, report_wait=60)
    verdict = judged(Unclear("timeout", "no answer"), policy)
    assert (verdict.event, verdict.due_at) == (Event.PUT_OFF, NOW + SECOND)


def test_a_report_is_waited_for_before_anything_is_sent_again() -> None:
    policy = Policy(SCHEDULE, report_wait=20)
    assert judged(Unclear("timeout", ""), policy).due_at == NOW + 20 * SECOND
    assert judged(PutOff("500", ""), policy).due_at == NOW + SECOND


def test_doubt_is_remembered_through_attempts_that_surely_failed() -> None:
    assert judged(PutOff("500", ""), attempt=2, doubt=True).doubt
    assert judged(Taken("x"), attempt=2, doubt=True).doubt
    assert not judged(PutOff("500", ""), attempt=2).doubt


def test_suspicion_of_a_recipient_is_passed_on_to_the_next_attempt() -> None:
    for outcome in (PutOff("500", ""), Unclear("timeout", "")):
        assert judge(a_claim(), outcome, RESEND, NOW, 0.0, suspect=True).suspect
        assert not judged(outcome).suspect


outcomes = st.one_of(
    st.builds(Taken, st.text(), st.booleans()),
    st.builds(PutOff, st.text(), st.text(), st.none() | st.floats(0, 1e6)),
    st.builds(Refused, st.text(), st.text()),
    st.builds(Unclear, st.text(), st.text()),
)
policies = st.builds(
    Policy,
    st.builds(RetrySchedule, st.floats(0, 1e4), st.floats(0, 1e5)),
    st.sampled_from(OnUnclear),
    st.booleans(),
    st.floats(0, 1e4),
)


@given(
    outcome=outcomes,
    policy=policies,
    attempt=st.integers(1, 5),
    doubt=st.booleans(),
    luck=st.floats(0, 1, exclude_max=True),
)
def test_every_verdict_is_a_step_from_sending_and_within_the_rules(
    outcome: Outcome, policy: Policy, attempt: int, doubt: bool, luck: float
) -> None:
    claim = Claim("M1-0", "owl", "ann", "text", "acme", "Acme", attempt, 5, NOW, doubt)
    verdict = judge(claim, outcome, policy, NOW, luck)
    assert step(State.SENDING, verdict.event) is not None
    assert (verdict.due_at is not None) == (verdict.event is Event.PUT_OFF)
    assert verdict.due_at is None or verdict.due_at >= NOW
    assert not (attempt == 5 and verdict.event is Event.PUT_OFF)
    assert verdict.doubt or not (doubt or isinstance(outcome, Unclear))
    assert not (verdict.doubt and verdict.event is Event.FAIL)
