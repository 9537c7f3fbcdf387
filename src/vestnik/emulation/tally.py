"""Decides how messages and reports are counted: by the transactions that write them, never by counting rows.

It has never heard of what made the counts grow.
"""

import sqlite3
from collections.abc import Iterable
from importlib.resources import files
from typing import Final, NamedTuple

import msgspec

from vestnik.sqlfiles import queries

_SQL: Final = queries(files("vestnik.emulation") / "tally.sql")


class Tally(NamedTuple):
    """What became of one messenger's messages and of the reports about them, or what is new of that."""

    messenger: str
    taken: int = 0
    replayed: int = 0
    """Messages whose Idempotency-Key was known."""
    pending: int = 0
    """Reports that the bots must still be told."""
    told: int = 0
    given_up: int = 0


_TALLIES: Final = msgspec.json.Decoder(list[Tally])


def add(connection: sqlite3.Connection, changes: Iterable[Tally]) -> None:
    """Adds what is new, as a part of a transaction."""
    new = list(changes)
    if new:
        connection.execute(_SQL["count"], {"changes": msgspec.json.encode(new).decode()})


def read(connection: sqlite3.Connection) -> list[Tally]:
    """The counts of every messenger that has any."""
    return _TALLIES.decode(connection.execute(_SQL["all"]).fetchone()[0])
