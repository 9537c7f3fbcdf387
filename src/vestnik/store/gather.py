"""Decides how calls share a round trip: what waits for the same operation is done together, as soon as it is free.

It has never heard of what an operation does. Where one of the calls is at fault, the others are done without it.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias, TypeVar

from vestnik.domain.errors import StoreUnavailable

T = TypeVar("T")
R = TypeVar("R")
Together: TypeAlias = Callable[[Sequence[T]], Awaitable[Sequence[R]]]
"""Does the work of all items, or none of it, and answers with one result for each, in their order."""

BATCH: Final = 5_000
"""The most weight that is done at once; one heavier item is a batch of its own."""


@dataclass(slots=True, eq=False)
class _Job:
    item: Any
    weight: int
    future: "asyncio.Future[Any]"


@dataclass(slots=True)
class _Queue:
    jobs: deque[_Job] = field(default_factory=deque)
    worker: "asyncio.Task[None] | None" = None


class Gather:
    """Queues of calls, one for each operation; operations do not wait for each other."""

    def __init__(self) -> None:
        self._queues: dict[Together[Any, Any], _Queue] = {}
        self._closed = False

    async def do(self, together: Together[T, R], item: T, *, weight: int = 1) -> R:
        """The result of the item; `weight` tells how much work it is compared to others.

        An exception of the operation for this item alone is raised here. A caller that is cancelled while it waits
        cannot know whether the work was done.
        """
        if self._closed:
            raise StoreUnavailable("the store is closed")
        job = _Job(item, weight, asyncio.get_running_loop().create_future())
        queue = self._queues.setdefault(together, _Queue())
        queue.jobs.append(job)
        if queue.worker is None:
            queue.worker = asyncio.create_task(self._work(together, queue))
        result: R = await job.future
        return result

    async def close(self) -> None:
        """Finishes what waits and refuses what comes later."""
        self._closed = True
        await asyncio.gather(*(queue.worker for queue in self._queues.values() if queue.worker is not None))

    async def _work(self, together: Together[Any, Any], queue: _Queue) -> None:
        try:
            while queue.jobs:
                await _do(together, _next_batch(queue.jobs))
        finally:
            queue.worker = None


def _next_batch(jobs: deque[_Job]) -> list[_Job]:
    batch = [jobs.popleft()]
    weight = batch[0].weight
    while jobs and weight + jobs[0].weight <= BATCH:
        batch.append(jobs.popleft())
        weight += batch[-1].weight
    return batch


async def _do(together: Together[Any, Any], jobs: list[_Job]) -> None:
    """Halves a batch that raises until the items at fault stand alone; only they get the exception."""
    try:
        results = await together([job.item for job in jobs])
    except asyncio.CancelledError:
        for job in jobs:
            job.future.cancel()
        raise
    except Exception as error:  # noqa: BLE001 - it is raised again where the caller waits
        if len(jobs) == 1 or isinstance(error, StoreUnavailable):
            for job in jobs:
                if not job.future.done():
                    job.future.set_exception(error)
            return
        middle = len(jobs) // 2
        await _do(together, jobs[:middle])
        await _do(together, jobs[middle:])
    else:
        for job, result in zip(jobs, results, strict=True):
            if not job.future.done():  # Else its caller was cancelled.
                job.future.set_result(result)
