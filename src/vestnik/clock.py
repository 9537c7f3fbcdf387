"""Decides what time it is, what the next id is and how the dice fall: the sole source of each.

It has never heard of what waits for it; a moved clock wakes every sleeper, and each looks at the time for itself.
"""

import asyncio
import os
import random
import time
from datetime import datetime
from typing import Final

from vestnik.domain.moment import SECOND, Moment

_CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS: Final = [first + second for first in _CROCKFORD for second in _CROCKFORD]
_RANDOM_BITS: Final = 80
_TIME_BITS: Final = 48
_LONGEST_SLEEP: Final = 3600.0
"""Seconds after which a sleeper looks at the clock again: the machine's clock may have been set."""


class SystemClock:
    """The machine's time plus an offset that can be moved.

    Sleepers wait on the monotonic clock, in one event loop, and look again whenever the offset moves.
    """

    def __init__(self, offset: Moment = 0, *, seed: int | None = None) -> None:
        self._offset = offset
        self._jitter = random.Random(seed)
        self._moved = asyncio.Event()
        self._last_id = 0

    @property
    def offset(self) -> Moment:
        """How far the clock stands ahead of the machine's, in microseconds; negative if it is behind."""
        return self._offset

    def now(self) -> Moment:
        """The present."""
        return time.time_ns() // 1000 + self._offset

    def move(self, offset: Moment) -> None:
        """Sets how far the clock stands ahead of the machine's and wakes all sleepers."""
        self._offset = offset
        self._moved.set()
        self._moved = asyncio.Event()

    async def sleep_until(self, moment: Moment) -> None:
        """Returns as soon as `now() >= moment`."""
        while (left := moment - self.now()) > 0:
            try:
                async with asyncio.timeout(min(left / SECOND, _LONGEST_SLEEP)):
                    await self._moved.wait()
            except TimeoutError:
                continue

    def new_id(self) -> str:
        """A ULID: 48 bits of milliseconds, 80 random bits, as 26 characters that sort by time.

        Ids of one process only grow, also within a millisecond and when the clock is moved back.
        """
        stamp = (max(self.now(), 0) // 1000) & ((1 << _TIME_BITS) - 1)
        fresh = (stamp << _RANDOM_BITS) | int.from_bytes(os.urandom(_RANDOM_BITS // 8))
        self._last_id = fresh if fresh > self._last_id else self._last_id + 1
        return _encode(self._last_id)

    def luck(self) -> float:
        """A number drawn evenly from [0, 1)."""
        return self._jitter.random()


def wall_time() -> datetime:
    """The machine's own time with its offset from UTC, for log lines."""
    return datetime.now().astimezone()


def _encode(number: int) -> str:
    return "".join([_PAIRS[(number >> shift) & 1023] for shift in range(120, -1, -10)])
