"""Decides the course of a life: people act while trouble comes, trouble ends, everything comes to rest and is judged.

It has never heard of how many lives there are or who asked for them.
"""

import asyncio
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from random import Random
from typing import Final

from tests.simulation.archive import Archive, Kept
from tests.simulation.inquest import busy, entries, look_into
from tests.simulation.ledger import Ledger
from tests.simulation.loop import SimulatedLoop, Stuck, run
from tests.simulation.machine import FrontDoor, Machine, Program, dispatch, emulate, serve
from tests.simulation.people import Person
from tests.simulation.plan import Plan
from tests.simulation.story import Story
from tests.simulation.truth import Count, End, Told, broken, count, delivery_of
from tests.simulation.weather import Weather
from vestnik.domain.message import Message
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
        self._peers = [Program(f"peer {number}", machine, dispatch) for number in range(len(plan.peers))]
        self._weather = Weather(machine, self._service, self._emulators, self._peers)

    async def run(self) -> None:
        """From the first start to the last count."""
        programs = [program for program in (self._service, self._emulators, *self._peers) if program is not None]
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
        await asyncio.sleep(_LOOK_EVERY)  # What people have asked and nobody waits for is accepted by then.
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
        self._outcome.faults += [*self._machine.archive.faults, *broken(end)]
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
    for message, kept in await _what_is_known(store, end, machine.archive):
        row = kept.row
        end.told.append(
            Told(
                message,
                row,
                kept.attempts,
                kept.receipts,
                got.get(row.id, []),
                seen[row.id],
                machine.attempt_of,
                gone=message.id in machine.archive.gone,
            )
        )


def _with_its_text(message: Message, archive: Archive) -> Message:
    return message if message.text else replace(message, text=archive.messages[message.id].text)


async def _what_is_known(store: Store, end: End, archive: Archive) -> list[tuple[Message, Kept]]:
    """Every delivery with its message and its whole history, whatever of it the store has let go of."""
    known = []
    end.messages = [_with_its_text(message, archive) for message in end.messages]
    for message in end.messages:
        before = archive.deliveries.get(message.id, {})
        for row in await store.deliveries(message.id, state=None, limit=1000):
            attempts, receipts = await store.history(row.id)
            if row.id in before:
                end.left_over += [f"{row.id} has attempts beyond those that were let go of"] if attempts else []
                attempts, receipts = before[row.id].attempts, [*before[row.id].receipts, *receipts]
            known.append((message, Kept(row, attempts, receipts)))
    there = {message.id for message in end.messages}
    for message_id in sorted(archive.gone - there):
        message = archive.messages[message_id]
        kept = list(archive.deliveries[message_id].values())
        states = Counter(each.row.state for each in kept)
        end.messages.append(replace(message, counts=states))
        known += [(message, each) for each in kept]
    return known
