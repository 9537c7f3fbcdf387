"""Decides how work is handed out by id from PostgreSQL: what is due, and leases on what is named.

It has never heard of a queue or of who carries the ids.
"""

from collections.abc import Sequence
from importlib.resources import files
from typing import Any, Final, NamedTuple

from vestnik.domain.delivery import Backlog, Claim, Due, Waiting, delivery_id
from vestnik.domain.lifecycle import Event, State, must_step
from vestnik.domain.moment import Moment
from vestnik.domain.priority import Priority
from vestnik.sqlfiles import queries
from vestnik.store.hunger import Hunger, one_each
from vestnik.store.postgres_lanes import choose_alone, find
from vestnik.store.postgres_line import Connection, columns
from vestnik.store.postgres_page import add_to_tallies, read_said, to_rows
from vestnik.store.rows import Row, delivery_key

_SQL: Final = queries(files(__package__) / "postgres_relay.sql")


class Look(NamedTuple):
    """One look at what is due."""

    messenger: str
    suspects: bool
    limit: int
    held: Sequence[str]
    now: Moment
    alone: bool


class Naming(NamedTuple):
    """Deliveries that somebody wants to claim."""

    messenger: str
    ids: Sequence[str]
    lease_until: Moment
    now: Moment
    alone: bool


async def due(connection: Connection, look: Look) -> Due:
    """What the look finds."""
    (found,) = await find(connection, [Hunger(look.messenger, look.suspects, 0, look.now, look.now)])
    held = _columns(look.held)
    queues: dict[int, list[Waiting]] = {priority: [] for priority in Priority}
    still: Sequence[Any] = []
    if look.held:
        still = await connection.fetch(_SQL["claimable"], *held, look.messenger, look.now, False)
    if any(found.due) and (room := look.limit - len(still)) > 0:
        parameters = (look.messenger, look.suspects, look.now, room, *held, look.alone)
        for priority, message_id, ordinal, recipient in await connection.fetch(_SQL["waiting"], *parameters):
            queues[priority].append(Waiting(delivery_id(message_id, ordinal), recipient))
    times = [moment for moment in (found.next_waiting, found.next_deferred) if moment is not None]
    return Due(
        list(queues.values()),
        {delivery_id(message_id, ordinal) for message_id, ordinal, _ in still},
        max(look.now, min(times)) if times else None,
    )


async def backlog(connection: Connection, messengers: Sequence[str]) -> list[Backlog]:
    """How the work of each stands."""
    return [Backlog(*record) for record in await connection.fetch(_SQL["backlog"], list(messengers))]


async def claim_these(connection: Connection, naming: Naming) -> list[Claim]:
    """Claims on those of the named that are due and that nobody else holds, in order of their ids."""
    keys = await _one_each(connection, naming) if naming.alone else _columns(naming.ids)
    parameters = (*keys, naming.messenger, naming.now, naming.lease_until)
    rows = to_rows(await connection.fetch(_SQL["claim_these"], *parameters), Row)
    after = must_step(State.WAITING, Event.CLAIM)
    await add_to_tallies(connection, [(row.message_id, State.WAITING, after, 1) for row in rows])
    said = await read_said(connection, (row.message_id for row in rows)) if rows else {}
    return [row.claim(said[row.message_id]) for row in sorted(rows, key=lambda row: row.key)]


async def _one_each(connection: Connection, naming: Naming) -> list[Sequence[object]]:
    """The first of each recipient to whom nothing is being sent, by this process or another."""
    await choose_alone(connection, naming.messenger)
    parameters = (*_columns(naming.ids), naming.messenger, naming.now, True)
    found = [((key, ordinal), who) for key, ordinal, who in await connection.fetch(_SQL["claimable"], *parameters)]
    return columns(one_each([found], len(found))[0], 2)


def _columns(ids: Sequence[str]) -> list[Sequence[object]]:
    return columns(sorted({key for each in ids if (key := delivery_key(each)) is not None}), 2)
