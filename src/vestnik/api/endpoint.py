"""Decides how any request is answered: by its method, with a key where one is needed, and never with a traceback.

It has never heard of what a route does; it turns refusals of every room into problems, counts and logs.
"""

import asyncio
from collections.abc import Mapping
from typing import Final

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from vestnik.api.keys import ANYBODY, Caller, KeyRing
from vestnik.api.metrics import RequestMetrics
from vestnik.api.operations import Handler
from vestnik.api.problems import CONFLICT, INTERNAL, NOT_FOUND, STORE_UNAVAILABLE, WRONG_METHOD, Problem
from vestnik.api.replies import Reply, refused
from vestnik.domain.errors import Conflict, IllegalStep, NotFound, StoreUnavailable

CALLER: Final = "vestnik.caller"
"""Where in the scope it stands who asks."""

_METHODS: Final = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
"""What is counted and logged by its name; whatever else strangers call a method must not become a label."""


def caller_of(request: Request) -> Caller:
    """Who asks; decided before a route is entered."""
    caller: Caller = request.scope.get(CALLER, ANYBODY)
    return caller


class Endpoint:
    """Everything that one path answers, as an ASGI application; with `keys`, only to those who have one."""

    def __init__(
        self,
        path: str,
        handlers: Mapping[str, Handler],
        keys: KeyRing | None,
        metrics: RequestMetrics,
        retry_after: int,
    ) -> None:
        self._path = path
        self._handlers = dict(handlers)
        if "GET" in handlers:
            self._handlers.setdefault("HEAD", handlers["GET"])
        self._allow = ", ".join(sorted(self._handlers))
        self._keys = keys
        self._metrics = metrics
        self._retry_after = {"Retry-After": str(retry_after)}
        # Bound once: a logger that is not bound looks for its settings at every line.
        self._log = structlog.get_logger("vestnik.api").bind(route=path)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        request = Request(scope, receive)
        try:
            await self._let_in(request)
            response = await self._handlers.get(scope["method"], self._no_handler)(request)
        except ClientDisconnect:
            return
        except Exception as error:  # noqa: BLE001 - what was never meant to be raised is logged and answered too
            response = self._explained(error, scope)
        method = scope["method"] if scope["method"] in _METHODS else "other"
        taken = loop.time() - began
        self._metrics.count(method, self._path, response.status_code, taken)
        self._note(scope, method, response.status_code, taken)
        await response(scope, receive, send)

    async def refusal(self, scope: Scope) -> Response | None:
        """Why the request may not go on to where this endpoint stands; None if it may."""
        try:
            await self._let_in(Request(scope))
        except Exception as error:  # noqa: BLE001 - as above
            return self._explained(error, scope)
        return None

    async def _let_in(self, request: Request) -> None:
        """Finds out who asks; a Problem without a key where one is needed."""
        if self._keys is not None:
            request.scope[CALLER] = await self._keys.caller(request.scope["headers"])

    def _explained(self, error: Exception, scope: Scope) -> Response:
        """The refusal that follows from what was raised; what should never be raised is logged."""
        match error:
            case Problem():
                return refused(error)
            case NotFound():
                return refused(Problem(NOT_FOUND, str(error)))
            case Conflict() | IllegalStep():
                return refused(Problem(CONFLICT, str(error)))
            case StoreUnavailable():
                return refused(Problem(STORE_UNAVAILABLE, str(error), headers=self._retry_after))
        self._log.error("a request could not be answered", method=scope["method"], exc_info=error)
        return refused(Problem(INTERNAL, "the mistake is logged"))

    async def _no_handler(self, _: Request) -> Response:
        if not self._handlers:
            raise Problem(NOT_FOUND, "no route has this path")
        raise Problem(WRONG_METHOD, f"this route has only {self._allow}", headers={"Allow": self._allow})

    def _note(self, scope: Scope, method: str, status: int, taken: float) -> None:
        """One line for each request, of its route and ids only: paths and queries of strangers may hold secrets."""
        if status < 400:
            self._log.debug("answered", method=method, status=status, **scope.get("path_params", {}))
        else:
            note = self._log.warning if status >= 500 else self._log.info
            note("refused", method=method, status=status, ms=round(taken * 1000, 1))


def empty(status: int = 204) -> Reply:
    """An answer without a body."""
    return Reply(b"", status)
