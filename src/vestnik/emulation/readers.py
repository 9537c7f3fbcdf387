"""Decides what is reported when somebody opens a conversation and reads what is there: each message, and each once.

It has never heard of how a messenger words that. A phone that reads by itself after some time needs nobody to open it.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from vestnik.emulation.bots import ANY_BOT
from vestnik.emulation.deeds import Deed
from vestnik.emulation.phones import Phone
from vestnik.emulation.plan import READ
from vestnik.emulation.problems import Problem
from vestnik.emulation.records import Records
from vestnik.emulation.world import World

KIND: Final = "read_up_to"


class Readers:
    """The reading of one messenger's people; a messenger that has it reports what is read."""

    def __init__(self, world: World, messenger: str) -> None:
        self._world = world
        self._messenger = messenger
        self._records = world.records(messenger)
        world.at_phone[messenger] = self.changed

    def deed(self) -> Deed:
        """Reads whatever has arrived from the bot."""
        return Deed(self._read, {})

    async def _read(self, bot: str, person: str, _fields: Mapping[str, Any]) -> None:
        world = self._world
        if world.phones.get(self._messenger, person).reads_after is not None:
            raise Problem(HTTPStatus.CONFLICT, "the phone reads by itself: its reads_after is no null")
        keys = [f"{one} {person}" for one in (bot, ANY_BOT)]
        above = max((await self._records.some(KIND, keys)).values(), default=0)
        up_to = await self._last(person)
        webhook = world.bots.webhook(self._messenger, bot)
        if webhook is not None and READ in webhook.kinds:
            phone = (self._messenger, bot, person)
            await world.backlog.report(READ, phone, (above, up_to), world.clock.now())
            world.callbacks.wake(self._messenger, bot)
        await opened(self._records, bot, person, up_to)

    async def seen(self, bot: str, person: str) -> None:
        """What the bot has sent so far was reported as read already."""
        await opened(self._records, bot, person, await self._last(person))

    async def changed(self, person: str, before: Phone, after: Phone) -> None:
        """What a phone got while it read by itself nobody has to read."""
        if before.reads_after is not None and after.reads_after is None:
            await self._records.put(KIND, f"{ANY_BOT} {person}", await self._last(person))

    async def _last(self, person: str) -> int:
        await self._world.journal.sort()
        return await self._world.backlog.last(self._messenger, person)


async def opened(records: Records, bot: str, person: str, up_to: int) -> None:
    """From now on nothing of the bot's up to that number in the journal is there to be read by the person."""
    await records.put(KIND, f"{bot} {person}", up_to)
