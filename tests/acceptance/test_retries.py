"""Attempts: no more than allowed, no sooner than asked, none where it is useless, and one arrival whatever happens."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from tests.acceptance.journal import audit, expected
from tests.acceptance.people import MESSENGERS, at_messenger, people, person
from tests.acceptance.service import Service

QUICK: Final[dict[str, Any]] = {"retry_base": 0.05, "retry_cap": 0.1, "send_timeout": 1}


def fault(name: str, messenger: str = "*", recipient: str = "*", **more: Any) -> dict[str, Any]:
    return {"messenger": messenger, "recipient": recipient, "fault": name, **more}


def on_each(name: str, **more: Any) -> list[dict[str, Any]]:
    """A rule for each messenger."""
    return [fault(name, messenger, **more) for messenger in MESSENGERS]


@pytest.mark.parametrize("most", [1, 3, 5])
def test_a_delivery_that_keeps_failing_is_attempted_exactly_as_often_as_allowed(tmp_path: Path, most: int) -> None:
    with Service(tmp_path, **QUICK) as service:
        service.faults(*on_each("error"))
        sent = service.send("In vain", [person(1)], max_attempts=most)
        service.wait_until_settled(sent["id"])
        for delivery in service.deliveries(sent["id"]):
            assert delivery["status"] == "failed"
            assert delivery["attempts"] == delivery["max_attempts"] == most
            assert delivery["error"]["code"]
            history = service.call("GET", f"/api/deliveries/{delivery['id']}").expect(200)["history"]
            assert [attempt["attempt"] for attempt in history["attempts"]] == list(range(1, most + 1))
        assert service.journal() == []


@pytest.mark.parametrize(("times", "ends_as"), [(2, "delivered"), (3, "failed")])
def test_the_far_side_sees_every_attempt_that_is_counted(tmp_path: Path, times: int, ends_as: str) -> None:
    with Service(tmp_path, **QUICK, max_attempts=3) as service:
        service.faults(*on_each("error", times=times))
        sent = service.send("Thrice", [person(1)])
        service.wait_until_settled(sent["id"])
        assert service.message(sent["id"])["counts"] == {ends_as: 3}
        assert {delivery["attempts"] for delivery in service.deliveries(sent["id"])} == {3}
        service.faults()
        assert len(service.journal()) == (3 if ends_as == "delivered" else 0)


def test_a_messenger_that_asks_to_wait_is_left_alone_that_long(tmp_path: Path) -> None:
    with Service(tmp_path, **QUICK) as service:
        service.faults(*on_each("throttle", retry_after=2, times=1))
        sent = service.send("Slowly", [person(1)])
        service.wait_until_settled(sent["id"])
        for delivery in service.deliveries(sent["id"]):
            assert delivery["attempts"] == 2
        accepted = datetime.fromisoformat(sent["created_at"])
        assert all(entry.at >= accepted + timedelta(seconds=2) for entry in service.journal())


@pytest.mark.parametrize("name", ["blocked", "unknown_user"])
def test_what_no_repetition_can_mend_is_attempted_once(tmp_path: Path, name: str) -> None:
    with Service(tmp_path, **QUICK) as service:
        service.faults(*on_each(name))
        sent = service.send("Useless", [person(1)])
        service.wait_until_settled(sent["id"])
        for delivery in service.deliveries(sent["id"]):
            assert delivery["status"] == "failed"
            assert delivery["attempts"] == 1
            assert delivery["error"]["detail"]


def test_whatever_happens_to_a_request_the_message_arrives_once(tmp_path: Path) -> None:
    troubles: dict[str, dict[str, float]] = {
        "error": {},
        "throttle": {"retry_after": 1},
        "slow": {"delay": 0.5},
        "hang": {},
        "disconnect_before": {},
        "lose_reply": {},
        "late_reply": {"delay": 2},
    }
    with Service(tmp_path, **QUICK) as service:
        crowd = people(len(troubles))
        service.faults(
            *(
                fault(name, messenger, at_messenger(messenger, whom[messenger]), times=1, **more)
                for whom, (name, more) in zip(crowd, troubles.items(), strict=True)
                for messenger in MESSENGERS
            )
        )
        sent = service.send("Against all odds", crowd)
        service.wait_until_settled(sent["id"])
        result = audit(expected("Against all odds", crowd, MESSENGERS), service.journal())
        assert result.faultless, result
        assert service.message(sent["id"])["counts"] == {"delivered": 3 * len(troubles)}
        attempts = {delivery["recipient"]: delivery["attempts"] for delivery in service.deliveries(sent["id"])}
        for whom, name in zip(crowd, troubles, strict=True):
            assert attempts[whom["telegram"]] == (1 if name == "slow" else 2), name


def test_a_failed_delivery_gets_another_round_when_a_person_asks_for_it(tmp_path: Path) -> None:
    with Service(tmp_path, **QUICK, max_attempts=2) as service:
        service.faults(fault("error", "telegram"))
        sent = service.send("Once more", [{"telegram": "1"}])
        service.wait_until_settled(sent["id"])
        [delivery] = service.deliveries(sent["id"])
        service.faults()
        service.call("POST", f"/api/deliveries/{delivery['id']}/retry").expect(200)
        service.wait_until_settled(sent["id"])
        assert service.message(sent["id"])["counts"] == {"delivered": 1}
        assert len(service.journal()) == 1
