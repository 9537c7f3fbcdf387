"""Decides how many writers share one SQLite file: what waits together is committed together by one thread.

It has never heard of what is written; an operation is a function over a connection and a list of items.
"""

import asyncio
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Final, TypeAlias, TypeVar

from vestnik.domain.errors import SchemaTooNew, StoreFull, StoreUnavailable
from vestnik.migrating import migrate

__all__ = ["GroupCommit", "Operation", "SchemaTooNew", "StoreFull", "StoreUnavailable"]

T = TypeVar("T")
R = TypeVar("R")
Operation: TypeAlias = Callable[[sqlite3.Connection, list[T]], list[R]]
"""Does the work of all items and answers with one result for each, in their order.

It may be run again for some of its items after a rollback, so it changes nothing but the database. The sqlite3 module
lets go of the interpreter at every step of every statement and a busy event loop is slow to hand it back: an
operation should take few statements with few steps, for instance one JSON parameter read with json_each.
"""

BATCH: Final = 5_000
"""The most weight that is committed at once; one heavier item is a batch of its own."""

TOLD_AT_ONCE: Final = 64
"""So many of those who wait are woken in one turn of the event loop."""

_WRITER_CACHE: Final = 32 * 1024
"""KiB of pages that the writer keeps: a crowd's rows must not spill to the disk and come back in one transaction."""

_FULL: Final = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}
_UNAVAILABLE: Final = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
}


@dataclass(slots=True, eq=False)
class _Job:
    operation: Operation[Any, Any]
    item: Any
    weight: int
    future: asyncio.Future[Any]
    result: Any = None
    error: Exception | None = None


