"""Decides what is known of the phones: by default all exist, are online, block nobody and read nothing.

It has never heard of messages; whoever sends one asks here what the phone is like.
"""

import sqlite3
from importlib.resources import files
from typing import Any, Final, NamedTuple

import msgspec

from vestnik.emulation.backlog import release
from vestnik.emulation.when import Moment
from vestnik.groupcommit import GroupCommit, StoreUnavailable
from vestnik.sqlfiles import queries

_SQL: Final = queries(files("vestnik.emulation") / "setup.sql")


class Phone(NamedTuple):
    """An emulated person's device for one messenger."""

    online: bool = True
    """What is sent to a phone that is offline arrives when it is back."""
    blocked: bool = False
    """The person has blocked every bot."""
    reads_after: float | None = None
    """Seconds after its arrival when a message is read; None is never."""


USUAL: Final = Phone()

_ROWS: Final = msgspec.json.Decoder(list[tuple[str, str, int, int, float | None]])


class Phones:
    """The phones that somebody set up, in memory and on disk; every other one is as usual."""

    def __init__(self, rows: GroupCommit) -> None:
        self._rows = rows
        self._special: dict[tuple[str, str], Phone] = {}

    async def load(self) -> None:
        """Reads what is on disk."""
        text = await self._rows.read(lambda connection: connection.execute(_SQL["phones"]).fetchone()[0])
        self._special = {
            (messenger, recipient): Phone(bool(online), bool(blocked), reads_after)
            for messenger, recipient, online, blocked, reads_after in _ROWS.decode(text)
        }

    def get(self, messenger: str, recipient: str) -> Phone:
        """What the phone is like."""
        return self._special.get((messenger, recipient), USUAL)

    def registered(self, messenger: str, recipient: str) -> bool:
        """Whether somebody set the phone up."""
        return (messenger, recipient) in self._special

    async def put(self, messenger: str, recipient: str, phone: Phone, now: Moment) -> list[str]:
        """Sets the phone up; what waited for one that is now online is due from now on. The bots concerned by that.

        A message that is being written meanwhile may be in neither of the two: whoever wrote it for a phone that was
        offline looks here once it is written, so the phone is back before that is on disk.
        """
        before = self._special.get((messenger, recipient))
        self._special[messenger, recipient] = phone
        try:
            return await self._rows.write(_put, (messenger, recipient, phone, now))
        except StoreUnavailable:
            self._special.pop((messenger, recipient), None)
            if before is not None:
                self._special[messenger, recipient] = before
            raise

    def forget(self) -> None:
        """Every phone is as usual again; the journal forgets them on disk."""
        self._special.clear()


def _put(connection: sqlite3.Connection, items: list[tuple[str, str, Phone, Moment]]) -> list[list[str]]:
    released = []
    for messenger, recipient, phone, now in items:
        row: dict[str, Any] = {"messenger": messenger, "recipient": recipient, **phone._asdict()}
        connection.execute(_SQL["put_phone"], row)
        released.append(release(connection, messenger, recipient, now) if phone.online else [])
    return released
