"""Decides what `vestnik send` does: requests of at most 1,000 recipients each, with a bar for those accepted.

It has never heard of how messages are stored or delivered.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from vestnik.terminal.people import Person
from vestnik.terminal.service import Service

_PER_REQUEST: Final = 1_000


@dataclass(frozen=True, slots=True)
class Sending:
    """What to say to whom; `more` holds the optional fields of a request as they are."""

    sender: str
    text: str
    messengers: Sequence[str]
    people: Sequence[Person]
    more: dict[str, Any]


async def send(service: Service, sending: Sending, console: Console) -> list[str]:
    """Hands everything over and prints the id of each message; the ids. ServiceTrouble ends it at the first refusal.

    Parts that were accepted before a refusal stay accepted; sending the same again repeats nothing.
    """
    ids: list[str] = []
    duplicates = 0
    columns = TextColumn("accepted"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("accepted", total=len(sending.people))
        for begin in range(0, len(sending.people), _PER_REQUEST):
            part = sending.people[begin : begin + _PER_REQUEST]
            answer = await service.call("POST", "/api/messages", _body(sending, part))
            ids.append(answer["id"])
            duplicates += len(answer["duplicates"])
            progress.advance(bar, len(part))
    for message_id in ids:
        console.out(message_id, highlight=False)
    if duplicates:
        console.print(f"{duplicates} already had this message and will not get it again.", highlight=False)
    return ids


def _body(sending: Sending, part: Sequence[Person]) -> dict[str, Any]:
    return {
        "sender": sending.sender,
        "text": sending.text,
        "messengers": list(sending.messengers),
        "recipients": list(part),
        **sending.more,
    }
