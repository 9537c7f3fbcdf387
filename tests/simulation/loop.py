"""Decides from one seed what runs next and what time it is: an event loop whose time passes only when nothing is ready.

It has never heard of the service; it knows processes, and that a dead one never runs again.
"""

import asyncio
import heapq
import logging
import warnings
from collections import deque
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from contextvars import Context, ContextVar
from random import Random
from typing import Any, Final, TypeVar, cast

T = TypeVar("T")

MOST_STEPS: Final = 3_000_000
"""Callbacks in one life; one that runs more is chasing its tail."""
_ROUNDS: Final = 20
"""How often tasks that are cancelled may begin others."""
STARVED: Final = 0.02
"""How often a callback of a shuffled loop is made to wait for a round."""


class Stuck(Exception):
    """Everything waits for something that will never happen, or runs without end."""


class Process:
    """A group of tasks that lives and dies as one, as an operating system's process does."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.alive = True
        self.fuse = 0
        """How many more callbacks run before it dies; 0 means that no end is set."""
        self.asleep = False
        """It is stopped and may be continued, as by SIGSTOP and SIGCONT."""
        self.held: list[asyncio.Handle] = []
        self.mourners: list[Callable[[], None]] = []
        """Told of its death, once: those outside who wait for it."""
        self.context = Context()
        self.context.run(PROCESS.set, self)

    def spawn(self, work: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
        """A task of this process."""
        return asyncio.get_running_loop().create_task(work, context=self.context.copy())

    def die(self) -> None:
        """Nothing of it runs from now on, not even what would clean up."""
        if self.alive:
            self.alive = False
            cast("SimulatedLoop", asyncio.get_running_loop()).keep(self)
            mourners, self.mourners = self.mourners, []
            for mourner in mourners:
                mourner()

    async def last_breath(self) -> None:
        """For the code that has just been killed: it goes no further."""
        if not self.alive:
            await asyncio.get_running_loop().create_future()


PROCESS: Final[ContextVar[Process | None]] = ContextVar("process", default=None)


class _Task(asyncio.Task[Any]):
    """A task whose place in a set does not depend on its address in memory."""

    _count = 0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        _Task._count += 1
        self._number = _Task._count
        context = kwargs.get("context")
        self.process = PROCESS.get() if context is None else context.get(PROCESS)
        super().__init__(*args, **kwargs)

    def __hash__(self) -> int:
        return self._number


class SimulatedLoop(asyncio.BaseEventLoop):
    """Runs ready callbacks in an order that the seed decides; without `shuffle` in the order they came.

    Work for threads is done on the loop, at a later turn.
    """

    _ready: "deque[asyncio.Handle]"
    _scheduled: list[Any]
    _timer_cancelled_count: int
    _stopping: bool

    def __init__(self, seed: int, *, shuffle: bool) -> None:
        super().__init__()
        self._passed = 0.0
        self._random = Random(seed)
        self._shuffle = shuffle
        self.steps = 0
        self.reaping = False
        self._dead: list[asyncio.Handle] = []
        self._corpses: list[asyncio.Task[Any]] = []
        _Task._count = 0
        self.set_task_factory(self._new_task)
        self.set_exception_handler(self._keep)
        self.surprises: list[str] = []
        """What went wrong where nobody listened."""

    def time(self) -> float:
        return self._passed

    def run_in_executor(  # type: ignore[override]  # no thread is started: the future is done by the loop itself
        self, executor: Executor | None, func: Callable[..., T], *args: Any
    ) -> "asyncio.Future[T]":
        future: asyncio.Future[T] = self.create_future()
        self.call_soon(_settle, future, func, args)
        return future

    def wake(self, process: Process) -> None:
        """Continues a process that was put to sleep."""
        process.asleep = False
        held, process.held = process.held, []
        self._ready.extend(held)

    def keep(self, process: Process) -> None:
        """Keeps the tasks of a dead process, so that they do not unwind before their time."""
        self._corpses += [task for task in asyncio.all_tasks(self) if cast("_Task", task).process is process]

    def reap(self) -> None:
        """Lets the dead unwind, to be cancelled like all the others; the life is over and nobody looks."""
        self.reaping = True
        self._ready.extend(self._dead)
        self._dead.clear()

    def _run_once(self) -> None:
        ready = self._ready
        self._collect_timers(ready)
        batch = list(ready)
        ready.clear()
        if self._shuffle and len(batch) > 1:
            self._random.shuffle(batch)
            if self._random.random() < STARVED:
                ready.append(batch.pop())
        for handle in batch:
            if not handle._cancelled:
                self._run_handle(handle)

    def _run_handle(self, handle: asyncio.Handle) -> None:
        process: Process | None = cast("Any", handle)._context.get(PROCESS)
        if process is not None and not self.reaping:
            if not process.alive:
                self._dead.append(handle)
                return
            if process.asleep:
                process.held.append(handle)
                return
            if process.fuse:
                process.fuse -= 1
                if not process.fuse:
                    process.die()
                    self._dead.append(handle)
                    return
        self.steps += 1
        handle._run()

    def _collect_timers(self, ready: "deque[asyncio.Handle]") -> None:
        scheduled = self._scheduled
        while scheduled and scheduled[0]._cancelled:
            self._timer_cancelled_count -= 1
            heapq.heappop(scheduled)._scheduled = False
        if self.steps > MOST_STEPS:
            raise Stuck(f"{MOST_STEPS} steps were not enough, at {self._passed:.3f} s")
        if not ready and not self._stopping:
            if not scheduled:
                raise Stuck("everything waits for something that will never happen")
            self._passed = max(self._passed, scheduled[0]._when)
        while scheduled and scheduled[0]._when <= self._passed:
            handle = heapq.heappop(scheduled)
            handle._scheduled = False
            ready.append(handle)

    def _new_task(self, loop: asyncio.AbstractEventLoop, work: Any, **kwargs: Any) -> "asyncio.Task[Any]":
        return _Task(work, loop=loop, **kwargs)

    def _keep(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if not self.reaping:
            error = context.get("exception")
            self.surprises.append(f"{context.get('message')}: {type(error).__name__}: {error}")

    def _process_events(self, event_list: Any) -> None:
        """There are no events from outside."""

    def _write_to_self(self) -> None:
        """There are no other threads."""


def _settle(future: "asyncio.Future[T]", func: Callable[..., T], args: tuple[Any, ...]) -> None:
    if future.cancelled():
        return
    try:
        future.set_result(func(*args))
    except Exception as error:  # noqa: BLE001 - it is raised again where the caller waits
        future.set_exception(error)


def run(loop: SimulatedLoop, work: Coroutine[Any, Any, T]) -> T:
    """The result of the work; whatever it leaves behind, alive or dead, is cleared away."""
    try:
        asyncio.set_event_loop(loop)
        return loop.run_until_complete(work)
    finally:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                _clear_away(loop)
        finally:
            asyncio.set_event_loop(None)
            loop.close()


def _clear_away(loop: SimulatedLoop) -> None:
    """Cancels all tasks, and those that they begin while they end."""
    logging.disable()
    try:
        loop.reap()
        for _ in range(_ROUNDS):
            left = asyncio.all_tasks(loop)
            if not left:
                return
            for task in sorted(left, key=hash):
                task.cancel()
            loop.run_until_complete(asyncio.wait(left, timeout=600))
        raise Stuck(f"{len(left)} tasks cannot be cancelled, such as {next(iter(left))}")
    finally:
        logging.disable(logging.NOTSET)
