"""Decides whether a service has grown: what its samples of the second quarter of a run say against those of the last.

It has never heard of how a sample is taken. The first quarter is left out: caches fill and the first spans run out.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

MEBIBYTE: Final = 2**20


@dataclass(frozen=True, slots=True)
class Sample:
    """The service at one moment."""

    memory: int
    """Bytes."""
    open_files: int
    latency: float
    """Seconds of the slowest request since the sample before."""
    database: int
    """Bytes of the pages of vestnik.db that are in use."""
    journal: int
    """The same of emulator.db, which is meant to grow: with each delivery by as much."""
    deliveries: int
    """That were accepted so far."""


@dataclass(frozen=True, slots=True)
class Bound:
    """How much a measure may grow from the second quarter to the last: by a factor, and by some more."""

    name: str
    of: Callable[[Sample], float]
    factor: float
    more: float
    unit: float
    shown: str

    def judge(self, early: Sequence[Sample], late: Sequence[Sample]) -> tuple[bool, str]:
        """Whether it is kept, and a line for people."""
        before, after = (median(map(self.of, samples)) for samples in (early, late))
        most = before * self.factor + self.more
        kept = after <= most
        line = f"{self.name}: {before / self.unit:.1f} then {after / self.unit:.1f} {self.shown}"
        return kept, f"{line}, at most {most / self.unit:.1f}{'' if kept else '  GROWN'}"


BOUNDS: Final = (
    Bound("memory", lambda sample: sample.memory, 1.05, 4 * MEBIBYTE, MEBIBYTE, "MiB"),
    Bound("open files", lambda sample: sample.open_files, 1.0, 16, 1, "files"),
    Bound("slowest request", lambda sample: sample.latency, 2.0, 0.1, 0.001, "ms"),
    Bound("vestnik.db", lambda sample: sample.database, 1.1, MEBIBYTE, MEBIBYTE, "MiB"),
)
JOURNAL_FACTOR: Final = 1.2
"""How much more of the journal a delivery may take late in a run than early."""
FEWEST: Final = 16


def judge(samples: Sequence[Sample]) -> tuple[bool, list[str]]:
    """Whether nothing has grown beyond its bound, and what to tell; ValueError for too few samples to say."""
    if len(samples) < FEWEST:
        raise ValueError(f"{len(samples)} samples say nothing: {FEWEST} are needed")
    quarter = len(samples) // 4
    early, late = samples[quarter : 2 * quarter], samples[-quarter:]
    judged = [bound.judge(early, late) for bound in BOUNDS]
    judged.append(_judge_journal(early, late))
    return all(kept for kept, _ in judged), [line for _, line in judged]


def _judge_journal(early: Sequence[Sample], late: Sequence[Sample]) -> tuple[bool, str]:
    before, after = (_bytes_each(samples) for samples in (early, late))
    kept = after <= before * JOURNAL_FACTOR
    return kept, f"emulator.db: {before:.0f} then {after:.0f} bytes for each delivery{'' if kept else '  GROWN'}"


def _bytes_each(samples: Sequence[Sample]) -> float:
    first, last = samples[0], samples[-1]
    return (last.journal - first.journal) / max(1, last.deliveries - first.deliveries)
