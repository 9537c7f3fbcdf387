"""Decides how a loop waits: until the earliest time that it was set for, or until somebody rings.

It has never heard of what the loop does when it wakes.
"""

import asyncio

from vestnik.domain.moment import Moment
from vestnik.ports import Appointment, Clock


class Alarm:
    """An alarm clock for one waiting loop; it rings at once if it rang since the last wait."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._at: Moment | None = None
        self._appointment: Appointment | None = None
        self._ringing = asyncio.Event()

    def ring(self) -> None:
        """Ends the present or the next wait."""
        self._ringing.set()

    def set_for(self, moment: Moment | None) -> None:
        """Ends the wait at that moment, unless it is set for an earlier one."""
        if moment is not None and (self._at is None or moment < self._at):
            self._unset()
            self._at = moment
            self._appointment = self._clock.call_at(moment, self._ringing.set)

    async def wait(self) -> None:
        """Returns when it rings or its time comes, and forgets both."""
        try:
            await self._ringing.wait()
        finally:
            self._ringing.clear()
            self._unset()

    def _unset(self) -> None:
        self._at = None
        if self._appointment is not None:
            self._appointment.cancel()
            self._appointment = None
