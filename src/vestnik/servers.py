"""Decides how an application is served on a socket: within which bounds, and that it stops only when it is told to.

It has never heard of what is served, or of signals.
"""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import uvicorn
from starlette.types import ASGIApp

BACKLOG: Final = 2048
"""Connections that wait to be accepted."""


class Server(uvicorn.Server):
    """Serves until `should_exit` is set; connections then have the grace of its configuration."""

    def __init__(self, settings: uvicorn.Config) -> None:
        super().__init__(settings)
        self.answers = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Starts, and says so."""
        await super().startup(sockets)
        self.answers.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leaves the signals alone: the work has to stop before the server does."""
        yield


def configured(app: ASGIApp, http: type[asyncio.Protocol], grace: float) -> uvicorn.Config:
    """What the server needs: `http` makes connections, `grace` is the seconds for which they may outlive the work."""
    return uvicorn.Config(
        app,
        http=http,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=BACKLOG,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=max(1, round(grace)),
    )


def address_of(listening: socket.socket) -> str:
    """Where the socket listens, for instance `http://127.0.0.1:8080`."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
