"""Decides how a test serves an application behind the proxy, and how it goes through it or misbehaves on the way.

It has never heard of what the application answers.
"""

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Coroutine, Generator, Mapping
from concurrent.futures import Future
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

from starlette.types import ASGIApp

from tests.hostile.raw import dialled
from vestnik.connections import Bounds
from vestnik.proxy.standing import proxy

HOSTS: Final = {"api.telegram.org": "/telegram", "graph.facebook.com": "/whatsapp"}
Run: TypeAlias = Callable[[Coroutine[Any, Any, None]], object]
WITHIN: Final = 10.0
"""Seconds."""


class Proxied(NamedTuple):
    """A proxy at work."""

    address: str
    certificate: Path

    def trusting(self) -> ssl.SSLContext:
        """TLS of a client that trusts the proxy's authority and nobody else."""
        return ssl.create_default_context(cafile=str(self.certificate))

    @contextmanager
    def connected(self, host: str = "api.telegram.org") -> Generator[socket.socket]:
        """A connection whose CONNECT was answered."""
        with dialled(self.address) as connection:
            connection.sendall(f"CONNECT {host}:443 HTTP/1.1\r\nhost: {host}:443\r\n\r\n".encode())
            assert connection.recv(1000).startswith(b"HTTP/1.1 200 ")
            yield connection

    @contextmanager
    def tunnel(self, host: str = "api.telegram.org", *, named: str | None = None) -> Generator[ssl.SSLSocket]:
        """A tunnel with TLS, whose handshake names the host or another one."""
        with (
            self.connected(host) as connection,
            closing(self.trusting().wrap_socket(connection, server_hostname=named or host)) as secured,
        ):
            yield secured


@contextmanager
def proxied(
    app: ASGIApp,
    folder: Path,
    *,
    hosts: Mapping[str, str] = HOSTS,
    bounds: Bounds | None = None,
    grace: float = 1.0,
    run: Run = asyncio.run,
) -> Generator[Proxied]:
    """The proxy, in a thread with an event loop of its own until the block ends."""
    ready: Future[dict[str, str]] = Future()
    loop_of: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def serve(listening: socket.socket) -> None:
        stop = asyncio.Event()
        loop_of.set_result((asyncio.get_running_loop(), stop))
        async with proxy(listening, app, hosts, folder, grace, bounds or Bounds()) as environment:
            ready.set_result(environment)
            await stop.wait()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=lambda: run(serve(listening)), daemon=True)
        thread.start()
        environment = ready.result(WITHIN)
        try:
            yield Proxied(environment["HTTPS_PROXY"], Path(environment["SSL_CERT_FILE"]))
        finally:
            loop, stop = loop_of.result(WITHIN)
            loop.call_soon_threadsafe(stop.set)
            thread.join(WITHIN)
            assert not thread.is_alive()
