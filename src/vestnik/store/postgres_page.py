"""Decides how a page of deliveries is read from PostgreSQL and turned: what has changed is written in few statements.

It has never heard of what happens to deliveries; verdicts and reports are the page's affair.
"""

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
from vestnik.store.postgres_line import Connection, columns
from vestnik.store.rows import DeliveryKey, Early, Row, Said, delivery_key

T = TypeVar("T")

_SQL: Final = queries(files(__package__) / "postgres_page.sql")
_PLACES: Final = {state: place for place, state in enumerate(State, 1)}


def to_rows(records: Iterable[Any], kind: type[T]) -> list[T]:
    """Records as the rows that they are."""
    return msgspec.convert([tuple(record) for record in records], list[kind])  # type: ignore[valid-type]  # a list of what was asked for


async def read_rows(connection: Connection, keys: Sequence[DeliveryKey]) -> list[Row]:
    """The rows with these keys, in order of the keys."""
    return await _read(connection, "look", keys)


async def lock_rows(connection: Connection, keys: Sequence[DeliveryKey]) -> list[Row]:
    """The same, locked until the end of the transaction; only for the first rows that it locks."""
    return await _read(connection, "page", keys)


async def read_said(connection: Connection, ids: Iterable[str]) -> dict[str, Said]:
    """What these messages say."""
    records = await connection.fetch(_SQL["said"], list(set(ids)))
    return {each.message_id: each for each in to_rows(records, Said)}


async def read_early(connection: Connection, answers: Sequence[tuple[str, int, str | None, bool]]) -> list[Early]:
    """Kept reports that may have waited for answers: a key, the external id that it brings, whether it leaves doubt."""
    return to_rows(await connection.fetch(_SQL["early"], *columns(answers, 4)), Early)


async def keys_about(connection: Connection, receipts: Sequence[Receipt]) -> list[DeliveryKey]:
    """Every delivery that one of the receipts may be about."""
    reports = [
        (
            *(delivery_key(receipt.reference) or (None, None)),
            receipt.messenger,
            receipt.external_id,
            receipt.recipient if receipt.reference is None else None,
        )
        for receipt in receipts
    ]
    found = await connection.fetch(_SQL["keys_about"], *columns(reports, 5))
    return [(message_id, ordinal) for message_id, ordinal in found]


async def lay_out_for(connection: Connection, page: Page, receipts: Sequence[Receipt]) -> None:
    """Adds to the page what `Page.find` may come upon for the receipts, locked."""
    if not receipts:
        return
    found = await keys_about(connection, receipts)
    if missing := [key for key in found if key not in page.rows]:
        page.lay_out(await _read(connection, "page_at_once" if page.rows else "page", missing))
    await lay_out_neighbours(connection, page)


async def lay_out_neighbours(connection: Connection, page: Page) -> None:
    """Adds what is being sent to the recipients of rows in doubt; it is only looked at, and so not locked."""
    people = {(row.messenger, row.recipient) for row in page.rows.values() if is_in_doubt(row)}
    if people:
        found = await connection.fetch(_SQL["keys_being_sent_to"], *columns(list(people), 2))
        page.lay_out(await read_rows(connection, [(key, n) for key, n in found if (key, n) not in page.rows]))


async def turn(connection: Connection, page: Page, now: Moment) -> None:
    """Writes what has changed on the page, the counters of its messages last."""
    changed = page.changed()
    if not (changed or page.attempts or page.receipts or page.unmatched or page.served):
        return
    attempts = [
        (*key, made.attempt, made.started_at, made.ended_at, made.ending, made.code, made.detail)
        for key, made in page.attempts
    ]
    receipts = [(*key, got.kind, got.at, got.code, got.detail) for key, got in page.receipts]
    connection.own = await connection.fetchval(
        _SQL["turn"],
        *columns([_changed(row) for _, row in changed], 15),
        *columns(attempts, 8),
        *columns(receipts, 6),
        *columns([_early(Early.of(receipt, 0, now)) for receipt in page.unmatched], 9),
        page.served,
        *columns(_deltas((row.message_id, before.state, row.state, 1) for before, row in changed), 1 + len(State)),
    )


async def add_to_tallies(connection: Connection, moves: Iterable[tuple[str, State, State, int]]) -> None:
    """Counts moves: of a message, from a state, to a state, how many. The last thing that a transaction does."""
    if rows := _deltas(moves):
        await connection.execute(_SQL["tally"], *columns(rows, 1 + len(State)))


def _deltas(moves: Iterable[tuple[str, State, State, int]]) -> list[tuple[Any, ...]]:
    deltas: defaultdict[str, list[Any]] = defaultdict(lambda: [0] * len(State))
    for message_id, before, after, count in moves:
        if before is not after:
            delta = deltas[message_id]
            delta[_PLACES[before] - 1] -= count
            delta[_PLACES[after] - 1] += count
    return [(message_id, *delta) for message_id, delta in deltas.items()]


async def _read(connection: Connection, name: str, keys: Sequence[DeliveryKey]) -> list[Row]:
    if not keys:
        return []
    return to_rows(await connection.fetch(_SQL[name], *columns(keys, 2)), Row)


def _changed(row: Row) -> tuple[Any, ...]:
    return (
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
        row.external_id,
        row.max_attempts,
        row.expires_at,
        row.content_key,
        row.issue,
    )


def _early(early: Early) -> tuple[Any, ...]:
    return (
        early.kept_at,
        early.messenger,
        early.kind,
        early.external_id,
        early.at,
        early.reference,
        early.recipient,
        early.code,
        early.detail,
    )
