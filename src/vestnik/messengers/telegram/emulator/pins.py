"""Decides which messages of a chat are pinned, and which reactions bots put to messages.

It has never heard of their content.
"""

from typing import Final

from vestnik.messengers.telegram.emulator.announcing import Announcing
from vestnik.messengers.telegram.emulator.calls import Call, Handlers, Json, bad
from vestnik.messengers.telegram.emulator.membership import forum, need
from vestnik.messengers.telegram.emulator.messages import is_service, on_wire
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

    def __init__(self, state: State, sender: Sender, announcing: Announcing) -> None:
        self._state = state
        self._sender = sender
        self._announcing = announcing

    def handlers(self) -> Handlers:
        """The methods."""
        return {
            "pinchatmessage": self._pin,
            "unpinchatmessage": self._unpin,
            "unpinallchatmessages": self._unpin_all,
            "unpinallforumtopicmessages": self._unpin_topic,
            "unpinallgeneralforumtopicmessages": self._unpin_topic,
            "setmessagereaction": self._react,
            "deletemessagereaction": self._delete_reaction,
            "deleteallmessagereactions": self._delete_reactions,
        }

    async def _pin(self, call: Call) -> bool:
        key, number = self._sender.chat(call), call.number("message_id")
        stored = await self._state.messages.needed(key, number, "message to pin")
        self._need(call.bot, key)
        if is_service(stored.message):
            raise bad("Service messages can't be pinned")
        async with self._state.lock(f"chat {key}"):
            chat = self._state.chats.document(key)
            others = [one for one in chat.get("pinned", []) if one != number]
            is_new = len(others) == len(chat.get("pinned", []))
            await self._state.chats.keep({**chat, "pinned": [*others, number][-MOST:]})
        if is_new:
            thread = stored.message.get("message_thread_id", 0)
            shown = _alone(on_wire(stored, number))
            await self._announcing.tell(call.bot, key, {"pinned_message": shown}, thread=thread)
        return True

    async def _unpin(self, call: Call) -> bool:
        key = self._sender.chat(call)
        self._need(call.bot, key)
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
        self._need(call.bot, key)
        async with self._state.lock(f"chat {key}"):
            chat = self._state.chats.document(key)
            if chat.pop("pinned", None):
                await self._state.chats.keep(chat)
        return True

    async def _unpin_topic(self, call: Call) -> bool:
        """Unpins what is pinned in one topic; the general one holds what belongs to no other."""
        key, thread = self._sender.chat(call), call.number("message_thread_id")
        forum(self._state, key)
        self._need(call.bot, key)
        async with self._state.lock(f"chat {key}"):
            chat = self._state.chats.document(key)
            pinned = chat.get("pinned", [])
            threads = await self._state.messages.threads(key, pinned)
            rest = [number for number in pinned if threads.get(number, 0) != thread]
            if len(rest) < len(pinned):
                await self._state.chats.keep({**chat, "pinned": rest})
        return True

    def _need(self, bot: str, key: str) -> None:
        is_channel = self._state.chats.on_wire(key)["type"] == "channel"
        need(self._state, bot, key, "can_edit_messages" if is_channel else "can_pin_messages", PINNING)

    async def _react(self, call: Call) -> bool:
        reactions: list[Json] = call.values.get("reaction") or []
        if len(reactions) > 1:
            raise bad("REACTIONS_TOO_MANY")
        for one in reactions:
            if one["type"] == "emoji" and one["emoji"] not in REACTIONS:
                raise bad("REACTION_INVALID")
        key, number = self._sender.chat(call), call.number("message_id")
        await self._state.messages.needed(key, number, "message to react")
        await self._state.reactions.put(key, number, call.bot, reactions)
        return True

    async def _delete_reaction(self, call: Call) -> bool:
        key, number, actor = self._sender.chat(call), call.number("message_id"), self._actor(call)
        await self._state.messages.needed(key, number, "message to delete reactions")
        self._moderating(call, key)
        await self._state.reactions.put(key, number, actor, [])
        return True

    async def _delete_reactions(self, call: Call) -> bool:
        key, actor = self._sender.chat(call), self._actor(call)
        self._moderating(call, key)
        await self._state.reactions.forget_all(key, actor)
        return True

    def _actor(self, call: Call) -> str:
        """The person or the chat whose reactions are meant."""
        if call.text("user_id") or call.number("user_id"):
            return str(call.number("user_id"))
        return str(self._state.messages.chat_id(self._state.chats.find(call.values.get("actor_chat_id", ""))))

    def _moderating(self, call: Call, key: str) -> None:
        if self._state.chats.on_wire(key)["type"] not in ("supergroup", "group"):
            raise bad("REACTION_DELETE_FORBIDDEN")
        need(self._state, call.bot, key, "can_delete_messages", "")


def _alone(message: Json) -> Json:
    """The message without the one that it answers, as it is shown in another."""
    return {name: value for name, value in message.items() if name != "reply_to_message"}
