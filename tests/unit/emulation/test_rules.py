"""Whether a list of fault rules can be used, and what is said of one that cannot."""

from typing import Any

import pytest

from vestnik.emulation.faults import DELAYS, Fault, Rule, Step, step_of
from vestnik.emulation.problems import Refusal
from vestnik.emulation.rules import MOST, read_rules

MESSENGERS = ("pigeon", "semaphore")


def wrongs(value: Any) -> dict[str, str]:
    with pytest.raises(Refusal) as refusal:
        read_rules(value, MESSENGERS)
    return dict(refusal.value.wrongs)


def test_a_rule_needs_nothing_but_its_fault() -> None:
    [rule] = read_rules([{"fault": "hang"}], MESSENGERS)
    assert rule == Rule(fault=Fault.HANG, messenger="*", recipient="*", times=None, probability=1.0)
    assert rule.pause == DELAYS[Fault.HANG] * 1_000_000


def test_the_list_may_stand_in_an_object_and_may_be_empty() -> None:
    assert read_rules({"faults": [{"fault": "slow", "delay": 0}]}, MESSENGERS)[0].pause == 0
    assert read_rules([], MESSENGERS) == []


@pytest.mark.parametrize("value", [None, {}, {"rules": []}, {"faults": 1}, "hang", 7, {"faults": [], "more": 1}])
def test_what_is_no_list_is_refused(value: Any) -> None:
    assert len(wrongs(value)) == 1


def test_every_wrong_field_of_every_rule_is_named() -> None:
    found = wrongs(
        [
            {"fault": "explode", "messenger": "telegraph", "recipient": "", "times": -1, "probability": 2},
            {"fault": "slow"},
            {"seed": 1.5, "status": "500", "retry_after": -1, "delay": True, "colour/~": "red"},
            "hang",
        ]
    )
    assert set(found) == {
        "#/0/fault",
        "#/0/messenger",
        "#/0/recipient",
        "#/0/times",
        "#/0/probability",
        "#/2/fault",
        "#/2/seed",
        "#/2/status",
        "#/2/retry_after",
        "#/2/delay",
        "#/2/colour~1~0",
        "#/3",
    }
    assert "pigeon, semaphore" in found["#/0/messenger"]
    assert "lose_reply" in found["#/0/fault"]


def test_a_fault_that_is_in_an_object_is_pointed_at_there() -> None:
    assert set(wrongs({"faults": [{"fault": "slow", "delay": "long"}]})) == {"#/faults/0/delay"}


def test_a_list_that_is_too_long_is_refused_as_a_whole() -> None:
    assert set(wrongs([{"fault": "slow"}] * (MOST + 1))) == {"#"}
    assert len(read_rules([{"fault": "slow"}] * MOST, MESSENGERS)) == MOST


@pytest.mark.parametrize("number", [True, "1", float("inf"), float("nan"), 10**400])
def test_numbers_that_are_none_are_refused(number: Any) -> None:
    assert set(wrongs([{"fault": "slow", "delay": number, "retry_after": number}])) == {"#/0/delay", "#/0/retry_after"}


def test_every_fault_acts_at_one_step() -> None:
    steps = {fault: step_of(fault) for fault in Fault}
    assert {fault for fault in Fault if steps[fault] is Step.ANSWER} == {"lose_reply", "late_reply"}
    assert {fault for fault in Fault if steps[fault] is Step.RECEIPT} == {
        "receipt_lost",
        "receipt_duplicated",
        "receipt_reordered",
        "receipt_late",
        "not_delivered",
    }
