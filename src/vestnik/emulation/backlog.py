"""Decides how the reports that bots must still be given are kept: on disk until the bot has taken them.

It has never heard of how a report is given; it hands out what is due and forgets what is done.
"""

import sqlite3
from collections.abc import Sequence
from importlib.resources import files
from typing import Final, NamedTuple

import msgspec

from vestnik.emulation import tally
from vestnik.emulation.journal import Entry
from vestnik.emulation.tally import Tally
from vestnik.emulation.when import Moment
from vestnik.groupcommit import GroupCommit
from vestnik.sqlfiles import queries

_SQL: Final = queries(files("vestnik.emulation") / "backlog.sql")


class Report(msgspec.Struct, frozen=True, array_like=True):
    """One thing that a bot is to be told about a message: of its `kind`, since `at`."""

    id: int
    kind: str
    """sent, delivered, read or failed; or message, where a person wrote one."""
    at: Moment
    due: Moment
    """When it is to be told: later than `at` where it was put off."""
    attempt: int
    """How often it was tried."""
    entry: Entry


class Settled(NamedTuple):
    """What became of a messenger's reports: ids of those that were told, that are given up and that are put off.

    Those put off come with the time for the next try and how often they were tried now.
    """

    messenger: str
    told: Sequence[int] = ()
    given_up: Sequence[int] = ()
    again: Sequence[tuple[int, Moment, int]] = ()


_REPORTS: Final = msgspec.json.Decoder(list[Report])
_PAIRS: Final = msgspec.json.Decoder(list[tuple[str, str]])
_TEXTS: Final = msgspec.json.Decoder(list[str])


class Backlog:
    """The reports that bots must still be given."""

    def __init__(self, rows: GroupCommit) -> None:
        self._rows = rows

    async def bots(self) -> list[tuple[str, str]]:
        """Those that something waits for, as messenger and bot."""
        return _PAIRS.decode(await self._text("bots", {}))

    async def due(self, messenger: str, bot: str, now: Moment, limit: int) -> tuple[list[Report], Moment | None]:
        """Up to `limit` reports that are due, oldest first, and when the next ones will be."""
        asked = {"messenger": messenger, "bot": bot, "now": now, "limit": limit}
        reports, later = await self._rows.read(
            lambda connection: connection.execute(_SQL["due"], asked).fetchone(),
        )
        return _REPORTS.decode(reports), later

    async def settle(self, settled: Settled) -> None:
        """Forgets what is done and puts off the rest."""
        await self._rows.write(_settle, settled)

    async def drop(self, messenger: str, bot: str) -> None:
        """Forgets whatever the bot was to be told."""
        await self._rows.write(_drop, (messenger, bot))

    async def written(self) -> None:
        """Returns when everything is on disk that was to be written before."""
        await self._rows.write(_nothing, None)

    async def release(self, messenger: str, recipient: str, now: Moment) -> list[str]:
        """The phone is online: whatever waited for that is due from now on. The bots that are concerned."""
        return await self._rows.write(_release, (messenger, recipient, now))

    async def last(self, messenger: str, recipient: str) -> int:
        """The number of the last entry that the mailbox of the phone has."""
        asked = {"messenger": messenger, "recipient": recipient}
        number: int = await self._rows.read(lambda connection: connection.execute(_SQL["last"], asked).fetchone()[0])
        return number

    async def report(self, kind: str, phone: tuple[str, str, str], between: tuple[int, int], now: Moment) -> None:
        """Reports what reached a phone from a bot with numbers above the first and up to the second.

        `phone` is messenger, bot and recipient. Messages that failed are left out.
        """
        await self._rows.write(_report, (kind, phone, between, now))

    async def unread(self, kind: str, phone: tuple[str, str, str], up_to: int, now: Moment) -> None:
        """What was to happen later to messages up to that number never happens, and is reported to nobody.

        `phone` is messenger, bot and recipient. What has happened by now, or waits for the phone, is still told.
        """
        await self._rows.write(_unread, (kind, phone, up_to, now))

    async def _text(self, name: str, parameters: dict[str, str]) -> str:
        text: str = await self._rows.read(lambda connection: connection.execute(_SQL[name], parameters).fetchone()[0])
        return text


def release(connection: sqlite3.Connection, messenger: str, recipient: str, now: Moment) -> list[str]:
    """The same as a part of a transaction."""
    phone = {"messenger": messenger, "recipient": recipient}
    bots = _TEXTS.decode(connection.execute(_SQL["held"], phone).fetchone()[0])
    connection.execute(_SQL["release"], {**phone, "now": now})
    return bots


def _release(connection: sqlite3.Connection, items: list[tuple[str, str, Moment]]) -> list[list[str]]:
    return [release(connection, *item) for item in items]


def _report(
    connection: sqlite3.Connection, items: list[tuple[str, tuple[str, str, str], tuple[int, int], Moment]]
) -> list[None]:
    for kind, (messenger, bot, recipient), (above, up_to), now in items:
        asked = {"messenger": messenger, "bot": bot, "recipient": recipient, "above": above, "up_to": up_to}
        added = connection.execute(_SQL["report"], {**asked, "kind": kind, "now": now}).rowcount
        tally.add(connection, [Tally(messenger, pending=added)])
    return [None] * len(items)


def _unread(connection: sqlite3.Connection, items: list[tuple[str, tuple[str, str, str], int, Moment]]) -> list[None]:
    for kind, (messenger, bot, recipient), up_to, now in items:
        asked = {"messenger": messenger, "bot": bot, "recipient": recipient, "up_to": up_to}
        gone = connection.execute(_SQL["unread"], {**asked, "kind": kind, "now": now}).rowcount
        tally.add(connection, [Tally(messenger, pending=-gone)])
    return [None] * len(items)


def _settle(connection: sqlite3.Connection, items: list[Settled]) -> list[None]:
    changes = []
    for item in items:
        told, given_up = (
            connection.execute(_SQL["done"], {"ids": _json(ids)}).rowcount if ids else 0
            for ids in (item.told, item.given_up)
        )
        changes.append(Tally(item.messenger, pending=-told - given_up, told=told, given_up=given_up))
        if item.again:
            connection.execute(_SQL["again"], {"later": _json(item.again)})
    tally.add(connection, changes)
    return [None] * len(items)


def _drop(connection: sqlite3.Connection, items: list[tuple[str, str]]) -> list[None]:
    for messenger, bot in items:
        gone = connection.execute(_SQL["drop"], {"messenger": messenger, "bot": bot}).rowcount
        tally.add(connection, [Tally(messenger, pending=-gone, given_up=gone)])
    return [None] * len(items)


def _nothing(_connection: sqlite3.Connection, items: list[None]) -> list[None]:
    return items


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
