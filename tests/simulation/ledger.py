"""Decides what people know: what they asked for, what they were told, and what they were left in doubt about.

It has never heard of the service; it is what the truth is compared with when a life is over.
"""

from dataclasses import dataclass, field
from typing import Any

from vestnik.domain.moment import Moment


@dataclass(slots=True)
class Order:
    """A message that somebody asked for, under one Idempotency-Key or none."""

    number: int
    body: dict[str, Any]
    key: str | None
    tries: int = 0
    refused: int | None = None
    """The status of a refusal that nothing will change."""
    message_id: str | None = None
    replayed: bool = False
    """The reply was that of an earlier request, or what was left of it: it may not name what was said before."""
    duplicates: list[str] = field(default_factory=list)
    """Ids of deliveries that said the same before."""

    @property
    def size(self) -> int:
        """How many deliveries it asks for."""
        return len(self.body["recipients"]) * len(self.body["messengers"])


@dataclass(slots=True)
class Touch:
    """What people did to messages and deliveries; what they were not told of may have happened too."""

    retries: dict[str, int] = field(default_factory=dict)
    """How often a retry of a delivery was asked for."""
    resolved: dict[str, set[str]] = field(default_factory=dict)
    """What deliveries may have been resolved as."""
    moved: dict[str, list[Moment]] = field(default_factory=dict)
    """Times to which messages may have been moved."""
    cancelled: set[str] = field(default_factory=set)
    """Messages that may have been cancelled."""


@dataclass(slots=True)
class Ledger:
    """Everything that people did in one life."""

    orders: list[Order] = field(default_factory=list)
    touch: Touch = field(default_factory=Touch)
    complaints: list[str] = field(default_factory=list)
    """What a person saw and should not have seen."""

    @property
    def accepted(self) -> list[str]:
        """Ids of the messages that people were told are accepted."""
        return [order.message_id for order in self.orders if order.message_id is not None]
