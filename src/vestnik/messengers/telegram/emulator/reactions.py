"""Decides who has reacted to a message and how.

It has never heard of who is told.
"""

from collections import Counter
from typing import Final

from vestnik.emulation.records import Change, Records
from vestnik.messengers.telegram.emulator.calls import Json
from vestnik.messengers.telegram.emulator.chats import Chats

KIND: Final = "reaction"
LATEST: Final = "reaction_by"
"""The kind of the documents that lead from somebody in a chat to the messages reacted to."""
MOST: Final = 1_000
"""Reactions to one message that are counted, and those of somebody that are forgotten at once."""


class Reactions:
    """The reactions to all messages."""

    def __init__(self, records: Records, chats: Chats) -> None:
        self._records = records
        self._chats = chats

    async def put(self, key: str, number: int, actor: str, new: list[Json]) -> list[Json]:
        """Somebody reacts so from now on; an empty list takes it back. What it was before."""
        message, by = self._names(key, number, actor)
        name = f"{message}/{actor}"
        old: list[Json] = await self._records.get(KIND, name) or []
        await self._records.change([Change(KIND, name, new or None), Change(LATEST, by, number if new else None)])
        return old

    async def counts(self, key: str, number: int) -> list[Json]:
        """The ReactionCount objects of a message, the most frequent first."""
        message, _ = self._names(key, number, "")
        found = await self._records.under(KIND, f"{message}/", limit=MOST)
        kinds = Counter(one["emoji"] for _, reactions in found for one in reactions if one["type"] == "emoji")
        return [
            {"type": {"type": "emoji", "emoji": emoji}, "total_count": count} for emoji, count in kinds.most_common()
        ]

    async def forget_all(self, key: str, actor: str) -> None:
        """Everything is taken back with which somebody reacted in the chat lately."""
        number = self._chats.on_wire(key)["id"]
        found = await self._records.under(LATEST, f"{number}/{actor}/", limit=MOST)
        await self._records.change(
            change
            for name, message in found
            for change in (Change(KIND, f"{number}:{message}/{actor}", None), Change(LATEST, name, None))
        )

    def _names(self, key: str, number: int, actor: str) -> tuple[str, str]:
        chat = self._chats.on_wire(key)["id"]
        return f"{chat}:{number}", f"{chat}/{actor}/{number}"
