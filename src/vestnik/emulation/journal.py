"""Decides what is kept of every message that a messenger took: one entry each, on disk before anybody is answered.

It has never heard of wires, faults or phones; it is told which reports a message will bring and keeps those with it.

An entry is made at the moment the messenger takes the message. Whether and when the phone shows it is told by the
reports that follow; a message that a messenger takes and then fails to deliver has an entry with `failed`.
"""

import asyncio
import re
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from importlib.resources import files
from itertools import chain
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

import msgspec

from vestnik.emulation import records, tally
from vestnik.emulation.taking import note_taken
from vestnik.emulation.tally import Tally
from vestnik.emulation.when import Moment
from vestnik.groupcommit import GroupCommit
from vestnik.sqlfiles import migrations, queries

R = TypeVar("R")

MESSAGE: Final = "message"
"""The kind of the records that are written together with an entry."""

_FOLDER: Final = files("vestnik.emulation")
_SQL: Final = queries(_FOLDER / "journal.sql")
_WIDTHS: Final = (64, 32, 16, 8, 4, 2, 1)
"""How many rows one statement inserts: few statements for many rows, and few texts of statements."""
_SORT_STEP: Final = 5_000
"""Entries that enter the mailbox in one transaction, so that messages wait for none of them long."""


class Draft(NamedTuple):
    """A message on its way into the journal; `payload` is the request as JSON text, without secrets."""

    bot: str
    recipient: str
    text: str
    payload: str
    key: str | None = None
    """The Idempotency-Key that came with it."""
    external_id: str | None = None
    """The messenger's id of the message; None takes its number in the journal, behind `prefix`."""
    prefix: str = ""
    kept: Any = None
    """What the messenger keeps of the message besides: a record of the kind MESSAGE under the message's id."""
    more: Sequence[records.Change] = ()
    """What else of the messenger's records changes with the message."""
    failed: str | None = None
    """The code of a failure that the messenger finds out only after it took the message, whatever the phone is like."""
    type: str = "text"
    """What kind of message it is, in the messenger's words."""


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """One message that was taken from a bot, or with `inbound` one that a person wrote to it."""

    seq: int
    messenger: str
    bot: str
    inbound: int
    recipient: str
    text: str
    external_id: str
    idempotency_key: str | None
    failed: str | None
    at: Moment
    payload: str
    type: str


class Wanted(NamedTuple):
    """Which entries are asked for; what is None does not matter.

    `text` is a pattern as in a shell, for all of the text. `since` and `until` are moments, the second not included.
    `among` are the messengers that the recipient may belong to.
    """

    messenger: str | None = None
    recipient: str | None = None
    bot: str | None = None
    text: str | None = None
    type: str | None = None
    since: Moment | None = None
    until: Moment | None = None
    among: Sequence[str] = ()
    inbound: int | None = 0
    """0 for what phones got, 1 for what their owners wrote, None for the whole conversation."""


class Due(NamedTuple):
    """A report that a message will bring: when, or None as long as its phone is offline.

    `wait` is the span from the phone's coming back until the report.
    """

    kind: str
    at: Moment | None
    wait: int = 0


class Item(NamedTuple):
    """All that is written for one message, in one transaction."""

    messenger: str
    draft: Draft
    inbound: bool
    honoured: bool
    """Whether its key, which it then has, gets the same entry ever after."""
    failed: str | None
    at: Moment
    reports: Sequence[Due]


class Kept(NamedTuple):
    """The entry of a message; `replayed` where its key was known and nothing was written."""

    entry: Entry
    replayed: bool


_ENTRIES: Final = msgspec.json.Decoder(list[Entry])
_PAIRS: Final = msgspec.json.Decoder(list[tuple[str, str]])


