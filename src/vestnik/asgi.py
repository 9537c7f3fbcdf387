"""Decides how a far side is served as an ASGI application, and how an ASGI application is called as a far side.

It has never heard of what is asked or answered.
"""

import asyncio
import logging
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, unquote_to_bytes, urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vestnik.alarms import Alarms
from vestnik.ports import Far, HungUp, Request, Response

HANG_UP: Final = "vestnik.hang_up"
"""An extension of the ASGI scope: a callable that closes the connection without an answer."""

BODY_LIMIT: Final = 1024 * 1024
"""Bytes of a request."""

BODY_WITHIN: Final = 30.0
"""Seconds in which a request must have arrived whole."""

PATIENCE: Final = 1.0
"""Seconds after which a slow far side is watched for a caller who went away."""

_log = logging.getLogger(__name__)


def far_asgi(far: Far, *, body_limit: int = BODY_LIMIT) -> ASGIApp:
    """The application that serves the far side. A longer body is answered 413, a slower one 408.

    A far side that hangs up makes the server close the connection; a server that does not offer HANG_UP answers 500.
    A caller who goes away has the far side cancelled, or not called at all where the request had not arrived whole.
    """
    alarms = Alarms()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise ValueError(f"a far side serves HTTP only, not {scope['type']}")
        try:
            with alarms.within(BODY_WITHIN):
                body = await _read(receive, body_limit)
        except _TooLong:
            await _send(send, Response(413))
            return
        except TimeoutError:
            await _send(send, Response(408))
            return
        except _Gone:
            return
        request = Request(scope["method"], _target(scope), _headers(scope), body)
        try:
            response = await _while_connected(far, request, _Watch(receive), alarms)
        except HungUp:
            hang_up = scope.get("extensions", {}).get(HANG_UP)
            if hang_up is None:
                raise
            hang_up()
            return
        if response is not None:
            await _send(send, response)

    return app


def asgi_far(app: ASGIApp) -> Far:
    """The far side that the application is. One that breaks answers 500, as under a server."""

    async def far(request: Request) -> Response:
        call = _Call(request)
        try:
            await app(call.scope(), call.receive, call.send)
        except Exception:  # noqa: BLE001 - whatever it is, a server would answer for it too
            _log.exception("the application broke while it answered")
            if call.status is None:
                return Response(500)
        if call.status is None or call.hung_up:
            raise HungUp
        return Response(call.status, call.headers, bytes(call.body))

    return far


class _Call:
    """One request to an application and what it has answered so far."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._asked = False
        self.hung_up = False
        self.status: int | None = None
        self.headers: Mapping[str, str] = {}
        self.body = bytearray()

    def scope(self) -> Scope:
        parts = urlsplit(self._request.url)
        headers = [
            (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in self._request.headers.items()
        ]
        if self._request.body and "content-length" not in self._request.headers:
            headers.append((b"content-length", str(len(self._request.body)).encode()))
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": self._request.method,
            "scheme": parts.scheme or "http",
            "path": unquote_to_bytes(parts.path or "/").decode("utf-8", "replace"),
            "raw_path": (parts.path or "/").encode("ascii", "replace"),
            "query_string": parts.query.encode("ascii", "replace"),
            "root_path": "",
            "headers": headers,
            "client": ("127.0.0.1", 0),
            "server": (parts.hostname or "localhost", parts.port),
            "extensions": {HANG_UP: self._hang_up},
        }

    async def receive(self) -> Message:
        if self._asked:
            await asyncio.Event().wait()  # The caller stays connected for as long as the application works.
        self._asked = True
        return {"type": "http.request", "body": self._request.body, "more_body": False}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {
                name.decode("latin-1").lower(): value.decode("latin-1") for name, value in message["headers"]
            }
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")

    def _hang_up(self) -> None:
        self.hung_up = True


class _TooLong(Exception):
    """The request's body is longer than allowed."""


class _Gone(Exception):
    """The caller went away before the request had arrived whole."""


async def _read(receive: Receive, limit: int) -> bytes:
    body = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _Gone
        body += message.get("body", b"")
        if len(body) > limit:
            raise _TooLong
        more = message.get("more_body", False)
    return bytes(body)


class _Watch:
    """Looks whether the caller of a slow far side is still there; where not, the present task is cancelled."""

    def __init__(self, receive: Receive) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._task = task
        self._cancelled_before = task.cancelling()
        self._receive = receive
        self._looking: asyncio.Task[Message] | None = None
        self._gone = False
        self._over = False

    def begin(self) -> None:
        """Looks from now on."""
        self._looking = asyncio.ensure_future(self._receive())
        self._looking.add_done_callback(self._tell)

    def _tell(self, looking: "asyncio.Task[Message]") -> None:
        if not looking.cancelled() and not self._over:  # It may have been on its way here when the answer came.
            self._gone = True
            self._task.cancel()

    def ended_it(self) -> bool:
        """Whether the task was cancelled for this reason alone, which then it no longer is."""
        return self._gone and self._task.uncancel() <= self._cancelled_before

    async def end(self) -> None:
        """Looks no more."""
        self._over = True
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait({self._looking})


async def _while_connected(far: Far, request: Request, watch: _Watch, alarms: Alarms) -> Response | None:
    """The far side's answer; None once the caller has gone. The watch begins only for the few that are slow."""
    alarm = alarms.set(PATIENCE, watch.begin)
    try:
        return await far(request)
    except asyncio.CancelledError:
        if watch.ended_it():
            return None
        raise
    finally:
        alarm.off()
        await watch.end()


async def _send(send: Send, response: Response) -> None:
    headers = {"content-length": str(len(response.body)), **response.headers}
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": response.status, "headers": raw})
    await send({"type": "http.response.body", "body": response.body})


def _target(scope: Scope) -> str:
    raw_path: bytes | None = scope.get("raw_path")
    path = raw_path.decode("latin-1") if raw_path else quote(scope["path"])
    query = scope["query_string"].decode("latin-1")
    return f"{path}?{query}" if query else path


def _headers(scope: Scope) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return headers
