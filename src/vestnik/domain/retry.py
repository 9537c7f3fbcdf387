"""Decides how long a delivery waits before its next attempt: exponential backoff with full jitter.

It has never heard of a clock or a random number generator; both come in as arguments.
"""

from dataclasses import dataclass

from vestnik.domain.moment import Moment, seconds


@dataclass(frozen=True, slots=True)
class RetrySchedule:
    """`base` and `cap` are seconds: the n-th wait is drawn from 0 to min(cap, base · 2ⁿ⁻¹)."""

    base: float = 2.0
    cap: float = 300.0

    def next_due(self, now: Moment, attempt: int, luck: float, retry_after: float | None = None) -> Moment:
        """When to try again after the `attempt`-th try (1 is the first), with `luck` drawn evenly from [0, 1).

        A messenger that asked for `retry_after` seconds gets at least those, and the jitter on top of them.
        """
        ceiling = min(self.cap, self.base * 2.0 ** min(attempt - 1, 64))
        return now + seconds((retry_after or 0.0) + ceiling * luck)
