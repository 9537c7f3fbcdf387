"""Decides how people's questions about messages and deliveries are answered from SQLite.

It has never heard of who asks or how the answer will look.
"""

import sqlite3
from importlib.resources import files
from typing import Final

from vestnik.domain.delivery import AttemptMade, Delivery, Ending, ReceiptGot
from vestnik.domain.lifecycle import State
from vestnik.domain.message import Message
from vestnik.sqlfiles import queries
from vestnik.store.rows import DeliveryKey, MessageRow, delivery_key, in_order
from vestnik.store.sqlite_page import from_json, read_rows

SQL: Final = queries(files(__package__) / "sqlite_asks.sql")

_AFTER_ALL_IDS: Final = "\U0010ffff"
"""Sorts after every id."""


def message(connection: sqlite3.Connection, message_id: str) -> Message | None:
    row = message_row(connection, message_id)
    return row.message() if row else None


def message_row(connection: sqlite3.Connection, message_id: str) -> MessageRow | None:
    """The message with its counters; None if there is none."""
    found = connection.execute(SQL["message"], {"id": message_id}).fetchone()
    return from_json(found[0], MessageRow) if found else None


def messages(
    connection: sqlite3.Connection, status: State | None, sender: str | None, limit: int, before: str | None
) -> list[Message]:
    """Newest first, those with ids smaller than `before`."""
    by = "_and_".join(name for name, value in (("sender", sender), ("status", status)) if value is not None)
    parameters = {
        "status": status,
        "sender": sender,
        "before": _AFTER_ALL_IDS if before is None else before,
        "most": limit,
    }
    ids = connection.execute(SQL[f"ids_by_{by}" if by else "ids"], parameters).fetchone()[0]
    found = connection.execute(SQL["messages"], {"ids": ids}).fetchone()[0]
    return [row.message() for row in from_json(found, list[MessageRow])]


def deliveries(
    connection: sqlite3.Connection, message_id: str, state: State | None, limit: int, after: int
) -> list[Delivery]:
    """In order, those with an ordinal above `after`."""
    parameters = {"id": message_id, "state": state, "most": limit, "after": after}
    found = connection.execute(SQL["keys_of_message"], parameters).fetchone()[0]
    keys = from_json(found, list[DeliveryKey])
    return [row.delivery() for row in read_rows(connection, keys)]


def progress(connection: sqlite3.Connection, message_id: str) -> dict[str, dict[State, int]]:
    """How many of a message's deliveries are in which state, by messenger."""
    counted = connection.execute(SQL["progress"], {"id": message_id}).fetchone()[0]
    found: dict[str, dict[State, int]] = {}
    for messenger, state, count in from_json(counted, list[tuple[str, State, int]]):
        found.setdefault(messenger, {})[state] = count
    return found


def delivery(connection: sqlite3.Connection, delivery_id: str) -> Delivery | None:
    key = delivery_key(delivery_id)
    rows = read_rows(connection, [key]) if key else []
    return rows[0].delivery() if rows else None


def history(connection: sqlite3.Connection, delivery_id: str) -> tuple[list[AttemptMade], list[ReceiptGot]]:
    """What was attempted and what was reported, each in order."""
    key = delivery_key(delivery_id)
    if key is None:
        return [], []
    parameters = {"id": key[0], "ordinal": key[1]}
    attempts = connection.execute(SQL["attempts"], parameters).fetchone()[0]
    receipts = connection.execute(SQL["receipts"], parameters).fetchone()[0]
    return (
        [
            AttemptMade(*made)
            for made in from_json(attempts, list[tuple[int, int, int, Ending, str | None, str | None]])
        ],
        in_order(ReceiptGot(*got) for got in from_json(receipts, list[tuple[str, int, str | None, str | None]])),
    )
