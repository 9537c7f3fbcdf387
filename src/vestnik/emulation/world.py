"""Decides what the emulators share and what each must be able to do: the world that bots and phones live in.

It has never heard of a particular messenger; each brings an Emulator, made from a World.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Final, Protocol, TypeAlias

from vestnik.emulation.asked import Asked
from vestnik.emulation.backlog import Backlog
from vestnik.emulation.blobs import Blobs
from vestnik.emulation.bots import Bots
from vestnik.emulation.callbacks import CALL_TIMEOUT, Callbacks, Teller
from vestnik.emulation.deeds import Deed
from vestnik.emulation.faults import Faults
from vestnik.emulation.journal import Draft, Journal
from vestnik.emulation.line import Line, Parts, Ways
from vestnik.emulation.phones import Phone, Phones
from vestnik.emulation.records import Records
from vestnik.ports import Clock, Request, Response, Transport

Desk: TypeAlias = Callable[[Asked], Awaitable[Response]]
"""Answers what the control API is asked about one messenger; `name` is the rest of the path."""

HONOURS_KEY: Final = "honours_key"
"""The setting by which a messenger is told to treat a repeated Idempotency-Key as the real one does: as any other."""


@dataclass(frozen=True, slots=True)
class EmulationSettings:
    """How the world is.

    With `strict` only registered bots and phones exist; with `limits_real` the vendors' published limits hold; with
    `honour_key` a repeated Idempotency-Key gets the first answer, unless the messenger's option HONOURS_KEY is 0.
    `options` are the messengers' own settings by messenger and name. `webhooks` says where the service that runs beside
    the emulators wants its reports, as absolute addresses by messenger.
    """

    strict: bool = False
    limits_real: bool = False
    honour_key: bool = True
    options: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    webhooks: Mapping[str, str] = field(default_factory=dict)


class Emulator(Protocol):
    """The far side of one messenger."""

    @property
    def teller(self) -> Teller | None:
        """How it tells bots what happens; None where it never does."""

    async def answer(self, request: Request) -> Response:
        """The messenger's answer; its `url` is a path and query below the messenger's prefix.

        HungUp closes the connection without an answer. StoreUnavailable is answered by `unavailable`.
        """

    def unavailable(self) -> Response:
        """The answer while nothing can be written down."""

    def canonical(self, identifier: str) -> str | None:
        """The identifier of a phone as the messenger knows it, or None where it cannot be one."""

    def bot_of(self, credential: str) -> tuple[str, str | None] | None:
        """The bot's name in the journal and its token, from what a client is set up with; None for no credential."""

    def is_bot(self, name: str) -> bool:
        """Whether a bot can have this name in the journal."""

    def incoming(self, bot: str, recipient: str, text: str) -> Draft:
        """What the phone's owner wrote to the bot, as it goes into the journal."""


class World:
    """The journal, phones, faults, bots and callbacks of one emulator.db, with the clock that all go by."""

    def __init__(self, journal: Journal, clock: Clock, transport: Transport, settings: EmulationSettings) -> None:
        self.settings: Final = settings
        self.clock: Final = clock
        self.journal: Final = journal
        self.backlog: Final = Backlog(journal.rows)
        self.bots: Final = Bots(journal.rows, strict=settings.strict)
        self.phones: Final = Phones(journal.rows)
        self.faults: Final = Faults(journal.rows, clock)
        self.callbacks: Final = Callbacks(self.backlog, self.bots, clock, transport)
        self.lines: Final[dict[str, Line]] = {}
        self.transport: Final = transport
        """The way to bots' webhooks."""
        self.deeds: Final[dict[str, Mapping[str, Deed]]] = {}
        """What people can do on each messenger besides writing a text, by name; an emulator may put its own here."""
        self.desks: Final[dict[str, Desk]] = {}
        """What the control API has below `/messengers/{messenger}/`, where there is a thing that is one messenger's."""
        self.at_phone: Final[dict[str, Callable[[str, Phone, Phone], Awaitable[None]]]] = {}
        """What a messenger does when a phone was set up anew: told its owner, what it was like and what it is now."""
        self.at_deletion: Final[defaultdict[str, list[Callable[[str, str], Awaitable[None]]]]] = defaultdict(list)
        """What a messenger forgets when a person deletes the chat with a bot: told the bot and the person."""
        self.works: Final[list[Callable[[], Awaitable[None]]]] = []
        """What emulators do of their own accord for as long as the emulation runs, until it is cancelled."""
        self.loads: Final[list[Callable[[], Awaitable[None]]]] = []
        """What emulators read of the file before they answer; it raises where they cannot make anything of it."""
        self.at_reset: Final[list[Callable[[], None]]] = []
        """What emulators forget with everything else; records and files are gone by then."""
        self._family = clock.new_id()
        self._members = count()

    @classmethod
    async def open(cls, path: Path, clock: Clock, transport: Transport, settings: EmulationSettings) -> "World":
        """Opens or creates the file; SchemaTooNew or StoreUnavailable where it cannot be used."""
        journal = await Journal.open(path)
        try:
            return await cls.over(journal, clock, transport, settings)
        except BaseException:
            await journal.close()
            raise

    @classmethod
    async def over(cls, journal: Journal, clock: Clock, transport: Transport, settings: EmulationSettings) -> "World":
        """The world that the journal's file tells of."""
        self = cls(journal, clock, transport, settings)
        for part in (self.bots, self.phones, self.faults):
            await part.load()
        return self

    def line(self, messenger: str, ways: Ways) -> Line:
        """The messenger's line; its emulator asks for it once."""
        parts = Parts(self.clock, self.journal, self.backlog, self.bots, self.phones, self.faults, self.callbacks)
        if not self.settings.limits_real:
            ways = ways.unlimited()
        self.lines[messenger] = Line(
            messenger, ways, parts, strict=self.settings.strict, honour_key=self._honours_key(messenger)
        )
        return self.lines[messenger]

    def records(self, messenger: str) -> Records:
        """The messenger's documents."""
        return Records(self.journal.rows, messenger)

    def blobs(self, messenger: str) -> Blobs:
        """The messenger's files."""
        return Blobs(self.journal.rows, messenger)

    def unique(self) -> str:
        """A text that there was never before, and cheap to have."""
        return f"{self._family}/{next(self._members)}"

    def _honours_key(self, messenger: str) -> bool:
        return self.settings.honour_key and self.option(messenger, HONOURS_KEY) != "0"

    def option(self, messenger: str, name: str) -> str:
        """A setting of the messenger, empty where it has none."""
        return self.settings.options.get(messenger, {}).get(name, "")

    async def ask(self, request: Request) -> Response | None:
        """One exchange with a bot's webhook, or None where there is none."""
        try:
            return await self.transport.exchange(request, timeout=CALL_TIMEOUT)
        except Exception:  # noqa: BLE001 - whatever keeps it from being asked, the answer is that it is not there
            return None

    async def reset(self) -> None:
        """Forgets messages, phones, faults, files and whatever was to be told.

        Bots, webhooks and lasting records stay.
        """
        await self.journal.empty()
        self.phones.forget()
        self.faults.forget()
        for line in self.lines.values():
            line.limits.clear()
            line.refused = 0
        for forget in self.at_reset:
            forget()

    async def close(self) -> None:
        """Finishes what is being written and closes the file."""
        await self.journal.close()
