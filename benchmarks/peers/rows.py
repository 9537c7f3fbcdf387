"""Decides what a peer's job works on: a table of deliveries in PostgreSQL, one row each, and the one call it makes.

It has never heard of queues; the database is the benchmark's own and goes away with it.
"""

import os
from typing import Any, Final

import psycopg
import requests
from psycopg import sql

SERVER: Final = os.environ.get("BENCH_POSTGRES", "host=127.0.0.1 user=postgres")
DATABASE: Final = "vestnik_bench"
HERE: Final = f"{SERVER} dbname={DATABASE}"
URL: Final = os.environ.get("BENCH_POSTGRES_URL", "postgresql://postgres@127.0.0.1") + f"/{DATABASE}"
FAR: Final = os.environ.get("BENCH_FAR", "")
FOLDER: Final = os.environ.get("BENCH_FOLDER", ".")
FIRST: Final = 1_000_000
TEXT: Final = "Your parcel has arrived. You can collect it until Friday."

BEGIN: Final = "UPDATE deliveries SET state = 'sending', attempts = attempts + 1 WHERE id = %s RETURNING chat, text"
END: Final = "UPDATE deliveries SET state = 'sent', external_id = %s WHERE id = %s"
_TABLE: Final = """
CREATE TABLE deliveries (
    id bigint PRIMARY KEY, chat bigint NOT NULL, text text NOT NULL, state text NOT NULL DEFAULT 'waiting',
    attempts integer NOT NULL DEFAULT 0, external_id text
)
"""
_FILL: Final = "INSERT INTO deliveries (id, chat, text) SELECT n, %s + n, %s FROM generate_series(0, %s - 1) AS n"


def make(count: int) -> None:
    """An empty database of the benchmark's own, with that many rows waiting."""
    drop()
    with psycopg.connect(f"{SERVER} dbname=postgres", autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
    with psycopg.connect(HERE) as connection:
        connection.execute(_TABLE)
        connection.execute(_FILL, (FIRST, TEXT, count))


def drop() -> None:
    """Takes the database away, whoever is still connected."""
    with psycopg.connect(f"{SERVER} dbname=postgres", autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(DATABASE)))


def left() -> int:
    """How many rows are not marked as sent."""
    with psycopg.connect(HERE) as connection:
        found = connection.execute("SELECT count(*) FROM deliveries WHERE state <> 'sent'").fetchone()
    return int(found[0]) if found else 0


def call_of(chat: int, text: str) -> tuple[str, dict[str, Any]]:
    """Where to and what, the same as Vestnik sends."""
    return f"{FAR}/bot7000000001:vestnik/sendMessage", {"chat_id": chat, "text": text}


def call(session: requests.Session, chat: int, text: str) -> str:
    """One call of the messenger, for the peers whose jobs are plain functions; the message's id."""
    url, body = call_of(chat, text)
    answer = session.post(url, json=body, timeout=10)
    answer.raise_for_status()
    return str(answer.json()["result"]["message_id"])


def deliver(connection: psycopg.Connection[Any], session: requests.Session, delivery: int) -> None:
    """One delivery: its row says sending, the messenger is called, its row says sent."""
    row = connection.execute(BEGIN, (delivery,)).fetchone()
    assert row is not None
    connection.execute(END, (call(session, row[0], row[1]), delivery))
