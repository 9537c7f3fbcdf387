"""Decides what a saved state is: one SQLite file with all that the emulators know, and whether one can be believed.

It has never heard of what any row means to a messenger; whoever loads it lets the emulators try it first.
"""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from urllib.parse import quote

from vestnik import snapshots
from vestnik.emulation.inspection import inspect
from vestnik.emulation.when import Moment
from vestnik.sqlfiles import migrations, queries

LIMIT: Final = 64 * 2**20
"""Bytes of a document."""
MAGIC: Final = b"SQLite format 3\0"
TABLES: Final = (
    "entry",
    "mailbox",
    "callback",
    "phone",
    "bot",
    "webhook",
    "fault",
    "tally",
    "mark",
    "record",
    "blob",
)

_FOLDER: Final = files("vestnik.emulation")
_SQL: Final = queries(_FOLDER / "saved.sql")
_MIGRATIONS: Final = migrations(_FOLDER / "migrations")
_PREFIX: Final = ".state-"
_NAME: Final = "state.db"
_NO_WAL: Final = b"\x01\x01"
"""In the header: nothing of the file is in a log beside it (sqlite.org/fileformat2.html, 1.3.3)."""
_AT_ONCE: Final = 500


class Unfit(ValueError):
    """A document that cannot be loaded; the text says why."""


class TooLarge(Exception):
    """There is more than a document may hold; `args` has how many bytes it would have."""


@contextmanager
def workroom(folder: Path) -> Iterator[Path]:
    """A folder for what nobody else may read, and that is gone afterwards."""
    with TemporaryDirectory(prefix=_PREFIX, dir=folder) as name:
        yield Path(name)


def sweep(folder: Path) -> None:
    """Removes what is left of the workrooms of those who were killed in theirs."""
    for left in folder.glob(f"{_PREFIX}*"):
        shutil.rmtree(left, ignore_errors=True)


def save(path: Path, now: Moment) -> bytes:
    """The state of the file at one moment, also while others write to it; TooLarge, or StoreUnavailable."""
    with workroom(path.parent) as folder:
        copy = folder / _NAME
        snapshots.copy([path], [copy])
        with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
            connection.execute(_SQL["stamp"], {"now": now})
            connection.execute("VACUUM")
        size = copy.stat().st_size
        if size > LIMIT:
            raise TooLarge(size)
        return copy.read_bytes()


def unpack(document: bytes, folder: Path) -> tuple[Path, Moment | None]:
    """A document as a file in the folder, and when it was saved; Unfit where it is none.

    A file is believed to be one of ours only where it has the schema of one of our versions to the letter.
    """
    if not document.startswith(MAGIC):
        raise Unfit("it is no state of the emulators, which is an SQLite file")
    path = folder / _NAME
    path.write_bytes(document[:18] + _NO_WAL + document[20:])
    try:
        with closing(_opened(path)) as connection:
            _check_schema(connection)
            stamped = connection.execute(_SQL["stamped"]).fetchone()
    except sqlite3.DatabaseError as error:
        raise Unfit(f"it cannot be read: {error}") from None
    return path, None if stamped is None else stamped[0]


def examine(path: Path) -> None:
    """Unfit where the file, of this version's schema by now, is not sound."""
    if faults := inspect(path, _NAME).faults:
        raise Unfit("; ".join(faults[:3]))


def replace(connection: sqlite3.Connection, items: list[Path]) -> list[None]:
    """Puts what the file holds in the place of all that there is, as a part of a transaction."""
    for path in items:
        with closing(_opened(path)) as source:
            for table in TABLES:
                connection.execute(_SQL[f"empty_{table}"])
                rows = source.execute(_SQL[f"read_{table}"])
                while some := rows.fetchmany(_AT_ONCE):
                    connection.executemany(_SQL[f"put_{table}"], some)
        connection.execute(_SQL["unstamp"])
    return [None] * len(items)


def _opened(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro", uri=True, isolation_level=None)
    connection.execute("PRAGMA trusted_schema = OFF")
    return connection


def _check_schema(connection: sqlite3.Connection) -> None:
    version: int = connection.execute(_SQL["version"]).fetchone()[0]
    known = len(_MIGRATIONS)
    if version > known:
        raise Unfit(f"it is of version {version}, and this program knows states up to {known}: use a newer one")
    if version < 1:
        raise Unfit("it is no state of the emulators, but some other SQLite file")
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as ours:
        for _, script in _MIGRATIONS[:version]:
            ours.executescript(script)
        if _schema(connection) != _schema(ours):
            raise Unfit("it is no state of the emulators, but some other SQLite file")


def _schema(connection: sqlite3.Connection) -> list[tuple[str, ...]]:
    return [tuple(row) for row in connection.execute(_SQL["schema"])]
