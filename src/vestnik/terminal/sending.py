"""Decides what `vestnik send` does: requests of at most 1,000 recipients each, with a bar for those accepted.

It has never heard of how messages are stored or delivered.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from vestnik.terminal.people import Named
from vestnik.terminal.service import Service, ServiceTrouble

_PER_REQUEST: Final = 1_000
_RECIPIENT: Final = re.compile(r"#/recipients/(\d+)(.*)")


@dataclass(frozen=True, slots=True)
class Sending:
    """What to say to whom; `more` holds the optional fields of a request as they are."""

    sender: str
    text: str
    messengers: Sequence[str]
    people: Sequence[Named]
    more: dict[str, Any]


async def send(service: Service, sending: Sending, console: Console) -> list[str]:
    """Hands everything over and prints the id of each message; the ids. ServiceTrouble ends it at the first refusal.

    Parts that were accepted before a refusal stay accepted, their ids are printed by then, and sending the same again
    repeats nothing. A refusal tells where its recipients were named.
    """
    ids: list[str] = []
    duplicates = 0
    columns = TextColumn("accepted"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("accepted", total=len(sending.people))
        for begin in range(0, len(sending.people), _PER_REQUEST):
            part = sending.people[begin : begin + _PER_REQUEST]
            try:
                answer = await service.call("POST", "/api/messages", _body(sending, part))
            except ServiceTrouble as trouble:
                faults = [(_place(pointer, part), wrong) for pointer, wrong in trouble.faults]
                raise ServiceTrouble(trouble.detail, faults) from None
            ids.append(answer["id"])
            console.print(answer["id"], highlight=False, soft_wrap=True)
            duplicates += len(answer["duplicates"])
            progress.advance(bar, len(part))
    if duplicates:
        console.print(f"{duplicates} already had this message and will not get it again.", highlight=False)
    return ids


def _place(pointer: str, part: Sequence[Named]) -> str:
    """Where the recipient at fault was named; a pointer to anything else as it is."""
    found = _RECIPIENT.fullmatch(pointer)
    return pointer if found is None else part[int(found[1])].place + found[2].replace("/", ", ")


def _body(sending: Sending, part: Sequence[Named]) -> dict[str, Any]:
    return {
        "sender": sending.sender,
        "text": sending.text,
        "messengers": list(sending.messengers),
        "recipients": [named.person for named in part],
        **sending.more,
    }
