"""Decides whose turn it is where only one attempt to a recipient may be under way at a time.

It has never heard of tracks or slots: whoever waits is started by the function it was built with.
"""

from collections import deque
from collections.abc import Callable

from vestnik.domain.delivery import Claim


class Turns:
    """Recipients with an attempt under way, and the claims that wait behind each."""

    def __init__(self, start: Callable[[Claim], None]) -> None:
        self._start = start
        self._waiting: dict[str, deque[Claim]] = {}

    def busy(self, recipient: str) -> bool:
        """Whether an attempt to the recipient is under way or about to begin."""
        return recipient in self._waiting

    def enter(self, recipient: str) -> None:
        """An attempt to a recipient that is not busy is about to begin."""
        self._waiting[recipient] = deque()

    def wait(self, claim: Claim) -> None:
        """The claim waits until those before it have left."""
        self._waiting[claim.recipient].append(claim)

    def leave(self, recipient: str) -> None:
        """The attempt is over: the next claim starts, if one waits."""
        if waiting := self._waiting[recipient]:
            self._start(waiting.popleft())
        else:
            del self._waiting[recipient]

    def send_home(self, recipient: str) -> list[Claim]:
        """The claims that wait behind an attempt that takes too long; they wait no more."""
        followers = list(self._waiting[recipient])
        self._waiting[recipient].clear()
        return followers

    def send_all_home(self) -> list[Claim]:
        """All claims that wait; they wait no more."""
        return [claim for recipient in self._waiting for claim in self.send_home(recipient)]
