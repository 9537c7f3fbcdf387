"""What happens at the other end is told: phones that are off, that read, that block, and reports that go astray."""

from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.people import at_messenger, person
from tests.acceptance.process import eventually
from tests.acceptance.service import Service

REPORTING = ("viber", "whatsapp")


def counts(service: Service, sent: dict[str, Any]) -> dict[str, int]:
    found: dict[str, int] = service.message(sent["id"])["counts"]
    return found


def numbers(messenger: str) -> str:
    return at_messenger(messenger, person(1)[messenger])


def test_a_message_to_a_phone_that_is_off_is_delivered_when_it_is_back(tmp_path: Path) -> None:
    with Service(tmp_path) as service:
        for messenger in REPORTING:
            service.phone(messenger, numbers(messenger), online=False)
        sent = service.send("Good morning", [person(1)], REPORTING)
        service.wait_until_finished(sent["id"])
        assert counts(service, sent) == {"sent": 2}
        service.kill9()
        service.start()
        assert counts(service, sent) == {"sent": 2}
        for messenger in REPORTING:
            service.phone(messenger, numbers(messenger), online=True)
        service.wait_until_settled(sent["id"])
        assert counts(service, sent) == {"delivered": 2}
        assert len(service.journal()) == 2


def test_a_message_that_is_read_is_known_to_be_read(tmp_path: Path) -> None:
    with Service(tmp_path) as service:
        for messenger in REPORTING:
            service.phone(messenger, numbers(messenger), reads_after=0.3)
        sent = service.send("Read me", [person(1)])
        eventually(lambda: counts(service, sent) == {"delivered": 1, "read": 2}, "both have read it", 10)
        for delivery in service.deliveries(sent["id"], status="read"):
            history = service.call("GET", f"/api/deliveries/{delivery['id']}").expect(200)["history"]
            assert {"delivered", "read"} <= {receipt["kind"] for receipt in history["receipts"]}


def test_who_has_blocked_the_bot_gets_nothing_and_the_sender_knows(tmp_path: Path) -> None:
    with Service(tmp_path) as service:
        for messenger, identifier in person(1).items():
            service.phone(messenger, at_messenger(messenger, identifier), blocked=True)
        sent = service.send("Please", [person(1)])
        service.wait_until_settled(sent["id"])
        assert counts(service, sent) == {"failed": 3}
        assert {delivery["attempts"] for delivery in service.deliveries(sent["id"])} == {1}


@pytest.mark.parametrize(
    ("fault", "ends_as"),
    [
        ("receipt_duplicated", "delivered"),
        ("receipt_reordered", "delivered"),
        ("receipt_late", "delivered"),
        ("receipt_lost", "sent"),
        ("not_delivered", "failed"),
    ],
)
def test_reports_that_go_astray_are_understood(tmp_path: Path, fault: str, ends_as: str) -> None:
    with Service(tmp_path) as service:
        more = {"delay": 1} if fault == "receipt_late" else {}
        service.faults(*({"messenger": messenger, "fault": fault, **more} for messenger in REPORTING))
        sent = service.send("Report", [person(1)], REPORTING)
        service.wait_until_finished(sent["id"])
        eventually(lambda: counts(service, sent) == {ends_as: 2}, f"both are {ends_as}", 10)
        assert len(service.journal()) == 2
