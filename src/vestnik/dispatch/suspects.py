"""Decides which recipients are not to be trusted with a healthy one's slot: those that kept us waiting lately.

It has never heard of lanes; the present comes in as an argument, and what it remembers is bounded.
"""

from typing import Final

from vestnik.domain.moment import Moment, seconds

_REMEMBERED_FOR: Final = seconds(300)
_AT_MOST: Final = 100_000


class Suspects:
    """Recipients of one messenger, each under suspicion for five minutes or until it answers in time."""

    def __init__(self) -> None:
        self._until: dict[str, Moment] = {}

    def add(self, recipient: str, now: Moment) -> None:
        """The recipient kept us waiting; the oldest suspicion makes room where there are too many."""
        self._until.pop(recipient, None)
        if len(self._until) >= _AT_MOST:
            del self._until[next(iter(self._until))]
        self._until[recipient] = now + _REMEMBERED_FOR

    def clear(self, recipient: str) -> None:
        """The recipient answered in time."""
        if self._until:
            self._until.pop(recipient, None)

    def include(self, recipient: str, now: Moment) -> bool:
        """Whether the recipient is under suspicion."""
        until = self._until.get(recipient) if self._until else None
        if until is not None and until <= now:
            del self._until[recipient]
            return False
        return until is not None
