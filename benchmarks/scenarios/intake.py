"""Decides how intake is measured: 64 connections, one recipient in each request, a commit before each reply.

It has never heard of sending: everything that is taken in is for tomorrow.
"""

import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import uvloop

from benchmarks.client import pour
from benchmarks.figures import Sample, quantile
from benchmarks.processes import Meter, Program
from benchmarks.scenarios.rounds import Scenario, Sizes
from benchmarks.vestnik import FIRST, message, serving

INTAKE: Final = "intake"
VESTNIK: Final = "Vestnik"
FLOOR: Final = "raw ASGI, same group commit"
CONNECTIONS: Final = 64
_TOMORROW: Final = 86_400.0


def intake(sizes: Sizes) -> Scenario:
    """Vestnik beside the least that an intake can be, over the same server."""

    def vestnik(folder: Path) -> Sample:
        with serving(folder) as service:
            return taken_in(service.address, service.pid, sizes.intake)

    def floor(folder: Path) -> Sample:
        arguments = [sys.executable, "-m", "benchmarks.floor", str(folder / "floor.db")]
        with Program(arguments, folder / "log", ready=r"^floor ready on (\S+)$") as program:
            return taken_in(program.said, program.pid, sizes.intake)

    units = {"rate": "requests/s", "p50": "ms", "p99": "ms"}
    return Scenario(INTAKE, units, {VESTNIK: vestnik, FLOOR: floor}, FLOOR)


def taken_in(address: str, pid: int, count: int, first: int = FIRST) -> Sample:
    """What a service makes of so many requests."""
    at = time.time() + _TOMORROW
    warm_up = [message([first + number], at=at) for number in range(count, count + count // 10)]
    requests = [message([first + number], at=at) for number in range(count)]
    return poured_in(address, {"server": pid}, warm_up, requests, 202)


def poured_in(
    address: str, pids: Mapping[str, int], warm_up: Sequence[bytes], requests: Sequence[bytes], expected: int
) -> Sample:
    """What a server makes of these requests, each answered with the status that is expected."""
    uvloop.run(pour(address, warm_up, CONNECTIONS, expected))
    meter = Meter(pids)
    poured = uvloop.run(pour(address, requests, CONNECTIONS, expected))
    values = {
        "rate": len(requests) / poured.seconds,
        "p50": 1_000 * quantile(poured.latencies, 0.5),
        "p99": 1_000 * quantile(poured.latencies, 0.99),
    }
    return Sample(values, len(requests), meter.cpu(), meter.memory())
