"""Decides how the work is done with Huey on SQLite: its queue and the deliveries in files with full synchronisation.

It has never heard of a server. It runs eight threads; BENCH_CONCURRENCY tries another number.
"""

import os
import sqlite3
import threading
from contextlib import closing
from typing import Final

import requests
from huey import SqliteHuey

from benchmarks.peers import rows
from benchmarks.peers.commands import Commands

_WORKERS: Final = os.environ.get("BENCH_CONCURRENCY", "8")
_ROWS: Final = os.path.join(rows.FOLDER, "rows.db")  # noqa: PTH118 - sqlite3 and Huey take names
_TABLE: Final = """
CREATE TABLE deliveries (
    id INTEGER PRIMARY KEY, chat INTEGER NOT NULL, text TEXT NOT NULL, state TEXT NOT NULL DEFAULT 'waiting',
    attempts INTEGER NOT NULL DEFAULT 0, external_id TEXT
)
"""
_BEGIN: Final = "UPDATE deliveries SET state = 'sending', attempts = attempts + 1 WHERE id = ? RETURNING chat, text"
_END: Final = "UPDATE deliveries SET state = 'sent', external_id = ? WHERE id = ?"

huey = SqliteHuey(filename=os.path.join(rows.FOLDER, "huey.db"), fsync=True, results=False)  # noqa: PTH118 - as above
_mine = threading.local()


def _connect() -> sqlite3.Connection:
    connection = sqlite3.connect(_ROWS, timeout=30, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def _deliver(delivery: int) -> None:
    if not hasattr(_mine, "connection"):
        _mine.connection, _mine.session = _connect(), requests.Session()
    chat, text = _mine.connection.execute(_BEGIN, (delivery,)).fetchall()[0]
    _mine.connection.execute(_END, (rows.call(_mine.session, chat, text), delivery))


deliver = huey.task(name="deliver", retries=5)(_deliver)


def _prepare(count: int) -> None:
    with closing(_connect()) as connection:
        connection.execute(_TABLE)
        connection.execute("BEGIN")
        waiting = [(number, rows.FIRST + number, rows.TEXT) for number in range(count)]
        connection.executemany("INSERT INTO deliveries (id, chat, text) VALUES (?, ?, ?)", waiting)
        connection.execute("COMMIT")
    for number in range(count):
        deliver(number)


def _left() -> int:
    with closing(_connect()) as connection:
        found: int = connection.execute("SELECT count(*) FROM deliveries WHERE state <> 'sent'").fetchone()[0]
        return found


def _clean() -> None:
    """The files go with their folder."""


_WORKER: Final = (
    "huey_consumer",
    "benchmarks.peers.huey_sqlite.huey",
    "-w",
    _WORKERS,
    "-k",
    "thread",
    "-q",
    "-m",
    "0.1",
)

COMMANDS: Final = Commands(_prepare, _WORKER, _left, _clean)
