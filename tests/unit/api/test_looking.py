"""What may be asked about messages and deliveries that are there, and what may be done to them."""

from typing import Any
from urllib.parse import urlencode

import pytest

from tests.unit.api.asking import OWL, PIGEON, Asking, asking, at, pass_time
from tests.virtual import EPOCH
from vestnik.domain.delivery import Ending, Verdict
from vestnik.domain.lifecycle import Event
from vestnik.domain.moment import SECOND, to_rfc3339
from vestnik.domain.outcomes import Receipt, ReceiptKind


async def attempted(ask: Asking, event: Event, **fields: Any) -> str:
    """The id of a delivery to an owl whose one attempt ended so."""
    told = (await ask.send(max_attempts=1)).expect(202)
    delivery_id: str = told["deliveries"][0]["id"]
    await ask.store.claim(OWL, suspects=False, limit=1, lease_until=EPOCH * 2, now=EPOCH + 1)
    ending = Ending.TAKEN if event is Event.TAKE else Ending.REFUSED
    verdict = Verdict(delivery_id, 1, event, ending, EPOCH + 1, **fields)
    assert await ask.store.record([verdict], EPOCH + 2) == [True]
    return delivery_id


def test_messages_are_listed_newest_first_a_page_at_a_time() -> None:
    async def work(ask: Asking) -> None:
        sent = [(await ask.send(text=f"{number}")).expect(202)["id"] for number in range(7)]
        found: list[str] = []
        query: dict[str, object] = {"limit": 3}
        while True:
            page = (await ask.call("GET", f"/api/messages?{urlencode(query)}")).expect(200)
            found += [message["id"] for message in page["messages"]]
            assert all("deliveries" not in message for message in page["messages"])
            if page["next"] is None:
                break
            query["cursor"] = page["next"]
        assert found == sent[::-1]

    asking(work)


def test_messages_are_listed_by_status_and_sender() -> None:
    async def work(ask: Asking) -> None:
        for sender, send_at in (("acme", None), ("acme", at(hours=1)), ("other", at(hours=1))):
            (await ask.send(text=f"{sender} {send_at}", sender=sender, send_at=send_at)).expect(202)
        for query, count in (
            ("", 3),
            ("status=deferred", 2),
            ("sender=acme", 2),
            ("sender=acme&status=deferred", 1),
            ("status=&sender=&limit=&cursor=", 3),
            ("sender=nobody", 0),
        ):
            assert len((await ask.call("GET", f"/api/messages?{query}")).expect(200)["messages"]) == count

    asking(work)


@pytest.mark.parametrize(
    ("path", "query", "pointers"),
    [
        ("/api/messages", "status=sleeping", {"#/query/status"}),
        ("/api/messages", "sender=a+b", {"#/query/sender"}),
        ("/api/messages", "limit=0&cursor=%00&x=1&x=2", {"#/query/limit", "#/query/cursor", "#/query/x"}),
        ("/api/messages", "limit=1001", {"#/query/limit"}),
        ("/api/messages", "limit=-1", {"#/query/limit"}),
        ("/api/messages", "limit=%D9%A1", {"#/query/limit"}),
        ("/api/messages", "limit=1&limit=2", {"#/query/limit"}),
        ("/api/messages", "limit=" + "9" * 5_000, {"#/query/limit"}),
        ("/api/messages", "cursor=" + "A" * 300, {"#/query/cursor"}),
        ("/api/messages", "cursor=AB", {"#/query/cursor"}),
        ("/api/messages", "&".join("limit=1" for _ in range(200)), {"#/query"}),
        ("/api/accounts", "limit=x&cursor=%FF", {"#/query/limit", "#/query/cursor"}),
        (
            "/api/messages/1/deliveries",
            "status=x&limit=0&cursor=!",
            {f"#/query/{x}" for x in ("status", "limit", "cursor")},
        ),
        ("/api/messages/1/deliveries", "cursor=eA", {"#/query/cursor"}),
        ("/api/messages/1", "verbose=1", {"#/query/verbose"}),
    ],
)
def test_every_wrong_parameter_of_a_query_is_named(path: str, query: str, pointers: set[str]) -> None:
    async def work(ask: Asking) -> None:
        assert set((await ask.call("GET", f"{path}?{query}")).faults()) == pointers

    asking(work)


def test_deliveries_are_listed_by_status_a_page_at_a_time() -> None:
    async def work(ask: Asking) -> None:
        crowd = [{PIGEON: str(number)} for number in range(5)]
        told = (await ask.send(messengers=[PIGEON], recipients=crowd)).expect(202)
        await ask.store.claim(PIGEON, suspects=False, limit=2, lease_until=EPOCH * 2, now=EPOCH)
        path = f"/api/messages/{told['id']}/deliveries"
        sending = (await ask.call("GET", path, status="sending")).expect(200)
        assert ([each["recipient"] for each in sending["deliveries"]], sending["next"]) == (["0", "1"], None)
        first = (await ask.call("GET", path, status="waiting", limit=2)).expect(200)
        second = (await ask.call("GET", path, status="waiting", limit=2, cursor=first["next"])).expect(200)
        found = first["deliveries"] + second["deliveries"]
        assert [each["recipient"] for each in found] == ["2", "3", "4"]
        assert second["next"] is None

    asking(work)


