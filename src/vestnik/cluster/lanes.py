"""Decides how the lanes of one worker live together: they attempt what the feed is offered.

It has never heard of Celery or of what is due.
"""

import asyncio
from collections.abc import Mapping

from vestnik.cluster.feed import Feed
from vestnik.dispatch.lane import Lane


class Lanes:
    """A worker's lanes, by messenger."""

    def __init__(self, lanes: Mapping[str, Lane], feed: Feed, grace: float) -> None:
        self._lanes = lanes
        self.feed = feed
        self.grace = grace
        feed.wake = lambda messenger: lanes[messenger].wake()
        feed.is_down = lambda messenger: lanes[messenger].is_down

    async def run(self) -> None:
        """Attempts until `stop`; ends once what is under way has finished or its grace is over."""
        async with asyncio.TaskGroup() as group:
            for lane in self._lanes.values():
                group.create_task(lane.run())

    def stop(self) -> None:
        """Ends `run`."""
        for lane in self._lanes.values():
            lane.stop()
