"""Decides how what was measured is shown: one table for people, goals beside it, and what was not run.

It has never heard of how anything was measured.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from benchmarks.figures import Measured, Spread

BEGIN: Final = "<!-- measured: begin -->"
END: Final = "<!-- measured: end -->"

Results: TypeAlias = Mapping[str, Measured]
"""What was measured, by scenario."""

_HEAD: Final = ("what", "by", "median", "spread", "ratio", "its spread", "CPU s per 1,000", "peak MiB")


@dataclass(frozen=True, slots=True)
class Goal:
    """What a figure is to be: at least or at most `limit`; `look` finds it, or None where it was not measured."""

    words: str
    limit: float
    at_least: bool
    look: Callable[[Results], float | None]

    def row(self, results: Results) -> tuple[str, str, str, str]:
        """The goal, what was found, and whether that will do."""
        limit = f"{'at least' if self.at_least else 'at most'} {figure(self.limit)}"
        found = self.look(results)
        if found is None:
            return self.words, limit, "-", "not run"
        met = found >= self.limit if self.at_least else found <= self.limit
        return self.words, limit, figure(found), "met" if met else "missed"


def figure(value: float) -> str:
    """Three digits that matter, with commas in thousands."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def render(results: Results, goals: Sequence[Goal], machine: Sequence[str], ahead: Iterable[str] = ()) -> str:
    """The whole report as Markdown; `ahead` names the scenarios that are still to come, should the run end here."""
    rows = [row for measured in results.values() for row in _rows(measured)]
    missing = [
        f"- {measured.scenario}, {name}: {why}"
        for measured in results.values()
        for name, why in measured.left_out.items()
    ]
    missing += [f"- {scenario}: the run was ended before it" for scenario in ahead]
    notes = [
        f"- {measured.scenario}, {name}: {note}"
        for measured in results.values()
        for name in measured.rounds
        for note in measured.notes(name)
    ]
    parts = ["\n".join(f"- {line}" for line in machine), table(_HEAD, rows)]
    if notes:
        parts.append("Notes:\n\n" + "\n".join(notes))
    parts.append(table(("goal", "limit", "measured", "verdict"), [goal.row(results) for goal in goals]))
    parts.append("Not run:\n\n" + "\n".join(missing) if missing else "Everything that was asked for was run.")
    return "\n\n".join(parts) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table whose columns line up."""
    lines = [tuple(head), *map(tuple, rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(head))]
    shown = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    ]
    shown.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(shown)


def write(page: Path, report: str) -> None:
    """Puts the report between the two marks of a page and leaves the rest as it is."""
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n\n{report}\n{END}{after}", encoding="utf-8")


def _rows(measured: Measured) -> Iterable[tuple[str, ...]]:
    for name, unit in measured.units.items():
        for contender in measured.rounds:
            spread = measured.spread(contender, name)
            if spread is not None:
                ratio = measured.ratio(contender, name, measured.reference) if measured.reference else None
                what = f"{measured.scenario}: {name}, {unit}"
                yield what, contender, *_both(spread), *_against(ratio), *_cost(measured, contender, name)


def _both(spread: Spread | None) -> tuple[str, str]:
    if spread is None:
        return "-", "-"
    return figure(spread.middle), f"{figure(spread.least)} to {figure(spread.most)}"


def _against(ratio: Spread | None) -> tuple[str, str]:
    middle, around = _both(ratio)
    return (f"{middle} x", around) if ratio is not None else (middle, around)


def _cost(measured: Measured, contender: str, name: str) -> tuple[str, str]:
    """What it cost, once for each contender: beside the first of its figures."""
    if name != next(iter(measured.units)):
        return "", ""
    return _listed(measured.cpu(contender)), _listed(measured.memory(contender))


def _listed(by_process: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {figure(value)}" for name, value in by_process.items()) or "-"
