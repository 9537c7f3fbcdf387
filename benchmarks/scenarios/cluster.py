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

_SHARE: Final = 1 / 4
"""Of a core, for each worker that is kept short: all processes of two such leave a core of two free."""


def on_postgres(sizes: Sizes) -> Scenario:
    """All three, as far as the servers run here."""

    def contender(run: Callable[[Path, str], AbstractContextManager[OnPostgres]]) -> Contender:
        def measured(folder: Path) -> Sample:
            with stubbing(folder) as far, run(folder, far.said) as service:
                sample = noted(drained(service, sizes.drain, 1_000, service.pids), far.said, sizes.drain)
            ours = {name: mib for name, mib in sample.memory.items() if name not in SERVERS}
            return replace(sample, memory=ours)  # A server's pages are mostly shared, and counted in each process.

        return measured

    possible = {
        DISPATCHER: (missing(broker=False), contender(dispatching)),
        ONE_WORKER: (missing(broker=True), contender(lambda folder, far: relaying(folder, far, 1))),
        TWO_WORKERS: (missing(broker=True), contender(lambda folder, far: relaying(folder, far, 2))),
        ONE_KEPT_SHORT: (missing(broker=True), contender(lambda folder, far: relaying(folder, far, 1, _SHARE))),
        TWO_KEPT_SHORT: (missing(broker=True), contender(lambda folder, far: relaying(folder, far, 2, _SHARE))),
    }
    running = {name: run for name, (why, run) in possible.items() if not why}
    left_out = {name: why for name, (why, _) in possible.items() if why}
    return Scenario(ON_POSTGRES, UNITS, running, DISPATCHER, left_out)
