"""Decides how dispatching starts, wakes and stops as a whole.

It has never heard of which messengers there are: it runs the lanes that it is given.
"""

import asyncio
from collections.abc import Sequence

import structlog

from vestnik.dispatch.lane import Lane
from vestnik.dispatch.sweep import Sweep
from vestnik.domain.moment import Moment

log = structlog.get_logger()


class Dispatcher:
    """All lanes and the sweep of one process."""

    def __init__(self, lanes: Sequence[Lane], sweep: Sweep) -> None:
        self._lanes = lanes
        self._sweep = sweep
        sweep.put_off = self._expect

    def wake(self) -> None:
        """Something was accepted, rescheduled or moved: every lane looks for itself."""
        for lane in self._lanes:
            lane.wake()
        self._sweep.alarm.ring()

    def _expect(self, moment: Moment) -> None:
        for lane in self._lanes:
            lane.expect(moment)

    def stop(self) -> None:
        """Ends `run` once attempts under way have finished, within the lanes' grace."""
        self._sweep.stop()
        for lane in self._lanes:
            lane.stop()

    async def run(self) -> None:
        """Picks up what a dead process left under way, then sends until stopped."""
        await self._sweep.recover()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._sweep.run())
            for lane in self._lanes:
                group.create_task(lane.run())
