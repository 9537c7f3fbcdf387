"""Decides which messages of a chat are pinned, and which reactions bots put to messages.

It has never heard of their content.
"""

from typing import Final

from vestnik.messengers.telegram.emulator.calls import Call, Handlers, Json, bad
from vestnik.messengers.telegram.emulator.membership import need
from vestnik.messengers.telegram.emulator.sending import Sender
from vestnik.messengers.telegram.emulator.state import State

MOST: Final = 1_000
PINNING: Final = "manage pinned messages in the chat"
_EMOJI: Final = (
    "❤ 👍 👎 🔥 🥰 👏 😁 🤔 🤯 😱 🤬 😢 🎉 🤩 🤮 💩 🙏 👌 🕊 🤡 🥱 🥴 😍 🐳 ❤‍🔥 "
    "🌚 🌭 💯 🤣 ⚡ 🍌 🏆 💔 🤨 😐 🍓 🍾 💋 🖕 😈 😴 😭 🤓 👻 👨‍💻 👀 🎃 🙈 😇 😨 "
    "🤝 ✍ 🤗 🫡 🎅 🎄 ☃ 💅 🤪 🗿 🆒 💘 🙉 🦄 😘 💊 🙊 😎 👾 🤷‍♂ 🤷 🤷‍♀ 😡 "
)
REACTIONS: Final = frozenset(_EMOJI.split())
"""The emoji that messages can be reacted to with."""


class Pins:
    """The methods that pin and react."""

    def __init__(self, state: State, sender: Sender) -> None:
        self._state = state
        self._sender = sender

    def handlers(self) -> Handlers:
        """The methods."""
        return {
            "pinchatmessage": self._pin,
            "unpinchatmessage": self._unpin,
            "unpinallchatmessages": self._unpin_all,
            "setmessagereaction": self._react,
        }

    async def _pin(self, call: Call) -> bool:
        key, number = self._sender.chat(call), call.number("message_id")
        need(self._state, call.bot, key, "can_pin_messages", PINNING)
        await self._state.messages.needed(key, number, "message to pin")
        async with self._state.lock(f"chat {key}"):
            chat = self._state.chats.document(key)
            pinned = [*(one for one in chat.get("pinned", []) if one != number), number]
            await self._state.chats.keep({**chat, "pinned": pinned[-MOST:]})
        return True

    async def _unpin(self, call: Call) -> bool:
        key = self._sender.chat(call)
        need(self._state, call.bot, key, "can_pin_messages", PINNING)
        async with self._state.lock(f"chat {key}"):
            chat = self._state.chats.document(key)
            pinned = chat.get("pinned", [])
            number = call.number("message_id") or (pinned[-1] if pinned else 0)
            if number not in pinned:
                raise bad("message to unpin not found")
            await self._state.chats.keep({**chat, "pinned": [one for one in pinned if one != number]})
        return True

    async def _unpin_all(self, call: Call) -> bool:
        key = self._sender.chat(call)
        need(self._state, call.bot, key, "can_pin_messages", PINNING)
        async with self._state.lock(f"chat {key}"):
            chat = self._state.chats.document(key)
            if chat.pop("pinned", None):
                await self._state.chats.keep(chat)
        return True

    async def _react(self, call: Call) -> bool:
        reactions: list[Json] = call.values.get("reaction") or []
        if len(reactions) > 1:
            raise bad("REACTIONS_TOO_MANY")
        for one in reactions:
            if one["type"] == "emoji" and one["emoji"] not in REACTIONS:
                raise bad("REACTION_INVALID")
        key, number = self._sender.chat(call), call.number("message_id")
        await self._state.messages.needed(key, number, "message to react")
        name = f"{self._state.messages.chat_id(key)}:{number}/{call.bot}"
        await self._state.records.put("reaction", name, reactions or None)
        return True
