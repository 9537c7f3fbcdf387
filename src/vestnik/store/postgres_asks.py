"""Decides how people's questions about messages and deliveries are answered from PostgreSQL.

It has never heard of who asks or how the answer will look.
"""

from importlib.resources import files
from typing import Any, Final

from vestnik.domain.delivery import AttemptMade, Delivery, Ending, ReceiptGot
from vestnik.domain.lifecycle import State
from vestnik.domain.message import Message
from vestnik.sqlfiles import queries
from vestnik.store.postgres_line import Connection, clean
from vestnik.store.postgres_page import read_rows, to_rows
from vestnik.store.rows import MessageRow, delivery_key, in_order

SQL: Final = queries(files(__package__) / "postgres_asks.sql")

_AFTER_ALL_IDS: Final = "\U0010ffff"
"""Sorts after every id."""


async def message(connection: Connection, message_id: str) -> Message | None:
    row = await message_row(connection, message_id)
    return row.message() if row else None


async def message_row(connection: Connection, message_id: str) -> MessageRow | None:
    """The message with its counters; None if there is none."""
    found = to_rows(await connection.fetch(SQL["message"], clean(message_id)), MessageRow)
    return found[0] if found else None


async def messages(
    connection: Connection, status: State | None, sender: str | None, limit: int, before: str | None
) -> list[Message]:
    """Newest first, those with ids smaller than `before`."""
    by = "_and_".join(name for name, value in (("sender", sender), ("status", status)) if value is not None)
    given = [clean(value) for value in (sender, status) if value is not None]
    before = _AFTER_ALL_IDS if before is None else clean(before)
    ids = await connection.fetch(SQL[f"ids_by_{by}" if by else "ids"], before, limit, *given)
    found = await connection.fetch(SQL["messages"], [message_id for (message_id,) in ids])
    return [row.message() for row in to_rows(found, MessageRow)]


async def deliveries(
    connection: Connection, message_id: str, state: State | None, limit: int, after: int
) -> list[Delivery]:
    """In order, those with an ordinal above `after`."""
    found = await connection.fetch(SQL["keys_of_message"], clean(message_id), after, state, limit)
    return [row.delivery() for row in await read_rows(connection, [(key, ordinal) for key, ordinal in found])]


async def progress(connection: Connection, message_id: str) -> dict[str, dict[State, int]]:
    """How many of a message's deliveries are in which state, by messenger."""
    found: dict[str, dict[State, int]] = {}
    for messenger, state, count in await connection.fetch(SQL["progress"], clean(message_id)):
        found.setdefault(messenger, {})[State(state)] = count
    return found


async def delivery(connection: Connection, delivery_id: str) -> Delivery | None:
    key = delivery_key(clean(delivery_id))
    rows = await read_rows(connection, [key]) if key else []
    return rows[0].delivery() if rows else None


async def history(connection: Connection, delivery_id: str) -> tuple[list[AttemptMade], list[ReceiptGot]]:
    """What was attempted and what was reported, each in order."""
    key = delivery_key(clean(delivery_id))
    if key is None:
        return [], []
    attempts: list[Any] = await connection.fetch(SQL["attempts"], *key)
    receipts: list[Any] = await connection.fetch(SQL["receipts"], *key)
    return (
        [
            AttemptMade(attempt, began, ended, Ending(ending), code, detail)
            for attempt, began, ended, ending, code, detail in attempts
        ],
        in_order(ReceiptGot(*got) for got in receipts),
    )
