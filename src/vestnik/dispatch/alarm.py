"""Decides how a loop waits: until the earliest time that it was set for, or until somebody rings.

It has never heard of what the loop does when it wakes.
"""

import asyncio

from vestnik.domain.moment import Moment
from vestnik.ports import Clock


class Alarm:
    """An alarm clock for one waiting loop; it rings at once if it rang since the last wait."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._at: Moment | None = None
        self._changed = asyncio.Event()
        self._rung = False

    def ring(self) -> None:
        """Ends the present or the next wait."""
        self._rung = True
        self._changed.set()

    def set_for(self, moment: Moment | None) -> None:
        """Ends the wait at that moment, unless it is set for an earlier one."""
        if moment is not None and (self._at is None or moment < self._at):
            self._at = moment
            self._changed.set()

    async def wait(self) -> None:
        """Returns when it rings or its time comes, and forgets both."""
        while not self._is_time():
            self._changed.clear()
            if self._at is None:
                await self._changed.wait()
            else:
                await self._sleep_or_change(self._at)
        self._rung = False
        self._at = None

    def _is_time(self) -> bool:
        return self._rung or (self._at is not None and self._clock.now() >= self._at)

    async def _sleep_or_change(self, moment: Moment) -> None:
        async with asyncio.TaskGroup() as group:
            sleeper = group.create_task(self._clock.sleep_until(moment))
            sleeper.add_done_callback(lambda _: self._changed.set())
            await self._changed.wait()
            sleeper.cancel()
