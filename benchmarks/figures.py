"""Decides what a run's samples amount to: medians, spreads, and ratios taken round by round.

It has never heard of what was measured; a ratio compares two contenders of one round only, because a machine is not
the same machine a minute later.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Final

PER: Final = 1_000
"""CPU seconds are told for so many deliveries."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What one contender did in one round: its figures by name, and what each process had to spend on it."""

    values: Mapping[str, float]
    work: int = 0
    """Deliveries or requests that the CPU seconds were spent on; 0 where they say nothing."""
    cpu: Mapping[str, float] = field(default_factory=dict)
    memory: Mapping[str, float] = field(default_factory=dict)
    """Peak MiB."""
    note: str = ""
    """What a reader has to know of it, such as messages that came twice."""


@dataclass(frozen=True, slots=True)
class Spread:
    """A median and what lay around it."""

    middle: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """The spread of at least one value."""
        return cls(median(values), min(values), max(values))


@dataclass(frozen=True, slots=True)
class Measured:
    """All samples of one scenario: for each contender one a round, or None in a round that it did not finish."""

    scenario: str
    units: Mapping[str, str]
    """What the figures are counted in, by their names."""
    rounds: Mapping[str, Sequence[Sample | None]]
    reference: str = ""
    """The contender that ratios are told against; empty where there is none."""
    left_out: Mapping[str, str] = field(default_factory=dict)
    """Contenders that were not run, and why."""

    def spread(self, contender: str, figure: str) -> Spread | None:
        """A contender's figure; None if it was never measured."""
        values = [one.values[figure] for one in self._of(contender) if figure in one.values]
        return Spread.of(values) if values else None

    def ratio(self, contender: str, figure: str, to: str) -> Spread | None:
        """How many times `to`'s figure the contender's is, each round by itself; None if no round has both."""
        both = zip(self.rounds.get(contender, ()), self.rounds.get(to, ()), strict=False)
        values = [
            one.values[figure] / other.values[figure]
            for one, other in both
            if one is not None and other is not None and other.values.get(figure) and figure in one.values
        ]
        return Spread.of(values) if values else None

    def cpu(self, contender: str) -> dict[str, float]:
        """Median CPU seconds for 1,000 pieces of work, by process."""
        return _medians(
            [{name: PER * spent / one.work for name, spent in one.cpu.items()} for one in self._busy(contender)]
        )

    def memory(self, contender: str) -> dict[str, float]:
        """Median peak MiB, by process."""
        return _medians([one.memory for one in self._of(contender)])

    def notes(self, contender: str) -> list[str]:
        """What is to be said of its samples, each once."""
        return list(dict.fromkeys(one.note for one in self._of(contender) if one.note))

    def best(self, figure: str, among: Iterable[str]) -> str | None:
        """The contender with the highest median; None if none of them was measured."""
        found = {name: spread.middle for name in among if (spread := self.spread(name, figure)) is not None}
        return max(found, key=lambda name: found[name], default=None)

    def _of(self, contender: str) -> list[Sample]:
        return [one for one in self.rounds.get(contender, ()) if one is not None]

    def _busy(self, contender: str) -> list[Sample]:
        return [one for one in self._of(contender) if one.work]


def quantile(values: Iterable[float], share: float) -> float:
    """The value below or at which this share of the values lies (nearest rank); 0.99 of 100 values is the 99th."""
    ordered = sorted(values)
    rank = -int(-share * len(ordered) // 1)
    return ordered[min(len(ordered), max(1, rank)) - 1]


def _medians(many: Sequence[Mapping[str, float]]) -> dict[str, float]:
    names = dict.fromkeys(name for one in many for name in one)
    return {name: median(one[name] for one in many if name in one) for name in names}
