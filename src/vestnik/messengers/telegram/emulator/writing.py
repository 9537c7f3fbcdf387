"""Decides what people can write to bots and what that looks like: texts, places, contacts, dice, files and albums.

It has never heard of who is told.
"""

from base64 import b64decode
from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec

from vestnik.emulation.journal import Entry
from vestnik.emulation.problems import Problem, Refusal, Wrong, pointer
from vestnik.messengers.telegram import wire
from vestnik.messengers.telegram.emulator.audience import Audience
from vestnik.messengers.telegram.emulator.calls import Failed, Json
from vestnik.messengers.telegram.emulator.chats import BANNED_SENDERS
from vestnik.messengers.telegram.emulator.copies import PASSED_ON, content_of, origin_of, words_of
from vestnik.messengers.telegram.emulator.media import ALBUM_LIMIT, KINDS, shown
from vestnik.messengers.telegram.emulator.membership import standing
from vestnik.messengers.telegram.emulator.messages import on_wire
from vestnik.messengers.telegram.emulator.places import thrown
from vestnik.messengers.telegram.emulator.replies import topic_fields
from vestnik.messengers.telegram.emulator.state import State
from vestnik.messengers.telegram.emulator.texts import CAPTION_LIMIT, fields_of, marked_up
from vestnik.messengers.telegram.emulator.whereabouts import NUMBER, TEXT, WHERE, Whereabouts
from vestnik.messengers.telegram.encodings import Upload

LONGEST: Final = wire.TEXT_LIMIT
_FILES: Final = Annotated[list[dict[str, str]], msgspec.Meta(min_length=1, max_length=ALBUM_LIMIT)]
_CONTENT: Final[Mapping[str, Any]] = {
    "text": TEXT,
    "location": dict[str, float],
    "contact": dict[str, Any],
    "dice": TEXT,
    "file": dict[str, str],
    "files": _FILES,
    "forward": dict[str, int | str],
}
_CONTACT: Final[Mapping[str, Any]] = {
    "phone_number": TEXT,
    "first_name": TEXT,
    "last_name": str,
    "user_id": NUMBER,
    "vcard": str,
}
LATITUDES: Final = 90.0
LONGITUDES: Final = 180.0
CHANNEL_BOT: Final = {"id": 136817688, "is_bot": True, "first_name": "Channel", "username": "Channel_Bot"}
"""Whom the server names as the author of what is written in a channel's name."""


