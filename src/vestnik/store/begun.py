"""Decides what is known of a request under an Idempotency-Key from the row that is kept of it.

It has never heard of what the requests ask.
"""

from typing import Final, NamedTuple

import msgspec

from vestnik.domain.moment import Moment, seconds
from vestnik.domain.requests import KEPT_FOR, Fresh, Known, OtherBody, Replay, Running
from vestnik.store.rows import unfinished_replay

_LONGEST: Final = seconds(300)
"""No request takes longer; one that is older and has no reply was given up, though its process may still live."""


class Beginning(NamedTuple):
    """A request that comes in; `abandoned` if this life of the store has failed to keep its first reply."""

    key: str
    fingerprint: str
    now: Moment
    life: int
    abandoned: bool


class Reply(msgspec.Struct, array_like=True):
    """A reply to be kept."""

    key: str
    status: int
    body: bytes
    location: str | None


class Begun(msgspec.Struct, array_like=True):
    """A request that is known; `alive` where it was begun by another process that still lives."""

    key: str
    fingerprint: str
    begun_at: Moment
    life: int
    message_id: str | None = None
    status: int | None = None
    body: bytes | None = None
    location: str | None = None
    alive: bool = False

    def known_to(self, asking: Beginning) -> Known:
        """What whoever asks is told; Fresh where it is to be begun anew."""
        if self.begun_at <= asking.now - KEPT_FOR:
            return Fresh()
        if self.fingerprint != asking.fingerprint:
            return OtherBody()
        if self.status is not None:
            return Replay(self.status, self.body or b"", self.location)
        if self.life == asking.life:
            running = not asking.abandoned
        else:
            running = self.alive and self.begun_at > asking.now - _LONGEST
        if running:
            return Running()
        return Fresh() if self.message_id is None else unfinished_replay(self.message_id)
