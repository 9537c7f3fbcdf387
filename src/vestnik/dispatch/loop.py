"""Decides how dispatching starts, wakes and stops as a whole.

It has never heard of which messengers there are: it runs the lanes that it is given.
"""

import asyncio
from collections.abc import Mapping

import structlog

from vestnik.dispatch.lane import Lane
from vestnik.dispatch.sweep import Sweep
from vestnik.domain.message import Order
from vestnik.domain.moment import Moment

log = structlog.get_logger()


class Dispatcher:
    """All lanes of one process, by messenger, and its sweep."""

    def __init__(self, lanes: Mapping[str, Lane], sweep: Sweep) -> None:
        self._lanes = lanes
        self._sweep = sweep
        sweep.put_off = self._expect

    def wake(self) -> None:
        """Anything may have come due, for instance because the clock moved: every lane looks for itself."""
        for lane in self._lanes.values():
            lane.wake()
        self._sweep.alarm.ring()

    def expect(self, order: Order, now: Moment) -> None:
        """The order was accepted just now: the lanes that it is for, and no others, look when it comes due."""
        due = now if order.send_at is None else max(order.send_at, now)
        for messenger in dict.fromkeys(address.messenger for address in order.deliveries):
            if messenger in self._lanes:
                self._lanes[messenger].expect_new(due)
        self._sweep.alarm.set_for(order.expires_at)

    def _expect(self, moment: Moment) -> None:
        for lane in self._lanes.values():
            lane.expect(moment)

    def stop(self) -> None:
        """Ends `run` once attempts under way have finished, within the lanes' grace."""
        self._sweep.stop()
        for lane in self._lanes.values():
            lane.stop()

    async def run(self) -> None:
        """Picks up what a dead process left under way, then sends until stopped."""
        await self._sweep.recover()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._sweep.run())
            for lane in self._lanes.values():
                group.create_task(lane.run())
