"""Decides what a delivery is: to a dispatcher that claims it, to a store that records it, to a person who asks.

It has never heard of a queue, a table or a socket.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from vestnik.domain.errors import NotFound
from vestnik.domain.lifecycle import Event, State
from vestnik.domain.moment import Moment
from vestnik.domain.priority import Priority


def delivery_id(message_id: str, ordinal: int) -> str:
    """The id of a message's delivery number `ordinal` (0 is the first), for instance `01JD…-0`."""
    return f"{message_id}-{ordinal}"


def split_delivery_id(delivery: str) -> tuple[str, int]:
    """The message's id and the ordinal; NotFound for what cannot be a delivery's id."""
    message_id, dash, ordinal = delivery.rpartition("-")
    if not (dash and message_id and ordinal.isascii() and ordinal.isdigit() and len(ordinal) <= 9):
        raise NotFound(f"no delivery has the id {delivery!r}")
    return message_id, int(ordinal)


# What is made for every attempt is a NamedTuple: a frozen dataclass takes four times as long to make.


class Claim(NamedTuple):
    """A delivery leased for one attempt: all that a gateway needs to know."""

    delivery_id: str
    messenger: str
    recipient: str
    text: str
    sender_id: str
    sender_name: str
    attempt: int
    """1 is the first. With `claimed_at` it is the fence too: what comes of an older lease is refused."""
    max_attempts: int
    claimed_at: Moment
    """When this lease began: an attempt that was given back is followed by another one of its number."""
    doubt: bool = False
    """An earlier attempt ended without an answer and may have arrived."""
    issue: int = 0
    """How often a person had it sent anew after the messenger had taken it and then failed to deliver it."""
    priority: Priority = Priority.NORMAL

    @property
    def message_id(self) -> str:
        """The message that the delivery belongs to."""
        return split_delivery_id(self.delivery_id)[0]

    @property
    def key(self) -> str:
        """The Idempotency-Key of its attempts, one for each issue: a known key is answered and not sent again."""
        return f"{self.delivery_id}.{self.issue}" if self.issue else self.delivery_id

    def back(self, due_at: Moment, *, suspect: bool = False) -> "Return":
        """The claim, to be given back untried."""
        return Return(self.delivery_id, self.attempt, self.claimed_at, due_at, suspect)


class Ending(StrEnum):
    """How an attempt ended, as the history tells it."""

    TAKEN = "taken"
    PUT_OFF = "put_off"
    REFUSED = "refused"
    UNCLEAR = "unclear"


class Verdict(NamedTuple):
    """What follows from one attempt: one step of the lifecycle and what to remember of it."""

    delivery_id: str
    attempt: int
    event: Event
    ending: Ending
    started_at: Moment
    """When the attempt was claimed."""
    due_at: Moment | None = None
    """When to try again; only with PUT_OFF."""
    external_id: str | None = None
    code: str | None = None
    detail: str | None = None
    doubt: bool = False
    """This or an earlier attempt may have arrived without our knowing."""
    suspect: bool = False
    """The recipient kept us waiting: the next attempt shares the small part of the lane."""


class Return(NamedTuple):
    """A claim given back untried: the attempt does not count, and it is due again at `due_at`."""

    delivery_id: str
    attempt: int
    claimed_at: Moment
    due_at: Moment
    suspect: bool


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a lane got, and when to ask again if it got less than it asked for."""

    claims: list[Claim]
    next_due: Moment | None
    """The earliest time at which something not yet due will be; None where nothing waits."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A due delivery that nobody has claimed."""

    delivery_id: str
    recipient: str


@dataclass(frozen=True, slots=True)
class Due:
    """What waits to be claimed by id, as one look found it."""

    queues: list[list[Waiting]]
    """One for each priority, the highest first, each in its order; without what whoever looked holds already."""
    held: set[str]
    """Of the ids that whoever looked holds, those that are still due and unclaimed."""
    next_due: Moment | None
    """The earliest time at which something not yet due will be; None where nothing waits for its time."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """How one messenger's work stands."""

    messenger: str
    oldest_due: Moment | None
    """Since when the one that has waited longest is due, or when the first will be; None where none waits."""
    leases: int
    """How many are being sent, by whomever."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery as it stands."""

    id: str
    message_id: str
    messenger: str
    recipient: str
    account: str | None
    state: State
    attempts: int
    max_attempts: int
    due_at: Moment | None
    """When it is or was due; None once it is finished."""
    external_id: str | None
    code: str | None
    detail: str | None


class AttemptMade(NamedTuple):
    """One line of a delivery's history: an attempt."""

    attempt: int
    started_at: Moment
    ended_at: Moment
    ending: Ending
    code: str | None
    detail: str | None


@dataclass(frozen=True, slots=True)
class ReceiptGot:
    """One line of a delivery's history: the first report of its kind."""

    kind: str
    at: Moment
    code: str | None
    detail: str | None
