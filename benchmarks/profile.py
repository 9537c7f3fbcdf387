"""Decides what is watched by a sampling profiler: intake, and drain in process; flame graphs and budgets come of it.

It has never heard of what takes long; py-spy looks from outside, and what it costs is not the service's.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import uvloop

from benchmarks.budget import budget
from benchmarks.client import pour
from benchmarks.processes import ROOT, Failed, Program, cpu_by_thread, every
from benchmarks.report import figure, table
from benchmarks.vestnik import FIRST, Service, crowds, message, serving

_RATE: Final = "200"
_TOMORROW: Final = 86_400.0


def _intake(service: Service, count: int) -> Callable[[], None]:
    requests = [message([FIRST + number], at=time.time() + _TOMORROW) for number in range(count)]

    def work() -> None:
        uvloop.run(pour(service.address, requests, 64))

    return work


def _drain(service: Service, count: int) -> Callable[[], None]:
    due = time.time() + 4.0 + count / 2_500
    uvloop.run(pour(service.address, crowds(count, 1_000, due), 8))
    if due - time.time() < 1.0:
        raise Failed("taking the deliveries in took longer than the time there was for it")

    def work() -> None:
        time.sleep(max(0.0, due - time.time()))
        service.wait_until_done(due)

    return work


WORKS: Final[Mapping[str, Callable[[Service, int], Callable[[], None]]]] = {"intake": _intake, "drain": _drain}


def main() -> int:
    """Writes one flame graph for each work and prints where its microseconds go."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.profile", description=__doc__.partition("\n")[0])
    parser.add_argument("--py-spy", default="py-spy", metavar="PROGRAM", help="where py-spy is")
    parser.add_argument("--count", type=int, default=10_000, help="deliveries or requests (default 10,000)")
    parser.add_argument("--out", type=Path, default=ROOT / "vestnik-data" / "profile", help="folder for the graphs")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    for name, prepare in WORKS.items():
        graph, stacks = asked.out / f"{name}.svg", asked.out / f"{name}.stacks"
        _watch(asked.py_spy, "flamegraph", graph, prepare, asked.count)
        threads = _watch(asked.py_spy, "raw", stacks, prepare, asked.count)
        found = budget(stacks.read_text(encoding="utf-8").splitlines(), threads, asked.count)
        whole = sum(found.values())
        rows = [(room, figure(micros), f"{100 * micros / whole:.0f} %") for room, micros in found.items()]
        rows.append(("all of it", figure(whole), "100 %"))
        print(f"{graph}\n\n{table((name, 'µs of CPU for each', 'share'), rows)}\n")  # noqa: T201 - it is what was asked for
    return 0


def _watch(
    py_spy: str, form: str, target: Path, prepare: Callable[[Service, int], Callable[[], None]], count: int
) -> dict[int, float]:
    """CPU seconds of each of the service's threads for the work that is being watched."""
    target.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(prefix="vestnik-bench-") as folder, serving(Path(folder)) as service:
        work = prepare(service, count)
        command = [py_spy, "record", "--gil", "--threads", "--pid", str(service.pid), "--rate", _RATE]
        command += ["--duration", "600", "--format", form, "--output", str(target)]
        with Program(command, Path(folder, "py-spy.log")) as watcher:
            time.sleep(1.0)
            before = cpu_by_thread(service.pid)
            work()
            after = cpu_by_thread(service.pid)
            watcher.interrupt()
        for _ in every(0.1, 5.0):
            if target.exists():
                return {thread: seconds - before.get(thread, 0.0) for thread, seconds in after.items()}
        raise Failed(f"py-spy wrote nothing: {watcher.output()}")


if __name__ == "__main__":
    sys.exit(main())