class Journal:
    """The entries of one emulator.db."""

    def __init__(self, rows: GroupCommit) -> None:
        self.rows = rows
        """The file, which the other parts of the emulation keep their rows in too."""
        self._arrival: asyncio.Event | None = None

    @classmethod
    async def open(cls, path: Path) -> "Journal":
        """Opens or creates the file; SchemaTooNew or StoreUnavailable as GroupCommit says."""
        return cls(await GroupCommit.open(path, migrations(_FOLDER / "migrations")))

    async def take(self, item: Item) -> Kept:
        """The entry, after its commit. Where the key of an honoured item is known: the first entry, and no new one."""
        kept = await self.rows.write(_take, item)
        note_taken()
        if self._arrival is not None:
            self._arrival.set()
            self._arrival = None
        return kept

    async def known(self, messenger: str, bot: str, key: str) -> Entry | None:
        """The entry that the honoured key made, if there is one."""
        found = await self.rows.read(lambda connection: _known(connection, [(messenger, bot, key)]))
        return found[0] if found else None

    async def entry(self, seq: int) -> Entry | None:
        """The entry of that number, of whichever messenger and direction."""
        found = _ENTRIES.decode(await self._ask("entry", {"seq": seq}))
        return found[0] if found else None

    def arrival(self) -> asyncio.Event:
        """Set when the next message is taken, counted from the call."""
        if self._arrival is None:
            self._arrival = asyncio.Event()
        return self._arrival

    async def page(self, render: Callable[[list[Entry]], R], wanted: Wanted, *, after: int, limit: int) -> R:
        """What is wanted, in order, beyond `after`; `render` runs off the event loop."""
        asked = {**wanted._asdict(), "after": after, "limit": limit}
        asked["among"] = msgspec.json.encode(wanted.among).decode()
        name = "page" if wanted.recipient is None else "page_of_recipient"
        if wanted.recipient is not None:
            await self.sort()
        return await self.rows.read(
            lambda connection: render(_ENTRIES.decode(connection.execute(_SQL[name], asked).fetchone()[0]))
        )

    async def recipients(self, only: str | None, after: tuple[str, str], limit: int) -> list[tuple[str, str]]:
        """Phones, as messenger and recipient, that were set up or got something, in order, beyond `after`."""
        await self.sort()
        messenger, recipient = after
        asked = {"only": only, "messenger": messenger, "recipient": recipient, "limit": limit}
        return _PAIRS.decode(await self._ask("recipients", asked))

    async def last_bot(self, messenger: str, recipient: str) -> str | None:
        """The bot whose message the phone got last."""
        await self.sort()
        bot: str | None = await self._ask("last_bot", {"messenger": messenger, "recipient": recipient})
        return bot

    async def tallies(self) -> list[Tally]:
        """What became of messages and of the reports about them, by messenger."""
        return await self.rows.read(tally.read)

    async def empty(self) -> None:
        """Forgets entries, phones, faults and whatever is to be told; numbers go on where they were."""
        await self.rows.write(_empty, None)

    async def close(self) -> None:
        """Finishes what is being written and closes the file."""
        await self.rows.close()

    async def sort(self) -> None:
        """Brings the mailbox up to date."""
        while await self.rows.write(_sort, None):
            pass

    async def _ask(self, name: str, parameters: dict[str, Any]) -> Any:
        def ask(connection: sqlite3.Connection) -> Any:
            row = connection.execute(_SQL[name], parameters).fetchone()
            return row and row[0]

        return await self.rows.read(ask)


# In threads of the file from here on.


def _take(connection: sqlite3.Connection, items: list[Item]) -> list[Kept]:
    first: int = connection.execute(_SQL["last"]).fetchone()[0] + 1
    entries = [_entry(seq, item) for seq, item in enumerate(items, first)]
    before = connection.total_changes
    _insert(
        connection,
        "take",
        [(*msgspec.structs.astuple(entry), item.honoured) for entry, item in zip(entries, items, strict=True)],
    )
    if connection.total_changes - before < len(entries):
        kept = _with_first(connection, entries, items)
    else:
        kept = [Kept(entry, False) for entry in entries]
    _insert(
        connection,
        "report",
        [
            (one.entry.seq, item.messenger, item.draft.bot, item.draft.recipient, due.kind, due.at, due.at, due.wait)
            for one, item in zip(kept, items, strict=True)
            if item.reports and not one.replayed
            for due in item.reports
        ],
    )
    tally.add(connection, _tallies(kept, items))
    _write_records(connection, [(one.entry, item) for one, item in zip(kept, items, strict=True) if not one.replayed])
    return kept


