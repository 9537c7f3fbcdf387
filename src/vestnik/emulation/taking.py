"""Decides whether a call that cannot be finished has already put something into the journal.

It has never heard of what was called; whoever answers for the call asks here what may still be said.
"""

from contextvars import ContextVar
from types import TracebackType
from typing import Final, Self


class Taking:
    """What one call has done so far: what is taken inside, in tasks begun there too, is noted."""

    __slots__ = ("_token", "something")

    def __init__(self) -> None:
        self.something = False
        """Whether a message is in the journal because of it."""

    def __enter__(self) -> Self:
        self._token = _CALL.set(self)
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        _CALL.reset(self._token)


_CALL: Final[ContextVar[Taking | None]] = ContextVar("call", default=None)


def note_taken() -> None:
    """The present call has put something into the journal."""
    if (taking := _CALL.get()) is not None:
        taking.something = True
