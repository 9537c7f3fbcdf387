"""Decides how ids that come in tasks become claims of a lane: as many at a time as the lane has room for.

It has never heard of Celery or of what an attempt is; to a lane it looks like the store itself.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from vestnik.domain.delivery import Claimed, Return, Verdict
from vestnik.domain.moment import Moment
from vestnik.ports import Store


@dataclass(slots=True, eq=False)
class _Offer:
    ids: deque[str]
    open: int
    """How many of the ids nobody has looked after yet, in the store."""
    done: asyncio.Event = field(default_factory=asyncio.Event)

    def looked_after(self, count: int) -> None:
        self.open -= count
        if self.open == 0:
            self.done.set()


class Feed:
    """The store as the lanes of a worker see it: what is due is what tasks have named."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._offers: dict[tuple[str, bool], deque[_Offer]] = {}
        self._closed = asyncio.Event()
        self.wake: Callable[[str], None] = lambda _: None
        """Told the messenger for which something has come."""
        self.is_down: Callable[[str], bool] = lambda _: False
        """Whether the messenger counts as down, so that waiting for room would be in vain."""

    @property
    def open(self) -> int:
        """How many ids wait for room."""
        return sum(len(offer.ids) for offers in self._offers.values() for offer in offers)

    @property
    def shared(self) -> bool:
        """Whether other processes work with the same rows."""
        return self._store.shared

    async def offer(self, messenger: str, ids: Sequence[str], *, suspects: bool, patience: float) -> list[str]:
        """Returns once each id has been claimed or passed over; those for which no room came in `patience` seconds.

        What is passed over is somebody else's, finished or not due. What had no room still waits in the store, and
        will be named again.
        """
        if self._closed.is_set() or self.is_down(messenger):
            return list(ids)
        offer = _Offer(deque(ids), len(ids))
        if not ids:
            return []
        self._offers.setdefault((messenger, suspects), deque()).append(offer)
        self.wake(messenger)
        try:
            async with asyncio.timeout(patience):
                await offer.done.wait()
        except TimeoutError:
            pass
        left = list(offer.ids)
        offer.ids.clear()
        return left

    def close(self) -> None:
        """Takes no more; whoever waits for room is told what is left."""
        self._closed.set()
        for offers in self._offers.values():
            for offer in offers:
                offer.done.set()

    async def claim(
        self, messenger: str, *, suspects: bool, limit: int, lease_until: Moment, now: Moment, alone: bool = False
    ) -> Claimed:
        """Claims on what was offered, up to `limit`; the rest at the next call."""
        offers = self._offers.get((messenger, suspects))
        taken: list[tuple[_Offer, int]] = []
        ids: list[str] = []
        while offers and len(ids) < limit:
            offer = offers[0]
            share = [offer.ids.popleft() for _ in range(min(len(offer.ids), limit - len(ids)))]
            ids += share
            taken.append((offer, len(share)))
            if not offer.ids:
                offers.popleft()
        if not ids:
            return Claimed([], None)
        try:
            claims = await self._store.claim_these(messenger, ids, lease_until=lease_until, now=now, alone=alone)
        finally:  # Where the store could not answer, what they name still waits there and will be named again.
            for offer, count in taken:
                offer.looked_after(count)
        return Claimed(claims, now if offers else None)

    async def record(self, verdicts: Sequence[Verdict], now: Moment) -> list[bool]:
        """As the store does."""
        return await self._store.record(verdicts, now)

    async def give_back(self, returns: Sequence[Return], now: Moment) -> None:
        """As the store does."""
        await self._store.give_back(returns, now)
