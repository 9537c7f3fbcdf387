"""Decides how fast a lane may go: messages per second for the bot and a gap between two to the same recipient.

It has never heard of a clock or of sending; the present comes in as an argument.
"""

from typing import Final

from vestnik.domain.moment import SECOND, Moment, seconds

_BURST: Final = SECOND // 10
"""What was not used in the last tenth of a second may be sent at once."""
_FORGET_ABOVE: Final = 10_000
"""So many remembered recipients make the past ones worth dropping."""


class Pace:
    """Both limits are off where they are 0; `gap` is seconds."""

    def __init__(self, per_second: float = 0.0, gap: float = 0.0) -> None:
        self._interval = SECOND / per_second if per_second else 0.0
        self._next_free = 0.0
        self._gap = seconds(gap)
        self._not_before: dict[str, Moment] = {}

    def allowance(self, now: Moment) -> int | None:
        """How many may be sent now; None where there is no limit."""
        if not self._interval:
            return None
        credit = now - max(self._next_free, now - _BURST - self._interval)
        return max(0, int(credit / self._interval))

    def spend(self, count: int, now: Moment) -> None:
        """Counts `count` messages against the limit."""
        self._next_free = max(self._next_free, now - _BURST - self._interval) + count * self._interval

    def next_allowance(self) -> Moment:
        """When one more may be sent."""
        return int(self._next_free + self._interval) + 1

    def hold_until(self, recipient: str, now: Moment) -> Moment | None:
        """When the recipient may get the next message, if that is later than now; otherwise the gap begins now."""
        if not self._gap:
            return None
        not_before = self._not_before.get(recipient, now)
        if not_before > now:
            return not_before
        if len(self._not_before) >= _FORGET_ABOVE:
            self._not_before = {who: when for who, when in self._not_before.items() if when > now}
        self._not_before[recipient] = now + self._gap
        return None
