"""Decides what people can do to bots' messages and with their own: write, answer, press, react and edit.

It has never heard of how a bot is told.
"""

from base64 import b64decode
from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec

from vestnik.emulation.deeds import Deed
from vestnik.emulation.journal import Entry
from vestnik.emulation.phones import Phone
from vestnik.emulation.problems import Problem, Refusal, Wrong, pointer
from vestnik.messengers.telegram import wire
from vestnik.messengers.telegram.emulator.audience import Audience
from vestnik.messengers.telegram.emulator.calls import NAME, Failed, Json
from vestnik.messengers.telegram.emulator.media import KINDS, shown
from vestnik.messengers.telegram.emulator.membership import tell_of_change
from vestnik.messengers.telegram.emulator.messages import on_wire
from vestnik.messengers.telegram.emulator.pressing import press
from vestnik.messengers.telegram.emulator.state import State
from vestnik.messengers.telegram.emulator.texts import fields_of, marked_up
from vestnik.messengers.telegram.emulator.whereabouts import Whereabouts
from vestnik.messengers.telegram.encodings import Upload

LONGEST: Final = 4096

_TEXT: Final = Annotated[str, msgspec.Meta(min_length=1, max_length=32_768)]
_NUMBER: Final = Annotated[int, msgspec.Meta(ge=1, le=2**53)]
_CHAT: Final = str | int
_FILE: Final = dict[str, str]
_CONTACT: Final = {"phone_number", "first_name", "last_name", "user_id", "vcard"}


