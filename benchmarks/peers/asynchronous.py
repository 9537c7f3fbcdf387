"""Decides how a peer's job that is a coroutine does one delivery: the row says sending, one call, the row says sent.

It has never heard of queues.
"""

import os
from typing import Any, Final

import aiohttp
import psycopg_pool

from benchmarks.peers.rows import BEGIN, END, HERE, call_of

CONCURRENCY: Final = int(os.environ.get("BENCH_CONCURRENCY", "32"))
_CONNECTIONS: Final = int(os.environ.get("BENCH_CONNECTIONS", "8"))


class Deliveries:
    """Connections to the rows and to the messenger, opened in the loop that uses them."""

    def __init__(self) -> None:
        self._pool: Any = None
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Connects."""
        arguments = {"autocommit": True}
        self._pool = psycopg_pool.AsyncConnectionPool(HERE, kwargs=arguments, max_size=_CONNECTIONS, open=False)
        await self._pool.open(wait=True)
        self._session = aiohttp.ClientSession()

    async def close(self) -> None:
        """Disconnects."""
        if self._session is not None:
            await self._session.close()
        await self._pool.close()

    async def deliver(self, delivery: int) -> None:
        """One delivery."""
        assert self._session is not None
        async with self._pool.connection() as connection:
            row = await (await connection.execute(BEGIN, (delivery,))).fetchone()
        url, body = call_of(row[0], row[1])
        async with self._session.post(url, json=body, timeout=aiohttp.ClientTimeout(10)) as answer:
            answer.raise_for_status()
            number = str((await answer.json())["result"]["message_id"])
        async with self._pool.connection() as connection:
            await connection.execute(END, (number, delivery))
