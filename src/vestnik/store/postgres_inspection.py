"""Decides what makes a PostgreSQL database of the store sound, as it stands at one moment.

It has never heard of who wants to know.
"""

from importlib.resources import files
from typing import Final

import asyncpg

from vestnik.snapshots import CONTENTS, Inspection
from vestnik.sqlfiles import queries
from vestnik.store.postgres_line import CONNECTION_SECONDS, SQL, explained
from vestnik.store.postgres_schema import connect, known_migrations, shown

_FOLDER: Final = files(__package__)
_QUESTIONS: Final = queries(_FOLDER / "postgres_check.sql")
_STATEMENT_SECONDS: Final = 3600.0
"""The questions go through everything."""


async def inspect(url: str) -> Inspection:
    """What the database holds and what is wrong with it; others may go on writing to it.

    ValueError for an address that is none, StoreUnavailable if it cannot be read.
    """
    settings = {"application_name": "vestnik check"}
    connection = await connect(url, command_timeout=_STATEMENT_SECONDS, server_settings=settings)
    try:
        with explained():
            known = len(known_migrations())
            ours = await connection.fetchval(SQL["has_schema_version"])
            version = await connection.fetchval(SQL["schema_version"]) if ours else 0
            if version == known:
                return await ask(connection, shown(url))
    finally:
        await connection.close(timeout=CONNECTION_SECONDS)
    unlike = f"its schema is version {version} and this program's is {known}: migrate it first"
    return Inspection(shown(url), faults=[unlike])


async def ask(connection: "asyncpg.Connection[asyncpg.Record]", name: str) -> Inspection:
    """The same on a connection that is open already."""
    found = Inspection(name)
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        found.contents.update(await connection.fetch(_QUESTIONS[CONTENTS]))
        for question, statement in _QUESTIONS.items():
            if question != CONTENTS:
                count, example = await connection.fetchrow(statement) or (0, None)
                found.answered(question, count, example)
    return found
