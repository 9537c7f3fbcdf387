"""Decides how it is measured what history costs: drain and intake beside millions of rows that are finished or far off.

It has never heard of how the rows would have come about: they are written straight into the database, all alike.
"""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

from benchmarks.figures import Sample
from benchmarks.processes import memory
from benchmarks.scenarios.drain import drained
from benchmarks.scenarios.intake import taken_in
from benchmarks.scenarios.rounds import Contender, Scenario, Sizes
from benchmarks.vestnik import FIRST, serving
from vestnik.sqlfiles import queries

HISTORY: Final = "history"
EMPTY: Final = "empty"
VESTNIK: Final = "Vestnik"
_SIZE: Final = 1_000
"""Deliveries of one message."""
_AT_ONCE: Final = 250_000
_WEEK: Final = 7 * 86_400 * 1_000_000
_SQL: Final = queries(Path(__file__).parent / "history.sql")


def history(sizes: Sizes) -> Scenario:
    """The empty database, and others with ever more finished deliveries and the deferred ones of a week ahead."""
    units = {"drain": "deliveries/s", "intake": "requests/s", "start-up": "s", "resident at rest": "MiB"}
    contenders: dict[str, Contender] = {EMPTY: _contender(sizes, 0, 0)}
    for finished in sizes.history:
        contenders[named(finished, sizes.deferred)] = _contender(sizes, finished, sizes.deferred)
    left_out = {} if sizes.history else {"databases with history": "they take minutes to fill; `make bench` does it"}
    return Scenario(HISTORY, units, contenders if sizes.history else {}, EMPTY, left_out)


def named(finished: int, deferred: int) -> str:
    """What a database is called in the report."""
    return f"{finished:,} finished, {deferred:,} deferred"


def _contender(sizes: Sizes, finished: int, deferred: int) -> Contender:
    def run(folder: Path) -> Sample:
        with serving(folder) as service:
            database = service.database
        _fill(database, finished, deferred)
        began = time.time()
        with serving(folder) as service:
            startup = time.time() - began
            time.sleep(1.0)
            resident = memory(service.pid)
            drain = drained(service, min(sizes.drain, 20_000), 1_000, {VESTNIK: service.pid})
            intake = taken_in(service.address, service.pid, min(sizes.intake, 10_000), FIRST + 5_000_000)
        values = {
            "drain": drain.values["rate"],
            "intake": intake.values["rate"],
            "start-up": startup,
            "resident at rest": resident,
        }
        return Sample(values, drain.work, drain.cpu, drain.memory)

    return run


def _fill(database: Path, finished: int, deferred: int) -> None:
    now = int(time.time() * 1_000_000)
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")  # Filling is not measured.
        for mark, state, count, at in (
            ("A", "delivered", finished, now - _WEEK),
            ("B", "deferred", deferred, now + _WEEK),
        ):
            for first, beyond in _parts(count):
                words = {"mark": mark, "state": state, "at": at, "size": _SIZE}
                of_messages = words | {"first": first // _SIZE, "beyond": beyond // _SIZE}
                of_deliveries = words | {"first": first, "beyond": beyond}
                connection.execute("BEGIN")
                for name in ("messages", "tallies"):
                    connection.execute(_SQL[name], of_messages)
                for name in ("deliveries", "attempts") if state == "delivered" else ("deliveries",):
                    connection.execute(_SQL[name], of_deliveries)
                connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _parts(count: int) -> Iterator[tuple[int, int]]:
    whole = count // _SIZE * _SIZE
    for first in range(0, whole, _AT_ONCE):
        yield first, min(first + _AT_ONCE, whole)
