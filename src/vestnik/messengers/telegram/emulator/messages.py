"""Decides how messages are found again: by their chat and number, as they are now.

It has never heard of how they are sent. A plain text is its entry in the journal; of every other message, and of one
that was changed, a document is kept with the message as the wire shows it and what else belongs to it.
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from vestnik.emulation.journal import MESSAGE, Entry, Journal
from vestnik.emulation.records import Change, Records
from vestnik.emulation.when import SECOND
from vestnik.messengers.telegram.emulator.calls import NAME, Json, bad
from vestnik.messengers.telegram.emulator.chats import Chats
from vestnik.messengers.telegram.emulator.profiles import Profiles
from vestnik.messengers.telegram.markup import formatted

INLINE_PLACE: Final = "inline_message"
RECEIVER: Final = "receiver_user"
"""The field of a message that only one person sees; such a message has an identifier of its own and no number."""
CLEARED: Final = "cleared"
"""The kind of the documents that say up to which number a person has deleted the chat with a bot."""


class Stored(msgspec.Struct, omit_defaults=True):
    """A message as it is kept."""

    bot: str
    """The bot that sent it, or that is told of it."""
    message: Json
    """The Message object without its number."""
    keyboard: Json | None = None
    """A keyboard that takes the place of the phone's own; the wire shows it to nobody."""
    own: Json = {}
    """What no bot is shown, such as the right answer of a quiz."""
    deleted: bool = False


