"""Decides which far side a request is for, by the first part of its path: an emulator, or the control API.

It has never heard of what any of them answers.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from vestnik.emulation import problems
from vestnik.emulation.control import Control
from vestnik.emulation.problems import Problem
from vestnik.emulation.taking import one_call
from vestnik.emulation.world import EmulationSettings, Emulator, World
from vestnik.groupcommit import StoreUnavailable
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

    def __init__(self, world: World, makers: Mapping[str, Maker]) -> None:
        self.world = world
        self.emulators: dict[str, Emulator] = {}
        for name, make in makers.items():
            emulator = self.emulators[name] = make(world)
            if emulator.teller is not None:
                world.callbacks.know(name, emulator.teller)
        self._control = Control(world, self.emulators)

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
        return cls(await World.open(path, clock, transport, settings or EmulationSettings()), makers)

    async def run(self) -> None:
        """Tells bots what happens, until it is cancelled."""
        async with asyncio.TaskGroup() as group:
            for work in (self.world.callbacks.run, *self.world.works):
                group.create_task(_do(work))

    async def close(self) -> None:
        """Finishes what is being written and closes the file; `run` is to have ended by then."""
        await self.world.close()

    async def answer(self, request: Request) -> Response:
        """The far side's answer, or HungUp. The request's `url` is absolute or a path, with the prefix."""
        prefix, rest = _split(request.url)
        inner = Request(request.method, rest, request.headers, request.body)
        emulator = self.emulators.get(prefix)
        if emulator is not None:
            return await _answer(emulator, inner)
        if prefix == CONTROL:
            return await self._control.answer(inner)
        return problems.answer(Problem(404, f"there is no emulator of {prefix!r}"))


async def _answer(emulator: Emulator, request: Request) -> Response:
    """Its answer. Where it cannot write on after a message was taken, none: that it was not taken would be a lie."""
    with one_call() as taking:
        try:
            return await emulator.answer(request)
        except StoreUnavailable:
            if taking.something:
                raise HungUp from None
            return emulator.unavailable()


async def _do(work: Callable[[], Awaitable[None]]) -> None:
    await work()


def _split(url: str) -> tuple[str, str]:
    """The first part of the path, and everything behind it with its slash."""
    if not url.startswith("/"):
        parts = urlsplit(url)
        url = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    path, question, query = url.partition("?")
    prefix, slash, rest = path[1:].partition("/")
    return prefix, (slash or "/") + rest + question + query
