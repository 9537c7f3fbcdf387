"""Decides from one seed what runs next and what time it is: an event loop whose time passes only when nothing is ready.

It has never heard of the service; it knows processes, and that a dead one never runs again.
"""

import asyncio
import heapq
import logging
import warnings
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from contextvars import Context, ContextVar, copy_context
from itertools import count
from random import Random
from typing import Any, Final, TypeVar

T = TypeVar("T")

MOST_STEPS: Final = 3_000_000
"""Callbacks in one life; one that runs more is chasing its tail."""
_ROUNDS: Final = 20
"""How often tasks that are cancelled may begin others."""
_TASKS_KEPT: Final = 1_000
"""So many tasks are kept whether or not they are done: to look for those that are takes time."""
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
        self.held: list[_Handle] = []
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

    def __init__(self, number: int, work: Any, loop: asyncio.AbstractEventLoop, context: Context | None) -> None:
        self._number = number
        super().__init__(work, loop=loop, context=context)

    def __hash__(self) -> int:
        return self._number


class _Handle(asyncio.Handle):
    """A handle that costs little: every second thing that a life does is to make one."""

    __slots__ = ()

    def __init__(
        self, callback: Callable[..., object], args: tuple[Any, ...], loop: "SimulatedLoop", context: Context | None
    ) -> None:
        self._callback = callback
        self._args = args
        self._loop = loop
        self._context = copy_context() if context is None else context
        self._cancelled = False
        self._repr = self._source_traceback = None


class SimulatedLoop(asyncio.BaseEventLoop):
    """Runs ready callbacks in an order that the seed decides; without `shuffle` in the order they came.

    Work for threads is done on the loop, at a later turn.
    """

    _stopping: bool

    def __init__(self, seed: int, *, shuffle: bool) -> None:
        super().__init__()
        self._passed = 0.0
        self._random = Random(seed)
        self._shuffle = shuffle
        self.steps = 0
        self.reaping = False
        self._ready: list[_Handle] = []
        self._timers: list[tuple[float, int, _Handle]] = []
        """Those of the same time in the order in which they were set."""
        self._numbers = count()
        self._dead: list[_Handle] = []
        self._tasks: list[_Task] = []
        """All that are not done, also those of the dead, which must not unwind before their time."""
        self._room_for_tasks = _TASKS_KEPT
        self.set_exception_handler(self._keep)
        self.surprises: list[str] = []
        """What went wrong where nobody listened."""

    def time(self) -> float:
        return self._passed

    def call_soon(  # type: ignore[override]  # typeshed tells the types of the arguments with more precision
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        handle = _Handle(callback, args, self, context)
        self._ready.append(handle)
        return handle

    def call_later(  # type: ignore[override]  # its handle has no time, which nobody asks it for
        self, delay: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        return self.call_at(self._passed + delay, callback, *args, context=context)

    def call_at(  # type: ignore[override]  # the same
        self, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        handle = _Handle(callback, args, self, context)
        heapq.heappush(self._timers, (when, next(self._numbers), handle))
        return handle

    def create_task(self, coro: Any, *, name: object = None, context: Context | None = None) -> asyncio.Task[Any]:
        task = _Task(next(self._numbers), coro, self, context)
        self._tasks.append(task)
        if len(self._tasks) > self._room_for_tasks:
            self._room_for_tasks = 2 * len(self.unfinished()) + _TASKS_KEPT
        return task

    def unfinished(self) -> list[_Task]:
        """All tasks that are not done, the oldest first."""
        self._tasks = [task for task in self._tasks if not task.done()]
        return self._tasks

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

    def reap(self) -> None:
        """Lets the dead unwind, to be cancelled like all the others; the life is over and nobody looks."""
        self.reaping = True
        self._ready.extend(self._dead)
        self._dead.clear()

    def _run_once(self) -> None:
        self._collect_timers(self._ready)
        batch, self._ready = self._ready, []
        if self._shuffle and len(batch) > 1:
            self._random.shuffle(batch)
            if self._random.random() < STARVED:
                self._ready.append(batch.pop())
        for handle in batch:
            if not handle._cancelled:
                self._run_handle(handle)

    def _run_handle(self, handle: _Handle) -> None:
        process = handle._context.get(PROCESS)
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

    def _collect_timers(self, ready: list[_Handle]) -> None:
        timers = self._timers
        while timers and timers[0][2]._cancelled:
            heapq.heappop(timers)
        if self.steps > MOST_STEPS:
            raise Stuck(f"{MOST_STEPS} steps were not enough, at {self._passed:.3f} s")
        if not ready and not self._stopping:
            if not timers:
                raise Stuck("everything waits for something that will never happen")
            self._passed = max(self._passed, timers[0][0])
        while timers and timers[0][0] <= self._passed:
            ready.append(heapq.heappop(timers)[2])

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
            left = list(loop.unfinished())
            if not left:
                return
            for task in left:
                task.cancel()
            loop.run_until_complete(asyncio.wait(left, timeout=600))
        raise Stuck(f"{len(left)} tasks cannot be cancelled, such as {left[0]}")
    finally:
        logging.disable(logging.NOTSET)
