"""Decides how a whole bot runs beside its witness, and how that waits for what the bot should have done by now.

It has never heard of any library.
"""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager, suppress
from typing import Any, Final, TypeVar

T = TypeVar("T")
PATIENCE: Final = 15.0
"""Seconds within which what should happen has to."""
_BETWEEN: Final = 0.02


def eventually(found: Callable[[], T]) -> T:
    """What is found as soon as it is something; AssertionError where it never is."""
    end = time.monotonic() + PATIENCE
    while not (result := found()):
        assert time.monotonic() < end, "it never happened"
        time.sleep(_BETWEEN)
    return result


@contextmanager
def during(bot: Callable[[], Awaitable[Any]]) -> Generator[None]:
    """The bot runs in a thread with an event loop of its own, and is cancelled when the block ends."""
    ready = threading.Event()
    running: list[tuple[asyncio.AbstractEventLoop, asyncio.Task[Any]]] = []

    async def live() -> None:
        running.append((asyncio.get_running_loop(), asyncio.ensure_future(bot())))
        ready.set()
        with suppress(asyncio.CancelledError):
            await running[0][1]

    thread = threading.Thread(target=lambda: asyncio.run(live()), daemon=True)
    thread.start()
    assert ready.wait(PATIENCE)
    try:
        yield
    finally:
        loop, task = running[0]
        if thread.is_alive():
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(task.cancel)
        thread.join(PATIENCE)
        assert not thread.is_alive(), "the bot does not end"
