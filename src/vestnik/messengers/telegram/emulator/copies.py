"""Decides what becomes of messages that a bot forwards, copies or deletes.

It has never heard of how they came.
"""

from itertools import pairwise
from typing import Final

from vestnik.messengers.telegram.emulator.calls import Call, Handlers, Json, bad
from vestnik.messengers.telegram.emulator.chats import ADMINISTRATORS
from vestnik.messengers.telegram.emulator.keyboards import read_markup
from vestnik.messengers.telegram.emulator.messages import Stored, is_service
from vestnik.messengers.telegram.emulator.sending import Outgoing, Sender
from vestnik.messengers.telegram.emulator.state import State
from vestnik.messengers.telegram.emulator.texts import caption_content

MOST: Final = 100
DELETABLE: Final = 48 * 3600
"""Seconds."""
DICE_STAYS: Final = 24 * 3600
"""Seconds for which a dice in a private chat cannot be taken back."""
CONTENT: Final = (
    "text",
    "entities",
    "link_preview_options",
    "animation",
    "audio",
    "document",
    "live_photo",
    "photo",
    "sticker",
    "video",
    "video_note",
    "voice",
    "caption",
    "caption_entities",
    "show_caption_above_media",
    "has_media_spoiler",
    "contact",
    "dice",
    "poll",
    "venue",
    "location",
    "invoice",
    "game",
)
PASSED_ON: Final = frozenset(CONTENT) - {"entities", "link_preview_options", "caption", "caption_entities"}
"""The fields of which a message needs one to be passed on."""


