"""Decides the course of a life: people act while trouble comes, trouble ends, everything comes to rest and is judged.

It has never heard of how many lives there are or who asked for them.
"""

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field
from random import Random
from typing import Final

from tests.simulation.inquest import busy, entries, look_into
from tests.simulation.ledger import Ledger
from tests.simulation.loop import SimulatedLoop, Stuck, run
from tests.simulation.machine import FrontDoor, Machine, Program, emulate, serve
from tests.simulation.people import Person
from tests.simulation.plan import Plan
from tests.simulation.story import Story
from tests.simulation.truth import Count, End, Told, broken, count, delivery_of
from tests.simulation.weather import Weather
from vestnik.emulation.journal import Entry
from vestnik.ports import Store

_REST: Final = 6 * 3600.0
"""Seconds in which everything comes to rest once trouble has ended."""
_LOOK_EVERY: Final = 20.0
_LONGEST: Final = 24 * 3600.0
"""Seconds for a whole life."""
_STOP_BOUND: Final = 60.0
"""Seconds in which a service ends that is told to stop while nothing is wrong."""


@dataclass(slots=True)
class Outcome:
    """What became of a life."""

    seed: int
    store: str
    faults: list[str] = field(default_factory=list)
    """Promises that were broken."""
    count: Count = field(default_factory=Count)
    crashes: int = 0
    steps: int = 0
    story: list[str] = field(default_factory=list)


def live(seed: int, store: str = "memory", *, told: bool = False) -> Outcome:
    """The life of a seed; `told` keeps its story."""
    return live_out(Plan.draw(seed, store), told=told)


def live_out(plan: Plan, *, told: bool = False) -> Outcome:
    """The life of a plan."""
    loop = SimulatedLoop(plan.seed, shuffle=plan.shuffle)
    story = Story(loop.time, told=told)
    machine = Machine(plan, loop, story)
    outcome = Outcome(plan.seed, plan.store)
    try:
        run(loop, asyncio.wait_for(Life(plan, machine, outcome).run(), _LONGEST))
    except TimeoutError:
        outcome.faults.append("it takes for ever")
    except Stuck as error:
        outcome.faults.append(f"stuck: {error}")
    outcome.faults = [*machine.faults, *loop.surprises, *outcome.faults]
    outcome.story, outcome.steps = story.lines, loop.steps
    for file in machine.files.values():
        file.close()
    return outcome


class Life:
    """One life on one machine."""

    def __init__(self, plan: Plan, machine: Machine, outcome: Outcome) -> None:
        self._plan = plan
        self._machine = machine
        self._outcome = outcome
        self._ledger = Ledger()
        self._service = Program("service", machine, serve)
        self._emulators = Program("emulators", machine, emulate) if plan.apart else None
        self._weather = Weather(machine, self._service, self._emulators)

    async def run(self) -> None:
        """From the first start to the last count."""
        programs = [program for program in (self._service, self._emulators) if program is not None]
        keepers = [
            asyncio.create_task(program.keep_up(Random(f"downtime {self._plan.seed} {program.name}")))
            for program in programs
        ]
        await self._weather.prepare()
        await self._act()
        await self._weather.calm()
        await self._insist()
        at_rest = await self._rest()
        for program in programs:
            await self._quit(program)
        for keeper in keepers:
            keeper.cancel()
        self._outcome.crashes = sum(program.ends for program in programs) - len(programs)
        await self._judge(at_rest)

    async def _act(self) -> None:
        door = FrontDoor(self._machine)
        self._people = [
            Person(number, self._plan, door, self._ledger, self._machine.story) for number in range(self._plan.people)
        ]
        storm = asyncio.create_task(self._weather.rage())
        try:
            async with asyncio.timeout(self._plan.span), asyncio.TaskGroup() as group:
                for person in self._people:
                    group.create_task(person.live())
        except TimeoutError:
            self._machine.story.tell("people", "have no more time")
        storm.cancel()
        await asyncio.wait([storm])
        if not storm.cancelled() and (error := storm.exception()) is not None:
            raise error

    async def _insist(self) -> None:
        for person in self._people:
            await person.insist()

    async def _rest(self) -> bool:
        """Waits until nothing is left to do; whether that came about in time."""
        began = self._machine.loop.time()
        while busy(self._machine):
            if self._machine.loop.time() - began > _REST + self._machine.behind:
                return False
            await asyncio.sleep(_LOOK_EVERY)
        return True

    async def _quit(self, program: Program) -> None:
        try:
            async with asyncio.timeout(_STOP_BOUND):
                await program.quit()
        except TimeoutError:
            self._outcome.faults.append(f"{program.name} does not stop although nothing is wrong")

    async def _judge(self, at_rest: bool) -> None:
        self._machine.story.tell("judge", "looks at what is left")
        store = await look_into(self._machine)
        end = End(self._plan, self._ledger, reports_lost=self._weather.reports_lost, latest=self._machine.latest)
        end.journal = entries(self._machine)
        await _gather(store, end, self._machine)
        if not at_rest:
            self._outcome.faults.append("there is no rest")
        self._outcome.faults += broken(end)
        self._outcome.count = count(end)


async def _gather(store: Store, end: End, machine: Machine) -> None:
    """All that the store tells, with what is known elsewhere."""
    before = None
    while page := await store.messages(status=None, sender=None, limit=1000, before=before):
        end.messages += page
        before = page[-1].id
    got: dict[str | None, list[Entry]] = {}
    for entry in end.journal:
        got.setdefault(delivery_of(entry.idempotency_key), []).append(entry)
    seen: defaultdict[str | None, list[float]] = defaultdict(list)
    for key, times in machine.seen.items():
        seen[delivery_of(key)] += times
    for message in end.messages:
        for row in await store.deliveries(message.id, state=None, limit=1000):
            attempts, receipts = await store.history(row.id)
            end.told.append(Told(message, row, attempts, receipts, got.get(row.id, []), seen[row.id]))
