"""Decides what a disk does to what is written on it: how long it takes, when it is full, what a crash leaves of it.

It has never heard of what is written; a commit is there whole or not at all, and a crash falls before it or after it.
"""

import sqlite3
from collections.abc import Sequence
from enum import Enum
from functools import cache, partial
from itertools import count
from pathlib import Path
from random import Random
from typing import Any, Final

from tests.simulation.loop import PROCESS, Process
from vestnik.domain.errors import StoreUnavailable
from vestnik.groupcommit import GroupCommit, _Job, _resolve
from vestnik.migrating import migrate

_A_MOMENT: Final = 0.000_001
_names: Final = count()


class Fate(Enum):
    """What happens to a commit."""

    WELL = "well"
    BUSY = "busy"
    LOST = "the process dies before the commit"
    KEPT = "the process dies after the commit"
    UNHEARD = "it is made, and whoever asked for it cannot be told"


class Disk:
    """The disk of one machine; `slow` is the seconds that a commit may take."""

    def __init__(self, random: Random, slow: float) -> None:
        self.full = False
        self.stalled = 0.0
        """Seconds that a commit takes at least."""
        self.cut_off: Process | None = None
        """The only process for which it is stalled; None means all."""
        self.doom = Fate.WELL
        """What happens to the next commit of the service."""
        self._random = random
        self._slow = slow

    def pause(self, process: Process | None) -> float:
        """Seconds until what was asked for is begun or told."""
        slow = self._random.random() * self._slow if self._slow and self._random.random() < 0.7 else 0.0
        return slow + (self.stalled if self.cut_off in (None, process) else 0.0)

    def fate(self) -> Fate:
        """What happens to the commit that is about to be made; a doom comes true once."""
        doom, self.doom = self.doom, Fate.WELL
        return doom


class File:
    """A database that outlives the processes that open it, with the disk it is on."""

    def __init__(self, disk: Disk, *, vital: bool, remote: bool = False) -> None:
        self.disk = disk
        self.vital = vital
        """Dooms of the disk are meant for this file."""
        self.remote = remote
        """It is behind a connection, which may break in the moment of a commit."""
        self.uri = f"file:life{next(_names)}?mode=memory&cache=shared"
        self._keeper = sqlite3.connect(self.uri, uri=True)
        self._connections: list[_Connection] = []
        self.idle: list[_Connection] = []
        """Those of processes that have ended, for the next ones."""
        _files[self.uri] = self

    async def open(self, migrations: Sequence[tuple[int, str]]) -> "GroupCommit":
        """Opens it in the running process."""
        if not self.ask("SELECT 1 FROM sqlite_schema LIMIT 1"):
            _empty(tuple(migrations)).backup(self._keeper)
        return await LoopCommit.open(self.uri, migrations)

    def ask(self, question: str) -> list[Any]:
        """What is in it, past everybody who has it open."""
        return self._keeper.execute(question).fetchall()

    def connect(self) -> sqlite3.Connection:
        """A connection of the running process; what another one has left knows its statements already."""
        if self.idle:
            return self.idle.pop()
        connection = sqlite3.connect(
            self.uri,
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=256,
            factory=_Connection,
        )
        connection.file = self
        self._connections.append(connection)
        return connection

    def close(self) -> None:
        """Forgets it."""
        for connection in self._connections:
            sqlite3.Connection.close(connection)
        self._keeper.close()
        del _files[self.uri]


class _Connection(sqlite3.Connection):
    """One that its file keeps when it is closed: to prepare all statements anew takes long, and changes nothing."""

    file: File

    def close(self) -> None:
        if self not in self.file.idle:
            self.file.idle.append(self)


_files: Final[dict[str, File]] = {}
"""Those of the present life, by address."""


@cache
def _empty(migrations: tuple[tuple[int, str], ...]) -> sqlite3.Connection:
    """A database with nothing in it but the schema, to be copied: making one anew takes a tenth of a life."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection, Path("empty.db"), migrations)
    return connection


class LoopCommit(GroupCommit):
    """Group commit on the event loop: what waits when the disk gets round to it is committed together."""

    def __init__(self, path: Path, readers: int, busy_timeout: float) -> None:
        super().__init__(path, readers, busy_timeout)
        self._file = _files[str(path)]

    def _connect(self) -> sqlite3.Connection:
        connection = self._file.connect()
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA query_only = OFF")
        return connection

    def _begin(self) -> None:
        self._pending = False
        self._process = PROCESS.get()
        if self._process is not None:
            self._process.mourners.append(self._drop)

    def _submit(self, job: _Job | None) -> None:
        self._handed.put([job])
        if not self._pending:
            self._pending = True
            self._loop.call_later(self._file.disk.pause(self._process), self._write)

    def _write(self) -> None:
        fate = self._file.disk.fate() if self._file.vital else Fate.WELL
        batch, going = self._next_batch()
        if not going:
            self._commit(batch)
            _resolve(batch)
            self._loop.call_later(_A_MOMENT, self._end)  # What is being read is read to its end first.
            return
        self._pending = bool(self._waiting) or not self._handed.empty()
        if self._pending:
            self._loop.call_later(self._file.disk.pause(self._process), self._write)
        self._writing.execute(f"PRAGMA max_page_count = {1 if self._file.disk.full else 2**30}")
        if fate is Fate.BUSY:
            for job in batch:
                job.error = StoreUnavailable("database is locked")
        elif fate is not Fate.LOST:
            self._commit(batch)
        if fate is Fate.UNHEARD and self._file.remote:
            for job in batch:
                job.error = StoreUnavailable("the connection broke at a commit")
        if fate in (Fate.LOST, Fate.KEPT) and self._process is not None:
            self._process.die()
            return
        self._loop.call_later(self._file.disk.pause(self._process), partial(_resolve, batch))

    def _drop(self) -> None:
        """The process has died: what was not committed is gone."""
        for connection in (*self._reading, self._writing):
            connection.close()
