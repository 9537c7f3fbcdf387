"""Whatever is sent, the answer is clean: no input gives a 5xx."""

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.types import Message

from tests.unit.api.asking import JSON, OWL, PIGEON, Answer, Asking, asking, exchange, scope_of
from tests.virtual import EPOCH
from vestnik.api.bodies import MOST_VALUES
from vestnik.api.parts import ApiSettings
from vestnik.domain.account import Account

TAKERS = (
    ("POST", "/api/messages"),
    ("POST", "/api/sendmsg"),
    ("PUT", "/api/accounts/john"),
    ("PATCH", "/api/messages/1"),
    ("POST", "/api/deliveries/1-0/resolve"),
    ("POST", "/api/clock"),
)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"text"',
        b'{"text": "x}',
        b"{'text': 1}",
        b"nonsense",
        b'{"text": NaN}',
        b'{"text": Infinity}',
        b"[1,]",
        b"{} {}",
        b'{"text": "\x00"}',
        b'{"text": "\xff"}',
        b'{"text": "\xed\xa0\x80"}',
        b"\xef\xbb\xbf{}",
        '{"text": 1}'.encode("utf-16"),
        b'{"text": "\\ud800", }',
        b'{"text": "\\ud800", "is": NaN}',
        b'{"x": ' + b"[" * 100_000,
        b'{"x": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
        b'{"x": ' + b'{"x": ' * 500 + b"1" + b"}" * 501,
        b'{"is_sended": ' + b"[" * 5_000 + b"]" * 5_000 + b"}",
        b"[" * 100_000,
    ],
)
def test_what_is_not_json_is_told_so(body: bytes) -> None:
    async def work(ask: Asking) -> None:
        for method, path in TAKERS:
            assert (await ask.call(method, path, body)).problem(400) == "malformed-body"

    asking(work, movable=True)


@pytest.mark.parametrize(
    "media_type",
    [
        None,
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonp",
        "application/json; charset=latin-1",
        "application/json, text/plain",
        "x" * 10_000,
    ],
)
def test_another_media_type_is_refused(media_type: str | None) -> None:
    async def work(ask: Asking) -> None:
        headers = {} if media_type is None else {"Content-Type": media_type}
        for method, path in TAKERS:
            answer = await exchange(ask.app, method, path, b"{}", headers)
            assert answer.problem(415) == "wrong-media-type"

    asking(work, movable=True)


@pytest.mark.parametrize(
    "media_type", ["application/json", "Application/JSON", 'application/json;charset="UTF-8"', "application/json ; "]
)
def test_json_is_known_by_its_media_type_however_it_is_written(media_type: str) -> None:
    async def work(ask: Asking) -> None:
        answer = await exchange(ask.app, "PUT", "/api/accounts/john", b"{}", {"Content-Type": media_type})
        assert answer.status == 201

    asking(work)


def test_a_compressed_body_is_refused() -> None:
    async def work(ask: Asking) -> None:
        answer = await ask.call("POST", "/api/messages", {}, headers={"Content-Encoding": "gzip"})
        assert answer.problem(415) == "wrong-media-type"
        (await ask.call("PUT", "/api/accounts/j", {}, headers={"Content-Encoding": "identity"})).expect(201)

    asking(work)


@pytest.mark.parametrize("length", ["1001", "9" * 30, None, "-1", "x", "5"])
def test_a_body_over_the_limit_is_refused_whatever_length_it_claims(length: str | None) -> None:
    async def work(ask: Asking) -> None:
        headers = {} if length is None else {"Content-Length": length}
        for method, path in (*TAKERS, ("POST", "/api/receipts/owl")):
            answer = await ask.call(method, path, b" " * 1_001, headers=headers)
            assert answer.problem(413) == "too-large"

    asking(work, movable=True, settings=ApiSettings(body_limit=1_000))


def test_a_body_that_claims_too_much_is_refused_before_it_is_read() -> None:
    async def work(ask: Asking) -> None:
        sent: list[Message] = []

        async def receive() -> Message:
            raise AssertionError("nobody reads it")

        async def send(message: Message) -> None:
            sent.append(message)

        headers = {"Content-Type": JSON, "Content-Length": str(2**40)}
        await ask.app(scope_of("POST", "/api/messages", headers), receive, send)
        assert sent[0]["status"] == 413

    asking(work)


