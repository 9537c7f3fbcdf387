"""A full disk: refused with a time to come back, nothing half-stored, and work goes on by itself when there is room."""

from pathlib import Path

from tests.acceptance.client import Reply
from tests.acceptance.disk import small_disk
from tests.acceptance.journal import audit, expected
from tests.acceptance.people import MESSENGERS, people
from tests.acceptance.process import eventually
from tests.acceptance.service import Service


def order(service: Service, text: str) -> Reply:
    body = {"sender": "acme", "text": text, "messengers": MESSENGERS, "recipients": people(200)}
    return service.call("POST", "/api/messages", body)


def test_a_full_disk_refuses_and_forgets_nothing_and_room_mends_it(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", megabytes=24) as disk, Service(disk.path, retry_base=0.1) as service:
        before = order(service, "Before").expect(202)
        service.wait_until_settled(before["id"])

        disk.fill()
        refused = eventually(
            lambda: answer if (answer := order(service, "Never")).status != 202 else None, "refusal", 10
        )
        assert refused.status == 503
        assert refused.headers["content-type"] == "application/problem+json"
        assert int(refused.headers["retry-after"]) >= 1
        assert service.call("GET", "/livez").status == 200
        known = {message["text"] for message in service.call("GET", "/api/messages").expect(200)["messages"]}
        assert "Before" in known

        disk.empty()
        after = eventually(lambda: answer if (answer := order(service, "After")).status == 202 else None, "room", 20)
        accepted = [message["id"] for message in service.call("GET", "/api/messages").expect(200)["messages"]]
        assert after.json["id"] in accepted
        service.wait_until_settled(*accepted)
        texts = [service.message(message_id)["text"] for message_id in accepted]
        result = audit([one for text in texts for one in expected(text, people(200), MESSENGERS)], service.journal())
        assert result.faultless, result
