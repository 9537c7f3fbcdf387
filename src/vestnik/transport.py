"""Decides how one HTTP exchange is made: over a socket, or by a call to a far side in the same process, by address.

It has never heard of what is exchanged; it only tells whether a request that got no answer can have arrived.
"""

import logging
from collections.abc import Coroutine, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
from aiohttp.connector import Connection
from aiohttp.tracing import Trace
from yarl import URL

from vestnik.alarms import Alarms
from vestnik.domain.errors import NoReply, NotSent
from vestnik.ports import Far, HungUp, Request, Response, Transport

BODY_LIMIT: Final = 1024 * 1024
"""Bytes of an answer; a longer one is as good as none."""

KEEP_ALIVE: Final = 4.0
"""Seconds that an idle connection is kept: less than far sides keep theirs, so that none is used while it closes."""

DEFAULT_PORTS: Final = {"http": 80, "https": 443}

_REMEMBERED: Final = 1_024
"""Addresses that need no closer look again: gateways and webhooks have one or few each."""

_NO_URL: Final = "the address is no URL of HTTP"

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Flight:
    """One request on its way; once it has a connection it may arrive."""

    connected: bool = False


_flight: ContextVar[_Flight] = ContextVar("_flight")


class _Connector(aiohttp.TCPConnector):
    """Notes in the flight under way that it has a connection; the library's own signals cost a fifth of an exchange."""

    async def connect(
        self, req: aiohttp.ClientRequest, traces: list[Trace], timeout: aiohttp.ClientTimeout
    ) -> Connection:
        connection = await super().connect(req, traces, timeout)
        _flight.get().connected = True
        return connection


class SocketTransport:
    """Exchanges over TCP and TLS, with up to `connections` of them open; no cookies, no redirects, no proxies.

    Certificates are checked against the system's authorities.
    """

    def __init__(self, *, connections: int = 256, body_limit: int = BODY_LIMIT) -> None:
        self._connections = connections
        self._body_limit = body_limit
        self._session: aiohttp.ClientSession | None = None
        self._alarms = Alarms()

    async def exchange(self, request: Request, *, timeout: float) -> Response:
        """See the port: NotSent as long as there was no connection, NoReply from then on."""
        flight = _Flight()
        _flight.set(flight)
        try:
            with self._alarms.within(timeout):
                return await self._exchange(request)
        except TimeoutError as error:
            raise _failed(flight, f"no answer within {timeout:g} s") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise _failed(flight, _words(error)) from error

    async def close(self) -> None:
        """Closes the connections; the transport may be used again."""
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()

    async def _exchange(self, request: Request) -> Response:
        async with self._opened().request(
            request.method,
            _url(request.url),
            headers=request.headers,
            data=request.body or None,
            allow_redirects=False,
        ) as answer:
            body = bytearray()
            async for chunk in answer.content.iter_any():
                body += chunk
                if len(body) > self._body_limit:
                    raise aiohttp.ClientPayloadError(f"an answer longer than {self._body_limit} bytes")
            headers = {name.lower(): value for name, value in answer.headers.items()}
            return Response(answer.status, headers, bytes(body))

    def _opened(self) -> aiohttp.ClientSession:
        """The session, opened on first use because it belongs to the running loop."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=_Connector(limit=self._connections, keepalive_timeout=KEEP_ALIVE),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
                headers={"accept-encoding": "identity"},  # What is not packed cannot unpack to more than is allowed.
                auto_decompress=False,
                skip_auto_headers=("User-Agent", "Content-Type"),
            )
        return self._session


def _words(error: Exception) -> str:
    """What went wrong, without the address: with some far sides it holds the token."""
    match error:
        case aiohttp.ClientResponseError():
            return f"the far side does not speak HTTP: {error.message.strip()}"
        case ValueError():  # Which InvalidURL is too.
            return _NO_URL
        case _:
            return f"{type(error).__name__}: {error}".removesuffix(": ")


def _failed(flight: _Flight, why: str) -> NotSent | NoReply:
    return NoReply(why) if flight.connected else NotSent(why)


class InProcessTransport:
    """Exchanges with a far side in the same process; it sees the address without scheme and host, as a server does."""

    def __init__(self, far: Far) -> None:
        self._far = far
        self._alarms = Alarms()

    async def exchange(self, request: Request, *, timeout: float) -> Response:
        """See the port. A request always arrives here, so whatever goes wrong is NoReply.

        When the time is up the far side is cancelled, as a server is told that its client went away.
        """
        try:
            with self._alarms.within(timeout):
                return await self._far(Request(request.method, _target(request.url), request.headers, request.body))
        except TimeoutError as error:
            raise NoReply(f"no answer within {timeout:g} s") from error
        except HungUp as error:
            raise NoReply("the far side closed the connection without an answer") from error
        except Exception as error:
            _log.exception("the far side at %s broke while it answered", origin(request.url))
            raise NoReply("the far side broke while it answered") from error


class RoutedTransport:
    """Exchanges in process with the far sides at the given origins, and over another transport with everybody else."""

    def __init__(self, in_process: Mapping[str, Far], otherwise: Transport) -> None:
        self._near = {origin(address): InProcessTransport(far) for address, far in in_process.items()}
        self._otherwise = otherwise

    def exchange(self, request: Request, *, timeout: float) -> Coroutine[Any, Any, Response]:
        """See the port."""
        try:
            transport = self._near.get(origin(request.url), self._otherwise)
        except ValueError:
            raise NotSent(_NO_URL) from None
        return transport.exchange(request, timeout=timeout)


@lru_cache(_REMEMBERED)
def origin(address: str) -> str:
    """The scheme, host and port of an absolute address, such as `http://localhost:8080`; ValueError if it is none."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.hostname}:{parts.port or DEFAULT_PORTS.get(parts.scheme)}"


@lru_cache(_REMEMBERED)
def _url(address: str) -> URL:
    origin(address)  # The library looks at the port late, and then cannot even say what is wrong.
    return URL(address, encoded=True)


@lru_cache(_REMEMBERED)
def _target(address: str) -> str:
    """The path and query of an absolute address, as a server sees them."""
    parts = urlsplit(address)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
