"""Decides how requests are fired at a service: whole requests as bytes, over connections that stay open.

It has never heard of what they ask; as a client it is as thin as can be, because it shares the machine.
"""

import asyncio
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, cast
from urllib.parse import urlsplit

import msgspec

_BOUND: Final = 120.0
"""Seconds for one exchange."""


class Answer(NamedTuple):
    """Status and body."""

    status: int
    body: bytes

    def json(self, status: int = 200) -> Any:
        """The decoded body of an answer that must have this status."""
        if self.status != status:
            raise UnexpectedAnswer(f"{self.status} in place of {status}: {self.body[:500]!r}")
        return msgspec.json.decode(self.body)


class UnexpectedAnswer(Exception):
    """A benchmark that is refused something measures nothing."""


class Connection(asyncio.Protocol):
    """One connection, one exchange at a time."""

    def __init__(self) -> None:
        self._buffer = b""
        self._waiting: asyncio.Future[Answer] | None = None
        self._transport: asyncio.Transport

    @classmethod
    async def open(cls, address: str) -> "Connection":
        """A connection to an address such as `http://127.0.0.1:8080`."""
        parts = urlsplit(address)
        _, self = await asyncio.get_running_loop().create_connection(cls, parts.hostname or "", parts.port or 80)
        return self

    async def call(self, request: bytes) -> Answer:
        """The answer to a whole request."""
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        async with asyncio.timeout(_BOUND):
            return await self._waiting

    def close(self) -> None:
        """Closes it."""
        self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keeps the transport."""
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Whoever waits is told."""
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(exc or ConnectionError("the service closed the connection"))

    def data_received(self, data: bytes) -> None:
        """Hands over the answer as soon as it is whole."""
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self._buffer[:end].lower()
        begin = head.find(b"\r\ncontent-length:") + 17
        whole = end + 4 + int(head[begin:].split(b"\r\n", 1)[0])
        if len(self._buffer) < whole:
            return
        body, self._buffer = self._buffer[end + 4 : whole], self._buffer[whole:]
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(Answer(int(head[9:12]), body))


def post(path: str, body: Any) -> bytes:
    """A whole request with a JSON body."""
    content = msgspec.json.encode(body)
    head = f"POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: {len(content)}"
    return head.encode() + b"\r\n\r\n" + content


def get(path: str) -> bytes:
    """A whole request without a body."""
    return f"GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n".encode()


def ask(address: str, request: bytes) -> Answer:
    """One exchange on a connection of its own."""

    async def exchange() -> Answer:
        connection = await Connection.open(address)
        try:
            return await connection.call(request)
        finally:
            connection.close()

    return asyncio.run(exchange())


@dataclass(slots=True)
class Poured:
    """What a load met: seconds in all and of each exchange."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    starts: list[float] = field(default_factory=list)
    """When each exchange began, in seconds of time.perf_counter."""

    def note(self, began: float) -> None:
        """An exchange that began then has ended now."""
        self.starts.append(began)
        self.latencies.append(time.perf_counter() - began)

    def between(self, begin: float, end: float) -> list[float]:
        """The latencies of exchanges that began in that span."""
        return [spent for began, spent in zip(self.starts, self.latencies, strict=True) if begin <= began < end]


async def pour(address: str, requests: Sequence[bytes], connections: int, expected: int = 202) -> Poured:
    """All requests as fast as they are answered, over so many connections; UnexpectedAnswer ends it."""
    poured, ahead = Poured(), iter(requests)
    open_ones = [await Connection.open(address) for _ in range(connections)]

    async def work(connection: Connection) -> None:
        for request in ahead:
            began = time.perf_counter()
            (await connection.call(request)).json(expected)
            poured.note(began)

    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for connection in open_ones:
            group.create_task(work(connection))
    poured.seconds = time.perf_counter() - began
    for connection in open_ones:
        connection.close()
    return poured


async def drip(address: str, requests: Iterable[bytes], rate: float, connections: int, expected: int = 202) -> Poured:
    """Requests at a steady rate per second; each latency counts from when the request was to be sent.

    A service that cannot keep up is not spared: what had to wait for a free connection waited because of it.
    """
    poured, queue = Poured(), asyncio.Queue[tuple[float, bytes] | None]()
    open_ones = [await Connection.open(address) for _ in range(connections)]

    async def work(connection: Connection) -> None:
        while (one := await queue.get()) is not None:
            due, request = one
            (await connection.call(request)).json(expected)
            poured.note(due)

    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for connection in open_ones:
            group.create_task(work(connection))
        try:
            for number, request in enumerate(requests):
                due = began + number / rate
                if (left := due - time.perf_counter()) > 0:
                    await asyncio.sleep(left)
                queue.put_nowait((due, request))
        finally:
            for _ in open_ones:
                queue.put_nowait(None)
    poured.seconds = time.perf_counter() - began
    for connection in open_ones:
        connection.close()
    return poured