def _write_records(connection: sqlite3.Connection, fresh: list[tuple[Entry, Item]]) -> None:
    for messenger in {item.messenger for _, item in fresh if item.draft.kept or item.draft.more}:
        own = [(entry, item.draft) for entry, item in fresh if item.messenger == messenger]
        changes = [records.Change(MESSAGE, entry.external_id, draft.kept) for entry, draft in own if draft.kept]
        changes += [change for _, draft in own for change in draft.more]
        records.write(connection, records.encoded(messenger, changes))


def _tallies(kept: list[Kept], items: list[Item]) -> Iterator[Tally]:
    sums: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for one, item in zip(kept, items, strict=True):
        count = sums[item.messenger]
        if one.replayed:
            count[1] += 1
        else:
            count[0] += not item.inbound
            count[2] += len(item.reports)
    for messenger, (taken, replayed, pending) in sums.items():
        yield Tally(messenger, taken, replayed, pending)


def _entry(seq: int, item: Item) -> Entry:
    draft = item.draft
    return Entry(
        seq,
        item.messenger,
        draft.bot,
        int(item.inbound),
        draft.recipient,
        draft.text,
        f"{draft.prefix}{seq}" if draft.external_id is None else draft.external_id,
        draft.key,
        item.failed,
        item.at,
        draft.payload,
        draft.type,
    )


def _with_first(connection: sqlite3.Connection, entries: list[Entry], items: list[Item]) -> list[Kept]:
    """The entries, those whose keys were known replaced by the ones that came first."""
    keys = [
        (entry.messenger, entry.bot, entry.idempotency_key)
        for entry, item in zip(entries, items, strict=True)
        if item.honoured
    ]
    firsts = {(first.messenger, first.bot, first.idempotency_key): first for first in _known(connection, keys)}
    kept = []
    for entry, item in zip(entries, items, strict=True):
        first = firsts[entry.messenger, entry.bot, entry.idempotency_key] if item.honoured else entry
        kept.append(Kept(first, replayed=first.seq != entry.seq))
    return kept


def _known(connection: sqlite3.Connection, keys: Sequence[tuple[str, str, str | None]]) -> list[Entry]:
    asked = {"keys": msgspec.json.encode(keys).decode()}
    return _ENTRIES.decode(connection.execute(_SQL["known"], asked).fetchone()[0])


def _insert(connection: sqlite3.Connection, name: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Inserts all rows with few statements: as many at once as the widest statement has room for."""
    start = 0
    for width in _WIDTHS:
        while len(rows) - start >= width:
            connection.execute(_WIDE[name, width], list(chain.from_iterable(rows[start : start + width])))
            start += width


def _widened() -> Iterator[tuple[tuple[str, int], str]]:
    for name in ("take", "report"):
        head, row, tail = re.split(r"(?<=VALUES )(\(.*\))", _SQL[name])
        for width in _WIDTHS:
            yield (name, width), head + ", ".join([row] * width) + tail


_WIDE: Final = dict(_widened())


def _sort(connection: sqlite3.Connection, items: list[None]) -> list[bool]:
    """Brings the mailbox forward by one step; True while there is more."""
    above: int = connection.execute(_SQL["sorted"]).fetchone()[0]
    last: int = connection.execute(_SQL["last"]).fetchone()[0]
    up_to = min(above + _SORT_STEP, last)
    if up_to > above:
        connection.execute(_SQL["sort"], {"above": above, "up_to": up_to})
        connection.execute(_SQL["mark"], {"name": "sorted", "value": up_to})
    return [up_to < last] * len(items)


def _empty(connection: sqlite3.Connection, items: list[None]) -> list[None]:
    last: int = connection.execute(_SQL["last"]).fetchone()[0]
    for name in ("entries", "mailbox", "callbacks", "phones", "faults", "tally", "records", "blobs"):
        connection.execute(_SQL[f"empty_{name}"])
    for name in ("emptied", "sorted"):
        connection.execute(_SQL["mark"], {"name": name, "value": last})
    return items
