"""Decides what was lost and what was doubled: what was accepted is held against what the phones really got.

It has never heard of what the service itself believes; the emulators' journal is the ground truth.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from tests.acceptance.people import Person, at_messenger


class Arrival(NamedTuple):
    """One text on one phone."""

    messenger: str
    recipient: str
    text: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the journal."""

    seq: int
    arrival: Arrival
    at: datetime
    external_id: str
    idempotency_key: str | None

    @classmethod
    def read(cls, line: dict[str, Any]) -> "Entry":
        """The line as the control API gives it."""
        arrival = Arrival(line["messenger"], line["recipient"], line["text"])
        at = datetime.fromisoformat(line["at"])
        return cls(line["seq"], arrival, at, line["external_id"], line["idempotency_key"])


@dataclass(frozen=True, slots=True)
class Audit:
    """What came of everything that was accepted; `unasked` is what phones got that nobody had accepted."""

    accepted: int
    lost: list[Arrival]
    doubled: list[Arrival]
    unasked: list[Arrival]

    @property
    def faultless(self) -> bool:
        return not (self.lost or self.doubled or self.unasked)

    def __str__(self) -> str:
        line = f"accepted = {self.accepted}, lost = {len(self.lost)}, doubled = {len(self.doubled)}"
        return line + (f", unasked = {len(self.unasked)}" if self.unasked else "")


def expected(text: str, recipients: Iterable[Person], messengers: Iterable[str]) -> list[Arrival]:
    """What a message must make arrive."""
    chosen = tuple(messengers)
    return [
        Arrival(messenger, at_messenger(messenger, recipient[messenger]), text)
        for recipient in recipients
        for messenger in chosen
    ]


def audit(accepted: Iterable[Arrival], journal: Iterable[Entry]) -> Audit:
    """Holds each accepted arrival, which must be told once and no more, against the journal."""
    wanted, got = Counter(accepted), Counter(entry.arrival for entry in journal)
    return Audit(
        wanted.total(),
        sorted((wanted - got).elements()),
        sorted(arrival for arrival in (got - wanted).elements() if arrival in wanted),
        sorted(arrival for arrival in (got - wanted).elements() if arrival not in wanted),
    )
