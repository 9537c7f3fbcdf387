"""Decides what bots look like: the User object of each, and what was set about it.

It has never heard of chats.
"""

from typing import Any, Final

from vestnik.emulation.records import Change, Records
from vestnik.messengers.telegram.emulator.calls import Json, bad

KIND: Final = "bot"
MOST: Final = 10_000
"""Bots of which something was set that are kept in memory."""


class Profiles:
    """What was set about bots, in memory and on disk; it outlives a reset, as bots do."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._known: dict[str, Json] = {}

    async def load(self) -> None:
        """Reads what is on disk."""
        self._known = dict(await self._records.all(KIND))

    def user(self, bot: str) -> Json:
        """The bot's User object as messages show it."""
        known = self._known.get(bot, {})
        ways = known.get("ways", {})
        return {
            "id": int(bot),
            "is_bot": True,
            "first_name": known.get("name", {}).get("") or ways.get("first_name") or f"Bot {bot}",
            "username": ways.get("username") or f"vestnik{bot}bot",
        }

    def knows(self, bot: str) -> bool:
        """Whether anything was set about the bot."""
        return bot in self._known

    def ways(self, bot: str) -> Json:
        """What was set up about the bot through the control API."""
        found: Json = self._known.get(bot, {}).get("ways", {})
        return found

    def get(self, bot: str, name: str, default: Any) -> Any:
        """What was set under the name."""
        return self._known.get(bot, {}).get(name, default)

    async def put(self, bot: str, name: str, value: Any) -> None:
        """Sets it; None unsets it. Failed where too many bots have something."""
        if bot not in self._known and len(self._known) >= MOST:
            raise bad("too many bots have something set")
        document = dict(self._known.get(bot, {}))
        document.pop(name, None)
        if value is not None:
            document[name] = value
        await self._records.change([Change(KIND, bot, document, lasting=True)])
        self._known[bot] = document
