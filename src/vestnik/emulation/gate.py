"""Decides which calls are let in, and how those under way end when the world that they ask about is about to change.

It has never heard of what is called or of why the world changes.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import TypeVar

from vestnik.ports import HungUp

T = TypeVar("T")


class Gate:
    """Where every call comes through."""

    def __init__(self) -> None:
        self._open = asyncio.Event()
        self._open.set()
        self._calls: dict[asyncio.Task[object], bool] = {}
        """Whose task it is, and whether it was told to end."""
        self._left = asyncio.Event()

    async def through(self, call: Awaitable[T]) -> T:
        """The call's result; HungUp where it was ended before it had one. A coroutine begins when the gate is open.

        A call from within a call is a part of it, and ends with it.
        """
        task = asyncio.current_task()
        assert task is not None
        if task in self._calls:
            return await call
        while not self._open.is_set():
            await self._open.wait()
        self._calls[task] = False
        cancelled_before = task.cancelling()
        try:
            return await call
        except asyncio.CancelledError:
            if self._calls[task] and task.uncancel() <= cancelled_before:
                raise HungUp from None
            raise
        finally:
            del self._calls[task]
            if not self._calls:
                self._left.set()

    @asynccontextmanager
    async def closed(self) -> AsyncIterator[None]:
        """Ends whatever is under way, and lets nobody in until the block ends; whoever comes meanwhile waits."""
        self._open.clear()
        try:
            while self._calls:
                self._left.clear()
                for task, told in self._calls.items():
                    if not told:
                        self._calls[task] = True
                        task.cancel()
                await self._left.wait()
            yield
        finally:
            self._open.set()
