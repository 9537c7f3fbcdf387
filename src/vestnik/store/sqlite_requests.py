"""Decides what SQLite knows of requests under an Idempotency-Key, and for how long.

It has never heard of what the requests ask.
"""

import sqlite3
from typing import NamedTuple

import msgspec

from vestnik.domain.moment import Moment
from vestnik.domain.requests import KEPT_FOR, Fresh, Known, OtherBody, Replay, Running
from vestnik.store.rows import EARLY_KEPT_FOR, FORGET_AT_ONCE, unfinished_replay
from vestnik.store.sqlite_page import from_json, to_json
from vestnik.store.sqlite_people import SQL


class Beginning(NamedTuple):
    """A request that comes in; `abandoned` if this life of the store has failed to keep its first reply."""

    key: str
    fingerprint: str
    now: Moment
    life: int
    abandoned: bool


class Reply(msgspec.Struct, array_like=True):
    key: str
    status: int
    body: bytes
    location: str | None


class _Row(msgspec.Struct, array_like=True):
    key: str
    fingerprint: str
    begun_at: Moment
    life: int
    message_id: str | None = None
    status: int | None = None
    body: bytes | None = None
    location: str | None = None

    def known_to(self, asking: Beginning) -> Known:
        if self.begun_at <= asking.now - KEPT_FOR:
            return Fresh()
        if self.fingerprint != asking.fingerprint:
            return OtherBody()
        if self.status is not None:
            return Replay(self.status, self.body or b"", self.location)
        if self.life == asking.life and not asking.abandoned:
            return Running()
        return Fresh() if self.message_id is None else unfinished_replay(self.message_id)


def begin_requests(connection: sqlite3.Connection, items: list[Beginning]) -> list[Known]:
    """What is known under each key; what is not is begun."""
    found = connection.execute(SQL["requests"], {"keys": to_json([item.key for item in items])}).fetchone()[0]
    rows = {row.key: row for row in from_json(found, list[_Row])}
    known: list[Known] = []
    begun: dict[str, _Row] = {}
    for item in items:
        row = rows.get(item.key)
        known.append(Fresh() if row is None else row.known_to(item))
        if known[-1] == Fresh():
            rows[item.key] = begun[item.key] = _Row(item.key, item.fingerprint, item.now, item.life)
    if begun:
        connection.execute(SQL["begin_requests"], {"requests": to_json([*begun.values()])})
    return known


def finish_requests(connection: sqlite3.Connection, replies: list[Reply]) -> list[None]:
    """Keeps replies; those with a status of 500 or more make their requests forgotten."""
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
