"""Decides how the API is put together: which path leads where, and what stands behind a key.

It has never heard of sockets or of which store and gateways it is given.
"""

from collections.abc import Callable, Iterable, Mapping

from prometheus_client import CollectorRegistry
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from vestnik.api.accounts import Accounts
from vestnik.api.clock import ClockRoutes
from vestnik.api.deliveries import Deliveries
from vestnik.api.docs import Docs
from vestnik.api.endpoint import Endpoint
from vestnik.api.health import Health
from vestnik.api.idempotency import Once
from vestnik.api.intake import Intake
from vestnik.api.keys import KeyRing
from vestnik.api.messages import Messages
from vestnik.api.metrics import RequestMetrics
from vestnik.api.openapi import describe
from vestnik.api.operations import Operation
from vestnik.api.parts import ApiSettings, Bell, Door, MovableClock, Parts
from vestnik.api.planning import Planner
from vestnik.api.receipts import Receipts
from vestnik.api.routes import Rooms, operations
from vestnik.api.senders import SenderNames
from vestnik.api.sendmsg import Sendmsg
from vestnik.api.service_routes import ServiceRooms, service_operations
from vestnik.domain.rules import MessengerRules
from vestnik.ports import Clock, Gateway, Store

UNMATCHED = "unmatched"
"""What a path that no route has is called in metrics and logs."""

_CONTROL = "emulator"
"""The first part of the paths by which the emulators are controlled: behind a key, unlike the messengers' own."""


def app(
    store: Store,
    clock: Clock,
    messengers: Mapping[str, MessengerRules],
    gateways: Mapping[str, Gateway],
    bell: Bell,
    settings: ApiSettings,
    *,
    emulation: ASGIApp | None = None,
    movable: MovableClock | None = None,
    readiness: Callable[[], str | None] = lambda: None,
    door: Door | None = None,
    registry: CollectorRegistry | None = None,
) -> ASGIApp:
    """The whole API as an ASGI application.

    `bell` tells the dispatcher of work. `emulation` answers `/<messenger>/…` and `/emulator/…`, with the whole path.
    `movable` is given with a test clock only. `readiness` says what the service still waits for. Shutting the `door`
    stops the intake.
    """
    parts = Parts(
        store,
        clock,
        messengers,
        gateways,
        bell,
        settings,
        movable,
        readiness,
        door if door is not None else Door(),
        registry if registry is not None else CollectorRegistry(),
    )
    return Site(parts, all_operations(parts), emulation)


def all_operations(parts: Parts) -> list[Operation]:
    """Every route, the description of all of them among them."""
    names = SenderNames(parts.store, parts.clock)
    planner, intake, once, docs = Planner(parts, names), Intake(parts), Once(parts), Docs(KeyRing(parts))
    found = operations(
        Rooms(
            Messages(parts, planner, intake, once),
            Sendmsg(parts, planner, intake, once),
            Deliveries(parts, intake, once),
            Accounts(parts, names),
        ),
        parts,
    )
    found += service_operations(ServiceRooms(Receipts(parts), ClockRoutes(parts, once), Health(parts), docs))
    docs.take(lambda guarded: describe(found, parts.messengers, parts.settings.version, guarded=guarded))
    return found


class Site:
    """Everything on the service's port."""

    def __init__(self, parts: Parts, routes: Iterable[Operation], emulation: ASGIApp | None) -> None:
        self._keys = KeyRing(parts)
        self._metrics = RequestMetrics(parts.registry)
        self._retry_after = parts.settings.retry_after
        self._emulation = emulation
        self._far_side = frozenset((*parts.messengers, _CONTROL)) if emulation is not None else frozenset[str]()
        self._nothing = self._endpoint(UNMATCHED, (), keyless=True)
        self._nothing_in_api = self._endpoint(UNMATCHED, (), keyless=False)
        self._control = self._endpoint(f"/{_CONTROL}", (), keyless=False)
        by_path: dict[str, list[Operation]] = {}
        for operation in routes:
            by_path.setdefault(operation.path, []).append(operation)
        endpoints = {path: self._of_path(path, group) for path, group in by_path.items()}
        self._without_parts = {path: endpoint for path, endpoint in endpoints.items() if "{" not in path}
        """Found at once: the routes with parts that differ have to be tried one after another."""
        self._router = Router(
            [Route(path, endpoint) for path, endpoint in endpoints.items() if path not in self._without_parts],
            redirect_slashes=False,
            default=self._unmatched,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        match scope["type"]:
            case "http":
                path: str = scope["path"]
                if (endpoint := self._without_parts.get(path)) is not None:
                    await endpoint(scope, receive, send)
                    return
                first = path.split("/", 2)[1:2]
                if first and first[0] in self._far_side:
                    await self._emulate(first[0], scope, receive, send)
                elif "\n" in path:  # The router's patterns would overlook one at the end.
                    await self._unmatched(scope, receive, send)
                else:
                    await self._router(scope, receive, send)
            case "websocket":
                await send({"type": "websocket.close", "code": 1000})
            case _:
                await self._router(scope, receive, send)

    async def _emulate(self, first: str, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = await self._control.refusal(scope) if first == _CONTROL else None
        assert self._emulation is not None
        await (self._emulation if refusal is None else refusal)(scope, receive, send)

    def _of_path(self, path: str, group: list[Operation]) -> Endpoint:
        keyless = all(operation.keyless for operation in group)
        return self._endpoint(path, group, keyless=keyless)

    def _endpoint(self, path: str, group: Iterable[Operation], *, keyless: bool) -> Endpoint:
        handlers = {operation.method: operation.handler for operation in group}
        return Endpoint(path, handlers, None if keyless else self._keys, self._metrics, self._retry_after)

    async def _unmatched(self, scope: Scope, receive: Receive, send: Send) -> None:
        in_api = scope["path"].startswith("/api/") and not scope["path"].startswith("/api/receipts/")
        await (self._nothing_in_api if in_api else self._nothing)(scope, receive, send)
