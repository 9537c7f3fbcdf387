"""Decides when a lane stops knocking at a messenger that is down, and when it knocks again.

It has never heard of a clock or of what the trouble is; the present comes in as an argument.
"""

from typing import Final

from vestnik.domain.moment import Moment, seconds

_FIRST_PAUSE: Final = 1.0
_LONGEST_PAUSE: Final = 10.0


class Breaker:
    """Opens after `threshold` failures of the messenger itself with no success in between.

    While it is open nothing is sent. After the pause a few probes go; the first success closes it, and failures double
    the pause from 1 to 10 seconds.
    """

    def __init__(self, threshold: int) -> None:
        self._threshold = threshold
        self._failures = 0
        self._pause = _FIRST_PAUSE
        self._open_until: Moment | None = None

    @property
    def probing(self) -> bool:
        """Whether the last that is known of the messenger is that it was down."""
        return self._open_until is not None

    def closed_at(self, now: Moment) -> Moment | None:
        """When something may be sent again; None where it may be now."""
        return self._open_until if self._open_until is not None and self._open_until > now else None

    def succeeded(self) -> None:
        """The messenger answered as it should."""
        self._failures = 0
        self._pause = _FIRST_PAUSE
        self._open_until = None

    def failed(self, now: Moment, retry_after: float | None = None) -> None:
        """The messenger itself was in trouble; `retry_after` is the seconds it asked for, if it did."""
        self._failures += 1
        if self.closed_at(now) is not None or (self._failures < self._threshold and not self.probing):
            return
        self._open_until = now + seconds(max(self._pause, retry_after or 0.0))
        self._pause = min(self._pause * 2, _LONGEST_PAUSE)
