"""Decides how a PostgreSQL database is read and written as a whole, and that nobody else works with it meanwhile.

It has never heard of what the rows mean or of where they go.
"""

import asyncio
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Final

import asyncpg

from vestnik.domain.errors import StoreUnavailable
from vestnik.snapshots import Inspection
from vestnik.sqlfiles import queries
from vestnik.store import postgres_inspection
from vestnik.store.copying import out_of_use
from vestnik.store.postgres_line import CONNECTION_SECONDS, Connection, clean, explained
from vestnik.store.postgres_presence import LIVES
from vestnik.store.postgres_schema import bring_up_to_date, connect, shown
from vestnik.store.tables import MARK, SETTINGS, TABLES, Key, Row, Table

_SQL: Final = queries(files(__package__) / "postgres_copy.sql")
_COPIES: Final = 0x5645_0005
"""The class of the advisory lock of whoever copies."""
_SETTINGS: Final = {
    "application_name": "vestnik copy",
    "lock_timeout": "5s",
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
}
_STATEMENT_SECONDS: Final = 3600.0
"""The checks at the end go through everything."""
PAUSES: Final = (0.1, 0.4, 1.0, 2.0, 0.0)
"""Seconds after each try to have the database alone."""
_IN_THE_WAY: Final = "in_the_way_in_"


async def refuse_if_out_of_use(connection: Connection, url: str) -> None:
    """StoreUnavailable where the database is being copied, was copied away, or is a copy that is not finished.

    Who begins to copy at this moment finds those that live: so it is asked once more by a process that does.
    """
    if await connection.fetchval(_SQL["is_taken"], _COPIES):
        raise StoreUnavailable(f"{shown(url)} is being copied at this moment")
    reason = out_of_use(dict(await connection.fetch(_SQL["marks"], MARK)))
    if reason is not None:
        raise StoreUnavailable(f"{shown(url)} {reason}")


class PostgresEnd:
    """Implements `vestnik.store.copying.End` on one database."""

    def __init__(self, url: str, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        self._url = url
        self._connection = connection

    @classmethod
    async def open(cls, url: str, *, alone: bool) -> "PostgresEnd":
        """Opens the database and brings its schema up to date; with `alone` no process can begin to work with it.

        ValueError for an address that is none, StoreUnavailable where it cannot be used or, with `alone`, where
        processes are at work.
        """
        await bring_up_to_date(url)
        connection = await connect(url, command_timeout=_STATEMENT_SECONDS, server_settings=_SETTINGS)
        self = cls(url, connection)
        try:
            if alone:
                await self._take()
        except BaseException:
            await self.close()
            raise
        return self

    async def _take(self) -> None:
        """What has just ended may be known for a moment longer."""
        with explained():
            for pause in PAUSES:
                ours = await self._connection.fetchval(_SQL["take_for_ourselves"], _COPIES)
                others = await self._connection.fetchval(_SQL["at_work"], LIVES)
                if ours and not others:
                    return
                if ours:
                    await self._connection.fetchval(_SQL["let_go"], _COPIES)
                await asyncio.sleep(pause)
        if not ours:
            raise StoreUnavailable(f"{self.name} is being copied by another process")
        raise StoreUnavailable(f"{self.name} is in use: stop what works with it ({others} found)")

    @property
    def name(self) -> str:
        """Its address, without user and password."""
        return shown(self._url)

    def fit(self, row: Row) -> Row:
        """The row without what PostgreSQL cannot hold in texts."""
        if all(not isinstance(value, str) or (value.isascii() and value.isprintable()) for value in row):
            return row
        return tuple(clean(value) if isinstance(value, str) else value for value in row)

    async def count(self, table: Table) -> int:
        """How many rows it has."""
        with explained():
            return int(await self._connection.fetchval(_worded("count", table)))

    async def read(self, table: Table, after: Key | None, limit: int) -> list[Row]:
        """Up to `limit` rows with keys beyond `after`, in order."""
        statement = _worded("page" if after is None else "page_beyond", table)
        with explained():
            return [tuple(record) for record in await self._connection.fetch(statement, limit, *(after or ()))]

    async def replace(self, table: Table, rows: Sequence[Row], gone: Sequence[Key]) -> None:
        """Drops some and puts others in place, all in one transaction."""
        with explained():
            await self._connection.execute(_worded("make_room", table))
            async with self._connection.transaction():
                await self._bring(table, gone, table.key)
                await self._connection.execute(_worded("drop", table))
                await self._bring(table, rows, table.columns)
                if in_the_way := _SQL.get(_IN_THE_WAY + table.name):
                    await self._connection.execute(in_the_way)
                await self._connection.execute(_worded("put", table))

    async def _bring(self, table: Table, rows: Sequence[Row], columns: Sequence[str]) -> None:
        await self._connection.execute(_worded("clear_room", table))
        await self._connection.copy_records_to_table(f"copied_{table.name}", records=rows, columns=columns)

    async def settle(self) -> None:
        """Lets numbers be drawn beyond those that came, and the planner know what there is."""
        with explained():
            for table in TABLES:
                if table.counted:
                    await self._connection.fetchval(_worded("go_on_counting", table))
            await self._connection.execute(_SQL["take_statistics"])

    async def inspect(self) -> Inspection:
        """What it holds, and what is wrong with it."""
        with explained():
            return await postgres_inspection.ask(self._connection, self.name)

    async def marks(self) -> dict[str, int]:
        """The settings whose names begin with MARK."""
        with explained():
            return dict(await self._connection.fetch(_SQL["marks"], MARK))

    async def mark(self, changes: Mapping[str, int | None]) -> None:
        """Sets these, and drops those that are None."""
        kept = [(name, value) for name, value in changes.items() if value is not None]
        await self.replace(SETTINGS, kept, [(name,) for name, value in changes.items() if value is None])

    async def close(self) -> None:
        """Lets others have the database."""
        await self._connection.close(timeout=CONNECTION_SECONDS)


def _worded(name: str, table: Table) -> str:
    return _SQL[name].format(
        table=table.name,
        columns=", ".join(table.columns),
        key=", ".join(table.key),
        its_key=", ".join(f"t.{column}" for column in table.key),
        the_key=", ".join(f"c.{column}" for column in table.key),
        values=", ".join(f"${place}" for place in range(2, 2 + len(table.key))),
        changes=", ".join(f"{column} = excluded.{column}" for column in table.rest),
    )
