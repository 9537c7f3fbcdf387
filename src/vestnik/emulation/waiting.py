"""Decides how to wait for whichever comes first: an event or a moment.

It has never heard of what either means.
"""

import asyncio

from vestnik.emulation.when import Moment
from vestnik.ports import Clock


async def first_of(event: asyncio.Event, clock: Clock, moment: Moment) -> None:
    """Returns when the event is set or the moment has come."""
    async with asyncio.TaskGroup() as group:
        waits = [group.create_task(event.wait()), group.create_task(clock.sleep_until(moment))]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
