"""Decides what a life remembers of messages that the service lets go of, and whether they were to be let go of.

It has never heard of how a store lets go; it is shown what is there just before.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from vestnik.domain.delivery import AttemptMade, Delivery, ReceiptGot
from vestnik.domain.lifecycle import UNFINISHED
from vestnik.domain.message import Message
from vestnik.domain.moment import Moment


@dataclass(frozen=True, slots=True)
class Kept:
    """A delivery with its history, as it was when it was let go of."""

    row: Delivery
    attempts: list[AttemptMade]
    receipts: list[ReceiptGot]


@dataclass(slots=True)
class Archive:
    """Everything that was ever let go of, as it was before."""

    messages: dict[str, Message] = field(default_factory=dict)
    """With their texts."""
    deliveries: dict[str, dict[str, Kept]] = field(default_factory=dict)
    """By message and id."""
    gone: set[str] = field(default_factory=set)
    """Messages of which nothing was left."""
    faults: list[str] = field(default_factory=list)
    """What should have been kept."""

    def let_go(self, message: Message, deliveries: Iterable[Kept], before: Moment, *, whole: bool) -> None:
        """The message is about to lose its text and history, or with `whole` all that is left of it."""
        kept = self.deliveries.setdefault(message.id, {})
        for each in deliveries:
            known = kept.get(each.row.id)
            attempts = known.attempts if known and not each.attempts else each.attempts
            kept[each.row.id] = Kept(each.row, attempts, [*(known.receipts if known else ()), *each.receipts])
            if each.row.state in UNFINISHED:
                self.faults.append(f"{each.row.id} was let go of while it was {each.row.state}")
        if max(message.created_at, message.send_at or 0) > before:
            self.faults.append(f"{message.id} was let go of before its time")
        if message.text:
            self.messages[message.id] = message
        if whole:
            self.gone.add(message.id)
