"""Decides how lanes get their work from PostgreSQL and hand back what became of it, many lanes and batches at once.

It has never heard of what a verdict or a report does to a delivery; that is the page's affair.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from importlib.resources import files
from typing import Any, Final, NamedTuple

from vestnik.domain.delivery import Claim, Claimed
from vestnik.domain.lifecycle import Event, State, must_step
from vestnik.domain.moment import Moment, seconds
from vestnik.domain.priority import Priority, take_turns
from vestnik.sqlfiles import queries
from vestnik.store.hunger import Hunger, one_each, ripening, rounds
from vestnik.store.page import Page
from vestnik.store.postgres_line import Connection, columns
from vestnik.store.postgres_page import add_to_tallies, lock_rows, read_rows, read_said, to_rows, turn
from vestnik.store.rows import RIPEN_AT_ONCE, DeliveryKey, Row, Said

_SQL: Final = queries(files(__package__) / "postgres_lanes.sql")
_CHOOSING: Final = 0x5645_0003
"""The class of the advisory locks of whoever chooses for a messenger that sends one at a time."""
_WIDTH: Final = len(Row.__struct_fields__)
_LOOK_AGAIN: Final = seconds(0.01)
"""After so long it is known what became of rows that another process holds at this moment."""


class _Found(NamedTuple):
    """How much is due for a lane, by priority and counted up to its limit and one, and the times of what is not."""

    due: list[int]
    next_waiting: Moment | None
    next_deferred: Moment | None


async def claim(connection: Connection, hungers: Sequence[Hunger]) -> list[Claimed]:
    """Leases what is due to each lane."""
    return [claimed for each in rounds(hungers) for claimed in await _claim_round(connection, each)]


async def find(connection: Connection, hungers: Sequence[Hunger]) -> list[_Found]:
    """What there is for each lane, once the deferred that came due wait."""
    found = await _due(connection, hungers)
    both = zip(hungers, found, strict=True)
    if ripe := [each for each, had in both if had.next_deferred is not None and had.next_deferred <= each.now]:
        await _ripen(connection, ripe)
        found = await _due(connection, hungers)
    return found


async def _claim_round(connection: Connection, hungers: list[Hunger]) -> list[Claimed]:
    found = await find(connection, hungers)
    if hungers[0].alone:
        return [await _claim_alone(connection, hungers[0], found[0])]
    shares = [_shares(hunger, had) for hunger, had in zip(hungers, found, strict=True)]
    leased = await _lease(connection, list(zip(hungers, shares, strict=True)))
    return [
        Claimed([row.claim(said) for row, said in ours], _next_due(hunger, had, share, len(ours)))
        for hunger, had, share in zip(hungers, found, shares, strict=True)
        for ours in [[each for each in leased if _is_of(hunger, each[0])]]
    ]


def _is_of(hunger: Hunger, row: Row) -> bool:
    return (row.messenger, row.suspect) == (hunger.messenger, hunger.suspects)


async def choose_alone(connection: Connection, messenger: str) -> None:
    """Until the end of the transaction nobody else chooses for a messenger that sends one at a time."""
    await connection.execute(_SQL["one_by_one"], _CHOOSING, messenger)


async def _claim_alone(connection: Connection, hunger: Hunger, found: _Found) -> Claimed:
    """One for each recipient to whom nothing is being sent, by this process or another."""
    await choose_alone(connection, hunger.messenger)
    due = await connection.fetch(_SQL["due_alone"], hunger.messenger, hunger.suspects, hunger.now, hunger.limit + 1)
    queues: list[list[tuple[DeliveryKey, str]]] = [[] for _ in Priority]
    for priority, message_id, ordinal, recipient in due:
        queues[priority].append(((message_id, ordinal), recipient))
    picked, more = one_each(queues, hunger.limit)
    rows = await lease_keys(connection, picked, hunger.lease_until, hunger.now)
    said = await read_said(connection, (row.message_id for row in rows)) if rows else {}
    claims = [row.claim(said[row.message_id]) for row in rows]
    return Claimed(claims, _hurry(hunger, len(picked), len(rows)) if more else _later(hunger, found))


async def lease_keys(
    connection: Connection, keys: Sequence[DeliveryKey], lease_until: Moment, now: Moment
) -> list[Row]:
    """Those of the keys that still wait and that nobody else holds, leased, in their order."""
    if not keys:
        return []
    records = await connection.fetch(_SQL["lease_keys"], *columns(keys, 2), lease_until, now)
    rows = {row.key: row for row in to_rows(records, Row)}
    await _count_moves(connection, rows, State.WAITING, Event.CLAIM)
    return [rows[key] for key in keys if key in rows]


async def _due(connection: Connection, hungers: Sequence[Hunger]) -> list[_Found]:
    lanes = [(hunger.messenger, hunger.suspects, hunger.now, max(0, hunger.limit) + 1) for hunger in hungers]
    records = await connection.fetch(_SQL["due"], *columns(lanes, 4))
    return [_Found([*due], next_waiting, next_deferred) for *due, next_waiting, next_deferred in records]


async def _ripen(connection: Connection, hungers: Sequence[Hunger]) -> None:
    lanes = ripening(hungers)
    found = await connection.fetch(_SQL["ripe"], list(lanes), list(lanes.values()), RIPEN_AT_ONCE)
    keys = [(message_id, ordinal) for message_id, ordinal in found]
    if keys:
        await connection.execute(_SQL["ripen"], *columns(keys, 2))
        await _count_moves(connection, keys, State.DEFERRED, Event.COME_DUE)


def _shares(hunger: Hunger, found: _Found) -> Counter[Priority]:
    queues = [[priority] * count for priority, count in zip(Priority, found.due, strict=True)]
    return Counter(take_turns(queues, hunger.limit))


async def _lease(connection: Connection, shares: Sequence[tuple[Hunger, Counter[Priority]]]) -> list[tuple[Row, Said]]:
    wanted = [
        (hunger.messenger, hunger.suspects, priority, many, hunger.lease_until, hunger.now)
        for hunger, share in shares
        for priority, many in share.items()
    ]
    if not wanted:
        return []
    records = [tuple(record) for record in await connection.fetch(_SQL["lease"], *columns(wanted, 6))]
    rows = to_rows((record[:_WIDTH] for record in records), Row)
    said = [Said(row.message_id, *record[_WIDTH:-1]) for row, record in zip(rows, records, strict=True)]
    for record in records[:1]:
        connection.own = record[-1]
    both = zip(rows, said, strict=True)
    return sorted(both, key=lambda each: (each[0].priority, each[0].due_at, each[0].key))


async def _count_moves(connection: Connection, keys: Iterable[DeliveryKey], before: State, event: Event) -> None:
    after = must_step(before, event)
    await add_to_tallies(connection, [(message_id, before, after, 1) for message_id, _ in keys])


def _next_due(hunger: Hunger, found: _Found, share: Counter[Priority], taken: int) -> Moment | None:
    if taken < share.total() or sum(found.due) > taken:
        return _hurry(hunger, share.total(), taken)
    return _later(hunger, found)


def _hurry(hunger: Hunger, wanted: int, taken: int) -> Moment:
    """There is more at once, unless others hold it at this moment."""
    return hunger.now + _LOOK_AGAIN if taken < wanted else hunger.now


def _later(hunger: Hunger, found: _Found) -> Moment | None:
    times = [moment for moment in (found.next_waiting, found.next_deferred) if moment is not None]
    return max(hunger.now, min(times)) if times else None


async def orphans(connection: Connection, limit: int, lease_until: Moment) -> list[Claim]:
    """Claims whose lease has run out by then, the longest forsaken first."""
    keys = [(key, ordinal) for key, ordinal in await connection.fetch(_SQL["orphans"], lease_until, limit)]
    rows = {row.key: row for row in await read_rows(connection, keys)}
    said = await read_said(connection, (message_id for message_id, _ in rows)) if rows else {}
    found = [rows[key] for key in keys if key in rows]
    return [row.claim(said[row.message_id]) for row in found if row.state is State.SENDING]


async def expire(connection: Connection, items: Sequence[tuple[int, Moment]]) -> list[tuple[int, Moment | None]]:
    """How many were expired for each caller, and when the next one will be to expire."""
    page = Page()
    counts: list[int] = []
    for limit, now in items:
        found: list[Any] = await connection.fetch(_SQL["expiring"], now, limit + len(page.rows))
        keys = [(key, ordinal) for key, ordinal in found if (key, ordinal) not in page.rows][:limit]
        page.lay_out(await lock_rows(connection, keys))
        counts.append(len(keys))
        for key in keys:
            page.rows[key].end(Event.EXPIRE)
    await turn(connection, page, items[-1][1])
    following = [await connection.fetchval(_SQL["next_expiry"], now) for _, now in items]
    return [
        # What another process expires at this moment is passed over; it is no reason to look again at once.
        (
            count,
            moment if moment is None or count == limit else max(moment, now + _LOOK_AGAIN) if moment <= now else moment,
        )
        for (limit, now), count, moment in zip(items, counts, following, strict=True)
    ]
