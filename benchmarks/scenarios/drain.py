"""Decides how draining is measured: deliveries that all come due at one moment, until the last is recorded.

It has never heard of how anybody sends; where messages really arrived is told by the far side.
"""

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final, Protocol

import uvloop

from benchmarks.client import ask, get, pour
from benchmarks.figures import Sample
from benchmarks.processes import Failed, Meter, Program, every
from benchmarks.scenarios.rounds import Contender, Scenario, Sizes
from benchmarks.vestnik import ALL, crowds, emulating, serving, stubbing

UNITS: Final = {"rate": "deliveries/s"}
VESTNIK: Final = "Vestnik"
TO_EMULATOR: Final = "Vestnik to `vestnik emulate`"
TO_STUB: Final = "Vestnik to the stub"
BARE_TO_EMULATOR: Final = "bare aiohttp to `vestnik emulate`"
BARE_TO_STUB: Final = "bare aiohttp to the stub"
DISPATCHER: Final = "Vestnik on PostgreSQL, one dispatcher"
ONE_WORKER: Final = "relay and one Celery worker"
TWO_WORKERS: Final = "relay and two Celery workers"
ONE_KEPT_SHORT: Final = "relay and one worker with a quarter of a core"
TWO_KEPT_SHORT: Final = "relay and two workers with a quarter each"
ON_POSTGRES: Final = "drain on PostgreSQL"
IN_PROCESS: Final = "drain in process"
OVER_SOCKETS: Final = "drain over sockets"

_SEEDING: Final = 2_500
"""Deliveries a second that are surely taken in before they come due, in crowds."""
_REQUESTS: Final = 500
"""Requests a second that are."""


def in_process(sizes: Sizes) -> Scenario:
    """The built-in emulators, in the same process: crowds on Telegram, messages of one, and all three messengers."""

    def contender(crowd: int, messengers: Sequence[str], count: int) -> Contender:
        def run(folder: Path) -> Sample:
            with serving(folder) as service:
                return drained(service, count, crowd, {VESTNIK: service.pid}, messengers)

        return run

    return Scenario(
        IN_PROCESS,
        UNITS,
        {
            VESTNIK: contender(1_000, ("telegram",), sizes.drain),
            "Vestnik, a message for each": contender(1, ("telegram",), sizes.drain // 3),
            "Vestnik, three messengers with reports": contender(1_000, ALL, sizes.drain),
        },
    )


def over_sockets(sizes: Sizes, peers: Mapping[str, Contender], left_out: Mapping[str, str]) -> Scenario:
    """The far side in a process of its own."""

    def to_emulator(folder: Path) -> Sample:
        with (
            emulating(folder) as far,
            serving(folder, f"{far.said}/telegram", telegram_honours_key=1) as service,
        ):
            return drained(service, sizes.drain, 1_000, {VESTNIK: service.pid, "emulator": far.pid})

    def to_stub(folder: Path) -> Sample:
        with stubbing(folder) as far, serving(folder, far.said, telegram_honours_key=1) as service:
            sample = drained(service, sizes.drain, 1_000, {VESTNIK: service.pid})
            return noted(sample, far.said, sizes.drain)

    contenders: dict[str, Contender] = {
        TO_EMULATOR: to_emulator,
        BARE_TO_EMULATOR: lambda folder: _bare(folder, emulating, "/telegram", sizes.drain),
        TO_STUB: to_stub,
        BARE_TO_STUB: lambda folder: _bare(folder, stubbing, "", sizes.drain),
        **peers,
    }
    return Scenario(OVER_SOCKETS, UNITS, contenders, TO_STUB, left_out)


class Drained(Protocol):
    """A running service whose deliveries can be watched; see benchmarks.vestnik.Service."""

    @property
    def address(self) -> str: ...

    def states(self) -> dict[str, int]: ...

    def arrived(self) -> int: ...

    def wait_until_done(self, due: float) -> None: ...


def drained(
    service: Drained, count: int, crowd: int, pids: Mapping[str, int], messengers: Sequence[str] = ("telegram",)
) -> Sample:
    """Crowds that come due at one moment, from that moment until everything is recorded; the rest may be far off."""
    people = count // len(messengers)
    due = time.time() + 1.5 + max(count / _SEEDING, people / crowd / _REQUESTS)
    uvloop.run(pour(service.address, crowds(people, crowd, due, messengers), min(64, people // crowd or 1)))
    if (left := due - time.time()) < 0.2:
        raise Failed(f"taking in {count} deliveries took until {0.2 - left:.1f} s before they came due")
    before = service.arrived()
    time.sleep(max(0.0, due - time.time() - 0.1))
    meter = Meter(pids)
    time.sleep(max(0.0, due - time.time()))
    service.wait_until_done(due)
    seconds = time.time() - due
    cpu, memory = meter.cpu(), meter.memory()
    arrived = service.arrived() - before
    if arrived != people * len(messengers):
        raise Failed(f"of {count} deliveries {service.states()}")
    return Sample({"rate": arrived / seconds}, arrived, cpu, memory)


def noted(sample: Sample, far: str, count: int) -> Sample:
    """The sample with a note of what came twice; Failed if somebody got nothing."""
    stats = ask(far, get("/stats")).json()
    if stats["recipients"] != count:
        raise Failed(f"{stats['recipients']} of {count} recipients got something")
    doubled = stats["count"] - count
    return Sample(sample.values, sample.work, sample.cpu, sample.memory, f"{doubled} came twice" if doubled else "")


def _bare(folder: Path, far_side: Callable[[Path], AbstractContextManager[Program]], path: str, calls: int) -> Sample:
    """A client alone; from the start of its program, less what it takes to start without a call."""
    with far_side(folder) as far:
        _run_bare(folder, far.said + path, 0)
        idle_seconds, idle_cpu = _run_bare(folder, far.said + path, 0)
        seconds, cpu = _run_bare(folder, far.said + path, calls)
    return Sample({"rate": calls / (seconds - idle_seconds)}, calls, {"client": cpu - idle_cpu})


def _run_bare(folder: Path, address: str, calls: int) -> tuple[float, float]:
    """Wall and CPU seconds of one run of the bare client."""
    began, before = time.perf_counter(), sum(os.times()[2:4])
    arguments = [sys.executable, "-m", "benchmarks.bare", address, str(calls)]
    with Program(arguments, folder / "bare.log") as program:
        for _ in every(0.005, 120):
            if not program.alive:
                break
        else:
            raise Failed(f"the bare client does not end: {program.output()}")
    return time.perf_counter() - began, sum(os.times()[2:4]) - before
