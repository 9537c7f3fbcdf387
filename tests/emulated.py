"""Decides how a test serves the emulators over a real socket, and how it steers them and counts what arrived.

It has never heard of what the emulators answer.
"""

import asyncio
import json
import urllib.request
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import Receive, Scope, Send

from tests.served import served
from vestnik.asgi import far_asgi
from vestnik.clock import SystemClock
from vestnik.emulation.far import BODY_LIMIT, Emulation
from vestnik.emulation.world import EmulationSettings
from vestnik.messengers.registry import messengers
from vestnik.ports import Transport
from vestnik.transport import SocketTransport


@asynccontextmanager
async def emulation(folder: Path, transport: Transport) -> AsyncGenerator[Emulation]:
    """The emulators of all messengers, with their settings' defaults, at work until the block ends."""
    known = messengers()
    options = {name: {option.name: option.default for option in one.options} for name, one in known.items()}
    emulators = await Emulation.open(
        folder / "emulator.db",
        clock=SystemClock(),
        transport=transport,
        makers={name: one.emulator for name, one in known.items()},
        settings=EmulationSettings(options=options),
    )
    telling = asyncio.create_task(emulators.run())
    try:
        yield emulators
    finally:
        telling.cancel()
        with suppress(asyncio.CancelledError):
            await telling
        await emulators.close()


@contextmanager
def emulated(folder: Path) -> Generator[str]:
    """The address of emulators that a thread serves with an event loop of its own."""
    at_work: list[Emulation] = []

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncGenerator[None]:
        sockets = SocketTransport()
        async with emulation(folder, sockets) as emulators:
            at_work.append(emulators)
            yield
        await sockets.close()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await far_asgi(at_work[0].answer, body_limit=BODY_LIMIT)(scope, receive, send)

    with served(Starlette(routes=[Mount("/", app)], lifespan=lifespan), lifespan="on") as address:
        yield address


class Steering:
    """The emulators' control API, for tests that wait for its answers."""

    def __init__(self, address: str) -> None:
        self._address = f"{address}/emulator"

    def faults(self, *rules: Mapping[str, Any]) -> None:
        """Puts these fault rules in force and no others."""
        self._ask("PUT", "/faults", list(rules))

    def phone(self, messenger: str, recipient: str, **ways: Any) -> None:
        """Sets up a phone."""
        self._ask("PATCH", f"/phones/{messenger}/{quote(recipient, safe='')}", ways)

    def says(self, messenger: str, recipient: str, **message: Any) -> None:
        """The phone's owner writes to the bot."""
        self._ask("POST", f"/phones/{messenger}/{quote(recipient, safe='')}/messages", message)

    def does(self, messenger: str, recipient: str, deed: str, **fields: Any) -> None:
        """The phone's owner does something else."""
        self._ask("POST", f"/phones/{messenger}/{quote(recipient, safe='')}/{deed}", fields)

    def chat(self, chat_id: int, **ways: Any) -> None:
        """Sets up a group or channel of Telegram."""
        self._ask("PUT", f"/messengers/telegram/chats/{chat_id}", ways)

    def asks(self, method: str, path: str, body: Any = None) -> Any:
        """Anything else that the control API answers."""
        return self._ask(method, path, body)

    def journal(self) -> list[dict[str, Any]]:
        """Everything that phones got."""
        entries: list[dict[str, Any]] = self._ask("GET", "/journal")["entries"]
        return entries

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        raw = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._address + path, raw, {"content-type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            text = answer.read()
        return json.loads(text) if text else None
