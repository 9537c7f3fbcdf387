"""Decides how work is handed out by id from SQLite: what is due, and leases on what is named.

It has never heard of a queue or of who carries the ids.
"""

import sqlite3
from collections.abc import Sequence
from importlib.resources import files
from typing import Final, NamedTuple

from vestnik.domain.delivery import Backlog, Claim, Due, Waiting, delivery_id
from vestnik.domain.moment import Moment
from vestnik.domain.priority import Priority
from vestnik.sqlfiles import queries
from vestnik.store.hunger import Hunger, one_each
from vestnik.store.rows import DeliveryKey, delivery_key
from vestnik.store.sqlite_lanes import find, lease
from vestnik.store.sqlite_page import to_json

_SQL: Final = queries(files(__package__) / "sqlite_relay.sql")


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


def due(connection: sqlite3.Connection, looks: list[Look]) -> list[Due]:
    """What each look finds."""
    return [_due(connection, look) for look in looks]


def _due(connection: sqlite3.Connection, look: Look) -> Due:
    (found,) = find(connection, [Hunger(look.messenger, look.suspects, 0, look.now, look.now)])
    held = [key for key, _ in _claimable(connection, look.messenger, look.held, look.now, alone=False)]
    times = [moment for moment in (found.next_waiting, found.next_deferred) if moment is not None]
    return Due(
        [_waiting(connection, look, priority, max(0, look.limit - len(held))) for priority in Priority],
        {delivery_id(*key) for key in held},
        max(look.now, min(times)) if times else None,
    )


def _waiting(connection: sqlite3.Connection, look: Look, priority: Priority, most: int) -> list[Waiting]:
    parameters = {
        "messenger": look.messenger,
        "suspects": look.suspects,
        "priority": priority,
        "now": look.now,
        "held": _keys(look.held),
        "most": most,
        "alone": look.alone,
    }
    rows = connection.execute(_SQL["waiting"], parameters)
    return [Waiting(delivery_id(message_id, ordinal), recipient) for message_id, ordinal, recipient in rows]


def backlog(connection: sqlite3.Connection, messengers: Sequence[str]) -> list[Backlog]:
    """How the work of each stands."""
    return [Backlog(*row) for row in connection.execute(_SQL["backlog"], {"messengers": to_json(list(messengers))})]


def claim_these(connection: sqlite3.Connection, items: list[Naming]) -> list[list[Claim]]:
    """What each caller gets; who comes later in the batch finds what is left."""
    return [_claim_these(connection, item) for item in items]


def _claim_these(connection: sqlite3.Connection, item: Naming) -> list[Claim]:
    found = _claimable(connection, item.messenger, item.ids, item.now, alone=item.alone)
    keys = one_each([found], len(found))[0] if item.alone else [key for key, _ in found]
    hunger = Hunger(item.messenger, suspects=False, limit=len(keys), lease_until=item.lease_until, now=item.now)
    return lease(connection, [(hunger, keys)])


def _claimable(
    connection: sqlite3.Connection, messenger: str, ids: Sequence[str], now: Moment, *, alone: bool
) -> list[tuple[DeliveryKey, str]]:
    parameters = {"messenger": messenger, "keys": _keys(ids), "now": now, "alone": alone}
    rows = connection.execute(_SQL["claimable"], parameters)
    return [((message_id, ordinal), recipient) for message_id, ordinal, recipient in rows]


def _keys(ids: Sequence[str]) -> str:
    return to_json(sorted({key for each in ids if (key := delivery_key(each)) is not None}))
