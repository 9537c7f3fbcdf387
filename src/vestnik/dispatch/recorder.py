"""Decides when verdicts reach the store: what has gathered, in batches, and none but full ones more than once a beat.

It has never heard of messengers; while the store cannot take them it keeps them, and lets those who add more wait.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeVar

import structlog

from vestnik.domain.delivery import Return, Verdict
from vestnik.domain.errors import StoreUnavailable
from vestnik.ports import Clock, LaneStore

LARGEST_BATCH: Final = 64
"""What one writer is given at once: everything else that is to be written waits for it."""
_LARGEST_SHARED: Final = 1_000
"""As that, where the store has a writer for everybody who writes."""

T = TypeVar("T")
log = structlog.get_logger()

_FULL: Final = 4_000
"""So many unstored verdicts make those who add more wait."""
_BEAT: Final = 0.01
"""Seconds from the beginning of a batch until one that is not full: a commit costs more than ten verdicts in it."""
_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 2.0


class Recorder:
    """Gathers a lane's verdicts and returned claims; `settled` is told of each batch after its commit."""

    def __init__(
        self, store: LaneStore, clock: Clock, settled: Callable[[Sequence[Verdict], Sequence[Return]], None]
    ) -> None:
        self._store = store
        self._clock = clock
        self._settled = settled
        self._largest = _LARGEST_SHARED if store.shared else LARGEST_BATCH
        self._verdicts: list[Verdict] = []
        self._returns: list[Return] = []
        self._something = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._closing = False

    async def add(self, verdict: Verdict) -> None:
        """Keeps the verdict for the next batch; waits only while the store is far behind."""
        self._verdicts.append(verdict)
        self._something.set()
        if len(self._verdicts) >= _FULL:
            self._room.clear()
            await self._room.wait()

    def give_back(self, returns: Sequence[Return]) -> None:
        """Keeps claims that were not attempted for the next batch."""
        self._returns.extend(returns)
        self._something.set()

    def close(self) -> None:
        """Ends `run` once everything is stored."""
        self._closing = True
        self._something.set()

    async def run(self) -> None:
        """Stores batch after batch until it is closed and empty."""
        loop = asyncio.get_running_loop()
        while not (self._closing and not self._verdicts and not self._returns):
            await self._something.wait()
            self._something.clear()
            while self._verdicts or self._returns:
                begun = loop.time()
                await self._store_batch()
                if len(self._verdicts) < self._largest and (left := begun + _BEAT - loop.time()) > 0:
                    await asyncio.sleep(left)

    async def _store_batch(self) -> None:
        if returns := self._returns:
            self._returns = []
            await self._patiently(lambda: self._store.give_back(returns, self._clock.now()))
            self._settled((), returns)
        if verdicts := self._verdicts[: self._largest]:
            del self._verdicts[: self._largest]
            self._room.set()
            accepted = await self._patiently(lambda: self._store.record(verdicts, self._clock.now()))
            for verdict, was_accepted in zip(verdicts, accepted, strict=True):
                if not was_accepted:
                    log.info("verdict came too late", delivery_id=verdict.delivery_id, attempt=verdict.attempt)
            self._settled(verdicts, ())

    async def _patiently(self, work: Callable[[], Awaitable[T]]) -> T:
        """The work's result, tried until the store takes it: what a messenger answered must not be forgotten."""
        pause = _FIRST_PAUSE
        while True:
            try:
                return await work()
            except StoreUnavailable as trouble:
                log.warning("store unavailable, results are kept in memory", reason=str(trouble), pause=pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
