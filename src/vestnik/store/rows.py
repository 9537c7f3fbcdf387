"""Decides how a delivery and what belongs to it look as rows, the same for every store.

It has never heard of SQL; the order of the fields is the order in which a store's statements name the columns.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

import msgspec

from vestnik.domain.delivery import Claim, Delivery, ReceiptGot, delivery_id, split_delivery_id
from vestnik.domain.errors import Conflict, NotFound
from vestnik.domain.lifecycle import SLOTLESS, UNFINISHED, Event, State, must_step
from vestnik.domain.message import Message, Sender
from vestnik.domain.moment import EARLIEST, Moment, seconds
from vestnik.domain.outcomes import Receipt, ReceiptKind
from vestnik.domain.priority import Priority
from vestnik.domain.requests import Replay

RIPEN_AT_ONCE: Final = 5_000
"""How many deferred deliveries that have come due one claim makes wait; the next one goes on."""
FORGET_AT_ONCE: Final = 5_000
"""How many rows of a kind one call of `forget` drops."""
RETIRE_AT_ONCE: Final = 2_000
"""How many deliveries the messages have together that one call of `retire` lets go of; one with more goes alone."""
EARLY_KEPT_FOR: Final = seconds(24 * 3600)

DeliveryKey: TypeAlias = tuple[str, int]
"""A message's id and the ordinal of its delivery."""


def delivery_key(delivery: str | None) -> DeliveryKey | None:
    """The key of a delivery's id; None for what cannot be one."""
    try:
        return None if delivery is None else split_delivery_id(delivery)
    except NotFound:
        return None


class Row(msgspec.Struct, array_like=True):
    """One delivery. `attempts` counts all that were begun and not given back, `max_attempts` how far that may go."""

    message_id: str
    ordinal: int
    messenger: str
    recipient: str
    account: str | None
    state: State
    priority: Priority
    attempts: int
    max_attempts: int
    due_at: Moment | None
    """None once it is finished."""
    lease_until: Moment | None
    """None unless it is being sent."""
    claimed_at: Moment | None
    """When the latest attempt began."""
    expires_at: Moment | None
    external_id: str | None
    code: str | None
    detail: str | None
    doubt: bool
    suspect: bool
    content_key: str | None
    """None holds no dedupe slot."""
    issue: int
    """How often it was sent anew after its messenger had taken it and then failed."""

    @property
    def key(self) -> DeliveryKey:
        return self.message_id, self.ordinal

    def is_leased(self, attempt: int, claimed_at: Moment) -> bool:
        """Whether this very lease lasts: the fence for whatever ends it."""
        return self.state is State.SENDING and (self.attempts, self.claimed_at or 0) == (attempt, claimed_at)

    def move(self, state: State) -> None:
        """To the state, letting go of what has no meaning there; what is in doubt keeps its dedupe slot."""
        self.state = state
        self.lease_until = None
        if state not in UNFINISHED:
            self.due_at = None
        if state in SLOTLESS and not self.doubt:
            self.content_key = None

    def end(self, event: Event) -> None:
        """Cancels or expires it; what is in doubt may have arrived and becomes unknown. IllegalStep where it cannot."""
        self.move(must_step(self.state, Event.GIVE_UP if self.doubt else event))

    def delivery(self) -> Delivery:
        return Delivery(
            delivery_id(self.message_id, self.ordinal),
            self.message_id,
            self.messenger,
            self.recipient,
            self.account,
            self.state,
            self.attempts,
            self.max_attempts,
            self.due_at,
            self.external_id,
            self.code,
            self.detail,
        )

    def claim(self, said: "Said") -> Claim:
        return Claim(
            delivery_id(self.message_id, self.ordinal),
            self.messenger,
            self.recipient,
            said.text,
            said.sender_id,
            said.sender_name,
            self.attempts,
            self.max_attempts,
            self.claimed_at or 0,
            self.doubt,
            self.issue,
            self.priority,
        )


