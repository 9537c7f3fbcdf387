"""A POST with an Idempotency-Key is carried out once by the real command, also when its process dies in between."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.acceptance.client import Reply
from tests.acceptance.people import people, person
from tests.acceptance.process import eventually
from tests.acceptance.service import Service

BODY = {
    "sender": "acme",
    "text": "Your parcel is here",
    "messengers": ["telegram"],
    "recipients": [{"telegram": "1001"}],
    "allow_duplicate": True,
}
ORIGINAL = {
    "sender": "acme",
    "message": "Your parcel is here",
    "messengers_list": ["Telegramm"],
    "users_list": [{"telegram": "1002"}],
}


def post(service: Service, key: str, path: str = "/api/messages", body: Any = BODY) -> Reply:
    return service.call("POST", path, body, headers={"Idempotency-Key": key})


def is_replay(reply: Reply, first: Reply) -> bool:
    """The first reply again, byte for byte, with the header that says so."""
    same = (reply.status, reply.body, reply.headers.get("location"))
    return (
        same == (first.status, first.body, first.headers.get("location"))
        and reply.headers.get("idempotency-replayed") == "true"
        and "idempotency-replayed" not in first.headers
    )


def test_replies_outlive_the_process_for_24_hours_and_no_longer(tmp_path: Path) -> None:
    with Service(tmp_path, "--test-clock") as service:
        later = {**BODY, "text": "Later", "send_at": "2990-01-01T00:00:00Z"}
        deferred = post(service, "deferred", body=later).expect(202)
        cancel = f"/api/messages/{deferred['id']}/cancel"
        asked: list[tuple[str, str, Any]] = [
            ("order", "/api/messages", BODY),
            ("order", "/api/sendmsg", ORIGINAL),
            ("cancel", cancel, None),
        ]
        firsts = [post(service, *request) for request in asked]
        assert [first.status for first in firsts] == [202, 202, 200]
        service.wait_until_settled(firsts[0].json["id"], firsts[1].json["id"])
        service.kill9()
        service.start()
        for request, first in zip(asked, firsts, strict=True):
            assert is_replay(post(service, *request), first), request
        assert post(service, "order", body={**BODY, "text": "Another"}).status == 422
        service.call("POST", "/api/clock", {"advance": "PT23H59M"}).expect(200)
        assert is_replay(post(service, *asked[0]), firsts[0])
        service.call("POST", "/api/clock", {"advance": "PT2M"}).expect(200)
        anew = post(service, *asked[0])
        assert "idempotency-replayed" not in anew.headers
        assert anew.expect(202)["id"] != firsts[0].json["id"]
        service.wait_until_settled(anew.json["id"])
        assert Counter(entry.arrival.recipient for entry in service.journal()) == {"1001": 2, "1002": 1}


def test_of_many_equal_requests_at_once_one_is_carried_out(tmp_path: Path) -> None:
    with Service(tmp_path) as service:
        body = {**BODY, "messengers": list(person(1)), "recipients": people(300)}
        with ThreadPoolExecutor(16) as pool:
            replies = list(pool.map(lambda _: post(service, "crowd", body=body), range(48)))
        statuses = Counter(reply.status for reply in replies)
        assert set(statuses) <= {202, 409}
        accepted = [reply for reply in replies if reply.status == 202]
        assert len({reply.body for reply in accepted}) == 1
        assert sum("idempotency-replayed" not in reply.headers for reply in accepted) == 1
        assert all(reply.headers["retry-after"] == "1" for reply in replies if reply.status == 409)
        service.wait_until_settled(accepted[0].json["id"])
        assert len(service.journal()) == 900


def test_the_reply_is_repeated_after_its_message_has_gone(tmp_path: Path) -> None:
    with Service(tmp_path, "--test-clock", retention=60, dedupe_window=60) as service:
        first = post(service, "order")
        service.wait_until_settled(first.expect(202)["id"])
        service.call("POST", "/api/clock", {"advance": "PT1H"}).expect(200)
        service.kill9()
        service.start()  # What is over is let go of at the start.
        gone = f"/api/messages/{first.json['id']}"
        eventually(lambda: service.call("GET", gone).status == 404, "the message has gone", 20)
        assert is_replay(post(service, "order"), first)
        assert len(service.journal()) == 1
