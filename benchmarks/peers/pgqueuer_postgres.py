"""Decides how the work is done with PgQueuer: jobs as coroutines over asyncpg, taken in batches, on PostgreSQL.

It has never heard of a broker: jobs are rows beside the deliveries. It takes 50 at a time and does 100 at once.
"""

import asyncio
from typing import Any, Final

import asyncpg
from pgqueuer import AsyncpgDriver, PgQueuer, Queries

from benchmarks.peers import rows
from benchmarks.peers.asynchronous import CONCURRENCY, Deliveries
from benchmarks.peers.commands import Commands

_BATCH: Final = 50
_AT_ONCE: Final = 1_000


async def _enqueue(count: int) -> None:
    connection = await asyncpg.connect(rows.URL)
    queries = Queries(AsyncpgDriver(connection))
    await queries.install()
    for start in range(0, count, _AT_ONCE):
        payloads: list[bytes | None] = [b"%d" % number for number in range(start, min(start + _AT_ONCE, count))]
        await queries.enqueue(["deliver"] * len(payloads), payloads, [0] * len(payloads))
    await connection.close()


def _prepare(count: int) -> None:
    rows.make(count)
    asyncio.run(_enqueue(count))


async def work() -> None:
    """The worker, run from here because the command of this version stops at its own logging."""
    deliveries = Deliveries()
    await deliveries.open()
    connection = await asyncpg.connect(rows.URL)
    queuer = PgQueuer(AsyncpgDriver(connection))

    async def deliver(job: Any) -> None:
        await deliveries.deliver(int(job.payload))

    queuer.entrypoint("deliver")(deliver)
    try:
        await queuer.run(batch_size=_BATCH, max_concurrent_tasks=2 * max(CONCURRENCY, _BATCH))
    finally:
        await connection.close()
        await deliveries.close()


_WORKER: Final = (
    "python",
    "-c",
    "import asyncio; from benchmarks.peers.pgqueuer_postgres import work; asyncio.run(work())",
)

COMMANDS: Final = Commands(_prepare, _WORKER, rows.left, rows.drop)
