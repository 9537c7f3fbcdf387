"""Decides what a computer is in a life: its clock, its disk, its addresses, and the processes that start and die on it.

It has never heard of messages; what it starts is the real service, joined by the real wiring.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import replace
from itertools import pairwise
from random import Random
from types import MappingProxyType
from typing import Any, Final

from tests.simulation.archive import Archive
from tests.simulation.disk import Disk, File
from tests.simulation.loop import Process, SimulatedLoop
from tests.simulation.net import Place, Wire
from tests.simulation.plan import MESSENGERS, Plan
from tests.simulation.story import Story
from vestnik import wiring
from vestnik.asgi import asgi_far
from vestnik.clock import SystemClock, _encode
from vestnik.config import Settings
from vestnik.domain.errors import VestnikError
from vestnik.domain.moment import SECOND, Moment, seconds
from vestnik.ports import HungUp, Request, Response
from vestnik.store.remains import Remains

EPOCH: Final[Moment] = seconds(1_800_000_000)
SERVICE: Final = "http://service"
FAR: Final = "http://far"

MACHINE: Final[ContextVar["Machine"]] = ContextVar("machine")
"""The machine on which the running process runs."""


class Machine:
    """The computer of one life. What is on its disk outlives the processes."""

    def __init__(self, plan: Plan, loop: SimulatedLoop, story: Story) -> None:
        self.plan = plan
        self.loop = loop
        self.story = story
        self.disk = Disk(Random(f"disk {plan.seed}"), plan.slow_disk)
        self.files = {
            "vestnik.db": File(self.disk, vital=True, remote=bool(plan.peers)),
            "emulator.db": File(self.disk, vital=plan.seed % 2 == 0),
        }
        self.remains = Remains()
        self.bells: list[asyncio.Event] = []
        """Set when somebody has made something due; one for each dispatcher that listens."""
        self.archive = Archive()
        self.wire = Wire(Random(f"wire {plan.seed}"), plan.slow_wire)
        self.places = {SERVICE: Place(), FAR: Place()}
        self.seen: defaultdict[str, list[float]] = defaultdict(list)
        """When requests with an Idempotency-Key reached a messenger, by key."""
        self.attempt_of: dict[int, int | None] = {}
        """Which attempt of its delivery made an entry of the journal, where that is known."""
        self.arrived = asyncio.Event()
        """Set whenever such a request arrives."""
        self.skew: Moment = 0
        self.shown: list[tuple[float, Moment]] = [(0.0, 0)]
        """Since when the service's clock was how far ahead of the loop's."""
        self.faults: list[str] = []
        """What went wrong with processes that should not have."""
        self._clocks = 0
        self._far = Random(f"far {plan.seed}")

    def wall(self) -> Moment:
        """What the machine's clock shows."""
        return EPOCH + seconds(self.loop.time()) + self.skew

    def note_clock(self, ahead: Moment) -> None:
        """The service's clock is so far ahead of the loop's from now on."""
        self.shown.append((self.loop.time(), ahead))

    def latest(self, time: float) -> Moment:
        """The latest time that a dispatcher's clock had shown by a time of the loop."""
        ends = [until for until, _ in self.shown[1:]] + [time]
        return seconds(max((0.0, *self.plan.peers))) + max(
            EPOCH + seconds(min(until, time)) + ahead
            for (since, ahead), until in zip(self.shown, ends, strict=True)
            if since <= time
        )

    @property
    def behind(self) -> float:
        """Seconds by which the service's clock was ever set back, in all."""
        steps = [ahead for _, ahead in self.shown]
        return sum(max(0, before - after) for before, after in pairwise(steps)) / SECOND

    def far_pause(self) -> float:
        """Seconds that a messenger takes for a part of its work."""
        return self._far.random() ** 3 * self.plan.slow_far

    def clock_seed(self) -> int:
        """Another seed for each clock that a process has."""
        self._clocks += 1
        return self.plan.seed * 1_000 + self._clocks

    def settings(self, *, emulators: bool) -> Settings:
        """The settings of the service, or of the emulators where they live apart."""
        options = {
            name: MappingProxyType(
                {option.name: option.default for option in declared}
                | {"base_url": f"{FAR}/{name}" if self.plan.apart and not emulators else ""}
                | {name: value for name, value in self.plan.settings.messengers[name].items() if value}
            )
            for name, declared in wiring.messenger_options().items()
            if name in MESSENGERS
        }
        return replace(
            self.plan.settings,
            public_url=SERVICE,
            no_emulators=self.plan.apart and not emulators,
            messengers=MappingProxyType(options),
        )


