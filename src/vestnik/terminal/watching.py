"""Decides how a message's progress is shown: a table with a bar for each messenger, once or until it is finished.

It has never heard of dispatching; the numbers come from the service.
"""

import asyncio
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from vestnik.domain.lifecycle import UNFINISHED, State
from vestnik.terminal.service import Service

_REFRESH: Final = 0.5
_BAD: Final = (State.FAILED, State.UNKNOWN, State.EXPIRED)


async def show(service: Service, message_id: str, console: Console, *, watch: bool) -> bool:
    """Prints the message's progress; with `watch` until nothing is left to do. Whether all that is done went well."""
    path = f"/api/messages/{quote(message_id, safe='')}/progress"
    progress = await service.call("GET", path)
    if not watch:
        console.print(picture(progress))
        return _went_well(progress)
    with Live(picture(progress), console=console, auto_refresh=False) as live:
        while any(_count(counts, UNFINISHED) for counts in progress["messengers"].values()):
            await asyncio.sleep(_REFRESH)
            progress = await service.call("GET", path)
            live.update(picture(progress), refresh=True)
    if not console.is_terminal:
        console.line()  # In a file or a pipe the last picture has no end of line.
    return _went_well(progress)


def picture(progress: Mapping[str, Any]) -> Group:
    """The progress of a message as `GET /api/messages/{id}/progress` gives it, for a terminal."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("messenger", "progress", "done", "of", "states"):
        table.add_column(heading, justify="right" if heading in {"done", "of"} else "left")
    for messenger, counts in progress["messengers"].items():
        total = sum(counts.values())
        done = total - _count(counts, UNFINISHED)
        states = ", ".join(f"{state} {counts[state]}" for state in State if counts.get(state))
        bar = ProgressBar(total=max(total, 1), completed=done, width=30)
        table.add_row(messenger, bar, str(done), str(total), Text(states, style="red" if _count(counts, _BAD) else ""))
    return Group(Text(f"{progress['id']}  {progress['status']}"), table)


def _went_well(progress: Mapping[str, Any]) -> bool:
    return not any(_count(counts, _BAD) for counts in progress["messengers"].values())


def _count(counts: Mapping[str, int], states: Any) -> int:
    return sum(counts.get(state, 0) for state in states)
