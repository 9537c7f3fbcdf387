"""Decides how SQLite files are copied and examined while others write to them: as they stood at one moment.

It has never heard of what their rows mean; what would be wrong with them is a question in SQL that it is given.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import quote

from vestnik.domain.errors import StoreUnavailable

CONTENTS: Final = "contents"
"""The name of the query that tells what a file holds, as rows of (what, how many)."""

_PATIENCE: Final = 30.0
"""Seconds to wait until a busy writer lets go for a moment."""
_FAULTS_SHOWN: Final = 10
_NOT_A_DATABASE: Final = {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}


@dataclass(slots=True)
class Inspection:
    """What a file holds, and what is wrong with it: a line for each kind of fault, none if it is sound."""

    name: str
    contents: dict[str, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def answered(self, question: str, count: int, example: object) -> None:
        """Notes how many there are of what must not be, and one of them."""
        if count:
            self.faults.append(f"{question.replace('_', ' ')}: {count}, for instance {example}")


def copy(sources: Sequence[Path], copies: Sequence[Path]) -> None:
    """Copies the files as they stand at one moment; each copy is whole in itself, without a log beside it.

    The last file is held still while the moments of all are fixed, a fraction of a millisecond: whatever another one
    tells of it is in it, and nothing in it is younger. Nobody waits for the copying itself, except that logs are
    written back to their files only after it. StoreUnavailable says why it cannot be done.
    """
    with ExitStack() as stack:
        still = stack.enter_context(_opened(sources[-1]))
        snapshots = [stack.enter_context(_opened(source)) for source in sources]
        with _explained(sources[-1]):
            still.execute("BEGIN IMMEDIATE")
            for snapshot in snapshots:
                _fix(snapshot)
            still.execute("ROLLBACK")
        for source, snapshot, target in zip(sources, snapshots, copies, strict=True):
            with _explained(source), closing(sqlite3.connect(target, isolation_level=None)) as writing:
                writing.execute("PRAGMA synchronous = OFF")  # Whoever keeps the copy makes it durable.
                snapshot.backup(writing)
                writing.execute("PRAGMA journal_mode = DELETE")


def inspect(path: Path, name: str, schema: int, questions: Mapping[str, str]) -> Inspection:
    """Examines a file as it stands at one moment; it is not changed, and others may go on writing to it.

    `schema` is the version that the questions are about. A question answers (how many, one of them), and its name says
    how many of what; CONTENTS tells what the file holds. StoreUnavailable if the file cannot be opened.
    """
    found = Inspection(name)
    with _opened(path, read_only=True) as connection, _explained(path):
        try:
            _fix(connection)
            found.faults += [line for (line,) in connection.execute(f"PRAGMA integrity_check({_FAULTS_SHOWN})")]
            version: int = connection.execute("PRAGMA user_version").fetchone()[0]
            if found.faults == ["ok"]:
                found.faults.clear()
            if version != schema:
                found.faults.append(f"its schema is version {version} and this program's is {schema}: migrate it first")
            if not found.faults:
                ask(connection, questions, found)
        except sqlite3.DatabaseError as reason:
            if reason.sqlite_errorcode & 0xFF not in _NOT_A_DATABASE:
                raise
            found.faults.append(str(reason))
    return found


def ask(connection: sqlite3.Connection, questions: Mapping[str, str], found: Inspection) -> None:
    """Asks what a file holds and what must not be true of it; see `inspect`."""
    found.contents.update(connection.execute(questions[CONTENTS]).fetchall())
    for name, question in questions.items():
        if name != CONTENTS:
            found.answered(name, *connection.execute(question).fetchone())


def _fix(connection: sqlite3.Connection) -> None:
    """The moment of a read transaction is that of its first read."""
    connection.execute("BEGIN")
    connection.execute("PRAGMA schema_version").fetchone()


@contextmanager
def _opened(path: Path, *, read_only: bool = False) -> Iterator[sqlite3.Connection]:
    address = f"file:{quote(str(path.absolute()))}?mode={'ro' if read_only else 'rw'}"
    with _explained(path), closing(_connect(address)) as connection:
        yield connection


def _connect(address: str) -> sqlite3.Connection:
    return sqlite3.connect(address, uri=True, timeout=_PATIENCE, isolation_level=None)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as reason:
        raise StoreUnavailable(f"{path}: {reason}") from reason
