"""Decides what SQLite knows of requests under an Idempotency-Key, and for how long.

It has never heard of what the requests ask.
"""

import sqlite3

from vestnik.domain.moment import Moment
from vestnik.domain.requests import KEPT_FOR, Fresh, Known
from vestnik.store.begun import Beginning, Begun, Reply
from vestnik.store.rows import EARLY_KEPT_FOR, FORGET_AT_ONCE
from vestnik.store.sqlite_page import from_json, to_json
from vestnik.store.sqlite_people import SQL


def begin_requests(connection: sqlite3.Connection, items: list[Beginning]) -> list[Known]:
    """What is known under each key; what is not is begun."""
    found = connection.execute(SQL["requests"], {"keys": to_json([item.key for item in items])}).fetchone()[0]
    rows = {row.key: row for row in from_json(found, list[Begun])}
    known: list[Known] = []
    begun: dict[str, Begun] = {}
    for item in items:
        row = rows.get(item.key)
        known.append(Fresh() if row is None else row.known_to(item))
        if known[-1] == Fresh():
            rows[item.key] = begun[item.key] = Begun(item.key, item.fingerprint, item.now, item.life)
    if begun:
        connection.execute(SQL["begin_requests"], {"requests": to_json([*begun.values()])})
    return known


def finish_requests(connection: sqlite3.Connection, replies: list[Reply]) -> list[None]:
    """Keeps replies; those with a status of 500 or more make requests forgotten that accepted nothing."""
    forgotten = [reply.key for reply in replies if reply.status >= 500]
    kept = [reply for reply in replies if reply.status < 500]
    if kept:
        connection.execute(SQL["finish_requests"], {"replies": to_json(kept)})
    if forgotten:
        connection.execute(SQL["drop_requests"], {"keys": to_json(forgotten)})
    return [None] * len(replies)


def forget(connection: sqlite3.Connection, items: list[Moment]) -> list[None]:
    """Drops requests and early reports past their time, a bounded number of each."""
    parameters = {"most": FORGET_AT_ONCE}
    connection.execute(SQL["forget_requests"], {**parameters, "before": max(items) - KEPT_FOR})
    connection.execute(SQL["forget_early"], {**parameters, "before": max(items) - EARLY_KEPT_FOR})
    return [None] * len(items)
