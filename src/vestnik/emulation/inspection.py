"""Decides what makes a file of the emulators sound: counters equal to rows, and every report about a message.

It has never heard of who wants to know.
"""

from importlib.resources import files
from pathlib import Path
from typing import Final

from vestnik.snapshots import Inspection
from vestnik.snapshots import inspect as examine
from vestnik.sqlfiles import migrations, queries

_FOLDER: Final = files(__package__)


def inspect(path: Path, name: str) -> Inspection:
    """What the file holds and what is wrong with it; StoreUnavailable if it cannot be opened."""
    return examine(path, name, len(migrations(_FOLDER / "migrations")), queries(_FOLDER / "check.sql"))
