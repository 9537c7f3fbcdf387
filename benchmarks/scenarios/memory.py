"""Decides how memory is looked at: at rest with an empty database, and beside many deferred deliveries.

It has never heard of what the memory is used for.
"""

import time
from pathlib import Path
from typing import Final

import uvloop

from benchmarks.client import pour
from benchmarks.figures import Sample
from benchmarks.processes import memory
from benchmarks.scenarios.rounds import Scenario, Sizes
from benchmarks.vestnik import ALL, crowds, serving

MEMORY: Final = "memory"
EMPTY: Final = "at rest, empty"
DEFERRED: Final = "at rest, {count:,} deferred"
_REST: Final = 1.5
_FAR: Final = 7 * 86_400.0


def at_rest(sizes: Sizes) -> Scenario:
    """Resident memory of a service that was started anew and has nothing to do."""

    def empty(folder: Path) -> Sample:
        with serving(folder) as service:
            time.sleep(_REST)
            return Sample({"resident": memory(service.pid)})

    def deferred(folder: Path) -> Sample:
        people, at = sizes.deferred // len(ALL), time.time() + _FAR
        with serving(folder) as service:
            uvloop.run(pour(service.address, crowds(people, 5_000, at, ALL), 1))
        with serving(folder) as service:
            time.sleep(_REST)
            return Sample({"resident": memory(service.pid)})

    contenders = {EMPTY: empty, DEFERRED.format(count=sizes.deferred): deferred}
    return Scenario(MEMORY, {"resident": "MiB"}, contenders, EMPTY)
