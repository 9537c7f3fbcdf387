"""What vendors' servers, probes, collectors and a stopping process see."""

import pytest
import structlog
from starlette.types import Message, Receive, Scope, Send

from tests.unit.api.asking import OWL, Asking, asking, exchange
from tests.virtual import EPOCH
from vestnik.domain.delivery import Ending, Verdict
from vestnik.domain.errors import StoreUnavailable
from vestnik.domain.lifecycle import Event
from vestnik.domain.moment import Moment
from vestnik.domain.outcomes import Receipt
from vestnik.store.memory import MemoryStore

SIGNED = {"X-Feather": "true"}


async def sent(ask: Asking) -> str:
    """The id of a delivery that the owl took, and calls `letter`."""
    delivery_id: str = (await ask.send()).expect(202)["deliveries"][0]["id"]
    await ask.store.claim(OWL, suspects=False, limit=1, lease_until=EPOCH * 2, now=EPOCH)
    await ask.store.record([Verdict(delivery_id, 1, Event.TAKE, Ending.TAKEN, EPOCH, external_id="letter")], EPOCH)
    return delivery_id


def test_a_report_is_stored_before_it_is_answered() -> None:
    async def work(ask: Asking) -> None:
        delivery_id = await sent(ask)
        answer = await exchange(ask.app, "POST", "/api/receipts/owl", b"letter:read", SIGNED)
        assert (answer.status, answer.body) == (200, b"")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert (await ask.call("GET", f"/api/deliveries/{delivery_id}")).expect(200)["status"] == "read"

    asking(work)


def test_a_forged_report_is_refused_and_changes_nothing() -> None:
    async def work(ask: Asking) -> None:
        delivery_id = await sent(ask)
        assert (await exchange(ask.app, "POST", "/api/receipts/owl", b"letter:read", {})).status == 403
        assert (await ask.call("GET", f"/api/deliveries/{delivery_id}")).expect(200)["status"] == "sent"

    asking(work)


def test_a_messenger_that_makes_sure_of_the_address_gets_what_it_asked_for() -> None:
    async def work(ask: Asking) -> None:
        answer = await exchange(ask.app, "GET", "/api/receipts/owl", b"", {}, "challenge=42")
        assert (answer.status, answer.body, answer.headers["content-type"]) == (200, b"42", "text/plain")

    asking(work)


def test_a_report_that_cannot_be_stored_is_not_acknowledged() -> None:
    class Broken(MemoryStore):
        async def apply(self, receipts: object, now: Moment) -> None:
            assert isinstance(receipts, list)
            assert isinstance(receipts[0], Receipt)
            raise StoreUnavailable("the disk is full")

    async def work(ask: Asking) -> None:
        answer = await exchange(ask.app, "POST", "/api/receipts/owl", b"letter:read", SIGNED)
        assert answer.problem(503) == "store-unavailable"
        assert answer.headers["retry-after"] == "5"

    asking(work, store=Broken())


def test_while_it_stops_it_takes_no_new_work_but_reports_and_questions() -> None:
    async def work(ask: Asking) -> None:
        delivery_id = await sent(ask)
        ask.door.open = False
        for path, body in (
            ("/api/messages", b"{"),
            ("/api/sendmsg", b"{"),
            (f"/api/deliveries/{delivery_id}/retry", None),
        ):
            answer = await ask.call("POST", path, body)
            assert answer.problem(503) == "stopping"
            assert answer.headers["retry-after"] == "5"
        assert (await ask.call("GET", "/readyz")).problem(503) == "not-ready"
        assert (await ask.call("GET", "/livez")).expect(200) == {"status": "ok"}
        assert (await exchange(ask.app, "POST", "/api/receipts/owl", b"letter:read", SIGNED)).status == 200
        assert (await ask.call("GET", f"/api/deliveries/{delivery_id}")).expect(200)["status"] == "read"

    asking(work)


