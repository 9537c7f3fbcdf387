"""Decides how people's decisions about messages and deliveries are carried out in SQLite.

It has never heard of who decides; a decision that cannot be carried out is answered with the error that says why.
"""

import sqlite3
from typing import NamedTuple, TypeAlias

from vestnik.domain.delivery import Delivery
from vestnik.domain.errors import Conflict, IllegalStep, VestnikError
from vestnik.domain.lifecycle import Event, State, step
from vestnik.domain.message import Message
from vestnik.domain.moment import Moment
from vestnik.store.page import Page, resolve, retry
from vestnik.store.rows import delivery_key, no_delivery, no_message, nothing_to, slot_taken
from vestnik.store.sqlite_asks import SQL, message, message_row
from vestnik.store.sqlite_page import add_to_tallies, from_json, read_rows, to_json, turn

Counted: TypeAlias = list[tuple[State, int]]


class Rescheduling(NamedTuple):
    message_id: str
    send_at: Moment


class Retrying(NamedTuple):
    """What was accepted at `window_start` or before, and is finished, holds no dedupe slot any more."""

    delivery_id: str
    now: Moment
    window_start: Moment | None


class Resolving(NamedTuple):
    delivery_id: str
    event: Event
    now: Moment


def cancel(connection: sqlite3.Connection, ids: list[str]) -> list[Message | VestnikError]:
    """Cancels what has not begun; NotFound, or Conflict where nothing is left to cancel."""
    return [_cancel(connection, message_id) for message_id in ids]


def _cancel(connection: sqlite3.Connection, message_id: str) -> Message | VestnikError:
    if message_row(connection, message_id) is None:
        return no_message(message_id)
    parameters = {"id": message_id, "states": _states(Event.CANCEL)}
    moves = from_json(connection.execute(SQL["cancellable"], parameters).fetchone()[0], list[tuple[State, State, int]])
    if not moves:
        return nothing_to("cancel", message_id)
    connection.execute(SQL["cancel"], parameters)
    return _counted(connection, message_id, moves)


def reschedule(connection: sqlite3.Connection, items: list[Rescheduling]) -> list[Message | VestnikError]:
    """Moves deliveries that were never attempted; NotFound, or Conflict where there are none."""
    return [_reschedule(connection, *item) for item in items]


def _reschedule(connection: sqlite3.Connection, message_id: str, send_at: Moment) -> Message | VestnikError:
    if message_row(connection, message_id) is None:
        return no_message(message_id)
    parameters = {"id": message_id, "states": _states(Event.RESCHEDULE), "send_at": send_at}
    counted = from_json(connection.execute(SQL["untried"], parameters).fetchone()[0], Counted)
    if not counted:
        return nothing_to("reschedule", message_id)
    connection.execute(SQL["reschedule"], parameters)
    connection.execute(SQL["set_send_at"], parameters)
    return _counted(connection, message_id, [(state, State.DEFERRED, count) for state, count in counted])


def _states(event: Event) -> str:
    return to_json([state for state in State if step(state, event)])


def _counted(
    connection: sqlite3.Connection, message_id: str, moves: list[tuple[State, State, int]]
) -> Message | VestnikError:
    """Counts moves: from a state, to a state, how many."""
    add_to_tallies(connection, [(message_id, *move) for move in moves])
    return message(connection, message_id) or no_message(message_id)


def retry_deliveries(connection: sqlite3.Connection, items: list[Retrying]) -> list[Delivery | VestnikError]:
    """Another round of attempts for each; NotFound, IllegalStep, or Conflict where the dedupe slot is taken."""
    return [_retry(connection, item) for item in items]


def _retry(connection: sqlite3.Connection, item: Retrying) -> Delivery | VestnikError:
    page = _page_of_one(connection, item.delivery_id)
    said = message_row(connection, item.delivery_id.rpartition("-")[0])
    if not page.rows or said is None:
        return no_delivery(item.delivery_id)
    (row,) = page.rows.values()
    try:
        retry(row, said, item.now)
    except (IllegalStep, Conflict) as refused:
        return refused
    slot = {"content_key": row.content_key, "messenger": row.messenger, "recipient": row.recipient}
    if item.window_start is not None:
        others = {**slot, "id": row.message_id, "ordinal": row.ordinal, "accepted_before": item.window_start}
        connection.execute(SQL["release_slot"], others)
    holder = connection.execute(SQL["slot_holder"], slot).fetchone()
    if holder is not None and holder != row.key:
        return slot_taken(holder)
    turn(connection, page, item.now)
    return row.delivery()


def resolve_deliveries(connection: sqlite3.Connection, items: list[Resolving]) -> list[Delivery | VestnikError]:
    """A person's decision about each delivery in doubt; NotFound or IllegalStep."""
    return [_resolve(connection, item) for item in items]


def _resolve(connection: sqlite3.Connection, item: Resolving) -> Delivery | VestnikError:
    page = _page_of_one(connection, item.delivery_id)
    if not page.rows:
        return no_delivery(item.delivery_id)
    (row,) = page.rows.values()
    try:
        resolve(row, item.event)
    except IllegalStep as refused:
        return refused
    turn(connection, page, item.now)
    return row.delivery()


def _page_of_one(connection: sqlite3.Connection, delivery: str) -> Page:
    page = Page()
    key = delivery_key(delivery)
    page.lay_out(read_rows(connection, [key]) if key else [])
    return page
