"""Decides how steady loads are measured: messages for moments spread evenly, and how late each arrived.

It has never heard of the service's own idea of time: arrivals are the stub's, on the same machine's clock.
"""

import time
from pathlib import Path
from typing import Final

import uvloop

from benchmarks.client import ask, get, pour
from benchmarks.figures import Sample, quantile
from benchmarks.processes import Failed, Meter, Program, every
from benchmarks.scenarios.rounds import Contender, Scenario, Sizes
from benchmarks.stub import HANGS_FROM
from benchmarks.vestnik import FIRST, Service, message, opened, serving, stubbing

LATENESS: Final = "lateness at {rate:,}/s"
ISOLATION: Final = "isolation, {which}"
VESTNIK: Final = "Vestnik"
ALONE: Final = "without the sick"
WITH_SICK: Final = "with the sick"
UNITS: Final = {"p50": "ms late", "p99": "ms late", "early": "messages"}
_SEEDING: Final = 600
"""Messages of one recipient a second that are surely taken in before they come due."""
_SICK_SHARE: Final = 4
"""One sick message beside so many healthy ones: every fifth."""


def lateness(sizes: Sizes, rate: int) -> Scenario:
    """Deferred messages, so many a second."""
    return Scenario(LATENESS.format(rate=rate), UNITS, {VESTNIK: _steady(rate, 0, sizes.seconds)})


def isolation(sizes: Sizes, which: str, healthy: int) -> Scenario:
    """Healthy messages, alone and beside one sick for each four: it hangs for two seconds and then fails."""
    seconds = max(4.0, sizes.seconds)
    contenders = {
        ALONE: _steady(healthy, 0, seconds),
        WITH_SICK: _steady(healthy, healthy // _SICK_SHARE, seconds),
    }
    return Scenario(ISOLATION.format(which=which), UNITS, contenders, ALONE)


def _steady(healthy: int, sick: int, seconds: float) -> Contender:
    def run(folder: Path) -> Sample:
        with opened(stubbing(folder)) as (far,), serving(folder, far.said, telegram_honours_key=1) as service:
            return _timed(service, far, _spread(healthy, seconds), _spread(sick, seconds))

    return run


def _spread(rate: int, seconds: float) -> list[float]:
    """Moments, in seconds from the first."""
    return [number / rate for number in range(int(rate * seconds))]


def _timed(service: Service, far: Program, healthy: list[float], sick: list[float]) -> Sample:
    begin = round(time.time()) + 2.0 + (len(healthy) + len(sick)) / _SEEDING
    due = {FIRST + number: round(begin + after, 6) for number, after in enumerate(healthy)}
    ill = {HANGS_FROM + number: round(begin + after, 6) for number, after in enumerate(sick)}
    requests = [message([number], at=moment) for number, moment in sorted((due | ill).items(), key=lambda one: one[1])]
    uvloop.run(pour(service.address, requests, 32))
    if time.time() > begin - 0.2:
        raise Failed("taking the messages in took longer than the time there was for it")
    meter = Meter({VESTNIK: service.pid})
    end = max(due.values())
    time.sleep(max(0.0, end - time.time()))
    wanted = len(due)
    for _ in every(0.1, 60):
        arrivals: dict[str, float] = ask(far.said, get("/arrivals")).json()
        if sum(1 for number in arrivals if int(number) < HANGS_FROM) >= wanted:
            break
    else:
        raise Failed(f"only {len(arrivals)} of {wanted} messages arrived")
    late = [1_000 * (arrivals[str(number)] - moment) for number, moment in due.items()]
    values = {
        "p50": quantile(late, 0.5),
        "p99": quantile(late, 0.99),
        "early": float(sum(1 for one in late if one < 0)),
    }
    return Sample(values, wanted, meter.cpu(), meter.memory())
