"""Decides how one event loop lives as long as its worker process, beside Celery's own threads.

It has never heard of queues; threads hand ids in and wait until lanes have taken them.
"""

import asyncio
import os
import signal
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import AbstractAsyncContextManager
from typing import Final, Protocol

import structlog
import uvloop

from vestnik.cluster.feed import Feed

log = structlog.get_logger()

ROOM_WITHIN: Final = 3.0
"""Seconds that a task waits for room in its lane; what found none is named again by the relay."""
_START_WITHIN: Final = 60.0
_SLACK: Final = 10.0
"""Seconds beyond the lanes' own grace for what they have to store."""


class Working(Protocol):
    """The lanes of one worker."""

    @property
    def feed(self) -> Feed: ...

    @property
    def grace(self) -> float:
        """Seconds that attempts under way may take at the end."""

    async def run(self) -> None:
        """Attempts what the feed is offered until `stop`, and ends once everything is recorded or given back."""

    def stop(self) -> None: ...


class Engine:
    """The loop and its thread; everything but `start` and `stop` may be called from any thread."""

    def __init__(self, build: Callable[[], AbstractAsyncContextManager[Working]]) -> None:
        self._build = build
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._working: Working | None = None
        self._failure: BaseException | None = None
        self._ready = threading.Event()
        self.connected = False
        """Tasks come in; told by whoever reads the queues."""
        self.stopping = False
        """Nothing new is taken."""

    @property
    def trouble(self) -> str | None:
        """Why no tasks come in; None where they do."""
        if self.stopping:
            return "this worker ends"
        return None if self.connected else "the broker is not reached"

    def start(self) -> None:
        """Returns when ids are taken; raises what keeps the lanes from starting."""
        self._thread = threading.Thread(target=self._live, name="engine", daemon=True)
        self._thread.start()
        if not self._ready.wait(_START_WITHIN):
            raise TimeoutError("the lanes did not start in time")
        if self._failure is not None:
            raise self._failure

    def attempt(self, messenger: str, ids: Sequence[str], *, suspects: bool) -> list[str]:
        """Waits until the ids have been claimed or passed over; answers with those that found no room."""
        loop, working = self._loop, self._working
        if loop is None or working is None or self.stopping:
            return list(ids)
        offer = working.feed.offer(messenger, ids, suspects=suspects, patience=ROOM_WITHIN)
        try:
            return asyncio.run_coroutine_threadsafe(offer, loop).result(ROOM_WITHIN + _SLACK)
        except (CancelledError, FutureTimeoutError, RuntimeError):  # The loop ends at this moment, or hangs.
            return list(ids)

    def stop(self) -> None:
        """Finishes what is under way, gives back the rest, and returns when all of it is stored, or after a bound."""
        self.stopping = True
        if self._thread is None or self._loop is None or self._working is None:
            return
        working = self._working
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(working.feed.close)
            self._loop.call_soon_threadsafe(working.stop)
        self._thread.join(working.grace + _SLACK)

    def _live(self) -> None:
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(self._work())
        except BaseException as failure:  # It is raised in `start`, or ends the worker.
            self._failure = failure
            if self._ready.is_set():
                log.exception("the lanes broke, the worker ends")
                os.kill(os.getpid(), signal.SIGTERM)
        self._ready.set()

    async def _work(self) -> None:
        async with self._build() as working:
            self._loop, self._working = asyncio.get_running_loop(), working
            self._ready.set()
            await working.run()
