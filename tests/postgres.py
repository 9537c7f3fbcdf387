"""Decides which PostgreSQL the tests use: the one that runs here, else one of their own, and a database for this run.

It has never heard of what is stored. A run's database is dropped at its end, and what a killed run left behind at the
start of the next.
"""

import asyncio
import atexit
import os
import pwd
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, Final

import asyncpg
import pytest

from tests.servers import postgres as own

HOW: Final = "needs PostgreSQL: apt-get install postgresql, running or not"
RUNNING: Final = [f"postgresql://{user}@127.0.0.1:5432/postgres" for user in ("postgres", pwd.getpwuid(os.getuid())[0])]
"""Where one may run already that lets us make databases."""
_PREFIX: Final = "vestnik_test_"


def url() -> str:
    """The address of this run's database; skips the test where there is no PostgreSQL."""
    found = _database()
    if found is None:
        pytest.skip(HOW)
    return found


def ask(address: str, *statements: str) -> Any:
    """Runs statements, each by itself, and answers with the first value of the last."""

    async def work(connection: Any) -> Any:
        answer = None
        for statement in statements:
            answer = await connection.fetchval(statement)
        return answer

    return asyncio.run(_with_connection(address, work))


def wipe() -> None:
    """Empties every table of this run's database, if it has any yet, and settings that a test gave it."""
    ask(url(), *(f"DELETE FROM {table}" for table in _tables() if table != "schema_version"))


def raze() -> None:
    """Drops every table of this run's database, and with them what the server learned about their rows."""
    ask(url(), *(f"DROP TABLE {table} CASCADE" for table in _tables()))


def _tables() -> list[str]:
    tables: str = ask(url(), "SELECT string_agg(tablename, ' ') FROM pg_tables WHERE schemaname = 'public'") or ""
    return tables.split()


@cache
def server() -> str | None:
    """The address of a server's own database; None where no server runs and none can be started."""
    for address in RUNNING:
        with suppress(OSError, asyncpg.PostgresError, TimeoutError):
            if ask(address, "SELECT rolcreatedb FROM pg_roles WHERE rolname = current_user"):
                return address
    return _start()


@cache
def _database() -> str | None:
    address = server()
    if address is None:
        return None
    _drop_leftovers(address)
    name = f"{_PREFIX}{os.getpid()}"
    ask(address, f"CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0")
    atexit.register(ask, address, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    return f"{address.rpartition('/')[0]}/{name}"


def _drop_leftovers(address: str) -> None:
    names = ask(address, f"SELECT string_agg(datname, ' ') FROM pg_database WHERE datname ~ '^{_PREFIX}[0-9]+$'") or ""
    for name in names.split():
        if not Path(f"/proc/{name.removeprefix(_PREFIX)}").exists():
            with suppress(asyncpg.PostgresError):  # Another run drops it at the same moment.
                ask(address, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _start() -> str | None:
    """A server of our own, ended with this process."""
    if not own.can_be_started():
        return None
    started = own.OwnPostgres()
    started.start()
    return started.url()


async def _with_connection(address: str, work: Callable[[Any], Awaitable[Any]]) -> Any:
    connection = await asyncpg.connect(address, timeout=5)
    try:
        return await work(connection)
    finally:
        await connection.close()
