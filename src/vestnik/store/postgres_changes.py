"""Decides how people's decisions about messages and deliveries are carried out in PostgreSQL.

It has never heard of who decides. Such decisions are few: each is a transaction of its own.
"""

from vestnik.domain.delivery import Delivery
from vestnik.domain.lifecycle import Event, State, step
from vestnik.domain.message import Message
from vestnik.domain.moment import Moment
from vestnik.store import page as turning
from vestnik.store.page import Page
from vestnik.store.postgres_asks import SQL, message_row
from vestnik.store.postgres_line import Connection, clean
from vestnik.store.postgres_page import add_to_tallies, lock_rows, turn
from vestnik.store.postgres_retire import keep_text
from vestnik.store.rows import MessageRow, delivery_key, no_delivery, no_message, nothing_to, slot_taken


async def cancel(connection: Connection, message_id: str) -> Message:
    """Cancels what has not begun; NotFound, or Conflict where nothing is left to cancel."""
    await _known(connection, message_id)
    moves = await connection.fetch(SQL["cancel"], message_id, _states(Event.CANCEL))
    if not moves:
        raise nothing_to("cancel", message_id)
    return await _counted(
        connection, message_id, [(State(before), State(after), count) for before, after, count in moves]
    )


async def reschedule(connection: Connection, message_id: str, send_at: Moment) -> Message:
    """Moves deliveries that were never attempted; NotFound, or Conflict where there are none."""
    await _known(connection, message_id)
    counted = await connection.fetch(SQL["untried"], message_id, _states(Event.RESCHEDULE))
    if not counted:
        raise nothing_to("reschedule", message_id)
    await connection.execute(SQL["reschedule"], message_id, _states(Event.RESCHEDULE), send_at)
    await connection.execute(SQL["set_send_at"], message_id, send_at)
    return await _counted(connection, message_id, [(State(state), State.DEFERRED, count) for state, count in counted])


async def retry(connection: Connection, delivery_id: str, now: Moment, window_start: Moment | None) -> Delivery:
    """Another round of attempts; NotFound, IllegalStep, or Conflict where the dedupe slot is taken.

    What was accepted at `window_start` or before, and is finished, holds no dedupe slot any more.
    """
    page = await _page_of_one(connection, delivery_id)
    (row,) = page.rows.values()
    await keep_text(connection, row.message_id)
    turning.retry(row, await _known(connection, row.message_id), now)
    slot = row.content_key, row.messenger, row.recipient
    if window_start is not None:
        await connection.execute(SQL["release_slot"], *slot, *row.key, window_start)
    holder = await connection.fetchrow(SQL["slot_holder"], *slot)
    if holder is not None and tuple(holder) != row.key:
        raise slot_taken((holder[0], holder[1]))
    await turn(connection, page, now)
    return row.delivery()


async def resolve(connection: Connection, delivery_id: str, event: Event, now: Moment) -> Delivery:
    """A person's decision about a delivery in doubt; NotFound or IllegalStep."""
    page = await _page_of_one(connection, delivery_id)
    (row,) = page.rows.values()
    turning.resolve(row, event)
    await turn(connection, page, now)
    return row.delivery()


async def _known(connection: Connection, message_id: str) -> MessageRow:
    row = await message_row(connection, message_id)
    if row is None:
        raise no_message(message_id)
    return row


def _states(event: Event) -> list[State]:
    return [state for state in State if step(state, event)]


async def _counted(connection: Connection, message_id: str, moves: list[tuple[State, State, int]]) -> Message:
    """Counts moves: from a state, to a state, how many."""
    await add_to_tallies(connection, [(message_id, *move) for move in moves])
    return (await _known(connection, message_id)).message()


async def _page_of_one(connection: Connection, delivery: str) -> Page:
    page = Page()
    key = delivery_key(clean(delivery))
    page.lay_out(await lock_rows(connection, [key]) if key else [])
    if not page.rows:
        raise no_delivery(delivery)
    return page