class Copies:
    """The methods that forward, copy and delete."""

    def __init__(self, state: State, sender: Sender) -> None:
        self._state = state
        self._sender = sender

    def handlers(self) -> Handlers:
        """The methods."""
        return {
            "forwardmessage": self._forward_message,
            "forwardmessages": self._forward_messages,
            "copymessage": self._copy_message,
            "copymessages": self._copy_messages,
            "deletemessage": self._delete_message,
            "deletemessages": self._delete_messages,
        }

    async def _forward_message(self, call: Call) -> Json:
        key, from_key = self._sender.chat(call), self._sender.chat(call, "from_chat_id")
        stored = await self._state.messages.needed(from_key, call.number("message_id"), "message to forward")
        return await self._forward(call, key, stored, call.number("message_id"))

    async def _forward(self, call: Call, key: str, stored: Stored, number: int, turn: int = 0) -> Json:
        message = stored.message
        if message.get("has_protected_content") or not PASSED_ON & message.keys():
            raise bad("message can't be forwarded")
        content = {**origin_of(message, number), **content_of(message)}
        out = Outgoing(content, words_of(message))
        return await self._sender.send(call, key, out, turn=turn)

    async def _copy_message(self, call: Call) -> Json:
        key, from_key = self._sender.chat(call), self._sender.chat(call, "from_chat_id")
        stored = await self._state.messages.needed(from_key, call.number("message_id"), "message to copy")
        caption = None
        if "caption" in call.values:
            caption = await caption_content(call, self._state.chats)
        sent = await self._copy(call, key, stored, caption)
        return {"message_id": sent["message_id"]}

    async def _copy(self, call: Call, key: str, stored: Stored, caption: Json | None, turn: int = 0) -> Json:
        message = stored.message
        if message.get("has_protected_content") or not PASSED_ON - {"invoice"} & message.keys():
            raise bad("message can't be copied")
        content = content_of(message)
        if caption is not None and "text" not in message:
            content = {name: value for name, value in content.items() if not name.startswith("caption")} | caption
        out = Outgoing(content, words_of(content), read_markup(call.values.get("reply_markup")))
        return await self._sender.send(call, key, out, turn=turn)

    async def _forward_messages(self, call: Call) -> list[Json]:
        key, found = await self._several(call, "forward")
        return [
            {"message_id": (await self._forward(call, key, stored, number, turn))["message_id"]}
            for turn, (number, stored) in enumerate(found)
        ]

    async def _copy_messages(self, call: Call) -> list[Json]:
        key, found = await self._several(call, "copy")
        caption: Json | None = {} if call.flag("remove_caption") else None
        return [
            {"message_id": (await self._copy(call, key, stored, caption, turn))["message_id"]}
            for turn, (_, stored) in enumerate(found)
        ]

    async def _several(self, call: Call, verb: str) -> tuple[str, list[tuple[int, Stored]]]:
        """Those of the messages that can be passed on; Failed where there are none."""
        numbers = _numbers(call)
        if any(later <= earlier for earlier, later in pairwise(numbers)):
            raise bad("Message identifiers must be in a strictly increasing order")
        key, from_key = self._sender.chat(call), self._sender.chat(call, "from_chat_id")
        found = [(number, await self._state.messages.get(from_key, number)) for number in numbers]
        usable = [
            (number, stored)
            for number, stored in found
            if stored is not None
            and not stored.message.get("has_protected_content")
            and PASSED_ON & stored.message.keys()
        ]
        if not usable:
            raise bad(f"there are no messages to {verb}")
        return key, usable

    async def _delete_message(self, call: Call) -> bool:
        key, number = self._sender.chat(call), call.number("message_id")
        stored = await self._state.messages.needed(key, number, "message to delete")
        if not self._may_delete(call.bot, key, stored):
            raise bad("message can't be deleted")
        await self._state.messages.delete([(key, number, stored)])
        return True

    async def _delete_messages(self, call: Call) -> bool:
        numbers = list(dict.fromkeys(_numbers(call)))
        key = self._sender.chat(call)
        found = [(number, await self._state.messages.get(key, number)) for number in numbers]
        there = [(key, number, stored) for number, stored in found if stored is not None]
        if not all(self._may_delete(call.bot, key, stored) for _, _, stored in there):
            raise bad("message can't be deleted")
        await self._state.messages.delete(there)
        return True

    def _may_delete(self, bot: str, key: str, stored: Stored) -> bool:
        """Whether the bot may delete the message: none that is two days old, nor one that began a topic.

        Rules: td MessagesManager.cpp, can_delete_channel_message and can_revoke_message.
        """
        chats, message = self._state.chats, stored.message
        age, kind = self._state.now() - message["date"], message["chat"]["type"]
        if age >= DELETABLE or "forum_topic_created" in message:
            return False
        if kind == "private":
            own = str(message.get("from", {}).get("id")) == bot
            return not (own and is_service(message)) and not ("dice" in message and age < DICE_STAYS)
        if not chats.has_members(key):
            return True
        member = chats.member(key, int(bot))
        if member["status"] in ADMINISTRATORS and member.get("can_delete_messages", True):
            return True
        if "sender_chat" in message:
            return kind == "channel" and stored.bot == bot and member.get("can_post_messages", True) is True
        return str(message.get("from", {}).get("id")) == bot and not is_service(message)


def _numbers(call: Call) -> list[int]:
    numbers: list[int] = call.values["message_ids"]
    if not numbers:
        raise bad("Message identifiers are not specified")
    if len(numbers) > MOST:
        raise bad("Too many message identifiers specified")
    return numbers


def content_of(message: Json) -> Json:
    """What of a message is passed on with it."""
    return {name: message[name] for name in CONTENT if name in message}


def words_of(message: Json) -> str:
    """What the journal shows for it."""
    words: str = message.get("text") or message.get("caption") or ""
    return words


def origin_of(message: Json, number: int) -> Json:
    """Where a forwarded message came from, in the words of old and new versions of the API."""
    if "forward_origin" in message:
        return {name: value for name, value in message.items() if name.startswith("forward_")}
    date = message["date"]
    if "from" in message:
        sender = message["from"]
        return {
            "forward_origin": {"type": "user", "date": date, "sender_user": sender},
            "forward_from": sender,
            "forward_date": date,
        }
    chat = message["chat"]
    return {
        "forward_origin": {"type": "channel", "date": date, "chat": chat, "message_id": number},
        "forward_from_chat": chat,
        "forward_from_message_id": number,
        "forward_date": date,
    }
