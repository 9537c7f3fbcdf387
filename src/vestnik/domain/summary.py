"""Decides the one word that stands for a whole message, from how many of its deliveries are in which state.

It has never heard of how the numbers are kept; the stores derive the same word by the same rule and an exam compares.
"""

from collections.abc import Mapping

from vestnik.domain.lifecycle import TAKEN, State

_PROGRESS = (State.SENT, State.DELIVERED, State.READ, State.FAILED, State.UNKNOWN)
_FINISHED_IN_ORDER = (State.FAILED, State.UNKNOWN, State.EXPIRED, State.SENT, State.DELIVERED, State.READ)


def message_status(counts: Mapping[State, int]) -> State:
    """The state of a message: what is left to do, or else the least happy thing that happened.

    A message is `sending` while an attempt is under way, and between attempts once some of it got somewhere.
    """
    if counts.get(State.SENDING, 0):
        return State.SENDING
    if counts.get(State.WAITING, 0):
        return State.SENDING if any(counts.get(state, 0) for state in _PROGRESS) else State.WAITING
    if counts.get(State.DEFERRED, 0):
        return State.DEFERRED
    return next((state for state in _FINISHED_IN_ORDER if counts.get(state, 0)), State.CANCELLED)


def is_sent(counts: Mapping[State, int]) -> bool:
    """Whether messengers have taken all of the message that was not cancelled."""
    present = {state for state, count in counts.items() if count} - {State.CANCELLED}
    return bool(present) and present <= TAKEN
