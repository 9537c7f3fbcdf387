"""A reply that got lost, and a process that dies between sending and recording: what each messenger lets us find out.

What each case comes to is a line of the table in docs/reliability.md, which is held against what is seen here.
"""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.acceptance.journal import audit, expected
from tests.acceptance.people import MESSENGERS, at_messenger, person
from tests.acceptance.service import Service
from tests.crash.load import Tell
from tests.crash.lost_replies import (
    CASES,
    REPORT_WAIT,
    REPORTING,
    SETTINGS,
    TEXT,
    WITHOUT_KEY,
    Case,
    live_through,
    lost_reply,
    table,
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_it_comes_to_what_policy_promises_and_the_document_tells(tmp_path: Path, tell: Tell, case: Case) -> None:
    result = live_through(case, tmp_path)
    tell(str(result.audit))
    assert not result.audit.lost
    assert not result.audit.unasked
    knows = case.honours_key or case.reports
    sent_again = not knows and case.on_unclear == "resend"
    assert len(result.audit.doubled) == int(sent_again)
    assert result.states == (("unknown", "delivered") if case.stays_unknown else ("delivered",))
    assert result.attempts in ((1, 2) if case.honours_key else (2,) if sent_again else (1,))
    assert result.row(case) in table(), "run `make docs`"


def test_the_table_of_the_document_has_every_case_and_no_other() -> None:
    assert table().count("\n| ") - 1 == len(CASES)


@pytest.mark.parametrize("messenger", MESSENGERS)
def test_where_the_key_is_honoured_and_no_report_comes_it_is_sent_again_and_arrives_once(
    tmp_path: Path, messenger: str
) -> None:
    with Service(tmp_path, **SETTINGS) as service:
        service.faults(lost_reply(messenger), {"messenger": messenger, "fault": "receipt_lost"})
        message_id = service.send(TEXT, [{messenger: person(1)[messenger]}])["id"]
        service.wait_until_finished(message_id)
        [delivery] = service.deliveries(message_id)
        assert delivery["status"] == ("sent" if messenger in REPORTING else "delivered")
        assert delivery["attempts"] == 2
        assert audit(expected(TEXT, [person(1)], [messenger]), service.journal()).faultless


@pytest.mark.parametrize("messenger", REPORTING)
def test_what_might_still_be_reported_is_not_sent_again_before_the_stated_wait(tmp_path: Path, messenger: str) -> None:
    with Service(tmp_path, **WITHOUT_KEY) as service:
        service.faults(lost_reply(messenger), {"messenger": messenger, "fault": "receipt_lost", "times": 1})
        message_id = service.send(TEXT, [{messenger: person(1)[messenger]}])["id"]
        service.wait_until_settled(message_id)
        first, second = service.journal()
        assert second.at - first.at >= timedelta(seconds=REPORT_WAIT)


def test_a_viber_report_is_not_taken_for_that_of_another_message_to_the_same_phone(tmp_path: Path) -> None:
    with Service(tmp_path, **WITHOUT_KEY) as service:
        whom = {"viber": person(1)["viber"]}
        service.faults(lost_reply("viber"))
        ids = [service.send(f"{TEXT} {number}", [whom])["id"] for number in range(10)]
        service.wait_until_settled(*ids)
        journal = {entry.arrival.text: entry.external_id for entry in service.journal()}
        assert len(service.journal()) == len(journal) == 10
        for number, message_id in enumerate(ids):
            [delivery] = service.deliveries(message_id)
            assert delivery["external_id"] == journal[f"{TEXT} {number}"]


@pytest.mark.parametrize("messenger", MESSENGERS)
def test_a_request_that_was_surely_not_taken_is_sent_again_whatever_the_policy(tmp_path: Path, messenger: str) -> None:
    with Service(tmp_path, **WITHOUT_KEY, on_unclear="hold") as service:
        service.faults({"messenger": messenger, "fault": "throttle", "retry_after": 0.1, "times": 2})
        message_id = service.send(TEXT, [{messenger: person(1)[messenger]}])["id"]
        service.wait_until_settled(message_id)
        [delivery] = service.deliveries(message_id)
        assert delivery["status"] == "delivered"
        assert audit(expected(TEXT, [person(1)], [messenger]), service.journal()).faultless
        assert service.journal(messenger, at_messenger(messenger, person(1)[messenger]))
