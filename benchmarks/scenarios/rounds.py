"""Decides in which order contenders run: all of them in every round, each round beginning with another one.

It has never heard of what they do; each gets an empty folder, and one that fails is left out of that round.
"""

import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from benchmarks.figures import Measured, Sample

Contender: TypeAlias = Callable[[Path], Sample]


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much of everything; `quick` for every day."""

    drain: int
    peers: int
    """Deliveries that peers drain: fewer, because they take longer for each."""
    intake: int
    crowd: int
    seconds: float
    """How long steady loads last."""
    deferred: int
    """Deferred deliveries in the database while memory is looked at."""
    history: tuple[int, ...]
    """Finished deliveries in the database while drain and intake are measured once more."""


QUICK = Sizes(drain=6_000, peers=1_500, intake=6_000, crowd=10_000, seconds=3.0, deferred=30_000, history=())
FULL = Sizes(
    drain=50_000,
    peers=5_000,
    intake=40_000,
    crowd=10_000,
    seconds=10.0,
    deferred=1_000_000,
    history=(10_000, 1_000_000, 5_000_000),
)


@dataclass(frozen=True, slots=True)
class Scenario:
    """One piece of work and who does it."""

    name: str
    units: Mapping[str, str]
    contenders: Mapping[str, Contender]
    reference: str = ""
    left_out: Mapping[str, str] = field(default_factory=dict)

    def measure(self, rounds: int) -> Measured:
        """Runs everybody so many times, in turns."""
        names = list(self.contenders)
        taken: dict[str, list[Sample | None]] = {name: [] for name in names}
        left_out = dict(self.left_out)
        for number in range(rounds):
            start = number % max(1, len(names))
            for name in names[start:] + names[:start]:
                _say(f"round {number + 1} of {rounds}: {self.name}, {name}")
                try:
                    with tempfile.TemporaryDirectory(prefix="vestnik-bench-") as folder:
                        taken[name].append(self.contenders[name](Path(folder)))
                except Exception as reason:  # noqa: BLE001 - whatever befell one costs only its own round
                    while isinstance(reason, ExceptionGroup):
                        reason = reason.exceptions[0]
                    _say(f"  failed: {reason!r}")
                    taken[name].append(None)
                    left_out[name] = f"failed in round {number + 1}: {' '.join(repr(reason).split())[:200]}"
        return Measured(self.name, self.units, taken, self.reference, left_out)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - whoever waits sees where it is
