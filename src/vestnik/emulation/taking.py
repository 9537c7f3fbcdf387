"""Decides whether a call that cannot be finished has already put something into the journal.

It has never heard of what was called; whoever answers for the call asks here what may still be said.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final


class Taking:
    """What one call has done so far."""

    __slots__ = ("something",)

    def __init__(self) -> None:
        self.something = False
        """Whether a message is in the journal because of it."""


_CALL: Final[ContextVar[Taking | None]] = ContextVar("call", default=None)


@contextmanager
def one_call() -> Iterator[Taking]:
    """What is taken inside, in tasks begun there too, is noted."""
    taking = Taking()
    token = _CALL.set(taking)
    try:
        yield taking
    finally:
        _CALL.reset(token)


def note_taken() -> None:
    """The present call has put something into the journal."""
    if (taking := _CALL.get()) is not None:
        taking.something = True
