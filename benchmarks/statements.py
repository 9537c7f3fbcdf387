"""Decides what the writer's own work costs: accept, claim and record alone in one thread, statement by statement.

It has never heard of the service around it; what the service's writer takes beyond this is the price of small batches
and of threads that wait for each other.
"""

import argparse
import asyncio
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final, cast

from benchmarks.report import figure, table
from benchmarks.vestnik import FIRST, TEXT
from vestnik.clock import SystemClock
from vestnik.domain.delivery import Claim, Ending, Verdict
from vestnik.domain.lifecycle import Event
from vestnik.domain.message import Address, Order, Sender
from vestnik.domain.moment import SECOND
from vestnik.domain.priority import Priority
from vestnik.store import sqlite_intake, sqlite_lanes
from vestnik.store.hunger import Hunger
from vestnik.store.intake import Intake
from vestnik.store.sqlite import SqliteStore

_HEAD: Final = 48
"""Characters of a statement that are shown."""


class Watched:
    """A connection that adds up the CPU time of this thread in each statement."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.spent: Counter[str] = Counter()

    def execute(self, statement: str, parameters: Any = ()) -> sqlite3.Cursor:
        """Runs it; nanoseconds are added up under its first words."""
        began = time.thread_time_ns()
        cursor = self._connection.execute(statement, parameters)
        lines = [line for line in statement.splitlines() if line and not line.startswith("--")]
        self.spent[" ".join(" ".join(lines).split())[:_HEAD]] += time.thread_time_ns() - began
        return cursor

    @contextmanager
    def transaction(self, name: str) -> Iterator[sqlite3.Connection]:
        """A transaction whose whole time is added up under a name."""
        began = time.thread_time_ns()
        self.execute("BEGIN IMMEDIATE")
        yield cast("sqlite3.Connection", self)
        self.execute("COMMIT")
        self.spent[name] += time.thread_time_ns() - began


def main() -> int:
    """Prints one table: microseconds of CPU for each delivery."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.statements", description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=8_000, help="deliveries (default 8,000)")
    parser.add_argument("--batch", type=int, default=64, help="how many the writer does at once (default 64)")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vestnik-bench-") as folder:
        database = Path(folder, "vestnik.db")
        asyncio.run(_create(database))
        with closing(sqlite3.connect(database, isolation_level=None)) as connection:
            connection.execute("PRAGMA synchronous = FULL")
            watched = Watched(connection)
            _accept(watched, asked.count, asked.batch)
            _drain(watched, asked.batch)
    rows = [(name, figure(nanos / asked.count / 1_000)) for name, nanos in watched.spent.most_common()]
    print(table((f"in batches of {asked.batch}", "µs of CPU for each"), rows))  # noqa: T201 - it is what was asked for
    return 0


async def _create(database: Path) -> None:
    await (await SqliteStore.open(database)).close()


def _accept(watched: Watched, count: int, batch: int) -> None:
    clock = SystemClock(0)
    for first in range(FIRST, FIRST + count, batch):
        now = clock.now()
        orders = [_order(clock, number) for number in range(first, min(first + batch, FIRST + count))]
        with watched.transaction("= accept") as connection:
            sqlite_intake.accept(connection, [Intake(order, now, None) for order in orders])


def _order(clock: SystemClock, number: int) -> Order:
    address = Address("telegram", str(number), None)
    sender = Sender("bench", "bench")
    return Order(clock.new_id(), sender, TEXT, [address], Priority.NORMAL, 5, f"{number:064d}", None, None, None)


def _drain(watched: Watched, batch: int) -> None:
    clock = SystemClock(0)
    while True:
        now = clock.now()
        with watched.transaction("= claim") as connection:
            hunger = Hunger("telegram", False, batch, now + 60 * SECOND, now)
            claims = sqlite_lanes.claim(connection, [hunger])[0].claims
        if not claims:
            return
        verdicts = [_taken(claim, now) for claim in claims]
        with watched.transaction("= record") as connection:
            sqlite_lanes.record(connection, [(verdicts, now)])


def _taken(claim: Claim, now: int) -> Verdict:
    name = f"{claim.recipient}:{claim.delivery_id}"
    return Verdict(claim.delivery_id, claim.attempt, Event.TAKE_FOR_GOOD, Ending.TAKEN, now, external_id=name)


if __name__ == "__main__":
    sys.exit(main())
