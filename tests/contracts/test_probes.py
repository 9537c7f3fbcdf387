"""What a relay or a worker tells of itself at a port of its own."""

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable

import pytest
from prometheus_client import CollectorRegistry, Gauge

from vestnik.domain.errors import StoreUnavailable
from vestnik.ports import Request, Response
from vestnik.probes import CannotServe, Trouble, asking, probes
from vestnik.store.memory import MemoryStore
from vestnik.transport import SocketTransport


class Broken(MemoryStore):
    """A store whose server is gone."""

    async def clock_offset(self) -> int:
        raise StoreUnavailable("the database cannot be used now")


def told(trouble: Trouble, ask: Callable[[Callable[[str], Awaitable[Response]]], Awaitable[None]]) -> None:
    """Asks a process with that trouble."""

    async def run() -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        registry = CollectorRegistry()
        Gauge("toy", "a number", registry=registry).set(7)
        transport = SocketTransport()

        async def get(path: str) -> Response:
            return await transport.exchange(Request("GET", f"http://127.0.0.1:{port}{path}"), timeout=5)

        async with probes("127.0.0.1", port, registry, trouble):
            await ask(get)
            with pytest.raises(CannotServe, match=f"cannot listen on 127.0.0.1:{port}"):
                async with probes("127.0.0.1", port, registry, trouble):
                    pass
        await transport.close()

    asyncio.run(run())


def test_a_process_in_good_health_is_ready_and_shows_its_numbers() -> None:
    async def ask(get: Callable[[str], Awaitable[Response]]) -> None:
        assert (await get("/livez")).status == 200
        assert (await get("/readyz")).status == 200
        numbers = await get("/metrics")
        assert b"toy 7.0" in numbers.body
        assert numbers.headers["content-type"].startswith("text/plain")
        assert (await get("/api/messages")).status == 404

    told(asking(MemoryStore(), lambda: None), ask)


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        (asking(Broken(), lambda: None), "the database cannot be used now"),
        (asking(MemoryStore(), lambda: "the broker is not reached"), "the broker is not reached"),
    ],
)
def test_one_in_trouble_lives_and_says_why_it_is_not_ready(trouble: Trouble, reason: str) -> None:
    async def ask(get: Callable[[str], Awaitable[Response]]) -> None:
        assert (await get("/livez")).status == 200
        refusal = await get("/readyz")
        assert refusal.status == 503
        assert refusal.headers["content-type"] == "application/problem+json"
        assert refusal.headers["retry-after"] == "1"
        assert json.loads(refusal.body)["detail"] == reason
        assert b"toy 7.0" in (await get("/metrics")).body

    told(trouble, ask)
