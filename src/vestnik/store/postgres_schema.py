"""Decides how a PostgreSQL database becomes ours: that it can be used at all, and that its schema is up to date.

It has never heard of what the tables are for.
"""

import asyncio
from collections.abc import Sequence
from importlib.resources import files
from typing import Any, Final

import asyncpg

from vestnik.domain.errors import SchemaTooNew, StoreUnavailable
from vestnik.sqlfiles import migrations
from vestnik.store.postgres_line import CONNECTION_SECONDS, SQL, unavailable

_MIGRATIONS: Final = 0x5645_0002
"""The class of the advisory lock of whoever migrates."""
_OLDEST: Final = 130_000
"""PostgreSQL 13 is the oldest that can tell what became of a transaction and has all that the statements need."""
_REFUSED: Final = (
    asyncpg.InvalidCatalogNameError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InsufficientPrivilegeError,
)
_TRIES: Final = (0.2, 0.5, 1.0, 2.0, 0.0)
"""Seconds after each try to reach a server that is not there, such as one that starts at the same time."""


def known_migrations() -> list[tuple[int, str]]:
    """What this version knows, in order."""
    return migrations(files(__package__) / "migrations" / "postgres")


def shown(url: str) -> str:
    """The database as it may be named in a line for people: without user and password."""
    return url.partition("://")[2].rpartition("@")[2].partition("?")[0]


async def bring_up_to_date(url: str) -> None:
    """Applies what migrations are missing, one process at a time.

    ValueError for an address that is none, SchemaTooNew for a database of a newer version, StoreUnavailable where the
    server cannot be reached or refuses.
    """
    connection = await connect(url)
    try:
        encoding, version = await connection.fetchrow(SQL["encoding"]) or ("", 0)
        if encoding != "UTF8":
            raise StoreUnavailable(
                f"{shown(url)} has the encoding {encoding}: create the database with ENCODING 'UTF8'"
            )
        if version < _OLDEST:
            raise StoreUnavailable(f"{shown(url)} is served by PostgreSQL {version // 10_000}: use 13 or newer")
        await _migrate(connection, url, known_migrations())
    except _REFUSED as refusal:
        raise StoreUnavailable(f"{shown(url)} cannot be used: {refusal}") from None
    finally:
        await connection.close(timeout=CONNECTION_SECONDS)


async def connect(url: str, **more: Any) -> "asyncpg.Connection[asyncpg.Record]":
    """A connection of its own; `more` is for asyncpg.

    ValueError for an address that is none, StoreUnavailable where the server cannot be reached or refuses.
    """
    for pause in _TRIES:
        try:
            return await asyncpg.connect(url, timeout=CONNECTION_SECONDS, **more)
        except _REFUSED as refusal:
            raise StoreUnavailable(f"{shown(url)} cannot be used: {refusal}") from None
        except Exception as trouble:
            if unavailable(trouble) is None:
                raise
            last = trouble
        await asyncio.sleep(pause)
    raise StoreUnavailable(f"{shown(url)} cannot be reached: {last or type(last).__name__}") from None


async def _migrate(
    connection: "asyncpg.Connection[asyncpg.Record]", url: str, scripts: Sequence[tuple[int, str]]
) -> None:
    if await connection.fetchval(SQL["has_schema_version"]) and await _version(connection, url, len(scripts)) == len(
        scripts
    ):
        return
    async with connection.transaction():
        await connection.execute(SQL["begin_migrating"], _MIGRATIONS)
        await connection.execute(SQL["make_schema_versions"])
        version = await _version(connection, url, len(scripts))
        for number, script in scripts:
            if number > version:
                await connection.execute(script)
                await connection.execute(SQL["set_schema_version"], number)


async def _version(connection: "asyncpg.Connection[asyncpg.Record]", url: str, known: int) -> int:
    version: int = await connection.fetchval(SQL["schema_version"])
    if version > known:
        raise SchemaTooNew(
            f"{shown(url)} has schema version {version} and this program knows up to {known}: use a newer one"
        )
    return version
