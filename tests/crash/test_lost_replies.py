"""A reply that got lost, and a process that dies between sending and recording: what each messenger lets us find out.

Each test first says whether the far side honours our key; without it, what the messenger reports or keeps to itself
decides, and where nobody can know, the policy does.
"""

import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from tests.acceptance.journal import Audit, audit, expected
from tests.acceptance.people import MESSENGERS, at_messenger, person
from tests.acceptance.process import eventually
from tests.acceptance.service import Service
from tests.crash.load import Tell

TEXT: Final = "Did you get this?"
REPORT_WAIT: Final = 2
REPORTING: Final = ("viber", "whatsapp")
SETTINGS: Final[dict[str, Any]] = {"retry_base": 0.05, "retry_cap": 0.1}
WITHOUT_KEY: Final[dict[str, Any]] = {
    **SETTINGS,
    **{f"{messenger}_honours_key": 0 for messenger in MESSENGERS},
    **{f"{messenger}_report_wait": REPORT_WAIT for messenger in REPORTING},
}


def lose_the_reply(service: Service, messenger: str) -> str:
    """The messenger takes the message and closes the connection without an answer; the message's id."""
    service.faults({"messenger": messenger, "fault": "lose_reply", "times": 1})
    message_id: str = service.send(TEXT, [{messenger: person(1)[messenger]}])["id"]
    return message_id


def die_before_recording(service: Service, messenger: str) -> str:
    """The messenger takes the message and the process is killed before it hears so; the message's id."""
    service.faults({"messenger": messenger, "fault": "late_reply", "delay": 8, "times": 1})
    message_id: str = service.send(TEXT, [{messenger: person(1)[messenger]}])["id"]
    eventually(lambda: len(service.journal()) == 1, "the messenger has taken it", 10)
    service.kill9()
    service.start()
    return message_id


either_way: Final = pytest.mark.parametrize("interrupt", [lose_the_reply, die_before_recording])


def outcome(service: Service, messenger: str, tell: Tell) -> Audit:
    """What became of the one message."""
    result = audit(expected(TEXT, [person(1)], [messenger]), service.journal())
    tell(str(result))
    return result


def delivery_of(service: Service, message_id: str) -> dict[str, Any]:
    [delivery] = service.deliveries(message_id)
    return delivery


@either_way
@pytest.mark.parametrize("messenger", MESSENGERS)
def test_where_the_key_is_honoured_it_arrives_once(
    tmp_path: Path, tell: Tell, messenger: str, interrupt: Callable[[Service, str], str]
) -> None:
    with Service(tmp_path, **SETTINGS) as service:
        message_id = interrupt(service, messenger)
        service.wait_until_settled(message_id)
        assert delivery_of(service, message_id)["status"] == "delivered"
        assert outcome(service, messenger, tell).faultless


@pytest.mark.parametrize("messenger", MESSENGERS)
def test_where_the_key_is_honoured_and_no_report_comes_it_is_sent_again_and_arrives_once(
    tmp_path: Path, tell: Tell, messenger: str
) -> None:
    with Service(tmp_path, **SETTINGS) as service:
        service.faults(
            {"messenger": messenger, "fault": "lose_reply", "times": 1},
            {"messenger": messenger, "fault": "receipt_lost"},
        )
        message_id = service.send(TEXT, [{messenger: person(1)[messenger]}])["id"]
        service.wait_until_finished(message_id)
        delivery = delivery_of(service, message_id)
        assert delivery["status"] == ("sent" if messenger in REPORTING else "delivered")
        assert delivery["attempts"] == 2
        assert outcome(service, messenger, tell).faultless


@either_way
@pytest.mark.parametrize("messenger", REPORTING)
def test_without_the_key_a_report_settles_it_and_it_is_not_sent_again(
    tmp_path: Path, tell: Tell, messenger: str, interrupt: Callable[[Service, str], str]
) -> None:
    with Service(tmp_path, **WITHOUT_KEY) as service:
        message_id = interrupt(service, messenger)
        service.wait_until_settled(message_id)
        time.sleep(REPORT_WAIT + 0.5)
        delivery = delivery_of(service, message_id)
        assert (delivery["status"], delivery["attempts"]) == ("delivered", 1)
        assert delivery["external_id"]
        assert outcome(service, messenger, tell).faultless


