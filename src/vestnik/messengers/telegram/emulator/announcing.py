"""Decides what a chat sees of a bot's deeds: the service message that is told to the bots there, the doer among them.

It has never heard of the deeds. Rules: telegram-bot-api Client.cpp, need_skip_update_message, which lets a bot's own
title, photo, pin, topic and removal through.
"""

from typing import Final

from vestnik.messengers.telegram.emulator.audience import Audience
from vestnik.messengers.telegram.emulator.calls import Json
from vestnik.messengers.telegram.emulator.state import State

_SEEN_BY: Final = "from"


class Announcing:
    """The way from a deed to the chat."""

    def __init__(self, state: State, audience: Audience) -> None:
        self._state = state
        self._audience = audience

    async def tell(self, bot: str, key: str, content: Json, *, thread: int = 0) -> int:
        """Puts the service message of what the bot did into the chat: its number."""
        chat = self._state.chats.on_wire(key)
        if chat["type"] == "channel":
            author: Json = {"sender_chat": chat}
        else:
            author = {_SEEN_BY: self._state.profiles.user(bot)}
        topic: Json = {"message_thread_id": thread, "is_topic_message": True} if thread else {}
        return await self._put(bot, key, {**author, **topic, **content})

    async def joined(self, bot: str, key: str, person: Json, *, by: Json | None = None) -> None:
        """Shows a group that somebody is in it now."""
        if self._state.chats.on_wire(key)["type"] != "channel":
            await self._put(bot, key, {_SEEN_BY: by or person, **arrival(person)})

    async def left(self, bot: str, key: str, person: Json, *, by: Json | None = None) -> None:
        """Shows a group that somebody is no longer in it."""
        if self._state.chats.on_wire(key)["type"] != "channel":
            await self._put(bot, key, {_SEEN_BY: by or person, **departure(person)})

    async def _put(self, bot: str, key: str, message: Json) -> int:
        entry = await self._audience.hear(bot, key, "", message)
        return int(entry.external_id.rpartition(":")[2])


def arrival(person: Json) -> Json:
    """What a service message says of somebody who came, in the words of old and new versions of the API."""
    return {"new_chat_participant": person, "new_chat_member": person, "new_chat_members": [person]}


def departure(person: Json) -> Json:
    """The same of somebody who went."""
    return {"left_chat_participant": person, "left_chat_member": person}
