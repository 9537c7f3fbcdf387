"""An event loop whose time passes only when nothing is left to do, so that tests of waiting take no time.

It has never heard of threads or sockets: whatever waits for them would wait for ever and fails instead.
"""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from random import Random
from typing import Any, TypeVar

from vestnik.domain.moment import Moment, seconds

T = TypeVar("T")
EPOCH: Moment = seconds(1_800_000_000)


class _Patience(selectors.DefaultSelector):
    """A selector that lets virtual time pass in place of waiting."""

    passed = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("everything waits for something that will never happen")
        self.passed += max(timeout, 0.0)
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop on virtual time, which begins at 0."""

    def __init__(self) -> None:
        self._patience = _Patience()
        super().__init__(self._patience)

    def time(self) -> float:
        return self._patience.passed


class VirtualClock:
    """A Clock on the running loop's virtual time; ids and luck come from a seed."""

    def __init__(self, seed: int = 0) -> None:
        self._random = Random(seed)
        self._ids = 0
        self.offset: Moment = 0

    def now(self) -> Moment:
        return EPOCH + seconds(asyncio.get_running_loop().time()) + self.offset

    async def sleep_until(self, moment: Moment) -> None:
        while (left := moment - self.now()) > 0:  # noqa: ASYNC110 - it sleeps until a time, not for an event
            await asyncio.sleep(max(left / 1_000_000, 0.000_001))

    def call_at(self, moment: Moment, callback: Callable[[], None]) -> asyncio.TimerHandle:
        left = max(moment - self.now(), 0) / 1_000_000
        return asyncio.get_running_loop().call_later(left, callback)

    def new_id(self) -> str:
        self._ids += 1
        return f"{self._ids:026d}"

    def luck(self) -> float:
        return self._random.random()


def run(work: Coroutine[Any, Any, T]) -> T:
    """The result of the work, on virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(work)
