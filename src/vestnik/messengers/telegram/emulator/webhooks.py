"""Decides how bots are told of updates at their webhooks: in order for each chat, again and again, for a day.

It has never heard of polling beyond that the two exclude each other. Rules: telegram-bot-api WebhookActor.cpp and
Client.cpp, process_set_webhook_query.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

import msgspec

from vestnik.emulation.records import StoreUnavailable
from vestnik.emulation.waiting import first_of
from vestnik.emulation.when import SECOND, Moment, span
from vestnik.messengers.telegram.emulator.hooks import Hook, Hooks
from vestnik.messengers.telegram.emulator.telling import GONE, Told, tell
from vestnik.messengers.telegram.emulator.updates import Update, Updates
from vestnik.ports import Clock, Response, Transport

REMOVED_AFTER: Final = span(23 * 3600.0)
"""For how long a webhook may say that it is gone before it is removed."""
SHORTEST_CAP: Final = 60.0
LONGEST_CAP: Final = 120.0
"""Seconds between which the longest pause of a chat's updates is drawn."""
FIRST_DELAY: Final = 1.0
"""Seconds that are doubled for the first pause."""
IDLE: Final = span(3600.0)
STORE_PAUSE: Final = span(5.0)

Obey = Callable[[str, Response], Awaitable[None]]
"""Does what a bot asked for in the answer to an update."""


@dataclass(slots=True)
class _Chat:
    """The updates about one chat or person: one after another."""

    waiting: deque[Update] = field(default_factory=deque)
    busy: bool = False
    failures: int = 0
    """Those of the first of them."""
    delay: float = FIRST_DELAY
    not_before: Moment = 0


@dataclass(slots=True)
class _Lane:
    """What a bot's webhook is told."""

    chats: dict[str, _Chat] = field(default_factory=dict)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    under_way: int = 0
    ended: bool = False

    def add(self, update: Update) -> None:
        self.chats.setdefault(update.queue, _Chat()).waiting.append(update)
        self.changed.set()


class Webhooks:
    """The lanes of all bots that have a webhook."""

    def __init__(self, updates: Updates, hooks: Hooks, clock: Clock, transport: Transport, obey: Obey) -> None:
        self._updates = updates
        self._hooks = hooks
        self._clock = clock
        self._transport = transport
        self._obey = obey
        self._lanes: dict[str, _Lane] = {}
        self._group: asyncio.TaskGroup | None = None
        updates.listeners.append(self._added)

    async def run(self, load: Callable[[], Awaitable[None]]) -> None:
        """Tells bots of their updates until it is cancelled; first `load` reads what an earlier life left over."""
        while True:
            try:
                await load()
                break
            except StoreUnavailable:
                await self._clock.sleep_until(self._clock.now() + STORE_PAUSE)
        async with asyncio.TaskGroup() as group:
            self._group = group
            try:
                for bot in self._hooks.bots():
                    self.begin(bot)
                await asyncio.get_running_loop().create_future()
            finally:
                self._group = None
                self._lanes.clear()

    def begin(self, bot: str) -> None:
        """The bot's webhook was set: nothing is held against it any more."""
        self.end(bot)
        if self._group is not None:
            lane = self._lanes[bot] = _Lane()
            for update in self._updates.queue(bot).waiting.values():
                lane.add(update)
            self._group.create_task(self._serve(bot, lane))

    def end(self, bot: str) -> None:
        """The bot has no webhook any more."""
        lane = self._lanes.pop(bot, None)
        if lane is not None:
            lane.ended = True
            lane.changed.set()

    def forget(self) -> None:
        """Nothing is to be told any more."""
        for lane in self._lanes.values():
            lane.chats.clear()

    def _added(self, bot: str, update: Update) -> None:
        lane = self._lanes.get(bot)
        if lane is not None:
            lane.add(update)

    async def _serve(self, bot: str, lane: _Lane) -> None:
        async with asyncio.TaskGroup() as calls:
            while not lane.ended:
                lane.changed.clear()
                now, later = self._clock.now(), self._clock.now() + IDLE
                room = self._hooks.get(bot).connections - lane.under_way
                for chat in [*lane.chats.values()] if room > 0 else ():
                    if chat.busy or not chat.waiting:
                        continue
                    if chat.not_before > now:
                        later = min(later, chat.not_before)
                    elif room > 0:
                        room -= 1
                        chat.busy = True
                        lane.under_way += 1
                        calls.create_task(self._tell(bot, lane, chat))
                await first_of(lane.changed, self._clock, later)

    async def _tell(self, bot: str, lane: _Lane, chat: _Chat) -> None:
        """Tells of the first update about a chat, or puts it off."""
        update = chat.waiting[0]
        try:
            if update.update_id not in self._updates.queue(bot).waiting:
                self._drop(lane, chat, update)
            elif update.until <= self._clock.now():
                await self._updates.done(bot, [update.update_id])
                self._drop(lane, chat, update)
            else:
                told = await tell(self._transport, self._hooks.get(bot), update)
                if not lane.ended:
                    await self._judge(bot, lane, chat, update, told)
        except StoreUnavailable:
            chat.not_before = self._clock.now() + STORE_PAUSE
        finally:
            chat.busy = False
            lane.under_way -= 1
            lane.changed.set()

    async def _judge(self, bot: str, lane: _Lane, chat: _Chat, update: Update, told: Told) -> None:
        hook, now = self._hooks.get(bot), self._clock.now()
        if told.taken is not None:
            await self._updates.done(bot, [update.update_id])
            self._drop(lane, chat, update)
            if hook.gone_since:
                await self._hooks.put(bot, msgspec.structs.replace(hook, gone_since=0))
            await self._obey(bot, told.taken)
            return
        gone_since = (hook.gone_since or now) if told.status == GONE else 0
        if gone_since and now - gone_since >= REMOVED_AFTER:
            await self._hooks.put(bot, Hook(allowed=hook.allowed))
            self.end(bot)
            return
        pause = span(self._pause(chat, told.retry_after))
        if now + pause > update.until:
            await self._updates.done(bot, [update.update_id])
            self._drop(lane, chat, update)
        trouble = {"error_at": now // SECOND, "error": told.words, "gone_since": gone_since}
        await self._hooks.put(bot, msgspec.structs.replace(hook, **trouble))
        if chat.failures:
            chat.not_before = now + pause

    def _pause(self, chat: _Chat, asked: float) -> float:
        """Seconds until the next try: what the webhook asks for, else none at first and then twice as long each time.

        Up to a cap that is drawn anew each time.
        """
        chat.failures += 1
        if asked:
            return asked
        if chat.failures == 1:
            return 0.0
        cap = SHORTEST_CAP + (LONGEST_CAP - SHORTEST_CAP) * self._clock.luck()
        chat.delay = min(cap, chat.delay * 2)
        return chat.delay

    def _drop(self, lane: _Lane, chat: _Chat, update: Update) -> None:
        chat.failures, chat.delay, chat.not_before = 0, FIRST_DELAY, 0
        if chat.waiting and chat.waiting[0] is update:
            chat.waiting.popleft()
        if not chat.waiting:
            lane.chats.pop(update.queue, None)
