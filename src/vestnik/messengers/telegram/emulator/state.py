"""Decides what all methods of the emulated Bot API share: the line to the phones, chats, messages and bots.

It has never heard of any method.
"""

import asyncio
from typing import Final
from weakref import WeakValueDictionary

from vestnik.emulation.limits import Bucket, Limit, Named, Window
from vestnik.emulation.line import Ways
from vestnik.emulation.when import Moment
from vestnik.emulation.world import World
from vestnik.messengers.telegram.emulator.calls import NAME
from vestnik.messengers.telegram.emulator.chats import Chats
from vestnik.messengers.telegram.emulator.files import Files
from vestnik.messengers.telegram.emulator.hooks import Hooks
from vestnik.messengers.telegram.emulator.messages import Messages
from vestnik.messengers.telegram.emulator.profiles import Profiles
from vestnik.messengers.telegram.emulator.reactions import Reactions
from vestnik.messengers.telegram.emulator.updates import Updates


class OfGroups:
    """A limit of what a bot says in one group, supergroup or channel; what it says to people does not count."""

    def __init__(self, limit: Limit) -> None:
        self._limit = limit

    def wait(self, key: str, now: Moment) -> int:
        """See Limit."""
        return self._limit.wait(key, now) if _is_group(key) else 0

    def spend(self, key: str, now: Moment) -> None:
        """See Limit."""
        if _is_group(key):
            self._limit.spend(key, now)

    def forget(self, key: str) -> None:
        """See Limit."""
        self._limit.forget(key)

    def clear(self) -> None:
        """See Limit."""
        self._limit.clear()


def _is_group(key: str) -> bool:
    return key.rpartition(" ")[2].startswith(("-", "@"))


class State:
    """The Bot API's side of one world."""

    def __init__(self, world: World) -> None:
        limits = (
            Named("bot", Bucket(rate=30, burst=30)),
            Named("chat", Bucket(rate=1, burst=3), each_recipient=True),
            Named("group", OfGroups(Window(most=20, seconds=60)), each_recipient=True),
        )
        self.world: Final = world
        self.line: Final = world.line(NAME, Ways(limits=limits))
        self.records: Final = world.records(NAME)
        self.chats: Final = Chats(self.records, strict=world.settings.strict)
        self.profiles: Final = Profiles(self.records)
        self.messages: Final = Messages(self.records, world.journal, self.chats, self.profiles)
        self.files: Final = Files(self.records, world.blobs(NAME), world.transport)
        self.reactions: Final = Reactions(self.records, self.chats)
        self.updates: Final = Updates(self.records, world.clock)
        self.hooks: Final = Hooks(self.records, self.updates)
        self.loaded = False
        self._loading = asyncio.Lock()
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        world.loads.append(self.load)
        world.at_reset.extend((self.chats.forget, self.updates.forget))

    async def load(self) -> None:
        """Reads from disk what is kept in memory, once."""
        async with self._loading:
            if not self.loaded:
                await self.chats.load()
                await self.profiles.load()
                await self.updates.load()
                await self.hooks.load()
                self.loaded = True

    def lock(self, name: str) -> asyncio.Lock:
        """Held by whoever changes the thing of that name: two changes of one thing come one after another."""
        lock = self._locks.get(name)
        if lock is None:
            lock = self._locks[name] = asyncio.Lock()
        return lock

    def now(self) -> int:
        """Seconds since 1970."""
        return self.world.clock.now() // 1_000_000
