"""Decides what becomes of a message that its bot changes: its text, caption, file, keyboard or place.

It has never heard of other bots' messages, which cannot be changed but in channels.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from vestnik.messengers.telegram.emulator.calls import Call, Handlers, Json, bad
from vestnik.messengers.telegram.emulator.keyboards import read_markup
from vestnik.messengers.telegram.emulator.media import Media
from vestnik.messengers.telegram.emulator.membership import may
from vestnik.messengers.telegram.emulator.messages import Stored, is_service, on_wire
from vestnik.messengers.telegram.emulator.places import bearing, location
from vestnik.messengers.telegram.emulator.sending import Sender
from vestnik.messengers.telegram.emulator.state import State
from vestnik.messengers.telegram.emulator.texts import caption_content, text_content

EDITING: Final = "can_edit_messages"
TO_EDIT: Final = "message to edit"
NOT_MODIFIED: Final = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current "
    "content and reply markup of the message"
)
CAPTIONED: Final = frozenset({"photo", "document", "video", "animation", "audio", "voice", "paid_media"})
TEXT: Final = ("text", "entities", "link_preview_options")
CAPTION: Final = ("caption", "caption_entities", "show_caption_above_media")
MEDIA: Final = (*CAPTION, "has_media_spoiler", "photo", "document", "video", "animation", "audio")

Change = Callable[[Call, Json], Awaitable[Json]]
"""The message as it becomes, without its keyboard; Failed where it cannot be changed so."""


class Edits:
    """The methods that change messages."""

    def __init__(self, state: State, sender: Sender, media: Media) -> None:
        self._state = state
        self._sender = sender
        self._media = media

    def handlers(self) -> Handlers:
        """The methods."""
        return {
            "editmessagetext": self._editing(self._text),
            "editmessagecaption": self._editing(self._caption),
            "editmessagemedia": self._editing(self._other_media),
            "editmessagereplymarkup": self._editing(_same),
            "editmessagelivelocation": self._editing(self._live_location),
            "stopmessagelivelocation": self._editing(self._stopped_location),
        }

    def changes(self) -> Mapping[str, Change]:
        """How messages are changed, by what changes of them."""
        return {"text": self._text, "caption": self._caption, "media": self._other_media, "markup": _same}

    def _editing(self, change: Change) -> Callable[[Call], Awaitable[Json | bool]]:
        async def edit(call: Call) -> Json | bool:
            markup = read_markup(call.values.get("reply_markup")).inline
            number = call.number("message_id")
            if not call.text("chat_id") and number <= 0:
                return await self._inline(call, change, markup)
            key = self._sender.chat(call)
            async with self._state.lock(f"message {key} {number}"):
                stored = await self.own(call.bot, key, number)
                changed = await change(call, stored.message)
                return await self.keep(key, number, stored, changed, markup)

        return edit

    async def _inline(self, call: Call, change: Change, markup: Json | None) -> bool:
        """Changes a message that came by an inline query, which a person sent."""
        name = call.text("inline_message_id")
        if not name:
            raise bad("Message identifier is not specified")
        place = await self._state.messages.inline(name)
        if place is None:
            raise bad("MESSAGE_ID_INVALID")
        key, number = place
        async with self._state.lock(f"message {key} {number}"):
            stored = await self._state.messages.get(key, number)
            if stored is None or stored.bot != call.bot:
                raise bad("MESSAGE_ID_INVALID")
            await self.keep(key, number, stored, await change(call, stored.message), markup)
        return True

    async def own(self, bot: str, key: str, number: int, role: str = TO_EDIT) -> Stored:
        """A message that the bot may change: its own, or in a channel where it may edit those of others any post."""
        stored = await self._state.messages.needed(key, number, role)
        is_own = stored.bot == bot and self.is_by(stored, bot)
        is_post = stored.message["chat"]["type"] == "channel" and self._state.chats.has_members(key)
        if is_service(stored.message) or not (is_own or (is_post and may(self._state, bot, key, EDITING))):
            raise bad("message can't be edited")
        return stored

    def is_by(self, stored: Stored, bot: str) -> bool:
        """Whether the bot wrote it, in its own name or in a channel's."""
        author = stored.message.get("from")
        if author is None:
            return stored.bot == bot and "sender_chat" in stored.message
        return str(author["id"]) == bot

    async def keep(self, key: str, number: int, stored: Stored, changed: Json, markup: Json | None) -> Json:
        """The message is so from now on, with this keyboard; Failed where that is how it was."""
        old = stored.message
        changed.pop("reply_markup", None)
        if markup is not None:
            changed["reply_markup"] = markup
        if _without_date(changed) == _without_date(old):
            raise bad(NOT_MODIFIED)
        changed.pop("edit_date", None)
        if _without_markup(changed) != _without_markup(old) or "edit_date" in old:
            changed["edit_date"] = self._state.now()
        stored.message = changed
        await self._state.messages.keep(key, number, stored)
        return on_wire(stored, number)

    async def _text(self, call: Call, message: Json) -> Json:
        content = await text_content(call, self._state.chats)
        if "text" not in message:
            raise bad("there is no text in the message to edit")
        return {**_without(message, TEXT), **content}

    async def _caption(self, call: Call, message: Json) -> Json:
        content = await caption_content(call, self._state.chats)
        if not CAPTIONED & message.keys():
            raise bad("there is no caption in the message to edit")
        if call.flag("show_caption_above_media"):
            content["show_caption_above_media"] = True
        return {**_without(message, CAPTION), **content}

    async def _other_media(self, call: Call, message: Json) -> Json:
        content = await self._media.content_of(call, call.values["media"])
        if not CAPTIONED & message.keys() and "text" not in message:
            raise bad("there is no media in the message to edit")
        return {**_without(message, (*MEDIA, *TEXT)), **content}

    async def _live_location(self, call: Call, message: Json) -> Json:
        place = location(call)
        old = message.get("location", {})
        if not self._is_live(message):
            raise bad("message can't be edited")
        place.setdefault("live_period", old.get("live_period", 0))
        return {**message, "location": place}

    async def _stopped_location(self, call: Call, message: Json) -> Json:
        if not self._is_live(message):
            raise bad("message can't be edited")
        bearing(call)
        gone = ("live_period", "heading", "proximity_alert_radius")
        return {**message, "location": _without(message.get("location", {}), gone)}

    def _is_live(self, message: Json) -> bool:
        period: int = message.get("location", {}).get("live_period", 0)
        return bool(period) and self._state.now() < message["date"] + period


async def _same(_call: Call, message: Json) -> Json:
    return dict(message)


def _without(message: Json, names: tuple[str, ...]) -> Json:
    return {name: value for name, value in message.items() if name not in names}


def _without_date(message: Json) -> Json:
    return _without(message, ("edit_date",))


def _without_markup(message: Json) -> Json:
    return _without(message, ("edit_date", "reply_markup"))
