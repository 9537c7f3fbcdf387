"""Decides how a test serves an application over a real socket: uvicorn in a thread, on a port that was free.

It has never heard of what is served.
"""

import asyncio
import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final, Literal

import uvicorn
from starlette.types import ASGIApp

from vestnik.connections import Bounds, bounded

START_WITHIN: Final = 10.0
"""Seconds."""


@contextmanager
def served(app: ASGIApp, *, lifespan: Literal["on", "off"] = "off", bounds: Bounds | None = None) -> Generator[str]:
    """The address at which the application answers until the block ends."""
    http = bounded(bounds or Bounds())
    ready = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(
            app, http=http, lifespan=lifespan, log_config=None, timeout_graceful_shutdown=1, ws="none"
        )
        server = _Server(config, ready)
        thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener])), daemon=True)
        thread.start()
        assert ready.wait(START_WITHIN)
        assert not server.should_exit
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: threading.Event) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready.set()
