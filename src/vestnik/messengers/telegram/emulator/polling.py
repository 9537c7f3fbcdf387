"""Decides how a bot fetches its updates: from which on, how many, how long it waits, and who may do so at once.

It has never heard of webhooks' calls. Rules: telegram-bot-api Client.cpp, process_get_updates_query.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from vestnik.emulation.waiting import first_of
from vestnik.emulation.when import Moment, span
from vestnik.messengers.telegram.emulator.calls import Call, Failed, Handlers, Json, conflict
from vestnik.messengers.telegram.emulator.hooks import Hooks
from vestnik.messengers.telegram.emulator.updates import AHEAD, USUAL, Update, Updates, wanted
from vestnik.ports import Clock

MOST: Final = 100
MOST_POLLERS: Final = 100_000
LONGEST: Final = 50
"""Seconds."""
BATCHING: Final = 0.001
"""Seconds for which a poll that waited lets more updates gather."""

_BUSY: Final = span(3.0)
_VERY_BUSY: Final = span(0.5)
_HELD: Final = span(3.0)
WEBHOOK_ACTIVE: Final = (
    "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
)
OTHER_POLL: Final = "terminated by other getUpdates request; make sure that only one bot instance is running"
WEBHOOK_SET: Final = "terminated by setWebhook request"


@dataclass(slots=True)
class _Poll:
    """A poll under way, which ends with these words of conflict where there are some."""

    ended: asyncio.Event = field(default_factory=asyncio.Event)
    words: str = ""


@dataclass(slots=True)
class _Poller:
    """What is remembered of a bot's polls."""

    offset: int | None = None
    began: Moment = 0
    next_conflict: Moment = 0
    poll: _Poll | None = None
    """The one under way."""


class Polling:
    """The method getUpdates."""

    def __init__(self, updates: Updates, hooks: Hooks, clock: Clock) -> None:
        self._updates = updates
        self._hooks = hooks
        self._clock = clock
        self._pollers: dict[str, _Poller] = {}

    def handlers(self) -> Handlers:
        """The methods."""
        return {"getupdates": self._get_updates}

    def end(self, bot: str, words: str) -> None:
        """Ends the bot's poll under way, if there is one."""
        poller = self._pollers.get(bot)
        if poller is not None and poller.poll is not None:
            poller.poll.words = words
            poller.poll.ended.set()

    async def _get_updates(self, call: Call) -> list[Json]:
        bot, now = call.bot, self._clock.now()
        poller = self._poller(bot)
        if self._hooks.get(bot).url:
            raise await self._conflict(poller, WEBHOOK_ACTIVE)
        offset, limit = call.number("offset"), min(max(call.number("limit", MOST), 1), MOST)
        timeout = min(max(call.number("timeout"), 0), LONGEST)
        await self._choose(bot, call.values.get("allowed_updates"))
        if offset == poller.offset and now < poller.began + _BUSY:
            timeout = max(timeout, 3)
            if now < poller.began + _VERY_BUSY:
                limit = 1
        poller.offset, poller.began = offset, now
        found = await self._from(bot, offset)
        if not found and timeout:
            found = await self._wait(poller, bot, offset, now + span(timeout))
        return [update.on_wire() for update in found[:limit]]

    async def _wait(self, poller: _Poller, bot: str, offset: int, until: Moment) -> list[Update]:
        """What comes from the offset on; whoever waited before waits no longer."""
        self.end(bot, OTHER_POLL)
        poll = poller.poll = _Poll()
        queue = self._updates.queue(bot)
        queue.polls += 1
        try:
            return await self._look(poller, poll, bot, offset, until)
        finally:
            queue.polls -= 1
            if poller.poll is poll:
                poller.poll = None

    def _poller(self, bot: str) -> _Poller:
        """What is remembered of the bot's polls; of too many bots those are forgotten that have been idle longest."""
        poller = self._pollers.pop(bot, None) or _Poller()
        if len(self._pollers) >= MOST_POLLERS:
            idle = next((one for one, other in self._pollers.items() if other.poll is None), None)
            if idle is not None:
                del self._pollers[idle]
        self._pollers[bot] = poller
        return poller

    async def _choose(self, bot: str, value: Any) -> None:
        """The kinds that the bot asks for stay in force until it asks for others."""
        kinds = wanted(value)
        if kinds is None or frozenset(kinds) == frozenset(self._updates.queue(bot).allowed):
            return
        allowed = [] if frozenset(kinds) == USUAL else sorted(kinds)
        await self._hooks.put(bot, msgspec.structs.replace(self._hooks.get(bot), allowed=allowed))

    async def _from(self, bot: str, offset: int) -> list[Update]:
        """What waits from the offset on; what lies below it is done. A negative offset counts from the end.

        One that is too far ahead says nothing: td TQueue.cpp.
        """
        waiting = await self._updates.waiting(bot)
        if offset > self._updates.queue(bot).next_id + AHEAD:
            return waiting
        if offset < 0:
            below, rest = waiting[:offset], waiting[offset:]
        else:
            below = [update for update in waiting if update.update_id < offset]
            rest = waiting[len(below) :]
        if below:
            await self._updates.done(bot, [update.update_id for update in below])
        return rest

    async def _look(self, poller: _Poller, poll: _Poll, bot: str, offset: int, until: Moment) -> list[Update]:
        """What there is from the offset on, as soon as there is something, or nothing at that moment."""
        added = self._updates.queue(bot).added
        while True:
            added.clear()  # Before looking: what comes while old updates are dropped ends the wait too.
            found = await self._from(bot, offset)
            if found or self._clock.now() >= until:
                return found
            await _first(self._clock, until, added.wait, poll.ended.wait)
            if poll.words:
                raise await self._conflict(poller, poll.words)
            if added.is_set():
                await asyncio.sleep(BATCHING)

    async def _conflict(self, poller: _Poller, words: str) -> Failed:
        """A conflict is told at once, and one soon after another is told late."""
        now = self._clock.now()
        if now < poller.next_conflict:
            await self._clock.sleep_until(now + _HELD)
        else:
            poller.next_conflict = now + _HELD
        return conflict(words)


async def _first(clock: Clock, until: Moment, *waits: Callable[[], Awaitable[Any]]) -> None:
    """Returns when one of them does, or at the moment."""
    happened = asyncio.Event()

    async def follow(wait: Callable[[], Awaitable[Any]]) -> None:
        await wait()
        happened.set()

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(follow(wait)) for wait in waits]
        await first_of(happened, clock, until)
        for task in tasks:
            task.cancel()
