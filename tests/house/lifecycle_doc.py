"""Decides how docs/lifecycle.md tells the life of a delivery: a picture and a table drawn from the table in the domain.

It has never heard of a single state or event by name; run as `python -m tests.house.lifecycle_doc` it writes the file.
"""

import ast
import inspect
from collections import defaultdict
from enum import StrEnum
from itertools import pairwise
from typing import Final

from tests.house.source import ROOT
from vestnik.domain import lifecycle
from vestnik.domain.lifecycle import SLOTLESS, TAKEN, TRANSITIONS, UNFINISHED, Event, State

PATH: Final = ROOT / "docs" / "lifecycle.md"

_PAGE: Final = """\
# The life of a delivery

<!-- Written by `make docs` from src/vestnik/domain/lifecycle.py; edit that. -->

A delivery is one message to one recipient on one messenger. The table below is the whole of its life: a step that is
not in it is refused, and nothing else in Vestnik moves a delivery. A delivery begins as `deferred` if its message has
a `send_at`, and as `waiting` otherwise.

```mermaid
stateDiagram-v2
    [*] --> deferred
    [*] --> waiting
{arrows}
```

## States

| state | meaning | the service moves it on | the messenger has it | it blocks a duplicate |
|---|---|---|---|---|
{states}

## Events

| event | meaning |
|---|---|
{events}

## Steps

| from | event | to |
|---|---|---|
{steps}
"""


def render() -> str:
    """The whole page."""
    return _PAGE.format(
        arrows="\n".join(_arrows()),
        states="\n".join(
            f"| `{state}` | {_meaning(state)} | {_yes(state in UNFINISHED)} | {_yes(state in TAKEN)} "
            f"| {_yes(state not in SLOTLESS)} |"
            for state in State
        ),
        events="\n".join(f"| `{event}` | {_meaning(event)} |" for event in Event),
        steps="\n".join(f"| `{before}` | `{event}` | `{after}` |" for (before, event), after in TRANSITIONS.items()),
    )


def _arrows() -> list[str]:
    labels: defaultdict[tuple[State, State], list[str]] = defaultdict(list)
    for (before, event), after in TRANSITIONS.items():
        labels[before, after].append(event.value)
    final = [state for state in State if all(before != state for before, _ in TRANSITIONS)]
    return [f"    {before} --> {after}: {', '.join(events)}" for (before, after), events in labels.items()] + [
        f"    {state} --> [*]" for state in final
    ]


def _meaning(member: State | Event) -> str:
    return _docstrings(type(member)).get(member.name, member.value.replace("_", " ").capitalize() + ".")


def _docstrings(enum: type[StrEnum]) -> dict[str, str]:
    """The strings that stand under the members; Python itself throws them away."""
    classes = [node for node in ast.parse(inspect.getsource(lifecycle)).body if isinstance(node, ast.ClassDef)]
    body = next(node.body for node in classes if node.name == enum.__name__)
    found = {}
    for member, following in pairwise(body):
        match member, following:
            case ast.Assign(targets=[ast.Name(id=name)]), ast.Expr(value=ast.Constant(value=str(text))):
                found[name] = text
    return found


def _yes(flag: bool) -> str:
    return "yes" if flag else ""


if __name__ == "__main__":
    PATH.write_text(render(), encoding="utf-8")
