"""Decides what people can do to businesses on the emulated WhatsApp, and as which message it comes.

It has never heard of how an app is told.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Annotated, Any, Final

import msgspec

from vestnik.emulation.deeds import Deed
from vestnik.emulation.journal import Draft, Entry
from vestnik.emulation.line import Line
from vestnik.emulation.problems import Problem, Refusal, Wrong, pointer
from vestnik.emulation.readers import Readers
from vestnik.emulation.world import World
from vestnik.messengers.whatsapp import messages
from vestnik.messengers.whatsapp.emulator.identity import canonical, is_number, user_id
from vestnik.messengers.whatsapp.emulator.media import LIMITS, Media
from vestnik.messengers.whatsapp.emulator.numbers import display_number
from vestnik.messengers.whatsapp.emulator.panels import BUTTON, QUICK_REPLY, ROW, Choice, Panels
from vestnik.messengers.whatsapp.emulator.shelf import NAME
from vestnik.messengers.whatsapp.emulator.statuses import heard, preferred, usual_name
from vestnik.messengers.whatsapp.emulator.wamid import wamid
from vestnik.messengers.whatsapp.rules import LIST, NUMBER, OBJECT, WHOLE, Broken, Rule, demand
from vestnik.messengers.whatsapp.wire import PREFERENCES_FIELD

WRITTEN: Final = ("text", *messages.MEDIA, "location", "contacts", "order", "unsupported")
_USUAL_TYPES: Final = {
    "image": "image/jpeg",
    "video": "video/mp4",
    "audio": "audio/ogg",
    "document": "application/pdf",
    "sticker": "image/webp",
}
_UNSUPPORTED: Final = {
    "code": messages.UNSUPPORTED,
    "title": "Message type unknown",
    "message": "Message type unknown",
    "error_data": {"details": "Message type is currently not supported."},
}
_PEOPLES: Final = (
    Rule("order", OBJECT),
    Rule("order.catalog_id", required=True),
    Rule("order.product_items", LIST, required=True, empty=True),
    Rule("order.product_items[]", OBJECT),
    Rule("order.product_items[].product_retailer_id", required=True),
    Rule("order.product_items[].quantity", WHOLE, required=True),
    Rule("order.product_items[].item_price", NUMBER, required=True),
    Rule("order.product_items[].currency", required=True),
    Rule("referred_product", OBJECT),
    Rule("referred_product.catalog_id", required=True),
    Rule("referred_product.product_retailer_id", required=True),
)
"""What only people send, and what apps count on to be in it."""
_LINE: Final = Annotated[str, msgspec.Meta(min_length=1, max_length=32_768)]
_MESSAGE: Final = {
    "type": str,
    "text": str,
    "caption": str,
    "filename": str,
    "mime_type": str,
    "data": str,
    "voice": bool,
    "location": dict[str, Any],
    "contacts": list[dict[str, Any]],
    "order": dict[str, Any],
    "referral": dict[str, Any],
    "referred_product": dict[str, Any],
    "reply_to": _LINE,
    "forwarded": bool,
}


class Doings:
    """What the people of one world do."""

    def __init__(self, world: World, panels: Panels, media: Media, line: Line) -> None:
        self._world = world
        self._panels = panels
        self._media = media
        self._line = line
        self._readers = Readers(world, NAME)
        world.deeds[NAME] = {
            "messages": Deed(self._write, _MESSAGE),
            "read": Deed(self._read, {}),
            "watch": Deed(self._watch, {"watching": bool}, ("watching",)),
            "press": Deed(self._press, {"button": _LINE}, ("button",)),
            "choose": Deed(self._choose, {"row": _LINE}, ("row",)),
            "react": Deed(self._react, {"message": _LINE, "emoji": str}, ("message",)),
            "answer_flow": Deed(self._answer_flow, {"response": dict[str, Any], "reply_to": _LINE}, ("response",)),
            "subscribe": Deed(self._resume, {}),
            "unsubscribe": Deed(self._stop, {}),
            "change_number": Deed(self._change_number, {"to": _LINE}, ("to",)),
            "profile": Deed(self._call, {"name": _LINE, "username": str}, of_bot=False, always=True),
        }

    def written(self, bot: str, person: str, message: dict[str, Any], text: str) -> Draft:
        """A message of the person."""
        name, username = self._panels.name(person, usual_name(person)), self._panels.username(person)
        payload = heard(message, person, name, username)
        external_id = wamid(person, self._world.unique())
        return Draft(bot, person, text, payload, external_id=external_id, type=str(message["type"]))

    async def _write(self, bot: str, person: str, fields: Mapping[str, Any]) -> Entry:
        kind = fields.get("type") or "text"
        if kind not in WRITTEN:
            raise Refusal([Wrong(pointer("type"), f"must be one of {', '.join(WRITTEN)}")])
        try:
            demand(fields, _PEOPLES)
            content, text = await self._content(kind, fields)
        except Broken as broken:
            raise Refusal([Wrong(pointer(kind), broken.details)]) from None
        around = {name: fields[name] for name in ("referral",) if fields.get(name)}
        context = _context(bot, fields.get("reply_to")) if fields.get("reply_to") else {}
        if fields.get("forwarded"):
            context["forwarded"] = True
        if fields.get("referred_product"):
            asked_of = context or _context(bot, wamid(person, self._world.unique()))
            context = {**asked_of, "referred_product": fields["referred_product"]}
        around |= {"context": context} if context else {}
        return await self._say(bot, person, {"type": kind, **content, **around}, text)

    async def _content(self, kind: str, fields: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
        """The part of a message that has its type's name, and what can be read of it."""
        if kind in messages.MEDIA:
            return {kind: await self._file(kind, fields)}, str(fields.get("caption") or fields.get("filename") or "")
        if kind == "unsupported":
            return {"errors": [_UNSUPPORTED]}, ""
        value: Any = {"body": fields.get("text")} if kind == "text" else fields.get(kind)
        if not value or (kind == "text" and not fields.get("text")):
            raise Refusal([Wrong(pointer(kind), "is required")])
        if kind == "order":
            return {kind: value}, str(value.get("text") or "")
        message = {"type": kind, kind: value}
        messages.checked(message)
        if kind == "location":
            value = {**value, **{name: float(value[name]) for name in ("latitude", "longitude")}}
        return {kind: value}, messages.readable(message)

    async def _file(self, kind: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """A file of the person, which the business can download; without `data` it has a few bytes."""
        try:
            content = base64.b64decode(fields.get("data") or "dmVzdG5paw==", validate=True)
        except (binascii.Error, ValueError):
            raise Refusal([Wrong(pointer("data"), "must be base64")]) from None
        mime_type = fields.get("mime_type") or _USUAL_TYPES[kind]
        if len(content) > LIMITS.get(mime_type, max(LIMITS.values())):
            raise Refusal([Wrong(pointer("data"), f"is too long for {mime_type}")])
        medium = await self._media.keep(content, mime_type)
        digest = base64.b64encode(bytes.fromhex(medium.sha256)).decode()
        known = {"caption": fields.get("caption"), "filename": fields.get("filename"), "voice": fields.get("voice")}
        given = {name: value for name, value in known.items() if value is not None}
        return {**given, "mime_type": mime_type, "sha256": digest, "id": medium.id}

    async def _press(self, bot: str, person: str, fields: Mapping[str, Any]) -> Entry:
        """Presses a reply button of an interactive message, or a quick reply of a template."""
        message_id, choice = await self._found(bot, person, (BUTTON, QUICK_REPLY), fields["button"])
        if choice.kind == QUICK_REPLY:
            message = {"type": "button", "button": {"payload": choice.id, "text": choice.title}}
        else:
            message = _reply("button_reply", {"id": choice.id, "title": choice.title})
        return await self._say(bot, person, {**message, "context": _context(bot, message_id)}, choice.title)

    async def _choose(self, bot: str, person: str, fields: Mapping[str, Any]) -> Entry:
        """Chooses a row of a list."""
        message_id, choice = await self._found(bot, person, (ROW,), fields["row"])
        more = {} if choice.description is None else {"description": choice.description}
        message = _reply("list_reply", {"id": choice.id, "title": choice.title, **more})
        return await self._say(bot, person, {**message, "context": _context(bot, message_id)}, choice.title)

    async def _found(self, bot: str, person: str, kinds: Sequence[str], named: str) -> tuple[str, Choice]:
        await self._panels.load()
        found = await self._panels.choice(bot, person, kinds, named)
        if found is None:
            raise Problem(HTTPStatus.CONFLICT, "the last message with something to choose has nothing like that")
        return found

    async def _read(self, bot: str, person: str, fields: Mapping[str, Any]) -> None:
        await self._panels.load()
        if self._panels.watching(bot, person):
            raise Problem(HTTPStatus.CONFLICT, "the person has the chat open and reads everything as it arrives")
        await self._readers.deed().act(bot, person, fields)

    async def _watch(self, bot: str, person: str, fields: Mapping[str, Any]) -> None:
        """Opens the chat, which reads whatever is there, or leaves it; what came in between has been read."""
        await self._panels.load()
        if self._world.phones.get(NAME, person).reads_after is not None:
            raise Problem(HTTPStatus.CONFLICT, "the phone reads by itself: its reads_after is no null")
        if fields["watching"] is self._panels.watching(bot, person):
            return
        if fields["watching"]:
            await self._readers.deed().act(bot, person, {})
        else:
            await self._readers.seen(bot, person)
        await self._panels.watch(bot, person, watching=fields["watching"])

    async def _react(self, bot: str, person: str, fields: Mapping[str, Any]) -> Entry:
        """Reacts to a message of the business; no emoji takes the reaction back."""
        emoji = {"emoji": fields["emoji"]} if fields.get("emoji") else {}
        message = {"type": "reaction", "reaction": {"message_id": fields["message"], **emoji}}
        return await self._say(bot, person, message, fields.get("emoji") or "")

    async def _answer_flow(self, bot: str, person: str, fields: Mapping[str, Any]) -> Entry:
        """Sends off the form of a flow."""
        response = msgspec.json.encode(fields["response"]).decode()
        message = _reply("nfm_reply", {"name": "flow", "body": "Sent", "response_json": response})
        context = {"context": _context(bot, fields["reply_to"])} if fields.get("reply_to") else {}
        return await self._say(bot, person, {**message, **context}, response)

    async def _resume(self, bot: str, person: str, _fields: Mapping[str, Any]) -> Entry | None:
        return await self._prefer(bot, person, marketing=True)

    async def _stop(self, bot: str, person: str, _fields: Mapping[str, Any]) -> Entry | None:
        return await self._prefer(bot, person, marketing=False)

    async def _prefer(self, bot: str, person: str, *, marketing: bool) -> Entry | None:
        """Wants marketing messages or none, of which an app is told that asked for it."""
        await self._panels.load()
        await self._panels.stop(bot, person, stopped=not marketing)
        webhook = self._world.bots.webhook(NAME, bot)
        if webhook is None or PREFERENCES_FIELD not in webhook.events:
            return None
        name, username = self._panels.name(person, usual_name(person)), self._panels.username(person)
        payload = preferred(person, name, username, marketing=marketing)
        external_id = wamid(person, self._world.unique())
        return await self._line.hear(Draft(bot, person, "", payload, external_id=external_id, type=PREFERENCES_FIELD))

    async def _change_number(self, bot: str, person: str, fields: Mapping[str, Any]) -> Entry:
        """The person has another number from now on."""
        number = canonical(fields["to"])
        if number is None or not is_number(number):
            raise Refusal([Wrong(pointer("to"), "must be a phone number")])
        if number == person:
            raise Refusal([Wrong(pointer("to"), "is the person's number already")])
        await self._panels.load()
        name = self._panels.name(person, usual_name(person))
        body = f"User {name} changed from {person} to {number}"
        system = {"body": body, "wa_id": number, "user_id": user_id(number), "type": "user_changed_number"}
        message = {"type": "system", "system": system}
        payload = heard(message, person, name, known=False)
        external_id = wamid(person, self._world.unique())
        return await self._line.hear(Draft(bot, person, body, payload, external_id=external_id, type="system"))

    async def _call(self, _bot: str, person: str, fields: Mapping[str, Any]) -> None:
        """The person takes another name or username; an empty username is none."""
        await self._panels.load()
        await self._panels.call(person, fields.get("name"), fields.get("username"))

    async def _say(self, bot: str, person: str, message: dict[str, Any], text: str) -> Entry:
        """Whatever a person says opens the window for a day."""
        await self._panels.load()
        await self._panels.hear(bot, person, self._world.clock.now())
        return await self._line.hear(self.written(bot, person, message, text))


def _reply(kind: str, value: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "interactive", "interactive": {"type": kind, kind: value}}


def _context(bot: str, message_id: Any) -> dict[str, Any]:
    return {"from": display_number(bot), "id": message_id}