def test_a_body_that_does_not_come_is_not_waited_for_for_ever() -> None:
    async def work(ask: Asking) -> None:
        sent: list[Message] = []
        began: list[Message] = [{"type": "http.request", "body": b"{", "more_body": True}]

        async def receive() -> Message:
            if not began:
                await asyncio.sleep(3_600)
            return began.pop()

        async def send(message: Message) -> None:
            sent.append(message)

        await ask.app(scope_of("POST", "/api/messages", {"Content-Type": JSON}), receive, send)
        assert sent[0]["status"] == 408
        assert ask.clock.now() == EPOCH + 30_000_000

    asking(work)


def test_who_hangs_up_in_the_middle_is_not_answered() -> None:
    async def work(ask: Asking) -> None:
        coming: list[Message] = [
            {"type": "http.request", "body": b'{"sender":', "more_body": True},
            {"type": "http.disconnect"},
        ]

        async def receive() -> Message:
            return coming.pop(0)

        async def send(_: Message) -> None:
            raise AssertionError("nobody is there")

        await ask.app(scope_of("POST", "/api/messages", {"Content-Type": JSON}), receive, send)

    asking(work)


def test_a_body_of_too_many_values_is_refused_before_it_is_decoded() -> None:
    async def work(ask: Asking) -> None:
        for piece in (b"[]", b"{}", b"0"):
            body = b'{"recipients": [' + b",".join([piece] * (MOST_VALUES + 1)) + b"]}"
            assert (await ask.call("POST", "/api/messages", body)).problem(413) == "too-large"

    asking(work)


def test_the_largest_request_is_not_too_large() -> None:
    crowd = [{OWL: "x" * 250, PIGEON: "1" * 250}] * 10_000
    body = {"sender": "acme", "text": "x" * 20, "messengers": [OWL, PIGEON], "recipients": crowd}

    async def work(ask: Asking) -> None:
        content = json.dumps(body, indent=8).encode()
        assert (await ask.call("POST", "/api/messages", content)).expect(202)["counts"] == {"waiting": 2}

    asking(work)


words = st.sampled_from(
    [
        "sender",
        "text",
        "messengers",
        "recipients",
        "send_at",
        "expires_at",
        "max_attempts",
        "priority",
        "dedupe_key",
        "allow_duplicate",
        "id",
        "name",
        "message",
        "messengers_list",
        "users_list",
        "deffered_time",
        "is_sended",
        "status",
        "as",
        "identifiers",
        "advance",
        "set",
        "reset",
        "owl",
        "pigeon",
        "OWL",
    ]
)
anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=()), max_size=8)
    | st.sampled_from([OWL, PIGEON, "OWLS", "john", "acme", "hedwig", "#7", "2030-01-01T00:00:00Z", "PT1H"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4) | words, inner, max_size=4),
    max_leaves=12,
)


def checked(answer: Answer) -> None:
    assert answer.status < 500, answer.body
    if answer.status >= 400:
        answer.problem(answer.status)
    if answer.status == 422:
        assert answer.json["errors"]
        pointers = [(fault["pointer"], fault["detail"]) for fault in answer.json["errors"]]
        assert len(set(pointers)) == len(pointers)
        assert all(pointer.startswith("#") and detail for pointer, detail in pointers)


@settings(max_examples=200, deadline=None)
@given(body=st.dictionaries(words, anything, max_size=9) | anything)
def test_no_json_makes_the_service_stumble(body: Any) -> None:
    async def work(ask: Asking) -> None:
        await ask.store.put_account(Account("john", "John", {OWL: "Hedwig"}))
        for method, path in TAKERS:
            checked(await ask.call(method, path, json.dumps(body).encode()))

    asking(work, movable=True)


@settings(max_examples=200, deadline=None)
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"]),
    path=st.lists(
        st.sampled_from(
            ["api", "messages", "deliveries", "accounts", "receipts", "owl", "docs", "cancel", "retry", "1-0"]
        )
        | st.text(max_size=6),
        max_size=5,
    ),
    query=st.text(st.characters(max_codepoint=255), max_size=30),
    headers=st.dictionaries(
        st.sampled_from(["authorization", "idempotency-key", "content-type", "content-length", "x-feather"]),
        st.text(st.characters(max_codepoint=255), max_size=20),
    ),
    body=st.binary(max_size=40),
)
def test_no_request_makes_the_service_stumble(
    method: str, path: list[str], query: str, headers: dict[str, str], body: bytes
) -> None:
    async def work(ask: Asking) -> None:
        scope = scope_of(method, "/", headers)
        scope["path"], scope["query_string"] = "/" + "/".join(path), query.encode("latin-1")
        sent: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            sent.append(message)

        await ask.app(scope, receive, send)
        assert sent[0]["status"] < 500

    asking(work)
