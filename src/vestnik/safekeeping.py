"""Decides what a backup is: one tar file with the databases of a data folder as they stood at one moment, examined.

It has never heard of how a database is copied or of what makes one sound.
"""

import asyncio
import os
import shutil
import tarfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, TypeAlias

from vestnik import snapshots
from vestnik.config import Settings, variable
from vestnik.domain.errors import VestnikError
from vestnik.emulation import inspection as far_side
from vestnik.opening import database_path, is_server, server_named
from vestnik.snapshots import Inspection
from vestnik.store import inspection as store

_SERVICE: Final = "vestnik.db"
_FAR_SIDE: Final = "emulator.db"
_EXAMINERS: Final[Mapping[str, Callable[[Path, str], Inspection]]] = {
    _SERVICE: store.inspect,
    _FAR_SIDE: far_side.inspect,
}
"""By the name of the file. The far side comes last: whatever the service tells of it must be in it."""
_COMPRESSED: Final = (".gz", ".tgz")
_MODE: Final = 0o600
"""Messages and phone numbers are nobody else's affair."""

Databases: TypeAlias = dict[str, Path]
"""Files that are there, by the names in _EXAMINERS and in that order."""


class NoBackup(VestnikError):
    """A backup cannot be made or read; the text says why."""


def back_up(settings: Settings, target: Path) -> list[Inspection]:
    """Writes the databases of the settings to `target`, also while a service works with them; what the copy holds.

    A name that ends with .gz or .tgz makes it compressed. NoBackup if `target` exists, if there is nothing to copy or
    if the copy is not sound; then nothing is left behind. While it is made there must be room for it twice.
    """
    sources = _there({_SERVICE: _service(settings), _FAR_SIDE: settings.data / _FAR_SIDE})
    if not sources:
        raise NoBackup(f"there is no database in {settings.data}")
    if target.exists():
        raise NoBackup(f"{target} exists already")
    with _explained(target), TemporaryDirectory(prefix=".vestnik-backup-", dir=target.parent) as name:
        copies = {each: Path(name, each) for each in sources}
        snapshots.copy([*sources.values()], [*copies.values()])
        found = [_EXAMINERS[each](copy, each) for each, copy in copies.items()]
        for inspection in found:
            if inspection.faults:
                raise NoBackup(f"{inspection.name} is not sound: {inspection.faults[0]}; `vestnik check` tells more")
        _pack(copies, Path(name, "packed"), target)
    return found


def check(settings: Settings, what: Path | None) -> list[Inspection]:
    """Examines a backup, a data folder, or without either the databases of the settings, one on a server too.

    NoBackup or StoreUnavailable if it cannot be examined.
    """
    if what is not None and not what.is_dir():
        with _explained(what), TemporaryDirectory(prefix="vestnik-check-") as unpacked:
            return _examined(_unpack(what, Path(unpacked)), what)
    folder = settings.data if what is None else what
    far_side = _there({_FAR_SIDE: folder / _FAR_SIDE})
    if what is None and is_server(settings):
        return [_server(settings.database_url), *(_EXAMINERS[name](path, name) for name, path in far_side.items())]
    service = _service(settings) if what is None else what / _SERVICE
    return _examined({**_there({_SERVICE: service}), **far_side}, folder)


def _server(url: str) -> Inspection:
    with server_named(variable("database_url"), url):
        from vestnik.store import postgres_inspection  # noqa: PLC0415 - it needs what not everybody has installed

        return asyncio.run(postgres_inspection.inspect(url))


def _service(settings: Settings) -> Path:
    if is_server(settings):
        raise NoBackup("a database on a server is copied with the server's own tools, such as pg_dump")
    return database_path(settings)


def _examined(databases: Databases, where: Path) -> list[Inspection]:
    if not databases:
        raise NoBackup(f"there is no database in {where}")
    return [_EXAMINERS[name](path, name) for name, path in databases.items()]


def _there(databases: Databases) -> Databases:
    return {name: path for name, path in databases.items() if path.exists()}


def _pack(copies: Databases, packed: Path, target: Path) -> None:
    """The file appears under its name only when all of it is on the disk."""
    with packed.open("xb") as file:
        packed.chmod(_MODE)
        with tarfile.open(fileobj=file, mode="w:gz" if target.suffix in _COMPRESSED else "w") as archive:
            for name, copy in copies.items():
                archive.add(copy, name)
        file.flush()
        os.fsync(file.fileno())
    packed.rename(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _unpack(packed: Path, folder: Path) -> Databases:
    with tarfile.open(packed) as archive:
        for name in _EXAMINERS:
            member = archive.extractfile(name) if name in archive.getnames() else None
            if member is not None:
                with (folder / name).open("xb") as file:
                    shutil.copyfileobj(member, file)
    return _there({name: folder / name for name in _EXAMINERS})


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as reason:
        raise NoBackup(f"{path}: {reason.strerror or reason}") from reason
    except (tarfile.TarError, zlib.error, EOFError) as reason:
        raise NoBackup(f"{path} is no backup, or not the whole of one") from reason