@pytest.mark.parametrize("messenger", REPORTING)
def test_without_the_key_and_without_a_report_it_is_sent_again_after_the_stated_wait_and_doubles(
    tmp_path: Path, tell: Tell, messenger: str
) -> None:
    with Service(tmp_path, **WITHOUT_KEY) as service:
        service.faults(
            {"messenger": messenger, "fault": "lose_reply", "times": 1},
            {"messenger": messenger, "fault": "receipt_lost", "times": 1},
        )
        message_id = service.send(TEXT, [{messenger: person(1)[messenger]}])["id"]
        service.wait_until_settled(message_id)
        result = outcome(service, messenger, tell)
        assert (len(result.lost), len(result.doubled)) == (0, 1)
        first, second = service.journal()
        assert second.at - first.at >= timedelta(seconds=REPORT_WAIT)


def test_a_viber_report_is_not_taken_for_that_of_another_message_to_the_same_phone(tmp_path: Path) -> None:
    with Service(tmp_path, **WITHOUT_KEY) as service:
        whom = {"viber": person(1)["viber"]}
        service.faults({"messenger": "viber", "fault": "lose_reply", "times": 1})
        ids = [service.send(f"{TEXT} {number}", [whom])["id"] for number in range(10)]
        service.wait_until_settled(*ids)
        journal = {entry.arrival.text: entry.external_id for entry in service.journal()}
        assert len(service.journal()) == len(journal) == 10
        for number, message_id in enumerate(ids):
            assert delivery_of(service, message_id)["external_id"] == journal[f"{TEXT} {number}"]


@either_way
def test_telegram_without_the_key_is_sent_again_by_default_so_that_it_is_never_lost_and_may_double(
    tmp_path: Path, tell: Tell, interrupt: Callable[[Service, str], str]
) -> None:
    with Service(tmp_path, **WITHOUT_KEY) as service:
        message_id = interrupt(service, "telegram")
        service.wait_until_settled(message_id)
        assert delivery_of(service, message_id)["status"] == "delivered"
        result = outcome(service, "telegram", tell)
        assert (len(result.lost), len(result.doubled)) == (0, 1)


@either_way
def test_telegram_without_the_key_is_held_where_that_is_the_policy_so_that_it_never_doubles(
    tmp_path: Path, tell: Tell, interrupt: Callable[[Service, str], str]
) -> None:
    with Service(tmp_path, **WITHOUT_KEY, on_unclear="hold") as service:
        message_id = interrupt(service, "telegram")
        service.wait_until_finished(message_id)
        delivery = delivery_of(service, message_id)
        assert (delivery["status"], delivery["attempts"]) == ("unknown", 1)
        assert delivery["error"]["code"]
        assert outcome(service, "telegram", tell).faultless
        again = service.send(TEXT, [{"telegram": person(1)["telegram"]}])
        assert again["id"] == message_id, "what may have arrived must not be said again"
        service.call("POST", f"/api/deliveries/{delivery['id']}/resolve", {"as": "delivered"}).expect(200)
        assert service.message(message_id)["counts"] == {"delivered": 1}


@pytest.mark.parametrize("messenger", MESSENGERS)
def test_a_request_that_was_surely_not_taken_is_sent_again_whatever_the_policy(
    tmp_path: Path, tell: Tell, messenger: str
) -> None:
    with Service(tmp_path, **WITHOUT_KEY, on_unclear="hold") as service:
        service.faults({"messenger": messenger, "fault": "throttle", "retry_after": 0.1, "times": 2})
        message_id = service.send(TEXT, [{messenger: person(1)[messenger]}])["id"]
        service.wait_until_settled(message_id)
        assert delivery_of(service, message_id)["status"] == "delivered"
        assert outcome(service, messenger, tell).faultless
        assert service.journal(messenger, at_messenger(messenger, person(1)[messenger]))
