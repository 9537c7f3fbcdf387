"""Decides which reports a message will bring and when, from what its phone is like and which fault strikes them.

It has never heard of how a report is written or told.
"""

from collections.abc import Collection, Sequence
from typing import Final

from vestnik.emulation.faults import Fault, Rule
from vestnik.emulation.journal import Due
from vestnik.emulation.phones import Phone
from vestnik.emulation.when import Moment, span

SENT: Final = "sent"
DELIVERED: Final = "delivered"
READ: Final = "read"
FAILED: Final = "failed"
MESSAGE: Final = "message"
"""Not about a message of the bot but one that a person wrote to it."""

NO_REPORTS: Final[Sequence[Due]] = ()


def reports_of(
    kinds: Sequence[str], wanted: Collection[str], phone: Phone, rule: Rule | None, *, failed: bool, now: Moment
) -> Sequence[Due]:
    """The reports of a message taken now, in the order in which they will be told.

    `kinds` are those that the messenger knows, in order, and `wanted` those that the bot asked for. A message that
    `failed` brings that report alone.
    """
    dues = [_due(kind, phone, now) for kind in ([FAILED] if failed else kinds) if kind in wanted]
    happening = [due for due in dues if due is not None]
    return happening if rule is None else _struck(happening, rule)


def _due(kind: str, phone: Phone, now: Moment) -> Due | None:
    if kind in (SENT, FAILED):
        return Due(kind, now)
    wait = 0
    if kind == READ:
        if phone.reads_after is None:
            return None
        wait = span(phone.reads_after)
    elif kind != DELIVERED:
        return None
    return Due(kind, now + wait if phone.online else None, wait)


def _struck(dues: list[Due], rule: Rule) -> Sequence[Due]:
    match rule.fault:
        case Fault.RECEIPT_LOST:
            return NO_REPORTS
        case Fault.RECEIPT_DUPLICATED:
            return [due for due in dues for _ in range(2)]
        case Fault.RECEIPT_LATE:
            return [
                Due(due.kind, None if due.at is None else due.at + rule.pause, due.wait + rule.pause) for due in dues
            ]
        case Fault.RECEIPT_REORDERED:
            return _reordered(dues)
        case _:
            return dues


def _reordered(dues: list[Due]) -> list[Due]:
    """Last things first: all are told when the last would be."""
    wait = max((due.wait for due in dues), default=0)
    times = [due.at for due in dues if due.at is not None]
    at = max(times) if len(times) == len(dues) and times else None
    return [Due(due.kind, at, wait) for due in reversed(dues)]