def test_a_delivery_is_shown_with_its_attempts_and_receipts() -> None:
    async def work(ask: Asking) -> None:
        delivery_id = await attempted(ask, Event.TAKE, external_id="letter 1")
        await ask.store.apply([Receipt(OWL, ReceiptKind.READ, "letter 1", EPOCH + SECOND)], EPOCH + SECOND)
        told = (await ask.call("GET", f"/api/deliveries/{delivery_id}")).expect(200)
        assert told == {
            "id": delivery_id,
            "message_id": delivery_id.removesuffix("-0"),
            "messenger": OWL,
            "recipient": "Hedwig",
            "account": None,
            "status": "read",
            "attempts": 1,
            "max_attempts": 1,
            "due_at": None,
            "external_id": "letter 1",
            "error": None,
            "history": {
                "attempts": [
                    {
                        "attempt": 1,
                        "started_at": to_rfc3339(EPOCH + 1),
                        "ended_at": to_rfc3339(EPOCH + 2),
                        "outcome": "taken",
                        "error": None,
                    }
                ],
                "receipts": [{"kind": "read", "at": to_rfc3339(EPOCH + SECOND), "error": None}],
            },
        }

    asking(work)


def test_a_failed_delivery_says_why_and_can_be_tried_again() -> None:
    async def work(ask: Asking) -> None:
        delivery_id = await attempted(ask, Event.FAIL, code="lost", detail="flew into a window")
        told = (await ask.call("GET", f"/api/deliveries/{delivery_id}")).expect(200)
        assert (told["status"], told["error"]) == ("failed", {"code": "lost", "detail": "flew into a window"})
        assert told["history"]["attempts"][0]["error"] == told["error"]
        rung = len(ask.rung)
        again = (await ask.call("POST", f"/api/deliveries/{delivery_id}/retry")).expect(200)
        assert (again["status"], again["max_attempts"], again["error"]) == ("waiting", 2, None)
        assert len(ask.rung) == rung + 1
        assert (await ask.call("POST", f"/api/deliveries/{delivery_id}/retry")).problem(409) == "conflict"

    asking(work)


@pytest.mark.parametrize("fate", ["delivered", "failed"])
def test_a_person_resolves_what_nobody_knows(fate: str) -> None:
    async def work(ask: Asking) -> None:
        delivery_id = await attempted(ask, Event.DOUBT, doubt=True)
        path = f"/api/deliveries/{delivery_id}/resolve"
        assert (await ask.call("POST", path, {"as": fate})).expect(200)["status"] == fate
        assert (await ask.call("POST", path, {"as": fate})).problem(409) == "conflict"

    asking(work)


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({}, {"#/as"}),
        ({"as": "read"}, {"#/as"}),
        ({"as": None}, {"#/as"}),
        ({"as": "failed", "why": ""}, {"#/why"}),
        ([], {"#"}),
    ],
)
def test_a_wrong_verdict_is_refused(body: Any, pointers: set[str]) -> None:
    async def work(ask: Asking) -> None:
        delivery_id = await attempted(ask, Event.DOUBT, doubt=True)
        answer = await ask.call("POST", f"/api/deliveries/{delivery_id}/resolve", body)
        assert set(answer.faults()) == pointers
        assert (await ask.call("GET", f"/api/deliveries/{delivery_id}")).expect(200)["status"] == "unknown"

    asking(work)


def test_what_has_not_begun_can_be_cancelled_once() -> None:
    async def work(ask: Asking) -> None:
        told = (await ask.send(send_at=at(hours=1))).expect(202)
        cancelled = (await ask.call("POST", f"/api/messages/{told['id']}/cancel")).expect(200)
        assert (cancelled["status"], cancelled["counts"]) == ("cancelled", {"cancelled": 1})
        assert cancelled["deliveries"][0]["status"] == "cancelled"
        assert (await ask.call("POST", f"/api/messages/{told['id']}/cancel")).problem(409) == "conflict"

    asking(work)


