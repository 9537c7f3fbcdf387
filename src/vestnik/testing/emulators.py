"""Decides how a test speaks of the emulators: addresses, journal, faults, the clock and all of the state.

It has never heard of a particular messenger or of what is tested. Every method may be called from any thread; those
that wait have a twin for async tests.
"""

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from typing import Any, Final
from urllib.parse import urlencode

import msgspec

from vestnik.clock import SystemClock
from vestnik.domain.moment import Moment, seconds
from vestnik.emulation.journal import Entry, Wanted
from vestnik.emulation.saved import Unfit
from vestnik.ports import Request
from vestnik.testing.phones import Chat, Phone
from vestnik.testing.thread import EmulatorThread

_ANSWERED_WITHIN: Final = 30.0
_JSON: Final = {"content-type": "application/json"}
_CONVERSATION: Final = 200
"""The most lines of a conversation that are shown."""


class Unexpected(AssertionError):
    """The emulators refuse what a test asks for, or what it expects has not come; the text says why."""


class Clock:
    """The emulators' time."""

    def __init__(self, thread: EmulatorThread, clock: SystemClock) -> None:
        self._thread = thread
        self._clock = clock

    def advance(self, by: float) -> None:
        """Lets so many seconds pass at once: receipts, limits and retries follow. Time never goes back."""
        if not by >= 0:
            raise Unexpected(f"time does not go back, and {by} seconds were asked for")

        async def move() -> None:
            self._clock.move(self._clock.offset + seconds(by))

        self._thread.run(move()).result(_ANSWERED_WITHIN)

    def at_least(self, moment: Moment) -> None:
        """Moves the time forward to the moment, never back; to be called in the emulators' own thread."""
        behind = moment - self._clock.now()
        if behind > 0:
            self._clock.move(self._clock.offset + behind)


class Emulators:
    """All emulators at `address`."""

    def __init__(self, thread: EmulatorThread, address: str) -> None:
        emulation = thread.emulation
        assert emulation is not None
        self.address = address
        self._thread = thread
        self._emulation = emulation
        clock = emulation.world.clock
        assert isinstance(clock, SystemClock)
        self.clock = Clock(thread, clock)

    def url(self, messenger: str) -> str:
        """The base address for a client of the messenger, for instance `http://127.0.0.1:40001/telegram`."""
        if messenger not in self._emulation.emulators:
            raise Unexpected(f"there is no messenger {messenger!r}; there are {', '.join(self._emulation.emulators)}")
        return f"{self.address}/{messenger}"

    def proxy(self) -> dict[str, str]:
        """The environment in which a client with a real host written into it comes here; see `vestnik emulate`."""
        return self._thread.proxy()

    def phone(self, messenger: str, identifier: str) -> Phone:
        """The phone with that identifier; every well-formed identifier has one."""
        return Phone(self, messenger, identifier)

    def chat(self, messenger: str, identifier: str | int, **ways: Any) -> Chat:
        """The group or channel with that identifier, set up in these ways, such as `type`, `title` and `members`."""
        chat = Chat(self, messenger, str(identifier))
        if ways:
            chat.set(**ways)
        return chat

    def journal(self, **filters: Any) -> list[dict[str, Any]]:
        """What phones got, in order; the filters are those of `GET /emulator/journal`."""
        query = urlencode({name: value for name, value in filters.items() if value is not None})
        entries: list[dict[str, Any]] = self.control("GET", f"/journal?{query}")["entries"]
        return entries

    def expect(self, **wanted: Any) -> list[dict[str, Any]]:
        """The first `count` messages that fit, as soon as they are there; the fields of `POST /emulator/expect`."""
        return _entries(self._ask("POST", "/expect", wanted).result(_patience(wanted)))

    async def expected(self, **wanted: Any) -> list[dict[str, Any]]:
        """The same, for async tests."""
        return _entries(await asyncio.wrap_future(self._ask("POST", "/expect", wanted)))

    def faults(self, *rules: Mapping[str, Any]) -> None:
        """Puts these fault rules in force and no others; none at all ends all trouble."""
        self.control("PUT", "/faults", list(rules))

    def reset(self) -> None:
        """Forgets messages, phones and faults."""
        self.control("POST", "/reset")

    def save(self) -> bytes:
        """All that the emulators know, as a document."""
        return self._thread.run(self._emulation.save()).result(_ANSWERED_WITHIN)

    def load(self, document: bytes) -> None:
        """Puts a document in the place of all that they know; Unexpected says why it cannot be loaded.

        Where their clock is behind the time of saving, it is moved there.
        """

        async def load() -> None:
            try:
                saved_at = await self._emulation.load(document)
            except Unfit as error:
                raise Unexpected(f"nothing was loaded: {error}") from None
            self.clock.at_least(saved_at or 0)

        self._thread.run(load()).result(_ANSWERED_WITHIN)

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """What the control API answers below `/emulator`; Unexpected names everything that it refuses."""
        return self._ask(method, path, body).result(_ANSWERED_WITHIN)

    def conversation(self) -> list[str]:
        """What passed between bots and phones, a line each, the last 200."""
        found = self._thread.run(self._whole_conversation()).result(_ANSWERED_WITHIN)
        return [_line(entry) for entry in found[-_CONVERSATION:]]

    def _ask(self, method: str, path: str, body: Any = None) -> "Future[Any]":
        return self._thread.run(self._answer(method, path, body))

    async def _answer(self, method: str, path: str, body: Any) -> Any:
        content = b"" if body is None else msgspec.json.encode(body)
        response = await self._emulation.answer(Request(method, f"/emulator{path}", _JSON, content))
        answer: Any = msgspec.json.decode(response.body) if response.body else None
        if response.status >= 400:
            lines = [
                answer["detail"],
                *(f"{wrong['pointer']}: {wrong['detail']}" for wrong in answer.get("errors", ())),
            ]
            raise Unexpected("\n".join(lines))
        return answer

    async def _whole_conversation(self) -> list[Entry]:
        return await self._emulation.world.journal.page(list, Wanted(inbound=None), after=0, limit=10_000)


def _patience(wanted: Mapping[str, Any]) -> float:
    return float(wanted.get("timeout", 5.0)) + _ANSWERED_WITHIN


def _entries(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    entries: Sequence[dict[str, Any]] = answer["entries"]
    return list(entries)


def _line(entry: Entry) -> str:
    ways = (entry.recipient, entry.bot) if entry.inbound else (entry.bot, entry.recipient)
    text = entry.text if entry.text.isprintable() else repr(entry.text)
    kind = f"[{entry.type}] " if entry.type not in ("", "text") else ""
    return f"{entry.messenger}  {ways[0]} -> {ways[1]}  {kind}{text or entry.payload}"
