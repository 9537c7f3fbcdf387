"""The movable clock: next Friday's messages can be seen now."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.acceptance.people import person
from tests.acceptance.process import eventually
from tests.acceptance.service import Service


def clock(service: Service) -> datetime:
    return datetime.fromisoformat(service.call("GET", "/api/clock").expect(200)["now"])


def test_a_message_for_later_arrives_as_soon_as_the_clock_is_moved_there(tmp_path: Path) -> None:
    with Service(tmp_path, "--test-clock") as service:
        send_at = clock(service) + timedelta(hours=3)
        sent = service.send("In three hours", [person(1)], send_at=send_at.isoformat())
        service.call("POST", "/api/clock", {"advance": "PT2H59M"}).expect(200)
        assert service.message(sent["id"])["counts"] == {"deferred": 3}
        service.call("POST", "/api/clock", {"advance": "PT1M"}).expect(200)
        service.wait_until_settled(sent["id"], within=5)
        arrived = [entry.at for entry in service.journal()]
        assert len(arrived) == 3
        assert all(send_at <= at <= send_at + timedelta(seconds=10) for at in arrived)


def test_the_clock_can_be_set_and_put_back(tmp_path: Path) -> None:
    with Service(tmp_path, "--test-clock") as service:
        friday = datetime(2040, 2, 3, 18, 0, tzinfo=UTC)
        service.call("POST", "/api/clock", {"set": friday.isoformat()}).expect(200)
        assert friday <= clock(service) < friday + timedelta(minutes=1)
        service.call("POST", "/api/clock", {"reset": True}).expect(200)
        assert abs(clock(service) - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_moved_clock_survives_a_kill(tmp_path: Path) -> None:
    with Service(tmp_path, "--test-clock") as service:
        service.call("POST", "/api/clock", {"advance": "P7D"}).expect(200)
        send_at = clock(service) + timedelta(hours=1)
        sent = service.send("Next week", [person(1)], send_at=send_at.isoformat())
        service.kill9()
        service.start()
        assert timedelta(days=6, hours=23) < clock(service) - datetime.now(UTC) < timedelta(days=7, hours=1)
        assert service.message(sent["id"])["counts"] == {"deferred": 3}
        service.call("POST", "/api/clock", {"advance": "PT1H"}).expect(200)
        service.wait_until_settled(sent["id"], within=5)


def test_waiting_for_another_attempt_follows_the_clock(tmp_path: Path) -> None:
    with Service(tmp_path, "--test-clock") as service:
        rule = {"messenger": "telegram", "recipient": "*", "fault": "throttle", "retry_after": 3600, "times": 1}
        service.faults(rule)
        sent = service.send("Come back in an hour", [{"telegram": "1"}])

        def put_off() -> bool:
            (delivery,) = service.deliveries(sent["id"])
            return (delivery["attempts"], delivery["status"]) == (1, "waiting")

        eventually(put_off, "the first attempt was put off", 10)
        service.call("POST", "/api/clock", {"advance": "PT59M"}).expect(200)
        assert service.message(sent["id"])["counts"].get("delivered", 0) == 0
        service.call("POST", "/api/clock", {"advance": "PT10M"}).expect(200)
        service.wait_until_settled(sent["id"], within=5)
        assert len(service.journal()) == 1


def test_what_expires_before_anybody_looks_is_not_sent_although_its_time_came_too(tmp_path: Path) -> None:
    with Service(tmp_path, "--test-clock") as service:
        now = clock(service)
        sent = service.send(
            "Lunch at noon",
            [person(1)],
            send_at=(now + timedelta(hours=1)).isoformat(),
            expires_at=(now + timedelta(hours=2)).isoformat(),
        )
        service.call("POST", "/api/clock", {"advance": "PT3H"}).expect(200)
        service.wait_until_settled(sent["id"], within=5)
        assert service.message(sent["id"])["counts"] == {"expired": 3}
        assert service.journal() == []


def test_without_the_option_the_clock_cannot_be_moved(tmp_path: Path) -> None:
    with Service(tmp_path) as service:
        refused = service.call("POST", "/api/clock", {"advance": "PT3H"})
        assert refused.status == 404
        assert refused.headers["content-type"] == "application/problem+json"
        assert "--test-clock" in refused.body.decode()
