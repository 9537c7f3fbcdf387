"""Decides how a service moves from one database to another: which two, in which order, and what people see of it.

It has never heard of rows or statements; the ends of a copy know how they are read and written.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from vestnik.clock import SystemClock
from vestnik.config import Settings, variable
from vestnik.domain.errors import BadSetting
from vestnik.opening import server_named, shown
from vestnik.snapshots import Inspection
from vestnik.store.copying import End, begin, bring_over, finish
from vestnik.store.sqlite_copy import SqliteEnd
from vestnik.store.tables import TABLES

_FILE: Final = "sqlite:"
_SERVERS: Final = ("postgresql://", "postgres://")
_FORMS: Final = "give sqlite:PATH or postgresql://USER:PASSWORD@HOST:PORT/DATABASE"
_IDENTITIES: Final = 2**62


async def copy(settings: Settings, source: str | None, target: str | None, *, ahead: bool, console: Console) -> None:
    """Brings a service's rows from one database to another and puts that one in its place.

    Without a source it is the file in the data folder, without a target the database of the settings. With `ahead`
    only what there is by now, while the service works. StoreUnavailable or Conflict say why it cannot be done; the same
    call goes on where one was cut short.
    """
    here = source or f"{_FILE}{settings.data / 'vestnik.db'}"
    there = target or settings.database_url
    if not there:
        raise BadSetting(f"--to: {_FORMS}, here or as {variable('database_url')}")
    if _plain(here) == _plain(there):
        raise BadSetting("--from and --to are the same database")
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(_end("--from", here, alone=not ahead))
        second = await stack.enter_async_context(_end("--to", there, alone=True, create=True))
        if not await begin(first, second, 1 + int(clock.luck() * _IDENTITIES)):
            _say(console, f"{second.name} has been the copy of {first.name} already; nothing was done")
            return
        total = sum([await first.count(table) for table in TABLES])
        with _progress(console, total) as done:
            changed = await bring_over(first, second, done)
        _say(console, f"{first.name}: {total} rows, {changed} of them new or changed in {second.name}")
        if ahead:
            _say(console, "Now stop the service and run the same command without --ahead.")
            return
        _tell(console, await finish(first, second, clock.now()))
        _say(console, f"{first.name} is out of use from now on: start everything with {second.name}")


def _say(console: Console, line: str) -> None:
    console.print(line, highlight=False, markup=False, soft_wrap=True)


def _tell(console: Console, found: Inspection) -> None:
    contents = ", ".join(f"{what} {count}" for what, count in found.contents.items())
    _say(console, f"{found.name}: the same rows, and sound ({contents})")


@contextmanager
def _progress(console: Console, total: int) -> Iterator[Callable[[int], None]]:
    """A bar for people at a terminal, and nothing for programs."""
    columns = (TextColumn("copying"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("rows", total=total)
        yield lambda count: bar.advance(task, count)


def _plain(address: str) -> str:
    return str(_path(address).absolute()) if address.startswith(_FILE) else address.partition("?")[0]


def _path(address: str) -> Path:
    """The file of `sqlite:PATH` or, as in the settings, `sqlite:///PATH`."""
    return Path(address.removeprefix(_FILE).removeprefix("///" if address.startswith(f"{_FILE}///") else ""))


@asynccontextmanager
async def _end(option: str, address: str, *, alone: bool, create: bool = False) -> AsyncIterator[End]:
    end = await _opened(option, address, alone=alone, create=create)
    try:
        yield end
    finally:
        await end.close()


async def _opened(option: str, address: str, *, alone: bool, create: bool) -> End:
    if address.startswith(_FILE) and address != _FILE:
        return await SqliteEnd.open(_path(address), alone=alone, create=create)
    if not address.startswith(_SERVERS):
        raise BadSetting(f"{option}: {shown(address)!r} cannot be used, {_FORMS}")
    with server_named(option, address):
        from vestnik.store.postgres_copy import PostgresEnd  # noqa: PLC0415 - it needs what not everybody has installed

        return await PostgresEnd.open(address, alone=alone)
