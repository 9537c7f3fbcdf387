"""Decides how a life is told: who did what, and when on the life's own time.

It has never heard of what matters; a story is told to whoever has to understand a failing seed.
"""

from collections.abc import Callable


class Story:
    """The events of one life; with `told` false nothing is kept, because hardly anybody will ask."""

    def __init__(self, time: Callable[[], float], *, told: bool) -> None:
        self._time = time
        self._told = told
        self.lines: list[str] = []

    def tell(self, who: str, what: str) -> None:
        """Adds an event."""
        if self._told:
            self.lines.append(f"{self._time():12.6f}  {who:<14} {what}")