class Clock(SystemClock):
    """The real clock over the machine's."""

    def __init__(self, offset: Moment = 0) -> None:
        self._machine = MACHINE.get()
        seed = self._machine.clock_seed()
        super().__init__(offset, seed=seed)
        self._bits = Random(f"ids {seed}")

    def now(self) -> Moment:
        return self._machine.wall() + self._offset

    def new_id(self) -> str:
        """As the real one, with random bits of the seed."""
        fresh = (self.now() // 1000 << 80) | self._bits.getrandbits(80)
        self._last_id = max(fresh, self._last_id + 1)
        return _encode(self._last_id)


class ServiceClock(Clock):
    """The clock of the service, which people may move."""

    def __init__(self, offset: Moment = 0) -> None:
        super().__init__(offset)
        self._machine.note_clock(self._machine.skew + offset)

    def move(self, offset: Moment) -> None:
        super().move(offset)
        self._machine.note_clock(self._machine.skew + offset)


class Program:
    """Something that runs on the machine as a process, is stopped or dies, and is started again."""

    def __init__(self, name: str, machine: Machine, start: Callable[["Program"], Any]) -> None:
        self.name = name
        self.machine = machine
        self.process: Process | None = None
        self.running: Any = None
        """What the wiring made, while it runs."""
        self.ends = 0
        self._start = start
        self._ended = asyncio.Event()
        self._wanted = True

    async def keep_up(self, downtime: Random) -> None:
        """Starts it, and again whenever it has ended, until `quit`."""
        while self._wanted:
            await self._run_once()
            self.ends += 1
            await asyncio.sleep(downtime.random() ** 3 * 5)

    def abandon(self) -> None:
        """When it ends the next time nobody starts it again."""
        self._wanted = False

    async def quit(self) -> None:
        """Stops it for good."""
        self.abandon()
        await self.stop()

    async def stop(self) -> None:
        """Asks it to stop as a signal does, and waits until it has ended."""
        if self.running is not None and self.process is not None and self.process.alive:
            self.machine.story.tell(self.name, "is told to stop")
            self.running.stop()
            await self._ended.wait()

    def started(self, running: Any) -> None:
        """It has come up."""
        self.running = running
        self.machine.story.tell(self.name, "is up")

    async def _run_once(self) -> None:
        process = self.process = Process(self.name)
        process.context.run(MACHINE.set, self.machine)
        self._ended.clear()
        over = asyncio.Event()
        process.mourners.append(over.set)
        task = process.spawn(self._start(self))
        task.add_done_callback(lambda _: over.set())
        await over.wait()
        if process.alive:
            self._bury(task)
            process.die()
        else:
            self.machine.story.tell(self.name, "is killed")
        self.running = None
        self._ended.set()

    def _bury(self, task: "asyncio.Task[None]") -> None:
        error = None if task.cancelled() else task.exception()
        self.machine.story.tell(self.name, "has ended" if error is None else f"has ended with {error!r}")
        if error is not None and not isinstance(error, VestnikError):
            self.machine.faults.append(f"{self.name} ended with {_leaves(error)}")
            self._wanted = False


def _leaves(error: BaseException) -> str:
    if isinstance(error, BaseExceptionGroup):
        return "; ".join(_leaves(inner) for inner in error.exceptions)
    return repr(error)


async def serve(program: Program) -> None:
    """The service, as `vestnik serve` runs it."""
    machine = program.machine
    async with wiring.service(machine.settings(emulators=False), SERVICE) as running:
        assert program.process is not None
        machine.places[SERVICE].settle(program.process, asgi_far(running.app))
        program.started(running)
        try:
            await running.run()
        finally:
            machine.places[SERVICE].vacate()


async def dispatch(program: Program) -> None:
    """A further `vestnik serve` over the same store, which nobody asks for anything: it sends."""
    async with wiring.service(program.machine.settings(emulators=False), f"http://{program.name}") as running:
        program.started(running)
        await running.run()


async def emulate(program: Program) -> None:
    """The emulators alone, as `vestnik emulate` runs them."""
    machine = program.machine
    async with wiring.emulators(machine.settings(emulators=True), FAR) as running:
        assert program.process is not None
        machine.places[FAR].settle(program.process, running.emulation.answer)
        program.started(running)
        try:
            await running.run()
        finally:
            machine.places[FAR].vacate()


class FrontDoor:
    """How people reach the service."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    async def ask(self, request: Request) -> Response:
        """The reply; NotSent where nobody listens, HungUp where none comes."""
        return await self._machine.places[SERVICE].call(self._machine.wire, request)

    def now(self) -> Moment:
        """What the service's clock shows, or showed last."""
        return EPOCH + seconds(self._machine.loop.time()) + self._machine.shown[-1][1]


__all__ = ["EPOCH", "FAR", "MACHINE", "SECOND", "SERVICE", "Clock", "FrontDoor", "HungUp", "Machine", "Program"]
