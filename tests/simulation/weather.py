"""Decides which troubles come when: crashes, stops, pauses, full disks, faults of the far side, phones, moved clocks.

It has never heard of what should become of messages meanwhile.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from random import Random
from typing import Any, Final

import msgspec

from tests.simulation.disk import Fate
from tests.simulation.inquest import asking
from tests.simulation.machine import FAR, SERVICE, FrontDoor, Machine, Program
from tests.simulation.plan import MESSENGERS
from vestnik.domain.errors import NotSent
from vestnik.domain.moment import seconds
from vestnik.emulation.faults import Fault
from vestnik.ports import HungUp, Request, Response

JSON: Final = {"content-type": "application/json"}
_LONGEST_FUSE: Final = 300
"""Callbacks until a process that is to die between two awaits dies."""
_FOR_GOOD: Final = 0.2
"""How often a dispatcher that dies is not started again."""
_SOON: Final = 5.0
_ASKING: Final = 2
"""Messengers that are told where to report."""


class Weather:
    """All troubles of one life."""

    def __init__(self, machine: Machine, service: Program, emulators: Program | None, peers: Sequence[Program]) -> None:
        self._machine = machine
        self._service = service
        self._emulators = emulators
        self._peers = peers
        self._random = Random(f"weather {machine.plan.seed}")
        self.reports_lost = False
        """Whether a report may have been lost for good."""

    async def rage(self) -> None:
        """Brings troubles until it is cancelled."""
        often = self._machine.plan.troubles
        async with asyncio.TaskGroup() as group:
            for mean, trouble in (
                (often.crashes, self._crash),
                (often.emulator_crashes, self._crash_emulators),
                (often.stops, self._stop),
                (often.pauses, self._pause),
                (often.disk, self._spoil_disk),
                (often.faults, self._put_faults),
                (often.phones, self._change_phone),
                (often.clocks, self._move_clock),
            ):
                if mean:
                    group.create_task(self._again_and_again(mean, trouble))

    async def calm(self) -> None:
        """Ends every trouble that would not end by itself."""
        self._machine.disk.full = False
        self._machine.disk.stalled = 0.0
        self._machine.disk.doom = Fate.WELL
        for program in self._programs():
            if program.process is not None:
                program.process.fuse = 0
                if program.process.asleep:
                    self._machine.loop.wake(program.process)
        await self._until_done(Request("PUT", "/emulator/faults", JSON, b"[]"))
        for messenger in MESSENGERS:
            for recipient in self._machine.plan.recipients[messenger]:
                await self._until_done(_phone(messenger, recipient, online=True, blocked=False))
        while self._service.running is None:  # noqa: ASYNC110 - it is started again within seconds
            await asyncio.sleep(0.1)

    async def prepare(self) -> None:
        """What phones are like before trouble comes; reports are promised only to those who asked for them."""
        while asking(self._machine) < _ASKING:  # noqa: ASYNC110 - nobody tells when that is so
            await asyncio.sleep(0.1)
        after = self._machine.plan.reads_after
        if after is not None:
            for messenger in MESSENGERS:
                for recipient in self._machine.plan.recipients[messenger]:
                    await self._until_done(_phone(messenger, recipient, reads_after=after))

    async def _again_and_again(self, mean: float, trouble: Callable[[], Awaitable[None]]) -> None:
        while True:
            await asyncio.sleep(self._random.expovariate(1 / mean))
            await trouble()

    def _programs(self) -> list[Program]:
        return [program for program in (self._service, self._emulators, *self._peers) if program is not None]

    async def _crash(self) -> None:
        """The service dies between two awaits, or in a commit; another dispatcher may die for good."""
        if self._random.random() < 0.4:
            self._machine.disk.doom = self._random.choice((Fate.LOST, Fate.KEPT))
            return
        victim = self._random.choice((self._service, *self._peers))
        if victim.process is not None:
            victim.process.fuse = self._random.randint(1, _LONGEST_FUSE)
        if victim is not self._service and self._random.random() < _FOR_GOOD:
            victim.abandon()

    async def _crash_emulators(self) -> None:
        if self._emulators is not None and self._emulators.process is not None:
            self._emulators.process.fuse = self._random.randint(1, _LONGEST_FUSE)

    async def _stop(self) -> None:
        await self._random.choice(self._programs()).stop()

    async def _pause(self) -> None:
        process = self._random.choice(self._programs()).process
        if process is None or not process.alive:
            return
        span = self._random.random() ** 2 * 20
        self._machine.story.tell(process.name, f"is paused for {span:.3f} s")
        process.asleep = True
        await asyncio.sleep(span)
        self._machine.loop.wake(process)
        self._machine.story.tell(process.name, "goes on")

    async def _spoil_disk(self) -> None:
        disk, way, span = (
            self._machine.disk,
            self._random.random(),
            self._random.random() * self._random.choice((1, 10)),
        )
        if way < 0.3:
            disk.doom = self._random.choice((Fate.BUSY, Fate.UNHEARD)) if self._peers else Fate.BUSY
            return
        if way < 0.5:
            disk.stalled = self._random.random() * self._random.choice((1, 5))
            disk.cut_off = self._random.choice((self._service, *self._peers)).process if self._peers else None
            whom = "everybody" if disk.cut_off is None else disk.cut_off.name
            self._machine.story.tell("disk", f"takes {disk.stalled:.3f} s longer for {whom}")
        else:
            disk.full = True
            self._machine.story.tell("disk", "is full")
        await asyncio.sleep(span)
        disk.full, disk.stalled, disk.cut_off = False, 0.0, None
        self._machine.story.tell("disk", "is well again")

    async def _put_faults(self) -> None:
        rules = [self._rule() for _ in range(self._random.choice((0, 1, 1, 2, 4)))]
        self.reports_lost |= any(rule["fault"] == Fault.RECEIPT_LOST for rule in rules)
        self._machine.story.tell("faults", str(rules))
        await self._control(Request("PUT", "/emulator/faults", JSON, msgspec.json.encode(rules)))

    def _rule(self) -> dict[str, Any]:
        random = self._random
        fault = random.choice(list(Fault))
        rule: dict[str, Any] = {"fault": fault.value}
        messenger = random.choice(("*", *MESSENGERS))
        rule["messenger"] = messenger
        if messenger != "*" and random.random() < 0.4:
            rule["recipient"] = random.choice(self._machine.plan.recipients[messenger]).lstrip("+")
        if random.random() < 0.5:
            rule["times"] = random.randint(1, 4)
        if random.random() < 0.6:
            rule["probability"] = random.choice((0.1, 0.5, 0.9))
        if fault is Fault.THROTTLE and random.random() < 0.5:
            rule["retry_after"] = random.choice((0.0, 1.0, 7.0))
        if fault is Fault.ERROR and random.random() < 0.5:
            rule["status"] = random.choice((400, 401, 403, 429, 500, 502, 503))
        if fault in (Fault.SLOW, Fault.HANG, Fault.LATE_REPLY, Fault.RECEIPT_LATE) and random.random() < 0.8:
            rule["delay"] = random.choice((0.01, 0.1, 0.6, 2.0, 20.0))
        return rule

    async def _change_phone(self) -> None:
        messenger = self._random.choice(MESSENGERS)
        recipient = self._random.choice(self._machine.plan.recipients[messenger])
        change = self._random.choice(({"online": False}, {"online": True}, {"blocked": True}, {"blocked": False}))
        self._machine.story.tell("phone", f"{recipient} on {messenger}: {change}")
        await self._control(_phone(messenger, recipient, **change))

    async def _move_clock(self) -> None:
        """Ahead or back, by the API or behind the service's back; often while an attempt is under way."""
        machine, way = self._machine, self._random.random()
        span = seconds(min(7200, self._random.expovariate(1 / self._random.choice((1, 60, 3600)))))
        if self._random.random() < 0.6:
            span += seconds(machine.plan.settings.lease)
            await self._until_an_attempt()
        if way < 0.4:
            machine.story.tell("clock", f"people move it {span / 1e6:.3f} s ahead")
            body = msgspec.json.encode({"advance": f"PT{span // 1_000_000 + 1}S"})
            await self._ask_service(Request("POST", "/api/clock", JSON, body))
        elif way < 0.5:
            machine.story.tell("clock", "people set it back to the machine's")
            await self._ask_service(Request("POST", "/api/clock", JSON, b'{"reset":true}'))
        else:
            jump = span if way < 0.75 else -span
            machine.story.tell("clock", f"the machine's jumps by {jump / 1e6:.3f} s")
            machine.skew += jump
            machine.note_clock(machine.shown[-1][1] + jump)

    async def _until_an_attempt(self) -> None:
        """Returns when something is sent to a messenger, or soon."""
        self._machine.arrived.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(_SOON):
                await self._machine.arrived.wait()

    async def _ask_service(self, request: Request) -> None:
        try:
            async with asyncio.timeout(5):
                await FrontDoor(self._machine).ask(request)
        except (TimeoutError, NotSent, HungUp):
            return

    async def _control(self, request: Request) -> Response | None:
        """The emulators' answer to whoever steers them, if there is one."""
        place = self._machine.places[FAR if self._machine.plan.apart else SERVICE]
        try:
            async with asyncio.timeout(5):
                return await place.call(self._machine.wire, request)
        except (TimeoutError, NotSent, HungUp):
            return None

    async def _until_done(self, request: Request) -> None:
        while True:
            answer = await self._control(request)
            if answer is not None and answer.status < 300:
                return
            await asyncio.sleep(0.5)


def _phone(messenger: str, recipient: str, **change: Any) -> Request:
    quoted = recipient.lstrip("+").replace("=", "%3D").replace("/", "%2F")
    return Request("PATCH", f"/emulator/phones/{messenger}/{quoted}", JSON, msgspec.json.encode(change))
