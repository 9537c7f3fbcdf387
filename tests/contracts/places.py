"""Decides where a gateway sits its exam: with the emulators in the same process, or over a real socket.

It has never heard of what the exam asks.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import quote

from tests.emulated import emulated, emulation
from tests.served import served
from vestnik.asgi import far_asgi
from vestnik.clock import SystemClock
from vestnik.messengers.registry import GatewayParts, Messenger
from vestnik.ports import Far, Gateway, Inbound, Request, Response, Transport
from vestnik.transport import RoutedTransport, SocketTransport

NEAR, HERE = "http://far.test", "http://service.test"
PATIENCE = 5.0
"""Seconds within which a report has to come."""


@dataclass
class Service:
    """Our side: it keeps what the messenger's webhook brought, read by the gateway."""

    clock: SystemClock = field(default_factory=SystemClock)
    gateway: Gateway | None = None
    heard: list[Inbound] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    """Set whenever something is heard; whoever waits for that clears it."""
    _home: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)

    async def answer(self, request: Request) -> Response:
        """The receipt route, in short."""
        assert self.gateway is not None
        inbound = self.gateway.receive(request, self.clock.now())
        self.tell(inbound)
        return inbound.response

    def tell(self, inbound: Inbound) -> None:
        """Keeps it, and wakes whoever waits at home, also from the thread that serves the webhook."""
        self.heard.append(inbound)
        self._home.call_soon_threadsafe(self.news.set)


@dataclass
class Place:
    """The emulators at an address, a service with an address, and a way from here to there."""

    transport: Transport
    address: str
    callback_url: str
    service: Service

    def gateway(
        self, messenger: Messenger, *, timeout: float = 5.0, options: Mapping[str, str] | None = None
    ) -> Gateway:
        """The gateway that the service's webhook belongs to from now on."""
        defaults = {option.name: option.default for option in messenger.options}
        parts = GatewayParts(
            base_url=f"{self.address}/{messenger.rules.name}",
            options=defaults | dict(options or {}),
            transport=self.transport,
            clock=self.service.clock,
            callback_url=self.callback_url,
            timeout=timeout,
            honours_key=True,
        )
        self.service.gateway = messenger.gateway(parts)
        return self.service.gateway

    async def faults(self, *rules: Mapping[str, Any]) -> None:
        """Puts these fault rules in force and no others."""
        await self._control("PUT", "/faults", list(rules))

    async def phone(self, messenger: str, recipient: str, **ways: Any) -> None:
        """Sets up a phone."""
        await self._control("PATCH", f"/phones/{messenger}/{quote(recipient, safe='')}", ways)

    async def journal(self) -> list[dict[str, Any]]:
        """Everything that phones got."""
        entries: list[dict[str, Any]] = json.loads((await self._control("GET", "/journal")).body)["entries"]
        return entries

    async def heard(self, reports: int) -> list[Inbound]:
        """What the webhook brought, once it was that many reports."""
        async with asyncio.timeout(PATIENCE):
            while sum(len(inbound.receipts) for inbound in self.service.heard) < reports:
                await self.service.news.wait()
                self.service.news.clear()
        return self.service.heard

    async def _control(self, method: str, path: str, body: Any = None) -> Response:
        raw = b"" if body is None else json.dumps(body).encode()
        request = Request(method, f"{self.address}/emulator{path}", {"content-type": "application/json"}, raw)
        response = await self.transport.exchange(request, timeout=PATIENCE)
        assert response.status < 300, response.body
        return response


Opened: TypeAlias = Callable[[Path], AbstractAsyncContextManager[Place]]


@asynccontextmanager
async def in_process(folder: Path) -> AsyncGenerator[Place]:
    """Not one socket is opened."""
    service = Service()
    near: dict[str, Far] = {HERE: service.answer}
    sockets = SocketTransport()
    async with emulation(folder, RoutedTransport(near, sockets)) as emulators:
        yield Place(RoutedTransport({NEAR: emulators.answer}, sockets), NEAR, f"{HERE}/receipts", service)


@asynccontextmanager
async def over_a_socket(folder: Path) -> AsyncGenerator[Place]:
    """The emulators and the service's webhook are served by threads."""
    service = Service()
    sockets = SocketTransport()
    with served(far_asgi(service.answer)) as here, emulated(folder) as address:
        try:
            yield Place(sockets, address, f"{here}/receipts", service)
        finally:
            await sockets.close()
