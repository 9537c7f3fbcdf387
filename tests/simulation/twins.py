"""Decides how a life is lived twice, with a sick messenger and without it, and how long the healthy ones took.

It has never heard of why a messenger is sick; both lives get the same messages at the same times.
"""

import asyncio
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Final

import msgspec

from tests.simulation.inquest import asking, busy, entries
from tests.simulation.loop import SimulatedLoop, run
from tests.simulation.machine import FrontDoor, Machine, Program, serve
from tests.simulation.people import JSON
from tests.simulation.plan import MESSENGERS, Plan, Troubles
from tests.simulation.story import Story
from vestnik.emulation.faults import Fault
from vestnik.ports import Request

SICK: Final = "viber"
HEALTHY: Final = tuple(name for name in MESSENGERS if name != SICK)
_SPAN: Final = 20.0
_MESSAGES: Final = 25
_REST: Final = 2000.0
_WAYS: Final = (Fault.HANG, Fault.ERROR, Fault.SLOW, Fault.LOSE_REPLY, Fault.DISCONNECT_BEFORE, Fault.THROTTLE)


@dataclass(frozen=True, slots=True)
class Pace:
    """When phones of a healthy messenger got what, in seconds on the loop's time by text and recipient."""

    arrivals: dict[tuple[str, str, str], float]

    def last(self, messenger: str) -> float:
        """When the messenger's last message arrived."""
        return max(time for (name, _, _), time in self.arrivals.items() if name == messenger)


def twin_plan(seed: int, store: str) -> Plan:
    """A life without troubles, on a disk and wires that cost nothing, with more to do than there are slots."""
    plan = Plan.draw(seed, store)
    settings = replace(
        plan.settings, slots=1 + seed % 4, dedupe_window=None, retention=None, send_timeout=3.0, lease=60.0
    )
    return replace(
        plan,
        settings=settings,
        troubles=Troubles(),
        apart=False,
        peers=(),
        slow_disk=0.0,
        slow_wire=0.0,
        slow_far=0.0,
        reads_after=None,
    )


def pace(plan: Plan, *, sick: bool) -> Pace:
    """How the healthy messengers fared; where one is `sick`, it gets as many messages as they do."""
    loop = SimulatedLoop(plan.seed, shuffle=plan.shuffle)
    machine = Machine(plan, loop, Story(loop.time, told=False))
    try:
        return run(loop, asyncio.wait_for(_live(machine, sick=sick), _REST))
    finally:
        for file in machine.files.values():
            file.close()


async def _live(machine: Machine, *, sick: bool) -> Pace:
    service = Program("service", machine, serve)
    keeper = asyncio.create_task(service.keep_up(Random(0)))
    while asking(machine) < len(HEALTHY):  # noqa: ASYNC110 - nobody tells when that is so
        await asyncio.sleep(0.01)
    await _ask(machine, Request("PUT", "/emulator/faults", JSON, msgspec.json.encode(_rules(machine, sick=sick))))
    await asyncio.sleep(1 - machine.loop.time())
    await _order(machine, (*HEALTHY, SICK) if sick else HEALTHY)
    while busy(machine) and machine.loop.time() < _REST / 2:  # noqa: ASYNC110 - the same
        await asyncio.sleep(5)
    await service.quit()
    keeper.cancel()
    return _arrivals(machine)


def _rules(machine: Machine, *, sick: bool) -> list[dict[str, Any]]:
    """The healthy take their time, the same for everybody; the sick one is as its seed says."""
    random = Random(f"twins {machine.plan.seed}")
    delay = random.choice((0.02, 0.1, 0.4))
    rules: list[dict[str, Any]] = [{"messenger": name, "fault": "slow", "delay": delay} for name in HEALTHY]
    if sick:
        rules.append({"messenger": SICK, "fault": random.choice(_WAYS).value, "delay": random.choice((1.0, 30.0))})
    return rules


async def _order(machine: Machine, chosen: tuple[str, ...]) -> None:
    random = Random(f"orders {machine.plan.seed}")
    for number in range(_MESSAGES):
        await asyncio.sleep(random.random() * 2 * _SPAN / _MESSAGES)
        recipients = [
            {name: random.choice(machine.plan.recipients[name]) for name in MESSENGERS}
            for _ in range(random.choice((1, 2, 4)))
        ]
        body = {
            "sender": "acme",
            "text": f"number {number}",
            "messengers": chosen,
            "recipients": [{name: each[name] for name in chosen} for each in recipients],
            "max_attempts": 100,
        }
        await _ask(machine, Request("POST", "/api/messages", JSON, msgspec.json.encode(body)))


async def _ask(machine: Machine, request: Request) -> None:
    response = await FrontDoor(machine).ask(request)
    assert response.status < 300, response.body


def _arrivals(machine: Machine) -> Pace:
    epoch = machine.wall() - round(machine.loop.time() * 1e6)
    return Pace(
        {
            (entry.messenger, entry.text, entry.recipient): (entry.at - epoch) / 1e6
            for entry in entries(machine)
            if entry.messenger in HEALTHY
        }
    )
