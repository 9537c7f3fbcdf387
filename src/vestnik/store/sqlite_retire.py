"""Decides how SQLite lets go of what is over: texts and histories first, and whole messages once they block nothing.

It has never heard of how long anything is to be kept.
"""

import sqlite3
from importlib.resources import files
from typing import Final

from vestnik.domain.moment import Moment
from vestnik.sqlfiles import queries
from vestnik.store.rows import RETIRE_AT_ONCE, Retirement
from vestnik.store.sqlite_page import from_json, to_json

SQL: Final = queries(files(__package__) / "sqlite_retire.sql")

_HISTORY: Final = ("drop_attempts", "drop_receipts")
_WHOLE: Final = (*_HISTORY, "drop_deliveries", "drop_tallies", "drop_messages")


def retire(connection: sqlite3.Connection, items: list[Retirement]) -> list[int]:
    """Lets go of a bounded number of messages for each item; how many."""
    return [_retire(connection, item) for item in items]


def _retire(connection: sqlite3.Connection, item: Retirement) -> int:
    count = _let_go(connection, finished(connection, item), (*_HISTORY, "drop_texts"))
    if count == 0:
        count = _let_go(connection, bygone(connection, item), _WHOLE)
    return count


def finished(connection: sqlite3.Connection, item: Retirement) -> list[str]:
    """Ids of what lets go of its text, the oldest first."""
    return _ids(connection, "finished", {"before": item.text_before})


def bygone(connection: sqlite3.Connection, item: Retirement) -> list[str]:
    """Ids of what goes altogether, the oldest first."""
    if item.whole_before is None:
        return []
    return _ids(connection, "bygone", {"before": item.whole_before, "unreported_before": item.unreported_before})


def _ids(connection: sqlite3.Connection, which: str, times: dict[str, Moment]) -> list[str]:
    found: str = connection.execute(SQL[which], {**times, "most": RETIRE_AT_ONCE}).fetchone()[0]
    return from_json(found, list[str])


def _let_go(connection: sqlite3.Connection, ids: list[str], deeds: tuple[str, ...]) -> int:
    if ids:
        for deed in deeds:
            connection.execute(SQL[deed], {"ids": to_json(ids)})
    return len(ids)
