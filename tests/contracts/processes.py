"""Decides how a test has several stores on one server, as in as many processes, and how it interferes with them.

It has never heard of what the tests ask.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import asyncpg

from tests import postgres
from tests.contracts.stores import audit
from vestnik.store.postgres import PostgresStore


def live(life: Callable[..., Coroutine[Any, Any, None]], processes: int = 1) -> None:
    """So many stores on one database, as in as many processes."""
    postgres.wipe()

    async def whole() -> None:
        stores = [await PostgresStore.open(postgres.url()) for _ in range(processes)]
        try:
            await life(*stores)
            await audit(stores[0])
        finally:
            for store in stores:
                await store.close()

    asyncio.run(whole())


async def ask(statement: str) -> Any:
    connection = await asyncpg.connect(postgres.url())
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def break_connections() -> None:
    """What a restart of the server does to those who are connected."""
    others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    await ask(f"SELECT count(pg_terminate_backend(pid)) {others}")