class GroupCommit:
    """One SQLite file: a thread that writes and a few that read."""

    def __init__(self, path: Path, readers: int, busy_timeout: float) -> None:
        self._path = path
        self._busy_timeout = busy_timeout
        self._loop = asyncio.get_running_loop()
        self._gathered: list[_Job | None] = []
        self._handed: SimpleQueue[list[_Job | None]] = SimpleQueue()
        self._waiting: deque[_Job | None] = deque()
        self._closed = False
        self._stopped = self._loop.create_future()
        self._local = threading.local()
        self._reading: list[sqlite3.Connection] = []
        self._readers = ThreadPoolExecutor(readers, thread_name_prefix=f"read-{path.name}")
        self._writing: sqlite3.Connection

    @classmethod
    async def open(
        cls, path: Path | str, migrations: Sequence[tuple[int, str]], *, readers: int = 2, busy_timeout: float = 5.0
    ) -> "GroupCommit":
        """Opens or creates the file and brings its schema up to the last of `migrations`, numbered 1, 2, 3 and so on.

        `busy_timeout` is the seconds for which another process may hold the write lock. SchemaTooNew if a newer
        version wrote the file, StoreUnavailable if it cannot be opened, StoreFull if there is no room.
        """
        self = cls(Path(path), readers, busy_timeout)
        try:
            self._writing = await self._loop.run_in_executor(self._readers, self._prepare, migrations)
        except BaseException:
            self._closed = True
            self._readers.shutdown(wait=False)
            raise
        self._begin()
        return self

    def write(self, operation: Operation[T, R], item: T, *, weight: int = 1) -> "asyncio.Future[R]":
        """The result of the item, after the commit that holds it.

        An exception of the operation for this item alone is its exception and nothing of the item is kept. StoreFull or
        StoreUnavailable mean that nothing of it was stored. `weight` tells how much work it is compared to others.
        A caller that is cancelled while it waits cannot know whether the item was written.
        """
        future = self._loop.create_future()
        if self._closed:
            future.set_exception(StoreUnavailable(f"{self._path.name} is closed"))
        else:
            self._submit(_Job(operation, item, weight, future))
        return future

    async def read(self, query: Callable[[sqlite3.Connection], R]) -> R:
        """What the query answers, on a connection that cannot write; each statement sees the latest commit."""
        if self._closed:
            raise StoreUnavailable(f"{self._path.name} is closed")
        return await self._loop.run_in_executor(self._readers, self._read, query)

    async def close(self) -> None:
        """Finishes what is queued, refuses what comes later, and closes the file."""
        if not self._closed:
            self._closed = True
            self._submit(None)
        await asyncio.shield(self._stopped)

    def _begin(self) -> None:
        """Starts the writer; a simulation writes on its own loop instead."""
        threading.Thread(target=self._write_forever, name=f"write-{self._path.name}", daemon=True).start()

    def _submit(self, job: _Job | None) -> None:
        """Queues a job; None is the last one."""
        if not self._gathered:
            self._loop.call_soon(self._hand_over)
        self._gathered.append(job)

    def _hand_over(self) -> None:
        """What one turn of the event loop brings is handed over whole: the writer would else commit its first alone."""
        self._handed.put(self._gathered)
        self._gathered = []

    # In threads of our own from here on.

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, timeout=self._busy_timeout, isolation_level=None, check_same_thread=False, cached_statements=256
        )
        connection.execute("PRAGMA foreign_keys = ON")
        return connection

    def _prepare(self, migrations: Sequence[tuple[int, str]]) -> sqlite3.Connection:
        try:
            connection = self._connect()
        except sqlite3.Error as error:
            raise StoreUnavailable(f"{self._path} cannot be opened: {error}") from error
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute(f"PRAGMA cache_size = -{_WRITER_CACHE:d}")
            migrate(connection, self._path, migrations)
        except sqlite3.Error as error:
            connection.close()
            kind = type(_unavailable(error) or StoreUnavailable())
            raise kind(f"{self._path} cannot be used: {error}") from error
        except BaseException:
            connection.close()
            raise
        return connection

    def _read(self, query: Callable[[sqlite3.Connection], R]) -> R:
        try:
            if not hasattr(self._local, "connection"):
                self._local.connection = self._connect()
                self._reading.append(self._local.connection)
                self._local.connection.execute("PRAGMA query_only = ON")
            return query(self._local.connection)
        except sqlite3.Error as error:
            if gone := _unavailable(error):
                raise gone from error
            raise

    def _write_forever(self) -> None:
        going = True
        while going:
            batch, going = self._next_batch()
            self._commit(batch)
            self._tell(partial(_resolve, batch))
        self._end()

    def _end(self) -> None:
        """Closes the file, and tells whoever waits for that."""
        self._readers.shutdown()
        for connection in (*self._reading, self._writing):
            with suppress(sqlite3.Error):
                connection.close()
        self._tell(partial(_settle, self._stopped))

    def _tell(self, news: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # The loop is closed: nobody waits for an answer any more.
            self._loop.call_soon_threadsafe(news)

    def _next_batch(self) -> tuple[list[_Job], bool]:
        """Everything that waits, up to the bound, once there is something; and whether more may come."""
        waiting = self._waiting
        if not waiting:
            waiting.extend(self._handed.get())
        with suppress(Empty):
            while True:
                waiting.extend(self._handed.get_nowait())
        batch: list[_Job] = []
        weight = 0
        while waiting:
            job = waiting[0]
            if job is None:
                return batch, False
            if batch and weight + job.weight > BATCH:
                break
            batch.append(job)
            weight += job.weight
            waiting.popleft()
        return batch, True

    def _commit(self, batch: list[_Job]) -> None:
        """One transaction for the whole batch; where something raises, once more with care for each neighbour."""
        groups: dict[Operation[Any, Any], list[_Job]] = {}
        for job in batch:
            groups.setdefault(job.operation, []).append(job)
        try:
            try:
                self._in_transaction(groups, _run_group)
            except Exception as error:
                if _unavailable(error) or len(batch) == 1:
                    raise
                self._in_transaction(groups, _run_group_with_care)
        except Exception as error:  # noqa: BLE001 - it is raised again where the caller waits
            for job in batch:
                job.error = _unavailable(error) or error

    def _in_transaction(
        self,
        groups: dict[Operation[Any, Any], list[_Job]],
        run: Callable[[sqlite3.Connection, list[_Job]], None],
    ) -> None:
        connection = self._writing
        if not groups:
            return
        connection.execute("BEGIN IMMEDIATE")
        try:
            for jobs in groups.values():
                run(connection, jobs)
            connection.execute("COMMIT")
        except BaseException:
            # SQLite has already rolled back by itself after some errors.
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def _run_group(connection: sqlite3.Connection, jobs: list[_Job]) -> None:
    results = jobs[0].operation(connection, [job.item for job in jobs])
    for job, result in zip(jobs, results, strict=True):
        job.result = result


def _run_group_with_care(connection: sqlite3.Connection, jobs: list[_Job]) -> None:
    """Halves a group that raises until the items at fault stand alone; only they get the exception."""
    connection.execute("SAVEPOINT care")
    try:
        _run_group(connection, jobs)
    except Exception as error:
        if _unavailable(error) or not connection.in_transaction:
            raise
        connection.execute("ROLLBACK TO care")
        connection.execute("RELEASE care")
        if len(jobs) == 1:
            jobs[0].error = error
            return
        middle = len(jobs) // 2
        _run_group_with_care(connection, jobs[:middle])
        _run_group_with_care(connection, jobs[middle:])
    else:
        connection.execute("RELEASE care")


def _resolve(batch: list[_Job], begin: int = 0) -> None:
    """Tells some of those who wait, and the others after whatever else is ready, so that a crowd holds nobody up."""
    end = begin + TOLD_AT_ONCE
    for job in batch[begin:end]:
        if job.future.done():  # Its caller was cancelled.
            continue
        if job.error is not None:
            job.future.set_exception(job.error)
        else:
            job.future.set_result(job.result)
    if end < len(batch):
        asyncio.get_running_loop().call_soon(_resolve, batch, end)


def _settle(future: "asyncio.Future[None]") -> None:
    if not future.done():
        future.set_result(None)


def _unavailable(error: Exception) -> StoreUnavailable | None:
    """The error as one of the whole file; None where it is one of the work asked for."""
    if isinstance(error, StoreUnavailable):
        return error
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return None
    if code & 0xFF in _FULL:
        return StoreFull(f"there is no room on the disk: {error}")
    return StoreUnavailable(str(error)) if code & 0xFF in _UNAVAILABLE else None
