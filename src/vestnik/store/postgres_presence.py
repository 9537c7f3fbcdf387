"""Decides how the processes that share a database know of each other: who lives, and that there is something to do.

It has never heard of what there is to do; a ring says only that somebody else should look.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

import asyncpg
import structlog

from vestnik.domain.errors import StoreUnavailable
from vestnik.store.postgres_line import COMMAND_SECONDS, CONNECTION_SECONDS, SETTINGS, SQL, Line, unavailable

log = structlog.get_logger()

LIVES: Final = 0x5645_0001
"""The class of the advisory locks that say which lives of the store are not over."""
_CHANNEL: Final = "vestnik_work"
_KNOCK_EVERY: Final = 10.0
_LOOK_EVERY: Final = 5.0
"""Seconds after which those who wait for a ring look without one."""
_RING_GAP: Final = 0.02
"""Seconds between two rings of one process: PostgreSQL commits transactions that notify one after the other."""
_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 5.0


class Presence:
    """One process's standing connection: it holds the lock of this life and hears the others ring."""

    def __init__(self, url: str, line: Line, life: int) -> None:
        self._url = url
        self._line = line
        self._life = life
        self._heard = asyncio.Event()
        self._to_ring = asyncio.Event()
        self._ready = asyncio.Event()
        self._tasks = [asyncio.create_task(self._stay()), asyncio.create_task(self._ring_for_good())]

    async def ready(self) -> None:
        """Returns once the life is known to the others; StoreUnavailable if that takes too long."""
        try:
            async with asyncio.timeout(COMMAND_SECONDS):
                await self._ready.wait()
        except TimeoutError:
            raise StoreUnavailable("the database has no connection left for this process") from None

    def ring(self) -> None:
        """Lets the other processes look for work, soon and once for all calls until then."""
        self._to_ring.set()

    async def watch(self, on_change: Callable[[], None]) -> None:
        """Calls back when another process rings, and now and then without that; runs until cancelled."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_EVERY):
                    await self._heard.wait()
            self._heard.clear()
            on_change()

    async def close(self) -> None:
        """Ends the life as the others know it."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _stay(self) -> None:
        pause = _FIRST_PAUSE
        while True:
            try:
                connection = await asyncpg.connect(
                    self._url,
                    timeout=CONNECTION_SECONDS,
                    command_timeout=COMMAND_SECONDS,
                    server_settings={**SETTINGS, "application_name": f"vestnik life {self._life}"},
                )
                try:
                    await self._live_on(connection)
                finally:
                    connection.terminate()
            except Exception as trouble:
                if unavailable(trouble) is None and not isinstance(trouble, asyncpg.LockNotAvailableError):
                    raise
                log.warning("not heard by other processes for now", reason=str(trouble) or type(trouble).__name__)
            await asyncio.sleep(pause)
            pause = _FIRST_PAUSE if self._ready.is_set() else min(pause * 2, _LONGEST_PAUSE)
            self._ready.clear()

    async def _live_on(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        """Until the connection breaks."""
        broken = asyncio.Event()
        connection.add_termination_listener(lambda _: broken.set())
        await connection.add_listener(_CHANNEL, self._hear)
        # While the server has not noticed that our last connection is gone, that one still stands for us.
        await connection.fetchval(SQL["hold_life"], LIVES, self._life)
        self._ready.set()
        self._heard.set()  # Whoever rang while nobody listened is answered now.
        while not broken.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(_KNOCK_EVERY):
                    await broken.wait()
            if not broken.is_set():
                await connection.fetchval(SQL["knock"])

    def _hear(self, _connection: Any, _pid: int, _channel: str, payload: object) -> None:
        if payload != str(self._life):
            self._heard.set()

    async def _ring_for_good(self) -> None:
        while True:
            await self._to_ring.wait()
            self._to_ring.clear()
            try:
                await self._line.read(lambda connection: connection.execute(SQL["ring"], _CHANNEL, str(self._life)))
            except Exception as trouble:
                if unavailable(trouble) is None:
                    raise
                log.warning("other processes could not be rung, they look by themselves", reason=str(trouble))
            await asyncio.sleep(_RING_GAP)
