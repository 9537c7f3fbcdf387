"""Decides what must be in order before a process may work: its data folder, its database, who can reach it.

It has never heard of messengers, routes or dispatching.
"""

import fcntl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from vestnik.config import Settings, variable
from vestnik.domain.errors import BadSetting, VestnikError
from vestnik.domain.moment import Moment, seconds
from vestnik.ports import Store
from vestnik.store.sqlite import SqliteStore

_SQLITE: Final = "sqlite:///"
_POSTGRES: Final = ("postgresql://", "postgres://")
_ADDRESS: Final = "postgresql://USER:PASSWORD@HOST:PORT/DATABASE"
_LOCK: Final = "vestnik.lock"


class InUse(VestnikError):
    """Another process works with the data folder."""


@contextmanager
def sole_owner(folder: Path) -> Iterator[None]:
    """Holds the data folder for this process, creating it if need be.

    InUse if another process holds it, BadSetting if nothing can be written there.
    """
    _make(folder)
    try:
        lock = (folder / _LOCK).open("w")
    except OSError as reason:
        raise _unusable(folder, reason) from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise InUse(f"another process serves from {folder}") from None
        yield


def database_path(settings: Settings) -> Path:
    """The file of the embedded database; BadSetting for a database of another kind."""
    if not settings.database_url:
        return settings.data / "vestnik.db"
    if not settings.database_url.startswith(_SQLITE):
        forms = f"give {_SQLITE}PATH" + ("" if is_server(settings) else f" or {_ADDRESS}")
        raise _bad_address(variable("database_url"), settings.database_url, forms)
    return Path(settings.database_url.removeprefix(_SQLITE))


def database_name(settings: Settings) -> str:
    """The database as people may be told of it, without user and password."""
    return shown(settings.database_url) if is_server(settings) else str(database_path(settings))


@asynccontextmanager
async def open_store(settings: Settings) -> AsyncIterator[Store]:
    """The store of the settings, brought up to date, and closed at the end."""
    window = None if settings.dedupe_window is None else seconds(settings.dedupe_window)
    store = await (_open_server(settings, window) if is_server(settings) else _open_file(settings, window))
    try:
        yield store
    finally:
        await store.close()


async def _open_file(settings: Settings, window: Moment | None) -> Store:
    path = database_path(settings)
    _make(path.parent)
    return await SqliteStore.open(path, dedupe_window=window)


async def _open_server(settings: Settings, window: Moment | None) -> Store:
    with server_named(variable("database_url"), settings.database_url):
        from vestnik.store.postgres import PostgresStore  # noqa: PLC0415 - it needs what not everybody has installed

        return await PostgresStore.open(settings.database_url, dedupe_window=window)


@contextmanager
def server_named(option: str, url: str) -> Iterator[None]:
    """Around whatever imports the rooms for PostgreSQL and opens a database: BadSetting names the option at fault."""
    try:
        yield
    except ModuleNotFoundError as missing:
        if (missing.name or "").startswith("vestnik"):
            raise
        raise _bad_address(option, url, f"{missing.name} is not installed: pip install 'vestnik[cluster]'") from None
    except ValueError:  # Its text may hold a piece of the password.
        raise _bad_address(option, url, f"give {_ADDRESS}, with special characters percent-encoded") from None


def is_server(settings: Settings) -> bool:
    """Whether the database is on a PostgreSQL server."""
    return settings.database_url.startswith(_POSTGRES)


def _bad_address(option: str, url: str, reason: str) -> BadSetting:
    return BadSetting(f"{option}: {shown(url)!r} cannot be used, {reason}")


def shown(url: str) -> str:
    """The address without user, password and options, as people may be told of it."""
    scheme, separator, rest = url.partition("://")
    return scheme + separator + rest.rpartition("@")[2].partition("?")[0]


async def check_exposure(settings: Settings) -> None:
    """BadSetting where the service could be reached from elsewhere although it has no key."""
    if settings.insecure or is_loopback(settings.host):
        return
    async with open_store(settings) as store:
        if any(key.revoked_at is None for key in await store.keys()):
            return
    raise BadSetting(
        f"--host: {settings.host} can be reached from elsewhere and there is no API key;"
        " make one with `vestnik keys create NAME`, or say --insecure"
    )


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the address."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not folder.is_dir():
            raise NotADirectoryError(0, "it is not a folder")
    except OSError as reason:
        raise _unusable(folder, reason) from None


def _unusable(folder: Path, reason: OSError) -> BadSetting:
    return BadSetting(f"{variable('data')}: {folder} cannot be used: {reason.strerror}")
