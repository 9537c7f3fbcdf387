"""Decides which parts a process is made of and how they are joined: the sole module that sees every room.

It has never heard of what any part does; settings go in, running parts come out.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from socket import socket
from typing import Final

import structlog
from prometheus_client import CollectorRegistry
from starlette.types import ASGIApp

from vestnik import demo
from vestnik.api import app as api
from vestnik.api.parts import ApiSettings, Door, Unheard
from vestnik.asgi import asgi_far, far_asgi
from vestnik.clock import SystemClock
from vestnik.config import Settings, variable
from vestnik.dispatch.announced import Announced
from vestnik.dispatch.lane import Lane
from vestnik.dispatch.loop import Dispatcher
from vestnik.dispatch.metrics import DispatchMetrics
from vestnik.dispatch.sweep import Sweep
from vestnik.domain.errors import BadSetting
from vestnik.emulation.far import BODY_LIMIT as FAR_BODY_LIMIT
from vestnik.emulation.far import Emulation
from vestnik.emulation.world import EmulationSettings
from vestnik.messengers.registry import Messenger, messengers
from vestnik.opening import is_loopback, open_store
from vestnik.outfit import callback_url, gateway_parts, lane_settings, policy, sockets
from vestnik.outfit import messenger_options as messenger_options  # noqa: PLC0414 - the settings are read by what this says
from vestnik.ports import Far, Gateway, HungUp, Request, Response, Store, Transport
from vestnik.transport import RoutedTransport

log = structlog.get_logger()

_API: Final = "/api/"


@dataclass(slots=True)
class Running:
    """A whole service: API, dispatcher and, where they are built in, the emulators."""

    app: ASGIApp
    dispatcher: Dispatcher | None
    """None where relay and workers dispatch."""
    gateways: Mapping[str, Gateway]
    emulation: Emulation | None
    door: Door
    store: Store
    stopped: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Works until `stop`, and ends once what is under way has finished."""
        async with asyncio.TaskGroup() as group:
            beside = [group.create_task(gateway.open()) for gateway in self.gateways.values()]
            if self.emulation is not None:
                beside.append(group.create_task(self.emulation.run()))
            if self.dispatcher is None:
                await self.stopped.wait()
            else:
                beside.append(group.create_task(self.store.watch(self.dispatcher.wake)))
                await self.dispatcher.run()
            for task in beside:
                task.cancel()

    def stop(self) -> None:
        """Takes no new work and ends `run`."""
        self.door.open = False
        self.stopped.set()
        if self.dispatcher is not None:
            self.dispatcher.stop()


@dataclass(slots=True)
class Emulating:
    """The emulators alone."""

    app: ASGIApp
    emulation: Emulation
    settings: Settings
    stopped: asyncio.Event = field(default_factory=asyncio.Event)

    @asynccontextmanager
    async def proxy(self, listening: socket) -> AsyncIterator[dict[str, str]]:
        """The way to them for clients that know only the real hosts: the environment to give them."""
        from vestnik.proxy.standing import proxy  # noqa: PLC0415 - only those who ask for it wait for its libraries

        hosts = {host: f"/{name}" for name, messenger in messengers().items() for host in messenger.hosts}
        folder, grace = self.settings.data / "proxy", self.settings.stop_grace
        async with proxy(listening, self.app, hosts, folder, grace) as environment:
            yield environment

    async def run(self) -> None:
        """Tells bots what happens until `stop`."""
        async with asyncio.TaskGroup() as group:
            telling = group.create_task(self.emulation.run())
            await self.stopped.wait()
            telling.cancel()

    def stop(self) -> None:
        """Ends `run`."""
        self.stopped.set()


class _OwnAddress:
    """The far side at the service's own address, reached without a socket: its API and the built-in emulators."""

    def __init__(self) -> None:
        self.app: Far | None = None
        self.emulation: Far | None = None

    def answer(self, request: Request) -> Awaitable[Response]:
        """What the server would answer."""
        far = self.emulation if self.emulation and not request.url.startswith(_API) else self.app
        if far is None:
            raise HungUp
        return far(request)


