"""Messages for later: never early, also when the service dies in between; moved, cancelled and expired ones."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.acceptance.people import people, person
from tests.acceptance.service import Service

LATE_AT_MOST = timedelta(seconds=5)
"""Sanity on a busy machine; how late an idle one is, the benchmarks measure."""


def in_seconds(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


def sleep_until(moment: datetime) -> None:
    time.sleep(max(0.0, (moment - datetime.now(UTC)).total_seconds()))


def test_a_message_for_later_survives_a_kill_and_is_never_early(tmp_path: Path) -> None:
    with Service(tmp_path) as service:
        send_at = in_seconds(4)
        sent = service.send("Later", people(10), send_at=send_at.isoformat())
        assert sent["counts"] == {"deferred": 30}
        service.kill9()
        service.start()
        assert service.message(sent["id"])["counts"] == {"deferred": 30}
        service.wait_until_settled(sent["id"])
        arrived = [entry.at for entry in service.journal()]
        assert len(arrived) == 30
        assert min(arrived) >= send_at
        assert max(arrived) <= send_at + LATE_AT_MOST


def test_a_message_whose_time_came_while_the_service_was_dead_is_sent_when_it_is_back(tmp_path: Path) -> None:
    with Service(tmp_path) as service:
        send_at = in_seconds(1)
        sent = service.send("Later", [person(1)], send_at=send_at.isoformat())
        service.kill9()
        sleep_until(send_at)
        service.start()
        service.wait_until_settled(sent["id"])
        arrived = [entry.at for entry in service.journal()]
        assert len(arrived) == 3
        assert min(arrived) >= send_at


def test_messages_for_later_are_sent_in_the_order_of_their_times(tmp_path: Path) -> None:
    with Service(tmp_path) as service:
        times = {number: in_seconds(1 + 0.3 * (5 - number)) for number in range(5)}
        ids = [
            service.send(f"Number {number}", [{"telegram": "1"}], send_at=at.isoformat())["id"]
            for number, at in times.items()
        ]
        service.wait_until_settled(*ids)
        journal = service.journal()
        assert [entry.arrival.text for entry in journal] == [f"Number {number}" for number in (4, 3, 2, 1, 0)]
        assert all(entry.at >= times[int(entry.arrival.text.removeprefix("Number "))] for entry in journal)


def test_a_cancelled_message_is_never_sent_and_can_be_sent_anew(tmp_path: Path) -> None:
    with Service(tmp_path) as service:
        send_at = in_seconds(1)
        sent = service.send("Never mind", [person(1)], send_at=send_at.isoformat())
        cancelled = service.call("POST", f"/api/messages/{sent['id']}/cancel").expect(200)
        assert cancelled["counts"] == {"cancelled": 3}
        sleep_until(send_at + timedelta(seconds=0.5))
        assert service.journal() == []
        anew = service.send("Never mind", [person(1)])
        assert anew["id"] != sent["id"]
        service.wait_until_settled(anew["id"])
        assert len(service.journal()) == 3


def test_what_was_sent_cannot_be_cancelled_or_moved(tmp_path: Path) -> None:
    with Service(tmp_path) as service:
        sent = service.send("Gone", [person(1)])
        service.wait_until_settled(sent["id"])
        service.call("POST", f"/api/messages/{sent['id']}/cancel").expect(409)
        moved = {"send_at": in_seconds(60).isoformat()}
        service.call("PATCH", f"/api/messages/{sent['id']}", moved).expect(409)
        assert service.message(sent["id"])["counts"] == {"delivered": 3}


def test_a_message_that_is_moved_forward_is_sent_at_its_new_time(tmp_path: Path) -> None:
    with Service(tmp_path) as service:
        sent = service.send("Sooner", [person(1)], send_at=in_seconds(3600).isoformat())
        send_at = in_seconds(1)
        service.call("PATCH", f"/api/messages/{sent['id']}", {"send_at": send_at.isoformat()}).expect(200)
        service.wait_until_settled(sent["id"])
        assert all(send_at <= entry.at <= send_at + LATE_AT_MOST for entry in service.journal())


def test_a_message_that_is_put_off_is_not_sent_at_its_old_time(tmp_path: Path) -> None:
    with Service(tmp_path) as service:
        old = in_seconds(1.5)
        sent = service.send("Not now", [person(1)], send_at=old.isoformat())
        service.call("PATCH", f"/api/messages/{sent['id']}", {"send_at": in_seconds(3600).isoformat()}).expect(200)
        sleep_until(old + timedelta(seconds=0.5))
        assert service.journal() == []
        assert service.message(sent["id"])["counts"] == {"deferred": 3}


def test_what_could_not_be_sent_in_time_expires_and_is_never_sent(tmp_path: Path) -> None:
    with Service(tmp_path, retry_base=0.1, retry_cap=0.2) as service:
        service.faults({"messenger": "telegram", "recipient": "*", "fault": "error"})
        expires_at = in_seconds(1.5)
        sent = service.send("Today only", [person(1)], expires_at=expires_at.isoformat(), max_attempts=100)
        service.wait_until_settled(sent["id"])
        service.faults()
        assert service.message(sent["id"])["counts"] == {"delivered": 2, "expired": 1}
        time.sleep(0.5)
        assert {entry.arrival.messenger for entry in service.journal()} == {"viber", "whatsapp"}
