"""Decides what a message is when a sender orders it and what is told of it later.

It has never heard of JSON, HTTP or tables; whoever builds an Order has checked it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from vestnik.domain.lifecycle import State
from vestnik.domain.moment import Moment
from vestnik.domain.priority import Priority


@dataclass(frozen=True, slots=True)
class Sender:
    """Who speaks: an account, created when it first does."""

    id: str
    name: str


class Address(NamedTuple):
    """One recipient on one messenger, by the identifier in that messenger's canonical form."""

    messenger: str
    recipient: str
    account: str | None
    """The account that the identifier was taken from, if it was."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a sender wants said, to whom, when and how hard to try: valid at birth.

    `deliveries[n]` becomes the delivery `<id>-<n>`. Without a `content_key` duplicates are allowed.
    """

    id: str
    sender: Sender
    text: str
    deliveries: Sequence[Address]
    priority: Priority
    max_attempts: int
    content_key: str | None
    send_at: Moment | None = None
    expires_at: Moment | None = None
    request_key: str | None = None
    """The Idempotency-Key under which the request came, already begun in the store."""


@dataclass(frozen=True, slots=True)
class Duplicate:
    """`Order.deliveries[index]` was not accepted: `delivery_id` already says the same to the same recipient."""

    index: int
    delivery_id: str


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What became of an order.

    `message_id` is the order's id, or where every delivery is a duplicate the id of the first one's original, and then
    nothing was stored.
    """

    message_id: str
    duplicates: Sequence[Duplicate]


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it stands."""

    id: str
    sender: Sender
    text: str
    created_at: Moment
    send_at: Moment | None
    expires_at: Moment | None
    max_attempts: int
    priority: Priority
    counts: Mapping[State, int]
    """How many deliveries are in each state; states with none may be absent."""
