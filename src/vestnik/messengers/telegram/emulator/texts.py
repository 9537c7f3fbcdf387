"""Decides what becomes of a text that a bot sends: its markup, its length and the preview of its links.

It has never heard of phones.
"""

import asyncio
import re
from typing import Any, Final

from vestnik.messengers.telegram import wire
from vestnik.messengers.telegram.emulator.calls import Call, Failed, Handlers, Json, bad
from vestnik.messengers.telegram.emulator.chats import Chats
from vestnik.messengers.telegram.emulator.keyboards import read_markup
from vestnik.messengers.telegram.emulator.sending import Outgoing, Sender
from vestnik.messengers.telegram.emulator.state import State
from vestnik.messengers.telegram.markup import Formatted, MarkupError, formatted

CAPTION_LIMIT: Final = 1024
HEAVY: Final = 2_048
"""Characters of a text with something special in it from which on it is read beside the event loop."""

_NOTHING_SPECIAL: Final = re.compile(r"(?:[\w ,!?:;()'\"-]++|\.(?= |\Z))+")
"""Letters, figures and a few marks in one line, and dots that end a sentence: no markup, no entity and nothing to clean
can be among them."""
_MANY_FIGURES: Final = re.compile(r"(?:\D*+\d){13}")
"""From 13 figures on there may be the number of a bank card."""
_SHORT: Final = 256
_PLAIN_ARGUMENTS: Final = frozenset(
    {"chat_id", "text", "parse_mode", "entities", "disable_notification", "allow_paid_broadcast", "method"}
)


class Texts:
    """The methods that send texts."""

    def __init__(self, state: State, sender: Sender) -> None:
        self._state = state
        self._sender = sender

    def handlers(self) -> Handlers:
        """The methods."""
        return {"sendmessage": self._send_message}

    async def _send_message(self, call: Call) -> Json:
        text = call.text("text")
        content = await text_content(call, self._state.chats)
        markup = read_markup(call.values.get("reply_markup"))
        key = self._sender.chat(call)
        plain = call.raw.keys() <= _PLAIN_ARGUMENTS
        shown = content["text"] if call.text("parse_mode") else text
        return await self._sender.send(call, key, Outgoing(content, shown, markup, plain=plain))


async def text_content(call: Call, chats: Chats) -> Json:
    """The text of the call with its entities and its link preview, as the fields of a message; Failed."""
    text = call.text("text")
    if not text:
        raise Failed(wire.TEXT_EMPTY)
    found = await marked_up(text, call.text("parse_mode"), call.values.get("entities"))
    if wire.text_length(found.text) > wire.TEXT_LIMIT:
        raise Failed(wire.TEXT_TOO_LONG)
    content = fields_of(found, chats)
    preview = _preview(call)
    if preview:
        content["link_preview_options"] = preview
    return content


async def caption_content(call: Call, chats: Chats) -> Json:
    """The same of a caption, which may be empty."""
    return await caption_fields(
        call.text("caption"), call.text("parse_mode"), call.values.get("caption_entities"), chats
    )


async def caption_fields(caption: str, parse_mode: str, entities: Any, chats: Chats) -> Json:
    """A caption with its entities, as the fields of a message."""
    if not caption:
        return {}
    found = await marked_up(caption, parse_mode, entities, may_be_empty=True)
    if wire.text_length(found.text) > CAPTION_LIMIT:
        raise bad("message caption is too long")
    return fields_of(found, chats, "caption", "caption_entities") if found.text else {}


def fields_of(found: Formatted, chats: Chats, text: str = "text", entities: str = "entities") -> Json:
    """A text and its entities under the names that they have in an object."""
    fields: Json = {text: found.text}
    if found.entities:
        fields[entities] = [
            entity.on_wire(None if entity.user_id is None else chats.user(entity.user_id)) for entity in found.entities
        ]
    return fields


async def marked_up(text: str, parse_mode: str = "", entities: Any = None, *, may_be_empty: bool = False) -> Formatted:
    """The text as it is shown; Failed in the server's words."""
    if entities is None and parse_mode.lower() in ("", "none") and is_unremarkable(text):
        return Formatted(text, [])
    try:
        if len(text) > HEAVY:
            return await asyncio.to_thread(formatted, text, parse_mode, entities, may_be_empty=may_be_empty)
        return formatted(text, parse_mode, entities, may_be_empty=may_be_empty)
    except MarkupError as error:
        raise bad(error.message) from None


def is_unremarkable(text: str) -> bool:
    """Whether the server surely shows the text just as it is: the most usual texts need no closer look."""
    return (
        0 < len(text) <= _SHORT
        and _NOTHING_SPECIAL.fullmatch(text) is not None
        and text[0] != " " != text[-1]
        and _MANY_FIGURES.match(text) is None
    )


def _preview(call: Call) -> Json:
    options = call.values.get("link_preview_options")
    if isinstance(options, dict):
        return {name: value for name, value in options.items() if value not in (False, "", None)}
    return {"is_disabled": True} if call.flag("disable_web_page_preview") else {}