def test_readiness_says_what_it_waits_for() -> None:
    waiting_for: list[str] = ["the store is being migrated"]

    async def work(ask: Asking) -> None:
        answer = await ask.call("GET", "/readyz")
        assert answer.problem(503) == "not-ready"
        assert answer.json["detail"] == "the store is being migrated"
        waiting_for.clear()
        assert (await ask.call("GET", "/readyz")).expect(200) == {"status": "ok"}

    asking(work, readiness=lambda: waiting_for[0] if waiting_for else None)


def test_requests_are_counted_by_route_and_never_by_path() -> None:
    async def work(ask: Asking) -> None:
        (await ask.send()).expect(202)
        (await ask.call("GET", "/api/messages/SECRET")).expect(404)
        (await ask.call("GET", "/botSECRET/sendMessage")).expect(404)
        (await ask.call("SECRET", "/api/messages")).expect(405)
        answer = await ask.call("GET", "/metrics")
        assert answer.headers["content-type"].startswith("text/plain; version=")
        told = answer.body.decode()
        for labels in (
            'method="POST",route="/api/messages",status="202"',
            'method="GET",route="/api/messages/{id}",status="404"',
            'method="GET",route="unmatched",status="404"',
            'method="other",route="/api/messages",status="405"',
        ):
            assert f"vestnik_http_requests_total{{{labels}}} 1.0" in told
        assert "SECRET" not in told

    asking(work)


def test_log_lines_hold_no_secrets() -> None:
    async def work(ask: Asking) -> None:
        with structlog.testing.capture_logs() as lines:
            secrets = {"Authorization": "Bearer vk_SECRET", "Idempotency-Key": "SECRET"}
            await ask.call("GET", "/api/messages/1", headers=secrets, token="SECRET")
            await ask.call("GET", "/botSECRET/getMe", headers=secrets)
            await ask.call("GET", "/api/receipts/owl?hub.verify_token=SECRET")
            await ask.call("GET", "/livez", headers=secrets)
        assert len(lines) == 4
        assert "SECRET" not in repr(lines)
        assert lines[0]["route"] == "/api/messages/{id}"
        assert [line["status"] for line in lines] == [422, 404, 200, 200]

    asking(work)


def test_a_mistake_of_ours_is_logged_and_tells_the_caller_nothing() -> None:
    class Mistaken(MemoryStore):
        async def message(self, message_id: str) -> None:
            raise RuntimeError("SECRET of the house")

    async def work(ask: Asking) -> None:
        with structlog.testing.capture_logs() as lines:
            answer = await ask.call("GET", "/api/messages/1")
        assert answer.problem(500) == "internal"
        assert "SECRET" not in answer.body.decode()
        assert isinstance(lines[0]["exc_info"], RuntimeError)

    asking(work, store=Mistaken())


@pytest.mark.parametrize("path", ["/owl/fly", "/pigeon", "/emulator/stats"])
def test_the_far_side_answers_on_the_same_port_with_the_whole_path(path: str) -> None:
    async def far_side(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": scope["path"].encode()})

    async def work(ask: Asking) -> None:
        assert (await ask.call("GET", path)).body.decode() == path
        (await ask.call("GET", "/owlery")).expect(404)

    asking(work, emulation=far_side)


def test_a_websocket_is_declined_and_the_lifespan_is_answered() -> None:
    async def work(ask: Asking) -> None:
        said: list[Message] = []
        heard: list[Message] = [{"type": "lifespan.shutdown"}, {"type": "lifespan.startup"}]

        async def receive() -> Message:
            return heard.pop()

        async def send(message: Message) -> None:
            said.append(message)

        await ask.app({"type": "websocket", "path": "/api/events"}, receive, send)
        await ask.app({"type": "lifespan", "state": {}}, receive, send)
        assert [message["type"] for message in said] == [
            "websocket.close",
            "lifespan.startup.complete",
            "lifespan.shutdown.complete",
        ]

    asking(work)
