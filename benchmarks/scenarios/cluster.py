"""Decides how draining is measured over PostgreSQL: by one process, and by a relay with one Celery worker and with two.

It has never heard of peers; the far side is the stub, as it is for them.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Final

from benchmarks.cluster import SERVERS, OnPostgres, dispatching, missing, relaying
from benchmarks.figures import Sample
from benchmarks.scenarios.drain import (
    DISPATCHER,
    ON_POSTGRES,
    ONE_KEPT_SHORT,
    ONE_WORKER,
    TWO_KEPT_SHORT,
    TWO_WORKERS,
    UNITS,
    drained,
    noted,
)
from benchmarks.scenarios.rounds import Contender, Scenario, Sizes
from benchmarks.vestnik import stubbing

_CROWD: Final = 500
_SHARE: Final = 1 / 4
"""Of a core, for each worker that is kept short: all processes of two such leave a core of two free."""


def on_postgres(sizes: Sizes) -> Scenario:
    """All of them, as far as the servers run here; workers that are kept short drain a quarter as much."""

    def contender(run: Callable[[Path, str], AbstractContextManager[OnPostgres]], count: int) -> Contender:
        def measured(folder: Path) -> Sample:
            with stubbing(folder) as far, run(folder, far.said) as service:
                sample = noted(drained(service, count, _CROWD, service.pids), far.said, count)
            ours = {name: mib for name, mib in sample.memory.items() if name not in SERVERS}
            return replace(sample, memory=ours)  # A server's pages are mostly shared, and counted in each process.

        return measured

    def relay(workers: int, share: float | None = None) -> Contender:
        count = sizes.drain if share is None else sizes.drain // 4 // _CROWD * _CROWD
        return contender(lambda folder, far: relaying(folder, far, workers, share), count)

    possible = {
        DISPATCHER: (missing(broker=False), contender(dispatching, sizes.drain)),
        ONE_WORKER: (missing(broker=True), relay(1)),
        TWO_WORKERS: (missing(broker=True), relay(2)),
        ONE_KEPT_SHORT: (missing(broker=True), relay(1, _SHARE)),
        TWO_KEPT_SHORT: (missing(broker=True), relay(2, _SHARE)),
    }
    running = {name: run for name, (why, run) in possible.items() if not why}
    left_out = {name: why for name, (why, _) in possible.items() if why}
    return Scenario(ON_POSTGRES, UNITS, running, DISPATCHER, left_out)
