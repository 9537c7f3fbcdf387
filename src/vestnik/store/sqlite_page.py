"""Decides how a page of deliveries is read from SQLite and turned: what has changed is written in few statements.

It has never heard of what happens to deliveries; verdicts and reports are the page's affair.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Sequence
from importlib.resources import files
from typing import Any, Final, TypeVar

import msgspec

from vestnik.domain.lifecycle import State
from vestnik.domain.moment import Moment
from vestnik.domain.outcomes import Receipt
from vestnik.sqlfiles import queries
from vestnik.store.page import Page, is_in_doubt
from vestnik.store.rows import DeliveryKey, Early, Row, Said, delivery_key

T = TypeVar("T")

_SQL: Final = queries(files(__package__) / "sqlite_page.sql")
_PLACES: Final = {state: place for place, state in enumerate(State, 1)}


def to_json(value: Any) -> str:
    """A parameter for json_each."""
    return msgspec.json.encode(value).decode()


def from_json(text: str, kind: type[T]) -> T:
    """What json_group_array has built; SQLite has no booleans, so 0 and 1 are taken for them."""
    return msgspec.json.decode(text, type=kind, strict=False)


def read_rows(connection: sqlite3.Connection, keys: Sequence[DeliveryKey]) -> list[Row]:
    """The rows with these keys, in their order."""
    return _read(connection, [(*key, None, False) for key in keys])[0]


def read_said(connection: sqlite3.Connection, keys: Sequence[DeliveryKey]) -> tuple[list[Row], dict[str, Said]]:
    """The rows with these keys, in their order, and what their messages say."""
    rows, said, _ = _read(connection, [(*key, None, False) for key in keys], said=True)
    return rows, {each.message_id: each for each in said}


def read_awaiting(
    connection: sqlite3.Connection, answers: Sequence[tuple[str, int, str | None, bool]]
) -> tuple[Page, list[Early]]:
    """A page with the rows that answers have come for, and the kept reports that may have waited for them.

    An answer is a key, the external id that it brings, and whether it leaves doubt.
    """
    rows, _, early = _read(connection, answers, early=True)
    page = Page()
    page.lay_out(rows)
    return page, early


def lay_out_for(connection: sqlite3.Connection, page: Page, receipts: Sequence[Receipt]) -> None:
    """Adds to the page what `Page.find` may come upon for the receipts."""
    if not receipts:
        return
    reports = [
        (
            *(delivery_key(receipt.reference) or (None, None)),
            receipt.messenger,
            receipt.external_id,
            receipt.recipient if receipt.reference is None else None,
        )
        for receipt in receipts
    ]
    _lay_out_found(connection, page, _SQL["keys_about"], {"reports": to_json(reports)})
    people = {(row.messenger, row.recipient) for row in page.rows.values() if is_in_doubt(row)}
    if people:
        _lay_out_found(connection, page, _SQL["keys_being_sent_to"], {"people": to_json(list(people))})


def turn(connection: sqlite3.Connection, page: Page, now: Moment) -> None:
    """Writes what has changed on the page, the counters of its messages included."""
    run = connection.execute
    changed = page.changed()
    for name, rows in _by_extent(changed).items():
        run(_SQL[name], {"rows": to_json(rows)})
    add_to_tallies(connection, [(row.message_id, before.state, row.state, 1) for before, row in changed])
    if page.attempts:
        attempts = [
            (*key, made.attempt, made.started_at, made.ended_at, made.ending, made.code, made.detail)
            for key, made in page.attempts
        ]
        run(_SQL["add_attempts"], {"attempts": to_json(attempts)})
    if page.receipts:
        receipts = [(*key, got.kind, got.at, got.code, got.detail) for key, got in page.receipts]
        run(_SQL["add_receipts"], {"receipts": to_json(receipts)})
    if page.unmatched:
        run(_SQL["keep_early"], {"early": to_json([Early.of(receipt, 0, now) for receipt in page.unmatched])})
    if page.served:
        run(_SQL["drop_early"], {"numbers": to_json(page.served)})


def add_to_tallies(connection: sqlite3.Connection, moves: Iterable[tuple[str, State, State, int]]) -> None:
    """Counts moves: of a message, from a state, to a state, how many."""
    deltas: defaultdict[str, list[Any]] = defaultdict(lambda: [0] * len(State))
    for message_id, before, after, count in moves:
        if before is not after:
            delta = deltas[message_id]
            delta[_PLACES[before] - 1] -= count
            delta[_PLACES[after] - 1] += count
    if deltas:
        rows = [(message_id, *delta) for message_id, delta in deltas.items()]
        connection.execute(_SQL["tally"], {"deltas": to_json(rows)})


def _read(
    connection: sqlite3.Connection,
    keys: Sequence[tuple[str, int, str | None, bool]],
    *,
    said: bool = False,
    early: bool = False,
) -> tuple[list[Row], list[Said], list[Early]]:
    parameters = {"keys": to_json(keys), "with_said": said, "with_early": early}
    rows, sayings, kept = connection.execute(_SQL["page"], parameters).fetchone()
    return from_json(rows, list[Row]), from_json(sayings, list[Said]), from_json(kept, list[Early])


def _lay_out_found(connection: sqlite3.Connection, page: Page, sql: str, parameters: dict[str, str]) -> None:
    found = from_json(connection.execute(sql, parameters).fetchone()[0], list[tuple[str, int]])
    if missing := [key for key in found if key not in page.rows]:
        page.lay_out(read_rows(connection, missing))


def _by_extent(changed: Iterable[tuple[Row, Row]]) -> dict[str, list[tuple[Any, ...]]]:
    """The changed rows by the statement that writes no more columns, and so no more indexes, than it has to."""
    rows: dict[str, list[tuple[Any, ...]]] = {}
    for before, row in changed:
        moved = (
            row.message_id,
            row.ordinal,
            row.state,
            row.attempts,
            row.due_at,
            row.code,
            row.detail,
            row.doubt,
            row.suspect,
            row.lease_until,
        )
        if (before.content_key, before.max_attempts, before.expires_at, before.issue) != (
            row.content_key,
            row.max_attempts,
            row.expires_at,
            row.issue,
        ):
            rows.setdefault("update_whole", []).append(
                (*moved, row.external_id, row.max_attempts, row.expires_at, row.content_key, row.issue)
            )
        elif before.external_id != row.external_id:
            rows.setdefault("update_named", []).append((*moved, row.external_id))
        else:
            rows.setdefault("update_moved", []).append(moved)
    return rows
