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
        self._calls: set[asyncio.Timeout] = set()
        self._left = asyncio.Event()

    async def through(self, call: Awaitable[T]) -> T:
        """The call's result; HungUp where it was ended before it had one. A coroutine begins when the gate is open."""
        while not self._open.is_set():
            await self._open.wait()
        cut = asyncio.timeout(None)
        self._calls.add(cut)
        try:
            async with cut:
                return await call
        except TimeoutError:
            if cut.expired():
                raise HungUp from None
            raise
        finally:
            self._calls.discard(cut)
            if not self._calls:
                self._left.set()

    @asynccontextmanager
    async def closed(self) -> AsyncIterator[None]:
        """Ends whatever is under way, and lets nobody in until the block ends; whoever comes meanwhile waits."""
        self._open.clear()
        try:
            while self._calls:
                self._left.clear()
                for cut in self._calls:
                    if not cut.expired():
                        cut.reschedule(asyncio.get_running_loop().time())
                await self._left.wait()
            yield
        finally:
            self._open.set()
