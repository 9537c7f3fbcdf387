"""Decides what an attempt can end in and what a messenger can report later.

It has never heard of a particular messenger: a gateway translates its vendor's words into these.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, TypeAlias

from vestnik.domain.lifecycle import Event
from vestnik.domain.moment import Moment


class Blame(StrEnum):
    """Whose trouble it was: it decides whether others have to wait because of it."""

    RECIPIENT = "recipient"
    LANE = "lane"


class Taken(NamedTuple):
    """The messenger took the message and calls it `external_id`."""

    external_id: str
    for_good: bool = False
    """True where the messenger reports nothing more: being taken is being delivered."""


@dataclass(frozen=True, slots=True)
class PutOff:
    """The messenger did not take it, and a later attempt may succeed."""

    code: str
    detail: str
    retry_after: float | None = None
    """Seconds that the messenger asked to wait, if it did."""
    blame: Blame = Blame.LANE


@dataclass(frozen=True, slots=True)
class Refused:
    """The messenger did not take it and never will."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Unclear:
    """No answer came: the messenger may or may not have taken it."""

    code: str
    detail: str


Outcome: TypeAlias = Taken | PutOff | Refused | Unclear


class ReceiptKind(StrEnum):
    """What a messenger reports about a message that it took."""

    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"

    @property
    def event(self) -> Event:
        """The step that the report makes a delivery take."""
        return Event(f"report_{self.value}")


class Receipt(NamedTuple):
    """One report: it finds its delivery by `reference`, or else by `external_id`."""

    messenger: str
    kind: ReceiptKind
    external_id: str
    at: Moment
    reference: str | None = None
    """The delivery's id, where the messenger echoes what we gave it."""
    recipient: str | None = None
    code: str | None = None
    detail: str | None = None