class Messages:
    """All messages of the world."""

    def __init__(self, records: Records, journal: Journal, chats: Chats, profiles: Profiles) -> None:
        self._records = records
        self._journal = journal
        self._chats = chats
        self._profiles = profiles

    async def get(self, key: str, message_id: int, *, viewer: int = 0) -> Stored | None:
        """The message as it is now, or None where there is none or it was deleted.

        One that is for a single person is there for that `viewer` alone.
        """
        stored = await self._kept(f"{self.chat_id(key)}:{message_id}")
        if stored is None and message_id > 0:
            entry = await self._journal.entry(message_id)
            if entry is not None and self._is_in(entry, key, message_id):
                stored = self._plain(entry)
        if stored is None or stored.deleted or self._topic_is_gone(key, message_id, stored.message):
            return None
        return stored if stored.message.get(RECEIVER, {}).get("id", viewer) == viewer else None

    def _topic_is_gone(self, key: str, message_id: int, message: Json) -> bool:
        """Whether the message was in a topic that there is no more: with a topic go all its messages."""
        thread = message_id if "forum_topic_created" in message else message.get("message_thread_id", 0)
        return bool(thread) and not self._chats.has_topic(key, thread)

    async def shown(self, key: str, message_id: int) -> Json | None:
        """The Message object as it is now, or None."""
        stored = await self.get(key, message_id)
        return None if stored is None else on_wire(stored, message_id)

    async def needed(self, key: str, message_id: int, role: str) -> Stored:
        """The message, or Failed that says that the one in this role was not found."""
        stored = await self.get(key, message_id)
        if stored is None:
            raise bad(f"{role} not found")
        return stored

    async def of_entry(self, entry: Entry) -> Json:
        """The Message object of an entry that was written before."""
        message_id = int(entry.external_id.rpartition(":")[2])
        stored = await self._kept(entry.external_id)
        return on_wire(self._plain(entry) if stored is None else stored, message_id)

    async def keep(self, key: str, message_id: int, stored: Stored, *more: Change) -> None:
        """The message is so from now on; more documents change with it."""
        name = f"{self.chat_id(key)}:{message_id}"
        await self._records.change([Change(MESSAGE, name, stored), *more])

    async def keep_inline(self, name: str, key: str, message_id: int) -> None:
        """A message that came by an inline query can be found by this name."""
        await self._records.put(INLINE_PLACE, name, [key, message_id])

    async def inline(self, name: str) -> tuple[str, int] | None:
        """The chat and the number of the message that came by an inline query under this name."""
        found = await self._records.get(INLINE_PLACE, name)
        return None if found is None else (found[0], found[1])

    async def threads(self, key: str, numbers: Sequence[int]) -> dict[int, int]:
        """The topics of those of the messages that are in one; a plain text, of which nothing is kept, is in none."""
        names = {f"{self.chat_id(key)}:{number}": number for number in numbers}
        kept = await self._records.some(MESSAGE, list(names))
        inside = {name: document["message"].get("message_thread_id") for name, document in kept.items()}
        return {names[name]: thread for name, thread in inside.items() if thread}

    async def delete(self, found: list[tuple[str, int, Stored]]) -> None:
        """The messages are no longer there."""
        await self._records.change(
            [
                Change(MESSAGE, f"{self.chat_id(key)}:{number}", Stored(stored.bot, {}, deleted=True))
                for key, number, stored in found
            ]
        )

    def chat_id(self, key: str) -> int:
        """The number of the chat."""
        number: int = self._chats.on_wire(key)["id"]
        return number

    async def _kept(self, name: str) -> Stored | None:
        document = await self._records.get(MESSAGE, name)
        return None if document is None else msgspec.convert(document, Stored)

    def _is_in(self, entry: Entry, key: str, message_id: int) -> bool:
        return entry.messenger == NAME and entry.external_id == f"{self.chat_id(key)}:{message_id}"

    def _plain(self, entry: Entry) -> Stored:
        """The message that is its entry alone: a text and its markup."""
        arguments = msgspec.json.decode(entry.payload)
        text, entities = formatted(
            arguments.get("text", ""), arguments.get("parse_mode", ""), arguments.get("entities"), may_be_empty=True
        )
        message: Json = {"chat": self._chats.on_wire(self._chats.key(entry.recipient)), "date": entry.at // SECOND}
        if entry.inbound:
            message["from"] = self._chats.user(int(entry.recipient))
        elif message["chat"]["type"] != "channel":
            message["from"] = self._profiles.user(entry.bot)
        message["text"] = text
        if entities:
            message["entities"] = [entity.on_wire() for entity in entities]
        return Stored(entry.bot, message)


TYPES: Final = (
    "text",
    "animation",
    "audio",
    "document",
    "live_photo",
    "paid_media",
    "photo",
    "sticker",
    "story",
    "video",
    "video_note",
    "voice",
    "checklist",
    "contact",
    "dice",
    "game",
    "poll",
    "venue",
    "location",
    "invoice",
    "rich_message",
)
"""Fields that say what a message is; an animation is a document too, and a venue is a location."""
SERVICE: Final = frozenset(
    {
        "new_chat_members",
        "left_chat_member",
        "new_chat_title",
        "new_chat_photo",
        "delete_chat_photo",
        "group_chat_created",
        "supergroup_chat_created",
        "channel_chat_created",
        "migrate_to_chat_id",
        "migrate_from_chat_id",
        "pinned_message",
        "successful_payment",
        "refunded_payment",
        "users_shared",
        "chat_shared",
        "write_access_allowed",
        "web_app_data",
        "forum_topic_created",
        "forum_topic_edited",
        "forum_topic_closed",
        "forum_topic_reopened",
        "general_forum_topic_hidden",
        "general_forum_topic_unhidden",
    }
)
"""Fields of the messages that tell what happened and that nobody wrote."""

_FIRST: Final[tuple[str, ...]] = ("from", "sender_chat", "chat", "date")


def on_wire(stored: Stored, message_id: int) -> Json:
    """The Message object, its fields in the server's order."""
    message = stored.message
    first = {name: message[name] for name in _FIRST if name in message}
    if RECEIVER in message:
        first, message_id = {**first, "ephemeral_message_id": message_id}, 0
    if "forum_topic_created" in message:  # It is the first message of its topic, which has its number.
        first |= {"message_thread_id": message_id, "is_topic_message": True}
    return {"message_id": message_id, **first, **{name: value for name, value in message.items() if name not in first}}


def is_service(message: Json) -> bool:
    """Whether the message tells what happened."""
    return not SERVICE.isdisjoint(message)


def type_of(content: Json) -> str:
    """What kind of message has this content: the field of the Message object that says so."""
    return next((name for name in (*TYPES, *SERVICE) if name in content), "text")


def inaccessible(chat: Json, message_id: int) -> dict[str, Any]:
    """What stands for a message that can no longer be seen."""
    return {"chat": chat, "message_id": message_id, "date": 0}
