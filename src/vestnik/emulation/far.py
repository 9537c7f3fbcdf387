"""Decides which far side a request is for, by the first part of its path: an emulator, or the control API.

It has never heard of what any of them answers.
"""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from vestnik.emulation import problems, saved
from vestnik.emulation.control import Control, is_state
from vestnik.emulation.gate import Gate
from vestnik.emulation.problems import Problem
from vestnik.emulation.taking import Taking
from vestnik.emulation.when import Moment
from vestnik.emulation.works import Works
from vestnik.emulation.world import EmulationSettings, Emulator, World
from vestnik.groupcommit import StoreFull, StoreUnavailable
from vestnik.ports import Clock, HungUp, Request, Response, Transport

Maker: TypeAlias = Callable[[World], Emulator]

CONTROL: str = "emulator"
BODY_LIMIT: Final = 64 * 2**20
"""Bytes of a request to any far side; each has a smaller limit of its own, and says in its own words when it is passed.
"""


class Emulation:
    """All emulators and their control API over one emulator.db: a far side for every prefix.

    Answers can be had as soon as it is open. Bots are told what happens only while `run` runs.
    """

    def __init__(self, world: World, makers: Mapping[str, Maker], path: Path) -> None:
        self._makers = makers
        self._path = path
        self._gate = Gate()
        self._works = Works()
        self._loading = asyncio.Lock()
        self._loads: set[asyncio.Task[Moment | None]] = set()
        self._enter(world)

    @classmethod
    async def open(
        cls,
        path: Path,
        *,
        clock: Clock,
        transport: Transport,
        makers: Mapping[str, Maker],
        settings: EmulationSettings | None = None,
    ) -> "Emulation":
        """Opens or creates the file; SchemaTooNew or StoreUnavailable where it cannot be used.

        `makers` are the emulators by messenger, which is their prefix too. `transport` leads to the bots' webhooks.
        """
        await asyncio.to_thread(saved.sweep, path.parent)
        return cls(await World.open(path, clock, transport, settings or EmulationSettings()), makers, path)

    async def run(self) -> None:
        """Tells bots what happens, until it is cancelled."""
        await self._works.run(lambda: [self.world.callbacks.run, *self.world.works])

    async def close(self) -> None:
        """Finishes what is being written and closes the file; `run` is to have ended by then."""
        await asyncio.gather(*self._loads, return_exceptions=True)
        await self.world.close()

    async def answer(self, request: Request) -> Response:
        """The far side's answer, or HungUp. The request's `url` is absolute or a path, with the prefix."""
        prefix, rest = _split(request.url)
        inner = Request(request.method, rest, request.headers, request.body)
        if prefix == CONTROL and is_state(rest):
            return await self._control.answer(inner)  # It may close the gate, and does not go through.
        return await self._gate.through(self._answer(prefix, inner))

    async def _answer(self, prefix: str, inner: Request) -> Response:
        """One that cannot write on after a message was taken gives none: that it was not taken would be a lie."""
        emulator = self.emulators.get(prefix)
        if emulator is None:
            return await self._beside(prefix, inner)
        with Taking() as taking:
            try:
                return await emulator.answer(inner)
            except StoreUnavailable:
                if taking.something:
                    raise HungUp from None
                return emulator.unavailable()

    async def _beside(self, prefix: str, inner: Request) -> Response:
        if prefix == CONTROL:
            return await self._control.answer(inner)
        here = ", ".join(f"/{name}" for name in (*self.emulators, CONTROL))
        return problems.answer(Problem(404, f"what answers here is under {here}; there is no /{prefix}"))

    async def save(self) -> bytes:
        """All that the emulators know, as a document; saved.TooLarge where that is more than one may hold."""
        return await asyncio.to_thread(saved.save, self._path, self.world.clock.now())

    async def load(self, document: bytes) -> Moment | None:
        """Puts a document in the place of all that is known, whole or not at all; when it was saved.

        Calls under way end without an answer, as when a server is started anew, and whoever comes meanwhile waits.
        saved.Unfit says why it cannot be loaded. Once begun it goes on although its caller leaves.
        """
        work = asyncio.ensure_future(self._load(document))
        self._loads.add(work)
        work.add_done_callback(self._loads.discard)
        return await asyncio.shield(work)

    async def _load(self, document: bytes) -> Moment | None:
        async with self._loading:
            with saved.workroom(self._path.parent) as folder:
                path, saved_at = await asyncio.to_thread(saved.unpack, document, folder)
                await self._try(path)
                await asyncio.to_thread(saved.examine, path)
                old = self.world
                async with self._gate.closed(), self._works.stopped():
                    await old.journal.rows.write(saved.replace, path)
                    self._enter(await World.over(old.journal, old.clock, old.transport, old.settings))
            return saved_at

    async def _try(self, path: Path) -> None:
        """Lets a world of its own begin with the file; Unfit where it cannot."""
        old = self.world
        try:
            trial = await World.open(path, old.clock, old.transport, old.settings)
            try:
                for make in self._makers.values():
                    make(trial)
                for load in trial.loads:
                    await load()
            finally:
                await trial.close()
        except StoreFull:
            raise
        except Exception as error:
            raise saved.Unfit(f"a messenger cannot begin with it: {error}") from error

    def _enter(self, world: World) -> None:
        """From now on this world is asked about."""
        self.world = world
        self.emulators: dict[str, Emulator] = {}
        for name, make in self._makers.items():
            emulator = self.emulators[name] = make(world)
            if emulator.teller is not None:
                world.callbacks.know(name, emulator.teller)
        self._control = Control(world, self.emulators, self)


def _split(url: str) -> tuple[str, str]:
    """The first part of the path, and everything behind it with its slash."""
    if not url.startswith("/"):
        parts = urlsplit(url)
        url = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    path, question, query = url.partition("?")
    prefix, slash, rest = path[1:].partition("/")
    return prefix, (slash or "/") + rest + question + query
