"""Decides what time it is, what the next id is and how the dice fall: the sole source of each.

It has never heard of what waits for it; when it is moved, everything that has a time is looked at again.
"""

import asyncio
import os
import random
import time
from collections.abc import Callable
from datetime import datetime
from typing import Final

from vestnik.domain.moment import SECOND, Moment

_CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS: Final = [first + second for first in _CROCKFORD for second in _CROCKFORD]
_RANDOM_BITS: Final = 80
_TIME_BITS: Final = 48
_LONGEST_SLEEP: Final = 3600.0
"""Seconds after which whatever waits looks at the clock again: the machine's clock may have been set."""


class SystemClock:
    """The machine's time plus an offset that can be moved.

    What has a time waits on the monotonic clock, in one event loop, and looks again whenever the offset moves.
    """

    def __init__(self, offset: Moment = 0, *, seed: int | None = None) -> None:
        self._offset = offset
        self._jitter = random.Random(seed)
        self._appointments: dict[_Appointment, None] = {}
        self._last_id = 0

    @property
    def offset(self) -> Moment:
        """How far the clock stands ahead of the machine's, in microseconds; negative if it is behind."""
        return self._offset

    def now(self) -> Moment:
        """The present."""
        return time.time_ns() // 1000 + self._offset

    def move(self, offset: Moment) -> None:
        """Sets how far the clock stands ahead of the machine's; what is due by that happens at once."""
        self._offset = offset
        for appointment in list(self._appointments):
            appointment.look()

    async def sleep_until(self, moment: Moment) -> None:
        """Returns as soon as `now() >= moment`."""
        come = asyncio.Event()
        appointment = self.call_at(moment, come.set)
        try:
            await come.wait()
        finally:
            appointment.cancel()

    def call_at(self, moment: Moment, callback: Callable[[], None]) -> "_Appointment":
        """Calls back as soon as `now() >= moment`, at once where that is so."""
        appointment = _Appointment(self, self._appointments, moment, callback)
        appointment.look()
        return appointment

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


class _Appointment:
    """A callback and its moment; it is in `pending` from its first look until it is over."""

    __slots__ = ("_callback", "_clock", "_moment", "_pending", "_timer")

    def __init__(
        self, clock: SystemClock, pending: "dict[_Appointment, None]", moment: Moment, callback: Callable[[], None]
    ) -> None:
        self._clock = clock
        self._pending = pending
        self._moment = moment
        self._callback = callback
        self._timer: asyncio.TimerHandle | None = None

    def look(self) -> None:
        """Calls back if it is time, and waits on if it is not."""
        self.cancel()
        left = self._moment - self._clock.now()
        if left <= 0:
            self._callback()
        else:
            self._pending[self] = None
            self._timer = asyncio.get_running_loop().call_later(min(left / SECOND, _LONGEST_SLEEP), self.look)

    def cancel(self) -> None:
        """Ends the wait."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            del self._pending[self]


def wall_time() -> datetime:
    """The machine's own time with its offset from UTC, for log lines."""
    return datetime.now().astimezone()


def _encode(number: int) -> str:
    return "".join([_PAIRS[(number >> shift) & 1023] for shift in range(120, -1, -10)])
