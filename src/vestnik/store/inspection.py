"""Decides what makes an SQLite file of the store sound: counters equal to rows, nothing orphaned, every slot in place.

It has never heard of who wants to know.
"""

import sqlite3
from importlib.resources import files
from pathlib import Path
from typing import Final

from vestnik import snapshots
from vestnik.snapshots import Inspection
from vestnik.sqlfiles import migrations, queries

_FOLDER: Final = files(__package__)
_QUESTIONS: Final = queries(_FOLDER / "sqlite_check.sql")


def inspect(path: Path, name: str) -> Inspection:
    """What the file holds and what is wrong with it; StoreUnavailable if it cannot be opened."""
    return snapshots.inspect(path, name, len(migrations(_FOLDER / "migrations")), _QUESTIONS)


def ask(connection: sqlite3.Connection, name: str) -> Inspection:
    """The same of a file that is open already, without a look at how its pages hang together."""
    found = Inspection(name)
    snapshots.ask(connection, _QUESTIONS, found)
    return found
