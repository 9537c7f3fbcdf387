"""Decides what is known of a request under an Idempotency-Key: from the row kept of it, and from who works on it here.

It has never heard of what the requests ask.
"""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, NamedTuple

import msgspec

from vestnik.domain.moment import Moment, seconds
from vestnik.domain.requests import KEPT_FOR, Fresh, Known, OtherBody, Replay, Running
from vestnik.store.rows import unfinished_replay

_LONGEST: Final = seconds(300)
"""No request takes longer; one that is older and has no reply was given up, though its process may still live."""


class Beginning(NamedTuple):
    """A request that comes in; `abandoned` if nobody in this life of the store works on it."""

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


@dataclass(slots=True, eq=False)
class _Asking:
    overtaken: bool = False
    """Another one was let in meanwhile: what the store answers may be of before that one's end."""


class UnderWay:
    """The requests that one life of a store has let in and that have not ended.

    The row alone cannot tell: a commit may have been made of which nobody could be told, be it that a request began or
    how it ended. So a row of this life under whose key nobody here works, begins or ends anything is abandoned.
    """

    def __init__(self, life: int) -> None:
        self._life = life
        self._let_in: set[str] = set()
        self._asking: dict[str, list[_Asking]] = {}
        """Who waits for the store under a key."""

    async def begin(
        self, key: str, fingerprint: str, now: Moment, ask: Callable[[Beginning], Awaitable[Known]]
    ) -> Known:
        """What the store answers; of all that hear Fresh one is let in, and who asked before that is told it runs."""
        abandoned = key not in self._let_in and key not in self._asking
        with self._waiting(key) as asking:
            known = await ask(Beginning(key, fingerprint, now, self._life, abandoned))
        if known != Fresh():
            return known
        if asking.overtaken or key in self._let_in:
            return Running()
        for other in self._asking.get(key, ()):
            other.overtaken = True
        self._let_in.add(key)
        return known

    async def finish(self, reply: Reply, tell: Callable[[Reply], Awaitable[None]]) -> None:
        """Nobody works on it any more, whether the store can be told or not."""
        self._let_in.discard(reply.key)
        with self._waiting(reply.key):
            await tell(reply)

    @contextmanager
    def _waiting(self, key: str) -> Iterator[_Asking]:
        asking = _Asking()
        self._asking.setdefault(key, []).append(asking)
        try:
            yield asking
        finally:
            self._asking[key].remove(asking)
            if not self._asking[key]:
                del self._asking[key]
