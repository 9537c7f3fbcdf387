"""Decides how an app is told what became of a template: at once, and again for a week where it does not take it.

It has never heard of who decides. Later decisions wait behind one that was not taken, and all outlive a restart.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Final

import msgspec

from vestnik.emulation.bots import ANY_BOT
from vestnik.emulation.records import StoreUnavailable, ordered
from vestnik.emulation.waiting import first_of
from vestnik.emulation.when import Moment, span
from vestnik.emulation.world import World
from vestnik.messengers.whatsapp.emulator.statuses import TEMPLATE_FIELD, reviewed

NAME: Final = "whatsapp"
KIND: Final = "decision"
PAUSE: Final = span(10)
"""Until the disk is asked again that could not be."""


class Decision(msgspec.Struct):
    """What an app has not taken yet."""

    template: dict[str, Any]
    at: Moment
    attempts: int
    due: Moment


class Decisions:
    """What is to be told of templates."""

    def __init__(self, world: World, again_after: Callable[[int], float | None]) -> None:
        self._world = world
        self._records = world.records(NAME)
        self._again_after = again_after
        self._woken = asyncio.Event()
        self._one_at_a_time = asyncio.Lock()
        world.works.append(self._run)

    async def tell(self, template: dict[str, Any]) -> None:
        """Tells the app of what was decided, or puts it behind what it has not taken yet."""
        now = self._world.clock.now()
        decision = Decision(template, now, 0, now)
        async with self._one_at_a_time:
            waiting = await self._records.listed(KIND, newest=True, limit=1)
            if waiting or not await self._told(decision):
                number = int(waiting[0][0]) + 1 if waiting else 0
                await self._records.put(KIND, ordered(number), decision)
        self._woken.set()

    async def _run(self) -> None:
        """Tells what was not taken, in its order, when its next try is due."""
        while True:
            self._woken.clear()
            try:
                due = await self._turn()
            except StoreUnavailable:
                due = self._world.clock.now() + PAUSE
            if due is None:
                await self._woken.wait()
            else:
                await first_of(self._woken, self._world.clock, due)

    async def _turn(self) -> Moment | None:
        """Tells what is due; says when there will be more to tell, or None."""
        while True:
            async with self._one_at_a_time:
                first = await self._records.listed(KIND, limit=1)
                if not first:
                    return None
                key, document = first[0]
                decision = msgspec.convert(document, Decision)
                if decision.due > self._world.clock.now():
                    return decision.due
                told = await self._told(decision)
                await self._records.put(KIND, key, None if told else decision)

    async def _told(self, decision: Decision) -> bool:
        """Whether nobody has to be told any more; otherwise the decision knows when it is tried again."""
        webhook = self._world.bots.webhook(NAME, ANY_BOT)
        if webhook is None or TEMPLATE_FIELD not in webhook.events:
            return True
        answer = await self._world.ask(reviewed(webhook, decision.template, decision.at))
        if answer is not None and 200 <= answer.status < 300:
            return True
        decision.attempts += 1
        pause = self._again_after(decision.attempts)
        if pause is None:
            return True
        decision.due = self._world.clock.now() + span(pause)
        return False
