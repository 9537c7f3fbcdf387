"""Decides what bots are to be told and for how long: a queue of updates for each, on disk until they have taken them.

It has never heard of how a bot is told, by polling or by webhook.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable
from typing import Final

import msgspec

from vestnik.emulation.records import Change, Records, ordered
from vestnik.emulation.when import Moment, span
from vestnik.messengers.telegram.emulator.calls import Json
from vestnik.messengers.telegram.facts import fields
from vestnik.ports import Clock

KIND: Final = "update"
NUMBER: Final = "update_id"
LASTS: Final = 24 * 3600.0
"""Seconds for which an update waits for its bot."""
MOST: Final = 100_000
"""Updates that wait for one bot; the server takes no more either."""
AHEAD: Final = 10
"""Numbers behind the newest update up to which an offset means something."""
MOST_QUEUES: Final = 100_000
KINDS: Final = tuple(field.name for field in fields("Update") if field.name != "update_id")
SILENT: Final = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
"""Kinds of which bots are told only where they ask for them."""
USUAL: Final = frozenset(KINDS) - SILENT


class Update(msgspec.Struct, frozen=True):
    """One thing that a bot is to be told."""

    update_id: int
    queue: str
    """The chat or person that it is about: what is about one of them comes in order."""
    until: Moment
    kind: str
    value: Json

    def on_wire(self) -> Json:
        """The Update object."""
        return {"update_id": self.update_id, self.kind: self.value}


class Queue:
    """What one bot is to be told, in order."""

    def __init__(self) -> None:
        self.waiting: dict[int, Update] = {}
        self.next_id = 1
        self.allowed: Collection[str] = USUAL
        self.polls = 0
        """How many wait for it."""
        self.added = asyncio.Event()
        """Set when there is something new; whoever waits for that clears it."""

    @property
    def is_new(self) -> bool:
        """Whether a new one would be the same."""
        return self.next_id == 1 and not self.waiting and self.allowed == USUAL


class Updates:
    """The queues of all bots, in memory and on disk."""

    def __init__(self, records: Records, clock: Clock) -> None:
        self._records = records
        self._clock = clock
        self._queues: dict[str, Queue] = {}
        self.listeners: Final[list[Callable[[str, Update], None]]] = []
        """Told of every new update with the bot that it is for."""

    async def load(self) -> None:
        """Reads what is on disk."""
        for bot, number in await self._records.all(NUMBER):
            self.queue(bot).next_id = number
        for key, document in await self._records.all(KIND):
            update = msgspec.convert(document, Update)
            queue = self.queue(key.partition("/")[0])
            queue.waiting[update.update_id] = update
            queue.next_id = max(queue.next_id, update.update_id + 1)

    def forget(self) -> None:
        """Nothing is to be told any more; the disk is somebody else's affair."""
        for queue in self._queues.values():
            queue.waiting.clear()

    def queue(self, bot: str) -> Queue:
        """The bot's queue."""
        queue = self._queues.get(bot)
        if queue is None:
            if len(self._queues) >= MOST_QUEUES:
                self._forget_idle()
            queue = self._queues[bot] = Queue()
        return queue

    def _forget_idle(self) -> None:
        """Forgets the queues of bots that were never told anything."""
        idle = [bot for bot, queue in self._queues.items() if queue.is_new and not queue.polls]
        for bot in idle:
            del self._queues[bot]

    async def tell(self, bot: str, kind: str, value: Json, about: int | str) -> None:
        """The bot is to be told, unless it does not want to know of this kind or too much waits for it already."""
        queue = self.queue(bot)
        if kind not in queue.allowed or len(queue.waiting) >= MOST:
            return
        number, queue.next_id = queue.next_id, queue.next_id + 1
        update = Update(number, str(about), self._clock.now() + span(LASTS), kind, value)
        await self._records.change(
            [Change(KIND, _key(bot, number), update), Change(NUMBER, bot, number + 1, lasting=True)]
        )
        queue.waiting[number] = update
        queue.added.set()
        for listener in self.listeners:
            listener(bot, update)

    async def done(self, bot: str, numbers: Iterable[int]) -> None:
        """The bot has taken these, or they are given up."""
        queue = self.queue(bot)
        gone = [number for number in numbers if queue.waiting.pop(number, None) is not None]
        await self._records.drop(KIND, [_key(bot, number) for number in gone])

    async def waiting(self, bot: str) -> list[Update]:
        """What is still to be told, in order; what waited too long is given up."""
        queue, now = self.queue(bot), self._clock.now()
        old = [number for number, update in queue.waiting.items() if update.until <= now]
        if old:
            await self.done(bot, old)
        return list(queue.waiting.values())


def wanted(value: object) -> Collection[str] | None:
    """The kinds in a decoded allowed_updates; None where it says nothing. An empty list stands for the usual kinds."""
    if not isinstance(value, list) or not all(isinstance(kind, str) for kind in value):
        return None
    return frozenset(kind.lower() for kind in value if kind.lower() in KINDS) or USUAL


def _key(bot: str, number: int) -> str:
    return f"{bot}/{ordered(number)}"
