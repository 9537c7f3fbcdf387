"""Decides how one database becomes the same as another: row by row in the order of keys, and only what differs.

It has never heard of what kind of database stands at either end. Because every run compares all that there is, one that
was cut short is simply run again, and a run beside a working service makes the last one, without it, a short one.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

from vestnik.domain.errors import Conflict
from vestnik.snapshots import Inspection
from vestnik.store.tables import MARK, SETTINGS, TABLES, Key, Row, Table

AT_ONCE: Final = 2_000
"""Rows of each end that are held in memory at a time."""

_IDENTITY: Final = f"{MARK}identity"
"""A number by which a database that is copied is known again."""
_UNFINISHED: Final = f"{MARK}unfinished"
"""Of which database this one is going to be the copy."""
_FINISHED: Final = f"{MARK}finished"
"""Of which database this one became the copy."""
_AWAY: Final = f"{MARK}away"
"""This one has been copied to another one, which took its place."""


class End(Protocol):
    """One of the two databases; nobody else works with it, but for a source that is copied ahead."""

    @property
    def name(self) -> str:
        """How people are told of it."""

    async def count(self, table: Table) -> int:
        """How many rows it has."""

    async def read(self, table: Table, after: Key | None, limit: int) -> list[Row]:
        """Up to `limit` rows with keys beyond `after`, in order."""

    def fit(self, row: Row) -> Row:
        """The row as this database can hold it."""

    async def replace(self, table: Table, rows: Sequence[Row], gone: Sequence[Key]) -> None:
        """Drops the rows with the keys `gone` and puts these in place, all in one transaction.

        A row that stands in the way, because it holds what must be unique and another one has now, is dropped too.
        """

    async def settle(self) -> None:
        """What there is to do once all rows are in place."""

    async def inspect(self) -> Inspection:
        """What it holds, and what is wrong with it."""

    async def marks(self) -> dict[str, int]:
        """The settings whose names begin with MARK."""

    async def mark(self, changes: Mapping[str, int | None]) -> None:
        """Sets these, durably and in one transaction; None drops one."""

    async def close(self) -> None: ...


def out_of_use(marks: Mapping[str, int]) -> str | None:
    """Why a database with these marks must not be worked with; None where it may."""
    if _AWAY in marks:
        return "was copied to another database, which took its place; use that one, or copy it back to a new one"
    if _UNFINISHED in marks:
        return "is a copy that is not finished yet; run `vestnik copy` again"
    return None


async def begin(source: End, target: End, identity: int) -> bool:
    """Makes the target the place of this copy; False if the copy was finished before.

    `identity` is the number of a source that has none yet. Conflict where the target holds anything else.
    """
    ours, theirs = await source.marks(), await target.marks()
    known = ours.get(_IDENTITY)
    if known is not None and known == theirs.get(_FINISHED) and _AWAY in ours:
        return False
    if known is not None and known == theirs.get(_UNFINISHED):
        return True
    if _AWAY in ours:
        raise Conflict(f"{source.name} was copied to another database before")
    if _UNFINISHED in ours:
        raise Conflict(f"{source.name} is a copy that is not finished itself")
    if _UNFINISHED in theirs:
        raise Conflict(f"{target.name} holds a part of another database: finish that copy, or give an empty one")
    if theirs or await _holds_anything(target):
        raise Conflict(f"{target.name} is not empty: give an empty database")
    if known is None:
        await source.mark({_IDENTITY: identity})
    await target.mark({_UNFINISHED: identity if known is None else known})
    return True


async def _holds_anything(target: End) -> bool:
    return any([await target.read(table, None, 1) for table in TABLES if table != SETTINGS])


async def bring_over(source: End, target: End, done: Callable[[int], None]) -> int:
    """Makes the target's rows those of the source; how many had to be changed. `done` is told how many were looked at.

    Beside a source that others work with, what it did meanwhile may be missing.
    """
    return sum([await _bring_over(source, target, table, done) for table in TABLES])


async def _bring_over(source: End, target: End, table: Table, done: Callable[[int], None]) -> int:
    after: Key | None = None
    changed = 0
    while True:
        pages = await asyncio.gather(source.read(table, after, AT_ONCE), target.read(table, after, AT_ONCE))
        ends = [table.key_of(page[-1]) for page in pages if len(page) == AT_ONCE]
        bound = min(ends, default=None)
        ours, theirs = (_up_to(bound, table, page) for page in pages)
        ours = {key: target.fit(row) for key, row in ours.items()}
        new = [row for key, row in ours.items() if theirs.get(key) != row]
        gone = [key for key in theirs if key not in ours]
        if new or gone:
            await target.replace(table, new, gone)
            changed += len(new) + len(gone)
        done(len(ours))
        if bound is None:
            return changed
        after = bound


def _up_to(bound: Key | None, table: Table, page: Sequence[Row]) -> dict[Key, Row]:
    """The rows by their keys, but for those beyond the bound and for marks."""
    rows = {table.key_of(row): row for row in page}
    marks = table == SETTINGS
    return {
        key: row
        for key, row in rows.items()
        if (bound is None or key <= bound) and not (marks and key[0].startswith(MARK))
    }


async def finish(source: End, target: End, now: int) -> Inspection:
    """Puts the target in the source's place, once it is sure to hold the same; what it holds.

    Conflict where it does not: then the source stays in use. From here on the source is not worked with any more, and
    at no moment are both in use.
    """
    await target.settle()
    for table in TABLES:
        ours, theirs = await source.count(table), await target.count(table)
        if ours != theirs and table != SETTINGS:
            raise Conflict(f"{target.name} has {theirs} rows in {table.name} and {source.name} has {ours}")
    found = await target.inspect()
    if found.faults:
        raise Conflict(f"{target.name} is not sound: {found.faults[0]}; `vestnik check` tells whether the source is")
    identity = (await target.marks())[_UNFINISHED]
    await source.mark({_AWAY: now})
    await target.mark({_FINISHED: identity, _UNFINISHED: None})
    return found
