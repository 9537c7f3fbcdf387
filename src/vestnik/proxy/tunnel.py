"""Decides what becomes of one connection to the proxy: a tunnel that ends here, or a refusal that says why.

It has never heard of what goes through the tunnel; once TLS stands, a connection of the server takes over.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import structlog
from uvicorn.config import Config
from uvicorn.server import ServerState

from vestnik.connections import Bounds, Connection
from vestnik.proxy.authority import Authority
from vestnik.proxy.requests import HEAD_END, Refused, no_request, refusal, way_of

log = structlog.get_logger()

_ESTABLISHED: Final = b"HTTP/1.1 200 Connection established\r\n\r\n"
_FAREWELL: Final = 1.0
"""Seconds in which the other side is to say that it has seen the end of TLS; many never do."""
_LINGER: Final = 2.0
"""Seconds in which a refusal is to be read."""
_TOO_LONG: Final = Refused(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "the head of the request is too long")
_EARLY: Final = Refused(HTTPStatus.BAD_REQUEST, "TLS began before CONNECT was answered")
_TOO_MANY: Final = Refused(HTTPStatus.SERVICE_UNAVAILABLE, "there are too many connections")


@dataclass(frozen=True, slots=True)
class Plan:
    """What tunnels of one proxy need: a server's configuration for each host, who vouches for hosts, and bounds.

    TLS has as much time to be agreed upon as the head of a request to arrive.
    """

    hosts: Mapping[str, Config]
    authority: Authority
    bounds: Bounds


class Tunnel(asyncio.Protocol):
    """One connection until it is refused or somebody takes it over."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        plan: Plan,
    ) -> None:
        del config  # Each host has its own.
        self._plan = plan
        self._state = server_state
        self._app_state = app_state
        self._loop = _loop or asyncio.get_running_loop()
        self._transport: asyncio.Transport
        self._deadline: asyncio.TimerHandle
        self._received = bytearray()
        """The head of the request; then what came through the tunnel before anybody took it over."""
        self._take: Callable[[bytes], None] = self._read_head

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as in uvicorn
        """Waits for a request, for as long as a server would."""
        self._transport = transport
        self._state.connections.add(self)  # type: ignore[arg-type] # it is asked to shut down, and nothing else
        self._deadline = self._loop.call_later(self._plan.bounds.head_within, transport.abort)
        if len(self._state.connections) > self._plan.bounds.connections:
            self._refuse(_TOO_MANY)

    def connection_lost(self, _error: Exception | None) -> None:
        """Leaves nothing behind."""
        self._leave()

    def data_received(self, data: bytes) -> None:
        """What this means depends on how far the connection has come."""
        self._take(data)

    def shutdown(self) -> None:
        """The server stops: nothing is under way here that anybody would miss."""
        self._transport.abort()

    def _read_head(self, data: bytes) -> None:
        begin = max(0, len(self._received) - len(HEAD_END) + 1)
        self._received += data
        end = self._received.find(HEAD_END, begin)
        try:
            if end < 0:
                self._look_at_part()
                return
            head, rest = bytes(self._received[: end + len(HEAD_END)]), self._received[end + len(HEAD_END) :]
            if len(head) > self._plan.bounds.head_limit:
                raise _TOO_LONG
            way = way_of(head, self._plan.hosts)
            if way.tunnel and rest:
                raise _EARLY
        except Refused as refused:
            self._refuse(refused)
            return
        self._received = bytearray()
        if way.tunnel:
            self._take = self._keep
            self._transport.write(_ESTABLISHED)
            self._follow(self._secure(way.host))
        else:
            self._hand_over(way.host, self._transport, head + rest)

    def _look_at_part(self) -> None:
        if refused := no_request(bytes(self._received[:16])):
            raise refused
        if len(self._received) > self._plan.bounds.head_limit:
            raise _TOO_LONG

    async def _secure(self, host: str) -> None:
        """Speaks TLS from here on, and hands the tunnel over."""
        self._deadline.cancel()
        try:
            context = self._plan.authority.context(host)
            secured = await self._loop.start_tls(
                self._transport,
                self,
                context,
                server_side=True,
                ssl_handshake_timeout=self._plan.bounds.head_within,
                ssl_shutdown_timeout=_FAREWELL,
            )
        except OSError as trouble:  # Errors of TLS are among these.
            log.warning("no TLS with a client of the proxy: does it trust ca.pem?", host=host, reason=str(trouble))
            secured = None
        if secured is None or secured.is_closing():
            self._leave()  # Of a connection that is lost before TLS stands nobody is told.
            self._transport.abort()
            return
        self._hand_over(host, secured, bytes(self._received))

    def _hand_over(self, host: str, transport: asyncio.Transport, received: bytes) -> None:
        self._leave()
        config = self._plan.hosts[host]
        connection = Connection(config, self._state, self._app_state, self._loop, bounds=self._plan.bounds)
        transport.set_protocol(connection)
        connection.connection_made(transport)
        if received:
            connection.data_received(received)

    def _keep(self, data: bytes) -> None:
        self._received += data

    def _refuse(self, refused: Refused) -> None:
        """Says why not, and leaves the caller time to read it: data that nobody reads would undo the answer."""
        log.warning("refused by the proxy", host=refused.host, reason=refused.detail)
        self._take = self._drop
        self._received.clear()
        self._transport.write(refusal(refused))
        if self._transport.can_write_eof():
            self._transport.write_eof()
        self._deadline.cancel()
        self._deadline = self._loop.call_later(_LINGER, self._transport.abort)

    def _drop(self, data: bytes) -> None:
        """It was refused already."""

    def _follow(self, work: Any) -> None:
        task = self._loop.create_task(work)
        task.add_done_callback(self._state.tasks.discard)
        self._state.tasks.add(task)

    def _leave(self) -> None:
        self._deadline.cancel()
        self._state.connections.discard(self)
