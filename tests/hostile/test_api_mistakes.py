"""Each check that is asked of the API's answers finds a mistake of its kind that was made on purpose."""

import json
from collections.abc import Callable
from typing import Any, Final, TypeAlias

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.hostile.described import EVERY_CHECK, SECRET, mistakes, service
from tests.hostile.length import TRIES
from tests.unit.api.asking import Answer
from vestnik.store.memory import MemoryStore

NOTHING_TO_JUDGE: Final = frozenset({"missing_required_header", "object_level_authorization"})
"""No header is required but the key, and no two keys are told of."""
PROBLEM: Final = {"content-type": "application/problem+json"}

Change: TypeAlias = Callable[[Scope, Answer], Answer]
Way: TypeAlias = Callable[[], ASGIApp]


class Undying(MemoryStore):
    """Says that it has deleted an account and keeps it."""

    async def delete_account(self, account_id: str) -> bool:
        return account_id in await self.accounts([account_id])


def changed(change: Change) -> Way:
    """A service whose answers go through `change`."""
    inner = service()

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(("/api/accounts", "/api/messages")):
            await inner(scope, receive, send)
            return
        sent: list[Any] = []

        async def keep(message: Any) -> None:
            sent.append(message)

        await inner(scope, receive, keep)
        start, *parts = sent
        headers = {name.decode(): value.decode() for name, value in start["headers"]}
        answer = change(scope, Answer(start["status"], headers, b"".join(part["body"] for part in parts)))
        kept = {**answer.headers, "content-length": str(len(answer.body))}
        raw = [(name.encode(), value.encode()) for name, value in kept.items()]
        await send({"type": "http.response.start", "status": answer.status, "headers": raw})
        await send({"type": "http.response.body", "body": answer.body})

    return lambda: wrapped


def asked_with(authorization: Callable[[bytes | None], bytes | None]) -> Way:
    """A service that takes another key for the one that it was asked with."""
    inner = service()

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = dict(scope["headers"])
            key = authorization(headers.pop(b"authorization", None))
            scope = {**scope, "headers": [*headers.items(), *([] if key is None else [(b"authorization", key)])]}
        await inner(scope, receive, send)

    return lambda: wrapped


def when(status: int, becomes: int | None = None, body: Any = None, **headers: str) -> Way:
    """A service whose answers with this status get another one, another body, or other headers."""

    def change(_: Scope, answer: Answer) -> Answer:
        if answer.status != status:
            return answer
        content = answer.body if body is None else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return Answer(becomes or status, {**answer.headers, **named}, content)

    return changed(change)


def forgotten(scope: Scope, answer: Answer) -> Answer:
    """Nobody knows of a message that was accepted."""
    if scope["method"] != "GET" or not scope["path"].startswith("/api/messages/"):
        return answer
    body = {"type": "/docs/problems#not-found", "title": "Gone", "status": 404, "detail": "It was here just now."}
    return Answer(404, PROBLEM, json.dumps(body).encode())


RIGHT: Final = f"Bearer {SECRET}".encode()
ACCOUNTS, MESSAGES = "^/api/accounts", "^/api/messages"
NOBODY: Final[dict[str, Any]] = {"accounts": [], "next": None}
MISTAKES: Final[list[tuple[str, str, str, Way]]] = [
    ("not_a_server_error", "an answer is a fault", ACCOUNTS, when(200, 500)),
    ("status_code_conformance", "a status is not told of", ACCOUNTS, when(200, 203)),
    ("content_type_conformance", "a media type is not told of", ACCOUNTS, when(200, content_type="text/xml")),
    ("response_headers_conformance", "a header is no number", ACCOUNTS, when(200, 503, retry_after="soon")),
    ("response_schema_conformance", "a field is missing", ACCOUNTS, when(200, body={"accounts": []})),
    ("negative_data_rejection", "what is wrong is taken", ACCOUNTS, when(422, 200, body=NOBODY)),
    ("positive_data_acceptance", "what is right is refused", ACCOUNTS, when(200, 400)),
    ("unsupported_method", "any method is answered", ACCOUNTS, when(405, 200)),
    ("allow_header_conformance", "other methods are allowed", ACCOUNTS, when(405, allow="PURGE")),
    ("use_after_free", "what was deleted is there", ACCOUNTS, lambda: service(Undying())),
    ("ensure_resource_availability", "what was accepted is not there", MESSAGES, changed(forgotten)),
    ("ignored_auth", "no key is needed", ACCOUNTS, asked_with(lambda key: key or RIGHT)),
    ("ignored_auth", "any key is good", ACCOUNTS, asked_with(lambda key: key and RIGHT)),
]


@pytest.mark.parametrize(("check", "mistake", "paths", "way"), MISTAKES, ids=[f"{a}, {b}" for a, b, *_ in MISTAKES])
def test_a_mistake_is_found(check: str, mistake: str, paths: str, way: Way) -> None:
    found = (each.check for seed in range(TRIES) for each in mistakes(way(), paths=paths, examples=20, seed=seed))
    assert check in found, f"nobody noticed that {mistake}"


def test_every_check_that_has_anything_to_judge_is_shown_to_find_something() -> None:
    assert {check.__name__ for check in EVERY_CHECK} == {check for check, *_ in MISTAKES} | NOTHING_TO_JUDGE