def test_a_message_is_sent_at_another_time() -> None:
    async def work(ask: Asking) -> None:
        told = (await ask.send(send_at=at(hours=1), expires_at=at(hours=5))).expect(202)
        path = f"/api/messages/{told['id']}"
        moved = (await ask.call("PATCH", path, {"send_at": at(hours=2)})).expect(200)
        assert moved["send_at"] == moved["deliveries"][0]["due_at"] == to_rfc3339(EPOCH + 7200 * SECOND)
        assert len(ask.rung) == 2
        for send_at, words in (
            (at(hours=5), "is not before the message expires"),
            (at(seconds=-1), "is in the past"),
            ("", "is not a time after RFC 3339"),
            ("soon", "is not a time"),
            (None, "must be a string"),
        ):
            assert words in (await ask.call("PATCH", path, {"send_at": send_at})).faults()["#/send_at"]
        assert (await ask.call("PATCH", path, {})).faults() == {"#/send_at": "is required"}
        await pass_time(1)
        assert (await ask.call("GET", path)).expect(200)["send_at"] == moved["send_at"]

    asking(work)


def test_what_was_cancelled_cannot_be_sent_at_another_time() -> None:
    async def work(ask: Asking) -> None:
        told = (await ask.send(send_at=at(hours=1))).expect(202)
        (await ask.call("POST", f"/api/messages/{told['id']}/cancel")).expect(200)
        moved = await ask.call("PATCH", f"/api/messages/{told['id']}", {"send_at": at(hours=2)})
        assert moved.problem(409) == "conflict"

    asking(work)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/api/messages/1", None),
        ("GET", "/api/messages/%00", None),
        ("GET", "/api/messages/" + "1" * 5_000, None),
        ("GET", "/api/messages/ы", None),
        ("GET", "/api/messages/1/deliveries", None),
        ("POST", "/api/messages/1/cancel", None),
        ("PATCH", "/api/messages/1", {"send_at": at(hours=1)}),
        ("GET", "/api/deliveries/1-0", None),
        ("GET", "/api/deliveries/1", None),
        ("GET", "/api/deliveries/-", None),
        ("GET", "/api/deliveries/1-99999999999999999999", None),
        ("GET", "/api/deliveries/%00-0", None),
        ("GET", "/api/deliveries/ы-٣", None),
        ("POST", "/api/deliveries/1-0/retry", None),
        ("POST", "/api/deliveries/1-0/resolve", {"as": "failed"}),
        ("GET", "/api/accounts/nobody", None),
        ("GET", "/api/accounts/%00", None),
        ("PUT", "/api/accounts/john%0A", {}),
        ("GET", "/livez%0A", None),
        ("DELETE", "/api/accounts/nobody", None),
        ("DELETE", "/api/accounts/a%20b", None),
        ("GET", "/api/receipts/eagle", None),
        ("POST", "/api/receipts/eagle", None),
        ("GET", "/api/clock", None),
        ("POST", "/api/clock", {"reset": True}),
        ("GET", "/docs/nothing", None),
        ("GET", "/docs/..%2F__init__.py", None),
        ("GET", "", None),
        ("GET", "/api", None),
        ("GET", "/api/", None),
        ("GET", "/api/message", None),
        ("GET", "/api/messages/", None),
        ("GET", "/api/messages/1/", None),
        ("GET", "//api/messages", None),
        ("GET", "/owl/fly", None),
        ("BREW", "/nothing", None),
    ],
)
def test_what_is_not_there_is_not_found(method: str, path: str, body: Any) -> None:
    async def work(ask: Asking) -> None:
        kind = "no-test-clock" if path == "/api/clock" else "not-found"
        assert (await ask.call(method, path, body)).problem(404) == kind

    asking(work)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/api/messages", "GET, HEAD, POST"),
        ("GET", "/api/sendmsg", "POST"),
        ("DELETE", "/api/messages/1", "GET, HEAD, PATCH"),
        ("GET", "/api/messages/1/cancel", "POST"),
        ("POST", "/api/accounts/john", "DELETE, GET, HEAD, PUT"),
        ("POST", "/api/accounts", "GET, HEAD"),
        ("PUT", "/api/receipts/owl", "GET, HEAD, POST"),
        ("OPTIONS", "/livez", "GET, HEAD"),
        ("get", "/livez", "GET, HEAD"),
        ("X" * 1_000, "/api/clock", "GET, HEAD, POST"),
    ],
)
def test_a_wrong_method_is_told_the_right_ones(method: str, path: str, allowed: str) -> None:
    async def work(ask: Asking) -> None:
        answer = await ask.call(method, path)
        assert answer.problem(405) == "wrong-method"
        assert answer.headers["allow"] == allowed

    asking(work)


def test_progress_tells_how_many_deliveries_are_in_which_state_on_each_messenger() -> None:
    async def work(ask: Asking) -> None:
        message_id = (await ask.send()).expect(202)["id"]
        told = (await ask.call("GET", f"/api/messages/{message_id}/progress")).expect(200)
        assert told["id"] == message_id
        assert told["status"] == "waiting"
        assert told["messengers"] == {OWL: {"waiting": 1}}
        (await ask.call("GET", "/api/messages/nothing/progress")).expect(404)

    asking(work)