class People:
    """What people do to bots.

    The field `chat` names the chat, by default their own with the bot, and `message` the number of a message in it.
    """

    def __init__(self, state: State, audience: Audience) -> None:
        self._state = state
        self._audience = audience
        self._here = Whereabouts(state)

    def deeds(self) -> Mapping[str, Deed]:
        """The deeds by name."""
        where = {"chat": _CHAT, "message": _NUMBER}
        writing = {
            "chat": _CHAT,
            "reply_to": _NUMBER,
            "text": _TEXT,
            "location": dict[str, float],
            "contact": dict[str, Any],
            "file": _FILE,
        }
        return {
            "messages": Deed(self._write, writing),
            "press": Deed(self._press, {**where, "button": _TEXT}, ("button",)),
            "react": Deed(self._react, {**where, "emoji": list[str]}, ("message", "emoji")),
            "edit": Deed(self._edit, {**where, "text": _TEXT}, ("message", "text")),
        }

    async def blocked(self, recipient: str, before: Phone, after: Phone) -> None:
        """Tells the bot that wrote to the person last that it was blocked or let in again."""
        if before.blocked == after.blocked or not recipient.isdigit():
            return
        await self._here.ready()
        bot = await self._state.world.journal.last_bot(NAME, recipient)
        if bot is None:
            return
        ways: tuple[Json, Json] = (
            {"status": "kicked" if before.blocked else "member", "user": {"is_bot": True}},
            {"status": "kicked" if after.blocked else "member", "user": {"is_bot": True}},
        )
        await tell_of_change(self._state, recipient, int(bot), ways, by=self._here.person(recipient))

    async def _write(self, bot: str, recipient: str, fields: Mapping[str, Any]) -> Entry:
        await self._here.ready()
        key, person = self._here.chat(recipient, fields), self._here.person(recipient)
        content, text = await self._content(bot, fields)
        if "reply_to" in fields:
            original = await self._here.message(key, fields["reply_to"])
            content["reply_to_message"] = on_wire(original, fields["reply_to"])
        return await self._audience.hear(bot, key, text, {"from": person, **content}, fields)

    async def _content(self, bot: str, fields: Mapping[str, Any]) -> tuple[Json, str]:
        given = [name for name in ("text", "location", "contact", "file") if name in fields]
        if len(given) != 1:
            raise Refusal([Wrong(pointer("text"), "is required, or one of location, contact and file in its place")])
        match given[0]:
            case "text":
                return await self._said(fields["text"]), fields["text"]
            case "location":
                return {"location": _location(fields["location"])}, ""
            case "contact":
                return {"contact": _contact(fields["contact"])}, ""
            case _:
                return await self._sent_file(bot, fields["file"])

    async def _sent_file(self, bot: str, given: Mapping[str, str]) -> tuple[Json, str]:
        """A file that a person sends: of a `kind`, with its bytes as base64 in `data`, a `name` and a `caption`."""
        kind = given.get("kind", "document")
        if kind not in KINDS or "data" not in given:
            raise Refusal([Wrong(pointer("file"), f"needs data, and a kind among {', '.join(KINDS)}")])
        try:
            content = b64decode(given["data"], validate=True)
            name, media_type = given.get("name", ""), given.get("type", "")
            file = await self._state.files.keep(kind, Upload(name, media_type, content))
        except (ValueError, Failed) as error:
            raise Refusal([Wrong(pointer("file", "data"), f"is no file in base64: {error}")]) from None
        fields = shown(kind, file, bot, {})
        caption = given.get("caption", "")
        if caption:
            said = await self._said(caption)
            fields["caption"] = said["text"]
            if "entities" in said:
                fields["caption_entities"] = said["entities"]
        return fields, caption

    async def _said(self, text: str) -> Json:
        try:
            found = await marked_up(text)
        except Failed as error:
            raise Refusal([Wrong(pointer("text"), error.failure.description)]) from None
        if wire.text_length(found.text) > LONGEST:
            raise Refusal([Wrong(pointer("text"), f"may have {LONGEST} characters")])
        return fields_of(found, self._state.chats)

    async def _press(self, bot: str, recipient: str, fields: Mapping[str, Any]) -> Entry | None:
        """A button under a message, or without one a key of the keyboard in place of the phone's own."""
        await self._here.ready()
        key, person = self._here.chat(recipient, fields), self._here.person(recipient)
        if "message" in fields:
            stored = await self._here.message(key, fields["message"])
            await press(self._state, person, stored, fields["message"], fields["button"])
            return None
        keyboard = await self._state.records.get("keyboard", f"{bot}/{key}")
        keys = [button for row in (keyboard or {}).get("keyboard", []) for button in row]
        found = next((button for button in keys if button["text"] == fields["button"]), None)
        if found is None:
            raise Problem(409, f"the chat shows no key {fields['button']!r}")
        content = await self._pressed(found, person)
        return await self._audience.hear(bot, key, content.get("text", ""), {"from": person, **content}, fields)

    async def _pressed(self, button: Json, person: Json) -> Json:
        if button.get("request_contact"):
            number = {"phone_number": f"7916{person['id'] % 10**7:07d}", "user_id": person["id"]}
            return {"contact": {**number, "first_name": person["first_name"]}}
        if button.get("request_location"):
            return {"location": {"latitude": 55.751244, "longitude": 37.618423}}
        return await self._said(button["text"])

    async def _react(self, bot: str, recipient: str, fields: Mapping[str, Any]) -> None:
        await self._here.ready()
        key, person, number = self._here.chat(recipient, fields), self._here.person(recipient), fields["message"]
        await self._here.message(key, number)
        name = f"{self._state.messages.chat_id(key)}:{number}/{recipient}"
        old = await self._state.records.get("reaction", name) or []
        new = [{"type": "emoji", "emoji": emoji} for emoji in fields["emoji"]]
        await self._state.records.put("reaction", name, new or None)
        change = {
            "chat": self._state.chats.on_wire(key),
            "message_id": number,
            "user": person,
            "date": self._state.now(),
            "old_reaction": old,
            "new_reaction": new,
        }
        await self._audience.tell(bot, key, "message_reaction", change, admins_only=True)

    async def _edit(self, bot: str, recipient: str, fields: Mapping[str, Any]) -> None:
        await self._here.ready()
        key, number = self._here.chat(recipient, fields), fields["message"]
        stored = await self._here.message(key, number)
        if str(stored.message.get("from", {}).get("id")) != recipient:
            raise Problem(409, "people edit only what they wrote themselves")
        kept = {name: value for name, value in stored.message.items() if name not in ("text", "entities", "edit_date")}
        stored.message = {**kept, "edit_date": self._state.now(), **await self._said(fields["text"])}
        await self._state.messages.keep(key, number, stored)
        kind = "edited_channel_post" if stored.message["chat"]["type"] == "channel" else "edited_message"
        await self._audience.tell(bot, key, kind, on_wire(stored, number))


def _location(given: dict[str, float]) -> Json:
    if not {"latitude", "longitude"} <= given.keys():
        raise Refusal([Wrong(pointer("location"), "needs latitude and longitude")])
    return dict(given)


def _contact(given: dict[str, Any]) -> Json:
    if not {"phone_number", "first_name"} <= given.keys() or not given.keys() <= _CONTACT:
        raise Refusal([Wrong(pointer("contact"), "needs phone_number and first_name")])
    return dict(given)