@asynccontextmanager
async def service(settings: Settings, address: str) -> AsyncIterator[Running]:
    """A service that is reached at `address`, such as `http://127.0.0.1:8080`; everything is closed at the end."""
    known, own = messengers(), _OwnAddress()
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(open_store(settings))
        if settings.no_dispatch and not store.shared:
            raise BadSetting(f"{variable('no_dispatch')}: relay and workers share a PostgreSQL database, give its URL")
        clock = SystemClock(await store.clock_offset() if settings.test_clock else 0)
        transport = RoutedTransport({address: own.answer}, sockets(stack))
        emulation = None
        if not settings.no_emulators:
            webhooks = {name: callback_url(settings, address, name) for name in known}
            emulation = await _emulation(settings, known, clock, transport, webhooks)
            stack.push_async_callback(emulation.close)
            own.emulation = emulation.answer
        if settings.demo and await demo.fill(store):
            log.info("sample accounts are in place", count=len(demo.ACCOUNTS))
        gateways = _gateways(settings, known, clock, address, stack, own.answer)
        registry = CollectorRegistry()
        dispatcher = None
        if not settings.no_dispatch:
            dispatcher = _dispatcher(settings, known, store, clock, gateways, registry)
        door = Door()
        app = api.app(
            store,
            clock,
            {name: messenger.rules for name, messenger in known.items()},
            gateways,
            Unheard() if dispatcher is None else dispatcher,
            ApiSettings(
                max_attempts=settings.max_attempts,
                body_limit=settings.body_limit,
                open_without_keys=settings.insecure or is_loopback(settings.host),
                version=version("vestnik"),
            ),
            emulation=None if emulation is None else far_asgi(emulation.answer, body_limit=FAR_BODY_LIMIT),
            movable=clock if settings.test_clock else None,
            door=door,
            registry=registry,
        )
        own.app = asgi_far(app)
        yield Running(app, dispatcher, gateways, emulation, door, store)


@asynccontextmanager
async def emulators(settings: Settings, _address: str) -> AsyncIterator[Emulating]:
    """The emulators alone; bots tell them where they want to be called."""
    async with AsyncExitStack() as stack:
        emulation = await _emulation(settings, messengers(), SystemClock(), sockets(stack), {})
        stack.push_async_callback(emulation.close)
        yield Emulating(far_asgi(emulation.answer, body_limit=FAR_BODY_LIMIT), emulation, settings)


async def _emulation(
    settings: Settings,
    known: Mapping[str, Messenger],
    clock: SystemClock,
    transport: Transport,
    webhooks: Mapping[str, str],
) -> Emulation:
    return await Emulation.open(
        settings.data / "emulator.db",
        clock=clock,
        transport=transport,
        makers={name: messenger.emulator for name, messenger in known.items()},
        settings=EmulationSettings(
            strict=settings.strict,
            limits_real=settings.limits == "real",
            options=settings.messengers,
            webhooks=webhooks,
        ),
    )


def _gateways(
    settings: Settings,
    known: Mapping[str, Messenger],
    clock: SystemClock,
    address: str,
    stack: AsyncExitStack,
    own: Far,
) -> dict[str, Gateway]:
    found: dict[str, Gateway] = {}
    for name, messenger in known.items():
        parts = gateway_parts(settings, name, messenger, clock, address, stack, {address: own})
        found[name] = Announced(name, messenger.gateway(parts), settings.send_timeout)
    return found


def _dispatcher(
    settings: Settings,
    known: Mapping[str, Messenger],
    store: Store,
    clock: SystemClock,
    gateways: Mapping[str, Gateway],
    registry: CollectorRegistry,
) -> Dispatcher:
    metrics = DispatchMetrics(registry)
    policies = {name: policy(settings, gateway) for name, gateway in gateways.items()}
    lanes = {
        name: Lane(
            name,
            lane_settings(settings, policies[name], known[name].real_pace),
            store,
            gateway,
            clock,
            metrics.lane(name),
        )
        for name, gateway in gateways.items()
    }
    return Dispatcher(lanes, Sweep(store, clock, policies, settings.lease, settings.retention))
