"""Decides what PostgreSQL knows of requests under an Idempotency-Key, and for how long.

It has never heard of what the requests ask.
"""

from collections.abc import Sequence

from vestnik.domain.moment import Moment
from vestnik.domain.requests import KEPT_FOR, Fresh, Known, Running
from vestnik.store.begun import Beginning, Begun, Reply
from vestnik.store.postgres_line import Connection, columns
from vestnik.store.postgres_page import to_rows
from vestnik.store.postgres_people import SQL
from vestnik.store.postgres_presence import LIVES
from vestnik.store.rows import EARLY_KEPT_FOR, FORGET_AT_ONCE


async def begin_requests(connection: Connection, items: Sequence[Beginning]) -> list[Known]:
    """What is known under each key; what is not is begun."""
    before = await _read(connection, [item.key for item in items])
    rows, begun = dict(before), dict[str, Beginning]()
    known: list[Known] = []
    for item in items:
        row = rows.get(item.key)
        known.append(Fresh() if row is None else row.known_to(item))
        if known[-1] == Fresh():
            rows[item.key] = Begun(item.key, item.fingerprint, item.now, item.life)
            begun[item.key] = item
    if not begun:
        return known
    ours = await _begin(connection, list(begun.values()), before)
    theirs = await _read(connection, [key for key in begun if key not in ours])
    for place, item in enumerate(items):
        if item.key in theirs:  # Another process began it between our look and our insertion.
            known[place] = _unless_fresh(theirs[item.key].known_to(item))
    return known


def _unless_fresh(known: Known) -> Known:
    return Running() if known == Fresh() else known


async def _begin(connection: Connection, items: Sequence[Beginning], before: dict[str, Begun]) -> set[str]:
    requests = []
    for item in items:
        row = before.get(item.key)
        seen = (None, None) if row is None else (row.begun_at, row.life)
        requests.append((item.key, item.fingerprint, item.now, item.life, *seen))
    return {key for (key,) in await connection.fetch(SQL["begin_requests"], *columns(requests, 6))}


async def _read(connection: Connection, keys: Sequence[str]) -> dict[str, Begun]:
    if not keys:
        return {}
    records = await connection.fetch(SQL["requests"], keys, LIVES)
    return {row.key: row for row in to_rows(records, Begun)}


async def finish_requests(connection: Connection, replies: Sequence[Reply]) -> list[None]:
    """Keeps replies; those with a status of 500 or more make requests forgotten that accepted nothing."""
    kept = [(reply.key, reply.status, reply.body, reply.location) for reply in replies if reply.status < 500]
    if kept:
        await connection.execute(SQL["finish_requests"], *columns(sorted(kept), 4))
    if forgotten := [reply.key for reply in replies if reply.status >= 500]:
        await connection.execute(SQL["drop_requests"], forgotten)
    return [None] * len(replies)


async def forget(connection: Connection, now: Moment) -> None:
    """Drops requests and early reports past their time, a bounded number of each."""
    await connection.execute(SQL["forget_requests"], now - KEPT_FOR, FORGET_AT_ONCE)
    await connection.execute(SQL["forget_early"], now - EARLY_KEPT_FOR, FORGET_AT_ONCE)