class Said(msgspec.Struct, array_like=True):
    """What the deliveries of a message have in common: who says what."""

    message_id: str
    sender_id: str
    sender_name: str
    text: str


class MessageRow(msgspec.Struct, array_like=True):
    """A message; `counts` follow the order of State."""

    id: str
    sender_id: str
    sender_name: str
    text: str
    created_at: Moment
    send_at: Moment | None
    expires_at: Moment | None
    max_attempts: int
    priority: Priority
    content_key: str | None
    counts: Sequence[int]

    def message(self) -> Message:
        return Message(
            self.id,
            Sender(self.sender_id, self.sender_name),
            self.text,
            self.created_at,
            self.send_at,
            self.expires_at,
            self.max_attempts,
            self.priority,
            {state: count for state, count in zip(State, self.counts, strict=True) if count},
        )


REPORTED_WITHIN: Final = seconds(14 * 24 * 3600)
"""Messengers keep what they could not deliver no longer, so a report that it has arrived comes by then."""


class Retirement(NamedTuple):
    """What is over: finished messages of `text_before` or earlier, and those of `whole_before` altogether.

    What was sent and not yet reported, or may have arrived under an id that nobody knows, stays in outline until
    `unreported_before`: its report would be taken for that of another message to the same person.
    """

    text_before: Moment
    whole_before: Moment | None
    unreported_before: Moment

    @classmethod
    def of(cls, before: Moment, window_start: Moment | None) -> "Retirement":
        """A message stays in outline as long as its dedupe slots may block anything."""
        whole = None if window_start is None else min(before, window_start)
        return cls(before, whole, EARLIEST if whole is None else whole - REPORTED_WITHIN)


class Early(msgspec.Struct, array_like=True):
    """A report that came before its record; `number` tells the order in which such reports came."""

    number: int
    kept_at: Moment
    messenger: str
    kind: ReceiptKind
    external_id: str
    at: Moment
    reference: str | None
    recipient: str | None
    code: str | None
    detail: str | None

    @classmethod
    def of(cls, receipt: Receipt, number: int, now: Moment) -> "Early":
        return cls(
            number,
            now,
            receipt.messenger,
            receipt.kind,
            receipt.external_id,
            receipt.at,
            receipt.reference,
            receipt.recipient,
            receipt.code,
            receipt.detail,
        )

    def receipt(self) -> Receipt:
        return Receipt(
            self.messenger,
            self.kind,
            self.external_id,
            self.at,
            self.reference,
            self.recipient,
            self.code,
            self.detail,
        )

    @property
    def identity(self) -> tuple[Any, ...]:
        """A report with the same identity says the same again."""
        return self.messenger, self.external_id, self.kind, self.reference


def in_order(receipts: Iterable[ReceiptGot]) -> list[ReceiptGot]:
    """Reports as they must have happened; what happened at once, in the order of the kinds."""
    kinds = [kind.value for kind in ReceiptKind]
    return sorted(receipts, key=lambda got: (got.at, kinds.index(got.kind)))


def unfinished_replay(message_id: str) -> Replay:
    """What is left of a request whose process died after it accepted a message and before it kept the reply."""
    return Replay(202, b"", None, message_id)


def no_message(message_id: str) -> NotFound:
    return NotFound(f"no message has the id {message_id!r}")


def no_delivery(delivery: str) -> NotFound:
    return NotFound(f"no delivery has the id {delivery!r}")


def nothing_to(deed: str, message_id: str) -> Conflict:
    return Conflict(f"nothing of the message {message_id} is left to {deed}")


def slot_taken(holder: DeliveryKey) -> Conflict:
    return Conflict(f"the delivery {delivery_id(*holder)} already says the same to the same recipient")


def text_gone(message_id: str) -> Conflict:
    return Conflict(f"the text of the message {message_id} is no longer kept, so it cannot be sent again")


def name_taken(name: str) -> Conflict:
    return Conflict(f"a key named {name!r} is in use")
