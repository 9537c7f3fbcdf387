"""Decides who goes first when more is due than a lane can send.

It has never heard of lanes or clocks: it is given what is due, in order, and answers what to take.
"""

from collections.abc import Sequence
from enum import IntEnum
from typing import TypeVar

T = TypeVar("T")

BULK_FROM = 1_001
"""A message with this many recipients is bulk unless it says otherwise."""

SHARE_OF_THE_LOWER = 10
"""One place in this many is kept for each priority below, so that none starves."""


class Priority(IntEnum):
    """Smaller goes first."""

    HIGH = 0
    NORMAL = 1
    BULK = 2

    @property
    def word(self) -> str:
        """The priority as the API spells it."""
        return self.name.lower()


def default_priority(recipients: int) -> Priority:
    """The priority of a message that names none."""
    return Priority.BULK if recipients >= BULK_FROM else Priority.NORMAL


def take_turns(due: Sequence[Sequence[T]], limit: int) -> list[T]:
    """Up to `limit` items from queues given in order of priority, each queue in its own order.

    The first queue goes first, but each later one that has items keeps a tenth of the places (at least one, as long
    as there are two); places that a queue does not use fall to the others, in order.
    """
    kept = max(1, limit // SHARE_OF_THE_LOWER) if limit > 1 else 0
    reserved = [min(kept, len(queue)) for queue in due[1:]]
    counts: list[int] = []
    left = limit
    for place, queue in enumerate(due):
        count = max(0, min(len(queue), left - sum(reserved[place:])))
        counts.append(count)
        left -= count
    return [item for queue, count in zip(due, counts, strict=True) for item in queue[:count]]
