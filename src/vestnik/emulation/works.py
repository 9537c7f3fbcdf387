"""Decides how what a world does of its own accord begins, rests for a while, and goes on as that of another world.

It has never heard of what is done.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TypeAlias

Work: TypeAlias = Callable[[], Awaitable[None]]


class Works:
    """The works of whatever world there is."""

    def __init__(self) -> None:
        self._to_rest = asyncio.Event()
        self._at_rest = asyncio.Event()
        self._at_rest.set()
        self._may_go_on = asyncio.Event()
        self._may_go_on.set()

    async def run(self, works: Callable[[], Sequence[Work]]) -> None:
        """Does what `works` tells each time it is asked, until it is cancelled."""
        while True:
            await self._may_go_on.wait()
            self._to_rest.clear()
            self._at_rest.clear()
            try:
                async with asyncio.TaskGroup() as group:
                    tasks = [group.create_task(_do(work)) for work in works()]
                    await self._to_rest.wait()
                    for task in tasks:
                        task.cancel()
            finally:
                self._at_rest.set()

    @asynccontextmanager
    async def stopped(self) -> AsyncIterator[None]:
        """Nothing is done until the block ends; at once where nothing was."""
        self._may_go_on.clear()
        self._to_rest.set()
        try:
            await self._at_rest.wait()
            yield
        finally:
            self._may_go_on.set()


async def _do(work: Work) -> None:
    await work()
