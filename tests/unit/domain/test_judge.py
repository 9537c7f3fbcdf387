"""What follows from an attempt when an earlier one may have arrived."""

import pytest

from vestnik.domain.delivery import Claim
from vestnik.domain.judge import OnUnclear, Policy, judge
from vestnik.domain.lifecycle import Event
from vestnik.domain.outcomes import Outcome, PutOff, Refused, Taken, Unclear
from vestnik.domain.retry import RetrySchedule

LAST = Claim("m-0", "toy", "1", "text", "acme", "Acme", 3, 3, 0)
LAST_IN_DOUBT = Claim("m-0", "toy", "1", "text", "acme", "Acme", 3, 3, 0, doubt=True)


@pytest.mark.parametrize("outcome", [PutOff("not_sent", "nobody listens"), Refused("400", "no")])
@pytest.mark.parametrize("honours_key", [True, False])
@pytest.mark.parametrize("on_unclear", [*OnUnclear])
def test_a_last_attempt_that_surely_failed_leaves_the_doubt_of_an_earlier_one(
    outcome: Outcome, honours_key: bool, on_unclear: OnUnclear
) -> None:
    policy = Policy(RetrySchedule(), on_unclear, honours_key=honours_key)
    doubtful = judge(LAST_IN_DOUBT, outcome, policy, 0, 0.5)
    assert (doubtful.event, doubtful.doubt) == (Event.DOUBT, True)
    sure = judge(LAST, outcome, policy, 0, 0.5)
    assert (sure.event, sure.doubt) == (Event.FAIL, False)


@pytest.mark.parametrize("honours_key", [True, False])
@pytest.mark.parametrize("on_unclear", [*OnUnclear])
def test_a_last_attempt_without_an_answer_leaves_doubt(honours_key: bool, on_unclear: OnUnclear) -> None:
    policy = Policy(RetrySchedule(), on_unclear, honours_key=honours_key)
    assert judge(LAST, Unclear("no_reply", "silence"), policy, 0, 0.5).event is Event.DOUBT


def test_an_answer_that_it_was_taken_ends_every_doubt_of_what_to_do() -> None:
    policy = Policy(RetrySchedule(), OnUnclear.HOLD)
    assert judge(LAST_IN_DOUBT, Taken("x-1"), policy, 0, 0.5).event is Event.TAKE
