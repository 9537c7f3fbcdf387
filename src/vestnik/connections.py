"""Decides how much time and room one connection may take, and how it is closed without an answer when that is asked.

It has never heard of what is asked or answered on it.
"""

import asyncio
import resource
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final
from weakref import proxy

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from vestnik.alarms import Alarm, Alarms
from vestnik.asgi import HANG_UP

_FEWEST: Final = 64
"""Connections that are always allowed."""
_NOT_READ: Final = "The request's head or trailer is too long."
_TOO_MANY: Final = "Too many requests wait for answers on this connection."


@dataclass(slots=True)
class Bounds:
    """What connections of one server may take; spans are seconds."""

    idle: float = 75.0
    """A connection on which no request has begun."""
    head_within: float = 10.0
    """From the first byte of a request to the end of its headers."""
    rest_within: float = 30.0
    """A body that goes on after it was answered is read and thrown away for so long: who sends it sees the answer."""
    stalled: float = 30.0
    """A caller who takes nothing of an answer."""
    head_limit: int = 64 * 1024
    """Bytes of a head or trailer, beyond the piece that it came with (at most 256 KiB)."""
    requests: int = 64
    """Requests on one connection that wait for their turn."""
    connections: int = 1_000_000
    """At once; beyond that, the one that has been idle for the longest time has to go."""
    waiting: "dict[Connection, None]" = field(default_factory=dict)
    """The connections that no request is under way on, the one that has waited longest first."""
    alarms: Alarms = field(default_factory=Alarms)


def for_open_files(share: int = 2) -> Bounds:
    """Bounds that take one in `share` of the files that the process may open: as many as the system lets it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft not in (hard, resource.RLIM_INFINITY):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        soft = hard
    return Bounds() if soft == resource.RLIM_INFINITY else Bounds(connections=max(_FEWEST, soft // share))


class Connection(HttpToolsProtocol):
    """HTTP/1.1 within bounds, with HANG_UP in every scope; `bounded` makes uvicorn use it."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        bounds: Bounds,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._bounds = bounds
        self._deadline: Alarm | None = None
        self._stall: asyncio.TimerHandle | None = None
        self._head_done = False
        """The headers of the latest request are known; what comes next is its body."""
        self._body_done = True
        self._unread = 0
        """Bytes that came since anything was made of what came."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as in uvicorn
        """Makes room for itself where there are too many."""
        super().connection_made(transport)
        waiting = self._bounds.waiting
        waiting[self] = None
        if len(self.connections) > self._bounds.connections:
            longest = next(iter(waiting))
            del waiting[longest]
            longest.transport.abort()
        self._close_after(self._bounds.idle)

    def connection_lost(self, exc: Exception | None) -> None:
        """Leaves nothing behind."""
        self._bounds.waiting.pop(self, None)
        self._no_deadline()
        self._no_stall()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Refuses what would be kept for too long or takes too much room before anything can be made of it."""
        self._unread += len(data)
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._unread > self._bounds.head_limit:
            self.send_400_response(_NOT_READ)
        elif not self._head_done and self._deadline is None:
            self._close_after(self._bounds.head_within)

    def on_message_begin(self) -> None:
        """A new request has begun."""
        super().on_message_begin()
        self._unread = 0
        self._head_done = False
        if self in self._bounds.waiting:
            self._no_deadline()

    def on_headers_complete(self) -> None:
        """Adds the extension before the application runs: its task is made in here and starts later."""
        if len(self.pipeline) >= self._bounds.requests:
            raise OverflowError(_TOO_MANY)  # The parser makes it an error of its own, which is answered 400.
        self._unread = 0
        self._head_done, self._body_done = True, False
        self._bounds.waiting.pop(self, None)
        self._no_deadline()
        super().on_headers_complete()
        cycle = proxy(self.cycle)  # A scope that held it would be a ring, which only the collector can clear away.
        extensions: dict[str, Any] = {HANG_UP: partial(self._hang_up, cycle)}
        self.scope["extensions"] = extensions

    def on_body(self, body: bytes) -> None:
        """A piece of a body; what comes after the answer is thrown away."""
        self._unread = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request has arrived whole."""
        self._unread = 0
        self._body_done = True
        super().on_message_complete()
        if self.cycle.response_complete and not self.pipeline:
            self._wait()

    def on_response_complete(self) -> None:
        """The next request may come, once the rest of this one has."""
        super().on_response_complete()
        if self.transport.is_closing() or not self.cycle.response_complete:
            return
        if self._body_done:
            self._wait()
        else:
            self._close_after(self._bounds.rest_within)

    def pause_writing(self) -> None:
        """The caller does not take the answer as fast as it comes."""
        super().pause_writing()
        self._watch_stall(self.transport.get_write_buffer_size())

    def resume_writing(self) -> None:
        """The caller has taken it."""
        super().resume_writing()
        self._no_stall()

    def _wait(self) -> None:
        self._head_done = False
        self._bounds.waiting[self] = None
        self._close_after(self._bounds.idle)

    def _close_after(self, seconds: float) -> None:
        self._no_deadline()
        self._deadline = self._bounds.alarms.set(seconds, self._close)

    def _close(self) -> None:
        self._deadline = None
        if self.cycle is None or self.cycle.response_complete:
            self.transport.abort()

    def _no_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.off()
            self._deadline = None

    def _watch_stall(self, left: int) -> None:
        def look() -> None:
            now_left = self.transport.get_write_buffer_size()
            if now_left >= left:
                self.transport.abort()
            else:
                self._watch_stall(now_left)

        self._no_stall()
        self._stall = self.loop.call_later(self._bounds.stalled, look)

    def _no_stall(self) -> None:
        if self._stall is not None:
            self._stall.cancel()
            self._stall = None

    def _hang_up(self, cycle: RequestResponseCycle) -> None:
        """Closes the connection; a cycle that counts as disconnected sends no error of its own."""
        cycle.disconnected = True
        self.transport.close()


def bounded(bounds: Bounds) -> type[asyncio.Protocol]:
    """What uvicorn's setting `http` takes: connections within these bounds."""
    return partial(Connection, bounds=bounds)  # type: ignore[return-value] # uvicorn only calls it
