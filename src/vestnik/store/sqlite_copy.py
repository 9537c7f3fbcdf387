"""Decides how an SQLite file is read and written as a whole, by itself or beside a service that works with it.

It has never heard of what the rows mean or of where they go.
"""

import asyncio
import base64
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import quote

import msgspec

from vestnik.domain.errors import StoreUnavailable
from vestnik.groupcommit import GroupCommit
from vestnik.snapshots import Inspection
from vestnik.sqlfiles import migrations, queries
from vestnik.store import inspection
from vestnik.store.copying import out_of_use
from vestnik.store.sqlite_page import to_json
from vestnik.store.tables import MARK, SETTINGS, Key, Row, Table

R = TypeVar("R")

_FOLDER: Final = files(__package__)
_SQL: Final = queries(_FOLDER / "sqlite_copy.sql")
_MARKS: Final = {"pattern": f"{MARK}*"}
PATIENCE: Final = 5.0
"""Seconds to wait for whoever holds the file."""


def refuse_if_out_of_use(connection: sqlite3.Connection, path: Path | str) -> None:
    """StoreUnavailable where the file was copied to another database, or is a copy that is not finished."""
    reason = out_of_use(dict(connection.execute(_SQL["marks"], _MARKS).fetchall()))
    if reason is not None:
        raise StoreUnavailable(f"{path} {reason}")


class SqliteEnd:
    """Implements `vestnik.store.copying.End` on one file."""

    def __init__(self, path: Path, connection: sqlite3.Connection, thread: ThreadPoolExecutor) -> None:
        self._path = path
        self._connection = connection
        self._thread = thread

    @classmethod
    async def open(cls, path: Path, *, alone: bool, create: bool = False) -> "SqliteEnd":
        """Opens the file; with `alone` nobody else can, and with `create` it is made if it is not there.

        StoreUnavailable says why it cannot be done, such as that a service works with it.
        """
        scripts = migrations(_FOLDER / "migrations")
        if create:
            await (await GroupCommit.open(path, scripts)).close()
        thread = ThreadPoolExecutor(1, thread_name_prefix=f"copy-{path.name}")
        work = asyncio.get_running_loop().run_in_executor(thread, _open, path, alone, len(scripts))
        try:
            return cls(path, await work, thread)
        except BaseException:
            thread.shutdown(wait=False)
            raise

    @property
    def name(self) -> str:
        """Its path."""
        return str(self._path)

    def fit(self, row: Row) -> Row:
        """Whatever it is: a file holds all that a database on a server does."""
        return row

    async def count(self, table: Table) -> int:
        """How many rows it has."""
        return int((await self._ask(_worded("count", table), {}))[0][0])

    async def read(self, table: Table, after: Key | None, limit: int) -> list[Row]:
        """Up to `limit` rows with keys beyond `after`, in order."""
        statement = _worded("page" if after is None else "page_beyond", table)
        given = {} if after is None else dict(zip(table.key, after, strict=True))
        rows: list[Row] = await self._ask(statement, {**given, "most": limit})
        return _changed(rows, table, _READ)

    async def replace(self, table: Table, rows: Sequence[Row], gone: Sequence[Key]) -> None:
        """Drops some and puts others in place, all in one transaction."""
        written = _changed(rows, table, _WRITTEN)

        def work(connection: sqlite3.Connection) -> None:
            connection.executemany(_worded("drop", table), [dict(zip(table.key, key, strict=True)) for key in gone])
            put = _worded("put", table)
            connection.executemany(put, [dict(zip(table.columns, row, strict=True)) for row in written])

        await self._write(work)

    async def settle(self) -> None:
        """Nothing is left to do."""

    async def inspect(self) -> Inspection:
        """What it holds, and what is wrong with it."""
        return await self._run(lambda connection: inspection.ask(connection, self.name))

    async def marks(self) -> dict[str, int]:
        """The settings whose names begin with MARK."""
        return dict(await self._ask(_SQL["marks"], _MARKS))

    async def mark(self, changes: Mapping[str, int | None]) -> None:
        """Sets these, and drops those that are None."""
        kept = [(name, value) for name, value in changes.items() if value is not None]
        await self.replace(SETTINGS, kept, [(name,) for name, value in changes.items() if value is None])

    async def close(self) -> None:
        """Lets others have the file."""
        await self._run(lambda connection: connection.close())
        self._thread.shutdown()

    async def _ask(self, statement: str, given: Mapping[str, Any]) -> list[Any]:
        return await self._run(lambda connection: connection.execute(statement, given).fetchall())

    async def _write(self, work: Callable[[sqlite3.Connection], None]) -> None:
        def transact(connection: sqlite3.Connection) -> None:
            connection.execute("BEGIN IMMEDIATE")
            try:
                work(connection)
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

        await self._run(transact)

    async def _run(self, work: Callable[[sqlite3.Connection], R]) -> R:
        def carefully() -> R:
            with _explained(self._path):
                return work(self._connection)

        return await asyncio.get_running_loop().run_in_executor(self._thread, carefully)


def _open(path: Path, alone: bool, schema: int) -> sqlite3.Connection:
    with _explained(path):
        connection = sqlite3.connect(
            f"file:{quote(str(path.absolute()))}?mode=rw",
            uri=True,
            timeout=PATIENCE,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            if alone:
                connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("PRAGMA synchronous = FULL")
            _look_at(connection, path, schema)
        except BaseException:
            connection.close()
            raise
    return connection


def _look_at(connection: sqlite3.Connection, path: Path, schema: int) -> None:
    """Takes what lock there is to take, and looks whether the tables are those that are known here."""
    connection.execute("BEGIN IMMEDIATE")
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    connection.execute("COMMIT")
    if version != schema:
        raise StoreUnavailable(f"{path} has schema version {version} and this program's is {schema}: migrate it first")


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as reason:
        if reason.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
            raise StoreUnavailable(f"{path} is in use: stop the service that works with it") from None
        raise StoreUnavailable(f"{path}: {reason}") from reason
    except sqlite3.Error as reason:
        raise StoreUnavailable(f"{path}: {reason}") from reason


def _worded(name: str, table: Table) -> str:
    names = table.columns if name == "put" else table.key
    return _SQL[name].format(
        table=table.name,
        columns=", ".join(table.columns),
        key=", ".join(table.key),
        values=", ".join(f":{column}" for column in names),
    )


def _changed(rows: Sequence[Row], table: Table, ways: tuple[Callable[[Any], Any], ...]) -> list[Row]:
    """The rows, with those values changed that look different in a file."""
    kinds = zip((table.flags, table.binary, table.words), ways, strict=True)
    changes = [(table.columns.index(column), way) for columns, way in kinds for column in columns]
    if not changes:
        return list(rows)
    changed = []
    for row in rows:
        values = list(row)
        for place, way in changes:
            values[place] = None if values[place] is None else way(values[place])
        changed.append(tuple(values))
    return changed


_READ: Final = (bool, base64.b64decode, msgspec.json.decode)
_WRITTEN: Final = (int, lambda value: base64.b64encode(value).decode(), to_json)
"""What a flag, bytes and a list of words become."""
