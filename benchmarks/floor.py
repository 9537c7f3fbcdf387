"""Decides what the least is that an intake can be: a bare ASGI application that commits two rows and answers 202.

It has never heard of validation, routes, keys, metrics or messengers; the server and the group commit are Vestnik's.
"""

import asyncio
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import msgspec
import uvloop
from starlette.types import ASGIApp, Receive, Scope, Send

from vestnik.clock import SystemClock
from vestnik.groupcommit import GroupCommit
from vestnik.serving import listen, serve, spare_the_collector

_SCHEMA: Final = """
CREATE TABLE messages (
    id TEXT PRIMARY KEY, sender TEXT NOT NULL, created_at INTEGER NOT NULL, send_at TEXT, text TEXT NOT NULL
) STRICT;
CREATE TABLE deliveries (
    message_id TEXT NOT NULL, ordinal INTEGER NOT NULL, messenger TEXT NOT NULL, recipient TEXT NOT NULL,
    state TEXT NOT NULL, due_at TEXT, PRIMARY KEY (message_id, ordinal)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX deliveries_slot ON deliveries (recipient, messenger, message_id);
CREATE INDEX deliveries_due ON deliveries (messenger, due_at);
"""
_MESSAGES: Final = """
INSERT INTO messages
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4 FROM json_each(?)
"""
_DELIVERIES: Final = """
INSERT INTO deliveries
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, 'deferred', value ->> 4 FROM json_each(?)
"""
_HEADERS: Final = [(b"content-type", b"application/json")]


class Body(msgspec.Struct):
    """The part of a message's request that is kept."""

    sender: str
    text: str
    messengers: list[str]
    recipients: list[dict[str, str]]
    send_at: str | None = None


_decode: Final = msgspec.json.Decoder(Body).decode
_encode: Final = msgspec.json.Encoder().encode


class Floor:
    """The application, and its work, of which there is none."""

    def __init__(self, rows: GroupCommit) -> None:
        self._rows = rows
        self._clock = SystemClock(0)
        self._stopped = asyncio.Event()

    @property
    def app(self) -> ASGIApp:
        """What is served."""
        return self

    async def run(self) -> None:
        """Nothing, until it is stopped."""
        await self._stopped.wait()

    def stop(self) -> None:
        """Ends `run`."""
        self._stopped.set()

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        body = (event := await receive())["body"]
        while event.get("more_body"):
            body += (event := await receive())["body"]
        asked = _decode(body)
        message = self._clock.new_id()
        await self._rows.write(_insert, (message, asked, self._clock.now()))
        reply = _encode({"id": message, "status": "deferred", "text": asked.text, "recipients": asked.recipients})
        headers = [*_HEADERS, (b"content-length", str(len(reply)).encode())]
        await send({"type": "http.response.start", "status": 202, "headers": headers})
        await send({"type": "http.response.body", "body": reply})


def _insert(connection: sqlite3.Connection, items: list[tuple[str, Body, int]]) -> list[None]:
    messages = [(message, body.sender, now, body.send_at, body.text) for message, body, now in items]
    deliveries = [
        (message, ordinal, messenger, recipient[messenger], body.send_at)
        for message, body, _ in items
        for ordinal, (recipient, messenger) in enumerate(
            (recipient, messenger) for recipient in body.recipients for messenger in body.messengers
        )
    ]
    connection.execute(_MESSAGES, (_encode(messages).decode(),))
    connection.execute(_DELIVERIES, (_encode(deliveries).decode(),))
    return [None] * len(items)


async def _serve(database: Path) -> None:
    rows = await GroupCommit.open(database, [(1, _SCHEMA)])

    @asynccontextmanager
    async def build(_address: str) -> AsyncIterator[Floor]:
        yield Floor(rows)

    def ready(address: str) -> None:
        spare_the_collector()
        print(f"floor ready on {address}", flush=True)  # noqa: T201 - it is waited for

    await serve(listen("127.0.0.1", 0), build, ready, 1.0)
    await rows.close()


if __name__ == "__main__":
    uvloop.run(_serve(Path(sys.argv[1])))
