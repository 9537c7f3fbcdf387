"""Decides how a messenger keeps what is its own: JSON documents by kind and key, written in groups, read by ranges.

It has never heard of what a document says or why its key is what it is.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from importlib.resources import files
from typing import Any, Final, NamedTuple

import msgspec

from vestnik.groupcommit import GroupCommit, StoreUnavailable
from vestnik.sqlfiles import queries

__all__ = ["PAGE", "Change", "Records", "Row", "StoreUnavailable", "encoded", "ordered", "write"]

_SQL: Final = queries(files("vestnik.emulation") / "records.sql")
_PAIRS: Final = msgspec.json.Decoder(list[tuple[str, Any]])
_NUMBER_WIDTH: Final = 20

PAGE: Final = 1_000
"""Documents that are read at once where nobody says how many."""


class Change(NamedTuple):
    """One document in its new form; None removes it. Those that are `lasting` outlive a reset of the world."""

    kind: str
    key: str
    value: Any
    lasting: bool = False


def ordered(number: int) -> str:
    """The number, at least 0, as a part of a key: texts of this form sort as their numbers do."""
    return str(number).zfill(_NUMBER_WIDTH)


class Records:
    """The documents of one messenger. What one call changes is on disk whole or not at all."""

    def __init__(self, rows: GroupCommit, messenger: str) -> None:
        self._rows = rows
        self._messenger = messenger

    async def change(self, changes: Iterable[Change]) -> None:
        """Puts and removes documents in one transaction; of several changes of one document the last counts."""
        rows = encoded(self._messenger, changes)
        if rows:
            await self._rows.write(_change, rows)

    async def put(self, kind: str, key: str, value: Any, *, lasting: bool = False) -> None:
        """Puts one document, in place of the one that may be there."""
        await self.change([Change(kind, key, value, lasting)])

    async def drop(self, kind: str, keys: Iterable[str]) -> None:
        """Removes the documents that are there."""
        await self.change([Change(kind, key, None) for key in keys])

    async def get(self, kind: str, key: str) -> Any:
        """The document, or None."""
        return (await self.some(kind, [key])).get(key)

    async def some(self, kind: str, keys: Sequence[str]) -> dict[str, Any]:
        """Those of the documents that there are, by key."""
        asked = {"messenger": self._messenger, "kind": kind, "keys": _json(keys)}
        return dict(await self._pairs("some", asked))

    async def listed(
        self, kind: str, *, after: str = "", before: str | None = None, limit: int = PAGE, newest: bool = False
    ) -> list[tuple[str, Any]]:
        """Keys and documents in the order of their keys, or `newest` first, strictly between the two ends."""
        asked = {"messenger": self._messenger, "kind": kind, "after": after, "before": before, "limit": limit}
        return await self._pairs("newest" if newest else "listed", asked)

    async def all(self, kind: str) -> list[tuple[str, Any]]:
        """Every document of a kind of which there are few, in the order of their keys."""
        found: list[tuple[str, Any]] = []
        while True:
            page = await self.listed(kind, after=found[-1][0] if found else "")
            found += page
            if len(page) < PAGE:
                return found

    async def under(self, kind: str, prefix: str, *, limit: int = PAGE) -> list[tuple[str, Any]]:
        """Keys and documents whose keys begin with the prefix, in order."""
        return await self.listed(kind, after=prefix, before=prefix + "\U0010ffff", limit=limit)

    async def _pairs(self, name: str, asked: dict[str, Any]) -> list[tuple[str, Any]]:
        return await self._rows.read(
            lambda connection: _PAIRS.decode(connection.execute(_SQL[name], asked).fetchone()[0])
        )


Row = tuple[str, str, str, msgspec.Raw | None, int]
"""A change as it is written: messenger, kind, key, the document as JSON, and whether it is lasting."""


def encoded(messenger: str, changes: Iterable[Change]) -> list[Row]:
    """The changes as rows."""
    return [
        (
            messenger,
            change.kind,
            change.key,
            None if change.value is None else msgspec.Raw(msgspec.json.encode(change.value)),
            int(change.lasting),
        )
        for change in changes
    ]


def write(connection: sqlite3.Connection, rows: Iterable[Row]) -> None:
    """Makes the changes as a part of a transaction."""
    last = {row[:3]: row for row in rows}
    puts = [row for row in last.values() if row[3] is not None]
    drops = [row[:3] for row in last.values() if row[3] is None]
    if puts:
        connection.execute(_SQL["put"], {"puts": _json(puts)})
    if drops:
        connection.execute(_SQL["drop"], {"drops": _json(drops)})


def _change(connection: sqlite3.Connection, items: list[list[Row]]) -> list[None]:
    write(connection, [row for rows in items for row in rows])
    return [None] * len(items)


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
