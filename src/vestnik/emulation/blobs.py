"""Decides how files that bots and people send are kept: in the emulator's database, the oldest given up for room.

It has never heard of what a file is or by which name its messenger hands it out.
"""

import sqlite3
from importlib.resources import files
from typing import Any, Final

from vestnik.groupcommit import GroupCommit
from vestnik.sqlfiles import queries

_SQL: Final = queries(files("vestnik.emulation") / "records.sql")

MOST: Final = 512 * 2**20
"""Bytes of all files of one messenger together."""


class Blobs:
    """The files of one messenger."""

    def __init__(self, rows: GroupCommit, messenger: str, most: int = MOST) -> None:
        self._rows = rows
        self._messenger = messenger
        self._most = most

    async def put(self, key: str, content: bytes) -> None:
        """Keeps the file; one that is there under the key stays. The oldest files go where there is no room for all."""
        row = {"messenger": self._messenger, "key": key, "size": len(content), "content": content, "most": self._most}
        await self._rows.write(_put, row)

    async def get(self, key: str) -> bytes | None:
        """The file, or None where it never was or had to go."""
        asked = {"messenger": self._messenger, "key": key}
        row = await self._rows.read(lambda connection: connection.execute(_SQL["blob"], asked).fetchone())
        return None if row is None else bytes(row[0])

    async def drop(self, key: str) -> None:
        """Forgets the file."""
        await self._rows.write(_drop, {"messenger": self._messenger, "key": key})


def _put(connection: sqlite3.Connection, items: list[dict[str, Any]]) -> list[None]:
    """Files are rare and large: one statement for each."""
    for item in items:
        connection.execute(_SQL["put_blob"], {name: item[name] for name in ("messenger", "key", "size", "content")})
        connection.execute(_SQL["trim_blobs"], {name: item[name] for name in ("messenger", "most")})
    return [None] * len(items)


def _drop(connection: sqlite3.Connection, items: list[dict[str, str]]) -> list[None]:
    for item in items:
        connection.execute(_SQL["drop_blob"], item)
    return [None] * len(items)
