"""Decides how a process starts to serve, says that it is ready, and stops when it is told to.

It has never heard of what is served; the first signal finishes what is under way, the second ends at once.
"""

import asyncio
import gc
import os
import signal
import socket
import sys
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager, suppress
from typing import Final, Protocol

import structlog
from starlette.types import ASGIApp

from vestnik.connections import bounded, for_open_files
from vestnik.probes import listen as listen  # noqa: PLC0414 - whoever serves begins with it
from vestnik.servers import Server, address_of, configured

log = structlog.get_logger()

_SWITCH_INTERVAL: Final = 0.0005
"""Seconds."""
_YOUNG: Final = 10_000
"""Objects that are made before the collector looks at the young ones."""
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


class Service(Protocol):
    """What can be served: an application, the work behind it, and a way to end that work."""

    @property
    def app(self) -> ASGIApp: ...

    async def run(self) -> None:
        """The work until `stop`; ends once what was under way is finished."""

    def stop(self) -> None: ...


def share_the_interpreter() -> None:
    """Lets database threads take their turn within a millisecond.

    SQLite gives the interpreter up at every step and has to get it back from a busy event loop each time; at Python's
    5 ms a batch of statements takes many times as long.
    """
    sys.setswitchinterval(_SWITCH_INTERVAL)


def spare_the_collector() -> None:
    """Has Python's collector look at all that is under way seldom, and at what the start has made never again.

    What one turn of the event loop brings is made of more objects than the 700 after which it looks by itself: it would
    look at the same ones over and over.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG)


async def serve(
    listening: socket.socket,
    build: Callable[[str], AbstractAsyncContextManager[Service]],
    ready: Callable[[str], None],
    grace: float,
    stop: asyncio.Event | None = None,
) -> None:
    """Serves until a signal comes; `build` gets the address, `ready` is called with it once requests are answered.

    `grace` is the seconds that connections may stay open after the work has ended. `stop` takes the place of signals,
    which only the main thread gets.
    """
    if stop is None:
        stop = asyncio.Event()
        _on_signals(stop)
    address = address_of(listening)
    async with build(address) as service:
        server = Server(configured(service.app, bounded(for_open_files()), grace))
        async with asyncio.TaskGroup() as group:
            work = group.create_task(service.run())
            group.create_task(server.serve([listening]))
            await server.answers.wait()
            ready(address)
            await stop.wait()
            service.stop()
            await work
            server.should_exit = True


async def until_told_to_stop(work: Coroutine[None, None, None]) -> None:
    """Does the work until it ends or a signal comes, which cancels it."""
    stop = asyncio.Event()
    _on_signals(stop)
    working, told = asyncio.create_task(work), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait([working, told], return_when=asyncio.FIRST_COMPLETED)
    finally:
        told.cancel()
        working.cancel()
    with suppress(asyncio.CancelledError):
        await working


def _on_signals(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()

    def told_to_stop() -> None:
        if stop.is_set():
            os._exit(1)
        log.info("stopping, a second signal ends at once")
        stop.set()

    for number in _SIGNALS:
        loop.add_signal_handler(number, told_to_stop)
