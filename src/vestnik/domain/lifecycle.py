"""Decides every state that a delivery may be in and every step it may take, in one table.

It has never heard of who takes the step or where the state is kept; nothing outside this table moves a delivery.
"""

from enum import StrEnum
from typing import Final

from vestnik.domain.errors import IllegalStep


class State(StrEnum):
    """Where a delivery stands."""

    DEFERRED = "deferred"
    """Its time has not come."""
    WAITING = "waiting"
    """It is due, or waits for its next attempt."""
    SENDING = "sending"
    """It is leased and an attempt is under way."""
    SENT = "sent"
    """The messenger took it."""
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    """It is known not to have arrived."""
    UNKNOWN = "unknown"
    """It may or may not have arrived, and policy says not to send it again."""
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class Event(StrEnum):
    """What can happen to a delivery."""

    COME_DUE = "come_due"
    CLAIM = "claim"
    """A dispatcher leases it for an attempt."""
    GIVE_BACK = "give_back"
    """The lease is returned and no attempt was made."""
    TAKE = "take"
    """The messenger took it and will report what becomes of it."""
    TAKE_FOR_GOOD = "take_for_good"
    """The messenger took it and reports nothing more: being taken is being delivered."""
    PUT_OFF = "put_off"
    """The attempt did not succeed and another one will follow."""
    FAIL = "fail"
    """The attempt failed and none will follow."""
    DOUBT = "doubt"
    """The attempt ended without an answer and none will follow."""
    REPORT_SENT = "report_sent"
    REPORT_DELIVERED = "report_delivered"
    REPORT_READ = "report_read"
    REPORT_FAILED = "report_failed"
    CANCEL = "cancel"
    EXPIRE = "expire"
    GIVE_UP = "give_up"
    """It is cancelled or expires after an attempt without an answer, which may have arrived."""
    RESCHEDULE = "reschedule"
    """Its time was moved to the future."""
    RETRY = "retry"
    """A person asks for another round of attempts."""
    RESOLVE_DELIVERED = "resolve_delivered"
    """A person says that it arrived."""
    RESOLVE_FAILED = "resolve_failed"
    """A person says that it did not arrive."""


_S, _E = State, Event

TRANSITIONS: Final[dict[tuple[State, Event], State]] = {
    (_S.DEFERRED, _E.COME_DUE): _S.WAITING,
    (_S.DEFERRED, _E.CANCEL): _S.CANCELLED,
    (_S.DEFERRED, _E.EXPIRE): _S.EXPIRED,
    (_S.DEFERRED, _E.RESCHEDULE): _S.DEFERRED,
    (_S.WAITING, _E.CLAIM): _S.SENDING,
    (_S.WAITING, _E.CANCEL): _S.CANCELLED,
    (_S.WAITING, _E.EXPIRE): _S.EXPIRED,
    (_S.WAITING, _E.RESCHEDULE): _S.DEFERRED,
    (_S.WAITING, _E.GIVE_UP): _S.UNKNOWN,
    (_S.SENDING, _E.GIVE_BACK): _S.WAITING,
    (_S.SENDING, _E.TAKE): _S.SENT,
    (_S.SENDING, _E.TAKE_FOR_GOOD): _S.DELIVERED,
    (_S.SENDING, _E.PUT_OFF): _S.WAITING,
    (_S.SENDING, _E.FAIL): _S.FAILED,
    (_S.SENDING, _E.DOUBT): _S.UNKNOWN,
    (_S.SENT, _E.REPORT_SENT): _S.SENT,
    (_S.SENT, _E.REPORT_DELIVERED): _S.DELIVERED,
    (_S.SENT, _E.REPORT_READ): _S.READ,
    (_S.SENT, _E.REPORT_FAILED): _S.FAILED,
    (_S.DELIVERED, _E.REPORT_READ): _S.READ,
    # A delivery whose attempt ended without an answer waits or is unknown; a report settles it.
    (_S.WAITING, _E.REPORT_SENT): _S.SENT,
    (_S.WAITING, _E.REPORT_DELIVERED): _S.DELIVERED,
    (_S.WAITING, _E.REPORT_READ): _S.READ,
    (_S.WAITING, _E.REPORT_FAILED): _S.FAILED,
    (_S.UNKNOWN, _E.REPORT_SENT): _S.SENT,
    (_S.UNKNOWN, _E.REPORT_DELIVERED): _S.DELIVERED,
    (_S.UNKNOWN, _E.REPORT_READ): _S.READ,
    (_S.UNKNOWN, _E.REPORT_FAILED): _S.FAILED,
    (_S.UNKNOWN, _E.RETRY): _S.WAITING,
    (_S.UNKNOWN, _E.RESOLVE_DELIVERED): _S.DELIVERED,
    (_S.UNKNOWN, _E.RESOLVE_FAILED): _S.FAILED,
    (_S.FAILED, _E.RETRY): _S.WAITING,
    (_S.EXPIRED, _E.RETRY): _S.WAITING,
}

UNFINISHED: Final = frozenset({State.DEFERRED, State.WAITING, State.SENDING})
"""States that the service itself will still move on."""

TAKEN: Final = frozenset({State.SENT, State.DELIVERED, State.READ})
"""States in which the messenger has the message."""

SLOTLESS: Final = frozenset({State.FAILED, State.CANCELLED, State.EXPIRED})
"""States that give the dedupe slot back: the content is known not to have reached the recipient."""


def step(state: State, event: Event) -> State | None:
    """The state that follows, or None where the table knows no such step."""
    return TRANSITIONS.get((state, event))


def must_step(state: State, event: Event) -> State:
    """The state that follows; IllegalStep where the table knows no such step."""
    following = step(state, event)
    if following is None:
        raise IllegalStep(state, event)
    return following
