"""Decides how the work is done with Procrastinate: jobs as coroutines, many at once in one worker, on PostgreSQL.

It has never heard of a broker: jobs are rows beside the deliveries. It does 32 at once; BENCH_CONCURRENCY tries another
number.
"""

import asyncio
from typing import Final

import procrastinate

from benchmarks.peers import rows
from benchmarks.peers.asynchronous import CONCURRENCY, Deliveries
from benchmarks.peers.commands import Commands

_AT_ONCE: Final = 1_000

app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=rows.HERE))
_deliveries = Deliveries()


async def _deliver(delivery: int) -> None:
    await _deliveries.deliver(delivery)


deliver = app.task(name="deliver", retry=5)(_deliver)


async def _enqueue(count: int) -> None:
    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        for start in range(0, count, _AT_ONCE):
            numbers = range(start, min(start + _AT_ONCE, count))
            await deliver.batch_defer_async(*({"delivery": number} for number in numbers))


def _prepare(count: int) -> None:
    rows.make(count)
    asyncio.run(_enqueue(count))


async def work() -> None:
    """The worker, with connections opened in its own loop."""
    await _deliveries.open()
    try:
        async with app.open_async():
            await app.run_worker_async(concurrency=CONCURRENCY)
    finally:
        await _deliveries.close()


_WORKER: Final = (
    "python",
    "-c",
    "import asyncio; from benchmarks.peers.procrastinate_postgres import work; asyncio.run(work())",
)

COMMANDS: Final = Commands(_prepare, _WORKER, rows.left, rows.drop)
