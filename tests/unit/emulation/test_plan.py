"""Which reports a message brings, and when."""

import pytest

from vestnik.emulation.faults import Fault, Rule
from vestnik.emulation.journal import Due
from vestnik.emulation.phones import Phone
from vestnik.emulation.plan import reports_of
from vestnik.emulation.when import SECOND

NOW = 1_800_000_000 * SECOND
KINDS = ("sent", "delivered", "read")
ALL = {*KINDS, "failed"}


def planned(phone: Phone, rule: Rule | None = None, *, failed: bool = False) -> list[Due]:
    return list(reports_of(KINDS, ALL, phone, rule, failed=failed, now=NOW))


def test_a_phone_that_is_on_gets_a_message_at_once_and_does_not_read_it() -> None:
    assert planned(Phone()) == [Due("sent", NOW), Due("delivered", NOW)]


def test_a_phone_reads_a_message_when_it_is_set_to() -> None:
    assert planned(Phone(reads_after=1.5))[2] == Due("read", NOW + 1_500_000, 1_500_000)


def test_what_happens_on_a_phone_that_is_off_waits_for_it() -> None:
    assert planned(Phone(online=False, reads_after=2)) == [
        Due("sent", NOW),
        Due("delivered", None),
        Due("read", None, 2 * SECOND),
    ]


def test_a_message_that_failed_brings_that_report_alone() -> None:
    assert planned(Phone(online=False, reads_after=2), failed=True) == [Due("failed", NOW)]


def test_a_bot_is_told_only_what_it_asked_for() -> None:
    assert reports_of(KINDS, {"read"}, Phone(reads_after=0), None, failed=False, now=NOW) == [Due("read", NOW)]
    assert reports_of(KINDS, (), Phone(), None, failed=True, now=NOW) == []


def test_a_messenger_that_reports_nothing_brings_nothing() -> None:
    assert reports_of((), ALL, Phone(reads_after=0), None, failed=False, now=NOW) == []


def test_lost_reports_are_none() -> None:
    assert planned(Phone(reads_after=0), Rule(fault=Fault.RECEIPT_LOST)) == []


def test_duplicated_reports_come_twice_each() -> None:
    kinds = [due.kind for due in planned(Phone(reads_after=0), Rule(fault=Fault.RECEIPT_DUPLICATED))]
    assert kinds == ["sent", "sent", "delivered", "delivered", "read", "read"]


def test_late_reports_come_later_by_the_delay_and_on_a_phone_that_is_off_after_it_is_back() -> None:
    rule = Rule(fault=Fault.RECEIPT_LATE, delay=10)
    assert planned(Phone(), rule) == [
        Due("sent", NOW + 10 * SECOND, 10 * SECOND),
        Due("delivered", NOW + 10 * SECOND, 10 * SECOND),
    ]
    assert planned(Phone(online=False), rule)[1] == Due("delivered", None, 10 * SECOND)


def test_late_reports_of_a_rule_without_a_delay_come_a_minute_later() -> None:
    assert planned(Phone(), Rule(fault=Fault.RECEIPT_LATE))[0].at == NOW + 60 * SECOND


@pytest.mark.parametrize(
    ("phone", "at"), [(Phone(reads_after=3), NOW + 3 * SECOND), (Phone(online=False, reads_after=3), None)]
)
def test_reordered_reports_come_in_the_wrong_order_when_the_last_is_due(phone: Phone, at: int | None) -> None:
    dues = planned(phone, Rule(fault=Fault.RECEIPT_REORDERED))
    assert dues == [Due(kind, at, 3 * SECOND) for kind in ("read", "delivered", "sent")]


def test_a_reordered_single_report_stays_what_it_is() -> None:
    assert planned(Phone(), Rule(fault=Fault.RECEIPT_REORDERED), failed=True) == [Due("failed", NOW)]
