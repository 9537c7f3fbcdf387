"""Decides how PostgreSQL lets go of what is over: texts and histories first, whole messages once they block nothing.

It has never heard of how long anything is to be kept.
"""

from importlib.resources import files
from typing import Final

from vestnik.domain.moment import Moment
from vestnik.sqlfiles import queries
from vestnik.store.postgres_line import Connection
from vestnik.store.rows import RETIRE_AT_ONCE, Retirement

SQL: Final = queries(files(__package__) / "postgres_retire.sql")

_HISTORY: Final = ("drop_attempts", "drop_receipts")
_WHOLE: Final = (*_HISTORY, "drop_deliveries", "drop_tallies", "drop_messages")


async def retire(connection: Connection, item: Retirement) -> int:
    """Lets go of a bounded number of messages; how many."""
    count = await _let_go(connection, "finished", (item.text_before, RETIRE_AT_ONCE), (*_HISTORY, "drop_texts"))
    if count == 0 and item.whole_before is not None:
        asked = item.whole_before, RETIRE_AT_ONCE, item.unreported_before
        count = await _let_go(connection, "bygone", asked, _WHOLE)
    return count


async def keep_text(connection: Connection, message_id: str) -> None:
    """The message's text stays as long as the transaction."""
    await connection.execute(SQL["keep_text"], message_id)


async def _let_go(connection: Connection, which: str, asked: tuple[Moment, ...], deeds: tuple[str, ...]) -> int:
    found = [row[0] for row in await connection.fetch(SQL[which], *asked)]
    ids = [row[0] for row in await connection.fetch(SQL["still_finished"], found)] if found else []
    if ids:
        for deed in deeds:
            await connection.execute(SQL[deed], ids)
    return len(ids)
