"""Decides how a test asks the API: one request through the ASGI application, on virtual time, without a socket.

It has never heard of what the routes do; its messengers are birds, so that no real messenger can be built in unseen.
"""

import asyncio
import json
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, TypeVar
from urllib.parse import quote, unquote, urlencode

from starlette.types import ASGIApp, Message, Scope

from tests.virtual import EPOCH, VirtualClock, run
from vestnik.api.app import app
from vestnik.api.parts import ApiSettings, Door
from vestnik.domain.delivery import Claim
from vestnik.domain.errors import InvalidIdentifier
from vestnik.domain.message import Order
from vestnik.domain.moment import Moment, to_datetime
from vestnik.domain.outcomes import Outcome, Receipt, ReceiptKind, Taken
from vestnik.domain.rules import MessengerRules
from vestnik.ports import Inbound, Request, Response, Traits
from vestnik.store.memory import MemoryStore

T = TypeVar("T")

JSON: Final = "application/json"
OWL, PIGEON = "owl", "pigeon"


def _ring(identifier: str) -> str:
    if not identifier.removeprefix("#").isdigit():
        raise InvalidIdentifier("a pigeon is known by the number on its ring")
    return identifier.removeprefix("#")


def _name(identifier: str) -> str:
    if not identifier.isalpha():
        raise InvalidIdentifier("an owl is known by its name")
    return identifier.capitalize()


BIRDS: Final = {
    OWL: MessengerRules(OWL, "Owl", ("owls", "owll"), _name, len, 40, "Hedwig"),
    PIGEON: MessengerRules(PIGEON, "Pigeon", ("columba",), _ring, lambda text: len(text.encode()), 20, "#7"),
}


class BirdGateway:
    """Reports that somebody read: a body of `<external id>:<kind>`, and nothing but that."""

    traits = Traits()

    async def open(self) -> None:
        """Birds need not be told anything."""

    async def send(self, claim: Claim) -> Outcome:
        return Taken(f"by-{claim.delivery_id}")

    def receive(self, request: Request, now: Moment) -> Inbound:
        if request.method == "GET":
            return Inbound(Response(200, {"content-type": "text/plain"}, request.url.partition("=")[2].encode()))
        external_id, _, kind = request.body.decode(errors="replace").partition(":")
        if request.headers.get("x-feather") != "true":
            return Inbound(Response(403))
        return Inbound(Response(200), [Receipt(OWL, ReceiptKind(kind), external_id, now)])


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def expect(self, status: int) -> Any:
        """The decoded body of an answer that must have this status."""
        assert self.status == status, f"{self.status} in place of {status}: {self.body.decode(errors='replace')}"
        return self.json if self.body else None

    def problem(self, status: int) -> str:
        """The kind of the refusal that this must be."""
        told = self.expect(status)
        assert self.headers["content-type"] == "application/problem+json"
        assert told["status"] == status
        assert told["title"]
        assert told["detail"]
        page, _, slug = told["type"].partition("#")
        assert page == "/docs/problems"
        return str(slug)

    def faults(self) -> dict[str, str]:
        """The wrong parameters that a 422 names, as pointer → detail."""
        assert self.problem(422) == "validation"
        return {fault["pointer"]: fault["detail"] for fault in self.json["errors"]}


@dataclass
class Asking:
    """The API over a store in memory, and what a test needs to ask it."""

    store: MemoryStore
    clock: VirtualClock
    app: ASGIApp
    door: Door
    rung: list[Moment] = field(default_factory=list)
    """When the bell rang."""
    key: str | None = None

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        **query: object,
    ) -> Answer:
        """One exchange; `body` is sent as JSON, bytes as they are. The path may have a query of its own."""
        content = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = {"content-type": JSON} if body is not None else {}
        if self.key is not None:
            sent["authorization"] = f"Bearer {self.key}"
        path, _, asked = path.partition("?")
        return await exchange(self.app, method, path, content, {**sent, **(headers or {})}, asked or urlencode(query))

    async def send(self, **fields: Any) -> Answer:
        """A message to one owl, with these fields changed; a field that is `...` is left out."""
        body = {"sender": "acme", "text": "Hello", "messengers": [OWL], "recipients": [{OWL: "Hedwig"}]} | fields
        return await self.call("POST", "/api/messages", {name: part for name, part in body.items() if part is not ...})


async def exchange(
    application: ASGIApp, method: str, path: str, body: bytes, headers: Mapping[str, str], query: str = ""
) -> Answer:
    """One request through an ASGI application, its body in two pieces."""
    sent: list[Message] = []
    half = len(body) // 2
    pieces: list[Message] = [
        {"type": "http.request", "body": body[:half], "more_body": True},
        {"type": "http.request", "body": body[half:], "more_body": False},
        {"type": "http.disconnect"},
    ]

    async def receive() -> Message:
        return pieces.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    await application(scope_of(method, path, headers, query), receive, send)
    started, *parts = sent
    given = {name.decode(): value.decode() for name, value in started["headers"]}
    return Answer(started["status"], given, b"".join(part["body"] for part in parts))


def scope_of(method: str, path: str, headers: Mapping[str, str], query: str = "") -> Scope:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": quote(path, safe="/%").encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8080),
    }


def asking(
    work: Callable[[Asking], Coroutine[Any, Any, T]],
    *,
    store: MemoryStore | None = None,
    settings: ApiSettings | None = None,
    movable: bool = False,
    emulation: ASGIApp | None = None,
    readiness: Callable[[], str | None] = lambda: None,
) -> T:
    """The result of the work with an API of its own, on virtual time."""

    async def begin() -> T:
        kept = store if store is not None else MemoryStore()
        clock, door = Clock(), Door()
        rung: list[Moment] = []
        application = app(
            kept,
            clock,
            BIRDS,
            {OWL: BirdGateway()},
            Bell(rung, clock),
            settings if settings is not None else ApiSettings(),
            emulation=emulation,
            movable=clock if movable else None,
            readiness=readiness,
            door=door,
        )
        return await work(Asking(kept, clock, application, door, rung))

    return run(begin())


@dataclass
class Bell:
    """Writes down when it rang."""

    rung: list[Moment]
    clock: VirtualClock

    def wake(self) -> None:
        self.rung.append(self.clock.now())

    def expect(self, order: Order, now: Moment) -> None:
        self.rung.append(now if order.send_at is None else order.send_at)


class Clock(VirtualClock):
    """A virtual clock that can be moved."""

    def move(self, offset: Moment) -> None:
        self.offset = offset


def at(**since: float) -> str:
    """The time so long after the clock's beginning, as the API takes it."""
    return (to_datetime(EPOCH) + timedelta(**since)).isoformat()


async def pass_time(seconds: float) -> None:
    """Virtual time passes."""
    await asyncio.sleep(seconds)
