"""Decides what a run of the benchmarks consists of, from the command line, and where its report goes.

It has never heard of how anything is measured.
"""

import argparse
import signal
import sys
import time
from collections.abc import Iterator
from typing import Final

from benchmarks.figures import Measured
from benchmarks.goals import goals
from benchmarks.machine import described, loaded
from benchmarks.peers.contenders import contenders as peers
from benchmarks.processes import ROOT
from benchmarks.report import render, write
from benchmarks.scenarios import drain, rounds
from benchmarks.scenarios.both import both
from benchmarks.scenarios.cluster import on_postgres
from benchmarks.scenarios.crowd import crowd
from benchmarks.scenarios.emulators import emulators
from benchmarks.scenarios.history import history
from benchmarks.scenarios.intake import intake
from benchmarks.scenarios.memory import at_rest
from benchmarks.scenarios.rounds import Scenario, Sizes
from benchmarks.scenarios.steady import isolation, lateness

PAGE: Final = ROOT / "docs" / "performance.md"
_SLOW_HEALTHY: Final = 80
"""Healthy messages a second, with 20 sick ones that hang for two seconds: 40 in flight, of 64 slots."""
_FAST_HEALTHY: Final = 240
"""With 60 sick ones a second: 120 in flight, of 64 slots, before any is tried again."""


def main() -> int:
    """Measures, prints the report, and with --write puts it into the page about performance."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="small sizes, without the peers: under three minutes")
    parser.add_argument("--rounds", type=int, default=0, help="how often everybody runs (default 3, quick 1)")
    parser.add_argument("--only", default="", metavar="WORD", help="scenarios whose name has this in it")
    parser.add_argument(
        "--peers", metavar="NAME,…", help="which peers run: all, none, or some (default all, quick none)"
    )
    parser.add_argument("--write", action="store_true", help=f"put the report into {PAGE.relative_to(ROOT)}")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # So that what was started is ended too.
    sizes = rounds.QUICK if asked.quick else rounds.FULL
    chosen = asked.peers or ("none" if asked.quick else "all")
    began = time.monotonic()
    machine = [*described(), _command(asked)]
    results: dict[str, Measured] = {}
    report = ""
    scenarios = {scenario.name: scenario for scenario in _scenarios(sizes, chosen) if asked.only in scenario.name}
    for name, scenario in scenarios.items():
        results[name] = scenario.measure(asked.rounds or (1 if asked.quick else 3))
        took = f"measured in {time.monotonic() - began:.0f} s"
        ahead = [each for each in scenarios if each not in results]
        report = render(results, goals(sizes), [*machine, loaded(), took], ahead)
        if asked.write:  # After each, so that an interrupted run keeps what it has.
            write(PAGE, report)
    print(report)  # noqa: T201 - it is what was asked for
    return 0


def _scenarios(sizes: Sizes, chosen: str) -> Iterator[Scenario]:
    running, left_out = peers(chosen, sizes.peers)
    yield drain.in_process(sizes)
    yield drain.over_sockets(sizes, running, left_out)
    yield on_postgres(sizes)
    yield intake(sizes)
    yield crowd(sizes)
    yield both(sizes)
    yield lateness(sizes, 100)
    yield lateness(sizes, 1_000)
    yield isolation(sizes, "fewer than slots", _SLOW_HEALTHY)
    yield isolation(sizes, "more than slots", _FAST_HEALTHY)
    yield emulators(sizes, chosen)
    yield at_rest(sizes)
    yield history(sizes)


def _command(asked: argparse.Namespace) -> str:
    options = [f"--{name} {value}" for name, value in vars(asked).items() if value not in (False, True, 0, "", None)]
    flags = [f"--{name}" for name, value in vars(asked).items() if value is True]
    return "command: `" + " ".join(["python -m benchmarks", *flags, *options]) + "`"


if __name__ == "__main__":
    sys.exit(main())
