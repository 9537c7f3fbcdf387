"""Decides which PostgreSQL the tests use: the one that runs here, else one of their own, and a database for this run.

It has never heard of what is stored. A run's database is dropped at its end, and what a killed run left behind at the
start of the next.
"""

import asyncio
import atexit
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, Final

import asyncpg
import pytest

HOW: Final = "needs PostgreSQL: apt-get install postgresql, running or not"
_RUNNING: Final = [
    f"postgresql://{user}@127.0.0.1:5432/postgres" for user in ("postgres", pwd.getpwuid(os.getuid())[0])
]
_PROGRAMS: Final = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
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
    tables = ask(url(), "SELECT string_agg(tablename, ' ') FROM pg_tables WHERE schemaname = 'public'") or ""
    own = [table for table in tables.split() if table != "schema_version"]
    ask(url(), *(f"DELETE FROM {table}" for table in own))


@cache
def server() -> str | None:
    """The address of a server's own database; None where no server runs and none can be started."""
    for address in _RUNNING:
        with suppress(OSError, asyncpg.PostgresError, TimeoutError):
            if ask(address, "SELECT rolcreatedb FROM pg_roles WHERE rolname = current_user"):
                return address
    return _start()


def program(name: str) -> str | None:
    """Where one of the server's programs is; Debian keeps them off the path."""
    places = os.pathsep.join([*map(str, _PROGRAMS), os.environ.get("PATH", "")])
    return shutil.which(name, path=places)


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
    """A server of our own in a temporary folder, stopped when this process ends."""
    initdb, control = program("initdb"), program("pg_ctl")
    if initdb is None or control is None:
        return None
    folder = Path(tempfile.mkdtemp(prefix="vestnik-postgres-"))
    as_user = _unprivileged(folder)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    data = folder / "data"
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    _run(
        as_user, initdb, "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"
    )
    _run(as_user, control, "-D", str(data), "-w", "-l", str(folder / "log"), "-o", options, "start")
    atexit.register(_run, as_user, control, "-D", str(data), "-m", "immediate", "-w", "stop")
    return f"postgresql://postgres@127.0.0.1:{port}/postgres"


def _unprivileged(folder: Path) -> str | None:
    """Whom to run the server as, because it refuses to be run by root; None for ourselves."""
    if os.getuid() != 0:
        return None
    user = "postgres" if any(entry.pw_name == "postgres" for entry in pwd.getpwall()) else "nobody"
    os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
    return user


def _run(user: str | None, *command: str) -> None:
    subprocess.run(
        command,
        user=user,
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        timeout=60,
        cwd="/",
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
    )


async def _with_connection(address: str, work: Callable[[Any], Awaitable[Any]]) -> Any:
    connection = await asyncpg.connect(address, timeout=5)
    try:
        return await work(connection)
    finally:
        await connection.close()