class Writing:
    """What people write: their deed `messages`."""

    fields: Final[Mapping[str, Any]] = {
        "chat": WHERE,
        "reply_to": NUMBER,
        "thread": NUMBER,
        "sender_chat": WHERE,
        **_CONTENT,
    }

    def __init__(self, state: State, audience: Audience) -> None:
        self._state = state
        self._audience = audience
        self._here = Whereabouts(state)

    async def write(self, bot: str, recipient: str, fields: Mapping[str, Any]) -> Entry:
        """The person writes, into the own chat with the bot or into another: the last entry of it."""
        await self._here.ready()
        key, person = self._here.chat(recipient, fields), self._here.person(recipient)
        contents = await self._contents(bot, fields)
        around = await self._around(key, person, fields)
        album: Json = {}
        if len(contents) > 1:
            album = {"media_group_id": str(int.from_bytes(self._state.world.clock.new_id().encode()[-7:]))}
        entry = None
        for content, text in contents:
            entry = await self._audience.hear(bot, key, text, {**around, **album, **content}, fields)
        if entry is None:
            raise Problem(409, "there is nothing to write")
        return entry

    async def said(self, text: str, limit: int = LONGEST) -> Json:
        """The text and its entities; Refusal where it cannot be sent."""
        try:
            found = await marked_up(text)
        except Failed as error:
            raise Refusal([Wrong(pointer("text"), error.failure.description)]) from None
        if wire.text_length(found.text) > limit:
            raise Refusal([Wrong(pointer("text"), f"may have {limit} characters")])
        return fields_of(found, self._state.chats)

    async def _around(self, key: str, person: Json, fields: Mapping[str, Any]) -> Json:
        """What a message shows besides its content: its author, its topic, what it answers."""
        around = self._author(key, person, fields)
        if "thread" in fields:
            if not self._state.chats.has_topic(key, fields["thread"]):
                raise Problem(404, f"the chat has no topic {fields['thread']}")
            around |= await topic_fields(self._state, key, fields["thread"])
        if "reply_to" in fields:
            original = on_wire(await self._here.message(key, fields["reply_to"]), fields["reply_to"])
            around["reply_to_message"] = original
            if "thread" not in fields and "message_thread_id" in original:
                around |= {"message_thread_id": original["message_thread_id"], "is_topic_message": True}
        return around

    def _author(self, key: str, person: Json, fields: Mapping[str, Any]) -> Json:
        """The person, or the chat in whose name it writes."""
        chats = self._state.chats
        own = standing(self._state, key, person["id"])
        if own["status"] == "kicked":
            raise Problem(409, "the person is banned from the chat")
        if own["status"] == "restricted" and own.get("can_send_messages") is not True:
            raise Problem(409, "the person may not write in the chat")
        if "sender_chat" not in fields:
            author: Json = {"from": person}
            if own.get("tag") or own.get("custom_title"):
                author["sender_tag"] = own.get("tag") or own["custom_title"]
            return author
        sender = chats.on_wire(self._here.named(fields["sender_chat"]))
        if sender["type"] == "private":
            raise Problem(409, "people write in the name of groups and channels only")
        if sender["id"] in chats.document(key).get(BANNED_SENDERS, []):
            raise Problem(409, "the channel is banned from the chat")
        return {"from": CHANNEL_BOT, "sender_chat": sender}

    async def _contents(self, bot: str, fields: Mapping[str, Any]) -> list[tuple[Json, str]]:
        """The content of each message with what the journal shows for it."""
        given = [name for name in _CONTENT if name in fields]
        if len(given) != 1:
            others = ", ".join(name for name in _CONTENT if name != "text")
            raise Refusal([Wrong(pointer("text"), f"is required, or one of {others} in its place")])
        if given == ["files"]:
            return [await self._file(bot, file, "files", str(at)) for at, file in enumerate(fields["files"])]
        return [await self._content(bot, given[0], fields[given[0]])]

    async def _content(self, bot: str, name: str, given: Any) -> tuple[Json, str]:
        match name:
            case "text":
                return await self.said(given), given
            case "forward":
                return await self._forwarded(given)
            case "file":
                return await self._file(bot, given, "file")
            case "location":
                shown = _location(given)
            case "contact":
                shown = _contact(given)
            case _:
                shown = self._dice(given)
        return {name: shown}, ""

    async def _forwarded(self, given: Mapping[str, int | str]) -> tuple[Json, str]:
        """A message from another chat, by its `chat` and its number in `message`."""
        number = given.get("message")
        if "chat" not in given or not isinstance(number, int):
            raise Refusal([Wrong(pointer("forward"), "needs a chat and the number of a message")])
        message = (await self._here.message(self._here.named(given["chat"]), number)).message
        if message.get("has_protected_content") or PASSED_ON.isdisjoint(message):
            raise Problem(409, "the message cannot be forwarded")
        return {**origin_of(message, number), **content_of(message)}, words_of(message)

    def _dice(self, emoji: str) -> Json:
        found = thrown(emoji, self._state.world.clock.luck())
        if found is None:
            raise Refusal([Wrong(pointer("dice"), "is no emoji of a dice")])
        return found

    async def _file(self, bot: str, given: Mapping[str, str], *at: str) -> tuple[Json, str]:
        """A file that a person sends: of a `kind`, with its bytes as base64 in `data`, a `name` and a `caption`."""
        kind = given.get("kind", "document")
        if kind not in KINDS or "data" not in given:
            raise Refusal([Wrong(pointer(*at), f"needs data, and a kind among {', '.join(KINDS)}")])
        try:
            content = b64decode(given["data"], validate=True)
            name, media_type = given.get("name", ""), given.get("type", "")
            file = await self._state.files.keep(kind, Upload(name, media_type, content))
        except (ValueError, Failed) as error:
            raise Refusal([Wrong(pointer(*at, "data"), f"is no file in base64: {error}")]) from None
        fields = shown(kind, file, bot, {})
        caption = given.get("caption", "") if KINDS[kind].has_caption else ""
        if caption:
            said = await self.said(caption, CAPTION_LIMIT)
            fields["caption"] = said["text"]
            if "entities" in said:
                fields["caption_entities"] = said["entities"]
        return fields, caption


def _location(given: dict[str, float]) -> Json:
    if not {"latitude", "longitude"} <= given.keys():
        raise Refusal([Wrong(pointer("location"), "needs latitude and longitude")])
    if abs(given["latitude"]) > LATITUDES or abs(given["longitude"]) > LONGITUDES:
        raise Refusal([Wrong(pointer("location"), "is no place on earth")])
    return dict(given)


def _contact(given: dict[str, Any]) -> Json:
    if not {"phone_number", "first_name"} <= given.keys() or not given.keys() <= _CONTACT.keys():
        raise Refusal([Wrong(pointer("contact"), "needs phone_number and first_name")])
    for name, value in given.items():
        try:
            msgspec.convert(value, _CONTACT[name])
        except msgspec.ValidationError as error:
            raise Refusal([Wrong(pointer("contact", name), str(error))]) from None
    return dict(given)
