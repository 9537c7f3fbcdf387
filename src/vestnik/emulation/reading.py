"""Decides how the journal is read from outside: filters, pages, and waiting for a message that is still to come.

It has never heard of how entries are made.
"""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from vestnik.emulation.asked import JSON, Asked
from vestnik.emulation.journal import Entry, Wanted
from vestnik.emulation.problems import Problem, Refusal, Wrong, pointer
from vestnik.emulation.when import moment_of, rfc3339
from vestnik.emulation.world import Emulator, World
from vestnik.ports import Response

PAGE: Final = 1_000
MOST: Final = 10_000
"""Entries in one answer, where nothing is asked for and at most."""
LONGEST_WAIT: Final = 300.0
"""Seconds that somebody may wait for a message."""

_FILTERS: Final = ("messenger", "recipient", "bot", "type", "text", "since", "until")


class _Shown(msgspec.Struct):
    """An entry as the control API shows it."""

    seq: int
    messenger: str
    bot: str
    recipient: str
    type: str
    text: str
    external_id: str
    idempotency_key: str | None
    failed: str | None
    at: str
    payload: msgspec.Raw


class Reading:
    """The routes that read the journal of one world."""

    def __init__(self, world: World, emulators: Mapping[str, Emulator]) -> None:
        self._world = world
        self._emulators = emulators

    async def journal(self, asked: Asked) -> Response:
        """GET /journal."""
        asked.only(*_FILTERS, "after", "limit")
        wanted = self._wanted(asked.query)
        after, limit = asked.number("after", 0), min(asked.number("limit", PAGE, least=1), MOST)
        body = await self._world.journal.page(lambda found: _page(found, limit), wanted, after=after, limit=limit)
        return Response(200, JSON, body)

    async def expect(self, asked: Asked) -> Response:
        """POST /expect: the first `count` messages that fit, as soon as they are there; 408 once the time is up.

        `timeout` is seconds of real time, 5 unless told, whatever the clock says.
        """
        asked.only()
        types = dict.fromkeys(_FILTERS, str) | {"after": int, "count": int, "timeout": float}
        given = asked.fields(types)
        wanted = self._wanted(given)
        after, count, patience = given.get("after", 0), given.get("count", 1), given.get("timeout", 5.0)
        wrongs = [
            Wrong(pointer(name), f"must be from {least} to {most:g}")
            for name, value, least, most in (
                ("after", after, 0, 2**62),
                ("count", count, 1, MOST),
                ("timeout", patience, 0, LONGEST_WAIT),
            )
            if not least <= value <= most
        ]
        if wrongs:
            raise Refusal(wrongs)
        found: list[Entry] = []
        try:
            async with asyncio.timeout(patience):
                while len(found) < count:
                    arrival = self._world.journal.arrival()
                    found = await self._world.journal.page(list, wanted, after=after, limit=count)
                    if len(found) < count:
                        await arrival.wait()
        except TimeoutError:
            raise Problem(408, f"{len(found)} of {count} such messages came within {patience:g} s") from None
        return Response(200, JSON, _page(found, count))

    def _wanted(self, given: Mapping[str, Any]) -> Wanted:
        """The filters of a request; an identifier is understood as its messenger would."""
        messenger, recipient = given.get("messenger"), given.get("recipient")
        wrongs = []
        if messenger is not None and messenger not in self._emulators:
            wrongs.append(Wrong(pointer("messenger"), f"must be one of {', '.join(self._emulators)}"))
        elif messenger is not None and recipient is not None:
            recipient = self._emulators[messenger].canonical(recipient) or recipient
        moments: dict[str, int | None] = {}
        for name in ("since", "until"):
            try:
                moments[name] = None if name not in given else moment_of(given[name])
            except ValueError as error:
                wrongs.append(Wrong(pointer(name), str(error)))
        if wrongs:
            raise Refusal(wrongs)
        among = tuple(self._emulators) if messenger is None else (messenger,)
        return Wanted(
            messenger, recipient, given.get("bot"), given.get("text"), given.get("type"), among=among, **moments
        )


def _page(entries: list[Entry], limit: int) -> bytes:
    """A page of the journal, made off the event loop: a long one takes tens of milliseconds."""
    shown = [
        _Shown(
            entry.seq,
            entry.messenger,
            entry.bot,
            entry.recipient,
            entry.type,
            entry.text,
            entry.external_id,
            entry.idempotency_key,
            entry.failed,
            rfc3339(entry.at),
            msgspec.Raw(entry.payload.encode()),
        )
        for entry in entries
    ]
    return msgspec.json.encode({"entries": shown, "next": shown[-1].seq if len(shown) == limit else None})
