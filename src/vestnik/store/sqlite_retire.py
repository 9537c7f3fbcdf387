"""Decides how SQLite lets go of what is over: texts and histories first, and whole messages once they block nothing.

It has never heard of how long anything is to be kept.
"""

import sqlite3
from importlib.resources import files
from typing import Final

from vestnik.sqlfiles import queries
from vestnik.store.rows import RETIRE_AT_ONCE, Retirement
from vestnik.store.sqlite_page import from_json

SQL: Final = queries(files(__package__) / "sqlite_retire.sql")

_HISTORY: Final = ("drop_attempts", "drop_receipts")
_WHOLE: Final = (*_HISTORY, "drop_deliveries", "drop_tallies", "drop_messages")


def retire(connection: sqlite3.Connection, items: list[Retirement]) -> list[int]:
    """Lets go of a bounded number of messages for each item; how many."""
    return [_retire(connection, item) for item in items]


def _retire(connection: sqlite3.Connection, item: Retirement) -> int:
    count = _let_go(connection, "finished", item.text_before, (*_HISTORY, "drop_texts"))
    if count == 0 and item.whole_before is not None:
        count = _let_go(connection, "bygone", item.whole_before, _WHOLE)
    return count


def _let_go(connection: sqlite3.Connection, which: str, before: int, deeds: tuple[str, ...]) -> int:
    ids: str = connection.execute(SQL[which], {"before": before, "most": RETIRE_AT_ONCE}).fetchone()[0]
    count = len(from_json(ids, list[str]))
    if count:
        for deed in deeds:
            connection.execute(SQL[deed], {"ids": ids})
    return count
