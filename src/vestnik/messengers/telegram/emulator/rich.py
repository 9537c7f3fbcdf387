"""Decides what a rich message becomes: its blocks as they were given, with their files; its HTML or Markdown as it is.

It has never heard of how HTML and Markdown of rich messages are read: Telegram's own servers do that, and not the open
source one (td RichMessage.cpp hands the source on).
"""

from typing import Any, Final

from vestnik.messengers.telegram.emulator.calls import Call, Handlers, Json, bad
from vestnik.messengers.telegram.emulator.keyboards import read_markup
from vestnik.messengers.telegram.emulator.media import Media
from vestnik.messengers.telegram.emulator.sending import Outgoing, Sender
from vestnik.messengers.telegram.emulator.state import State

DEEPEST: Final = 16
"""Blocks within blocks."""
MOST_BLOCKS: Final = 500
EMPTY: Final = "Rich message must be non-empty"
_FILES: Final = {
    "animation": "animation",
    "audio": "audio",
    "document": "document",
    "photo": "photo",
    "video": "video",
    "voice_note": "voice",
}
"""The kinds of files in blocks, and what messages call them."""
_SAYING: Final = ("text", "summary", "expression", "credit")
"""The fields of blocks with words in them."""
_MAP: Final = {"zoom": 15, "width": 600, "height": 300}


class Rich:
    """The method sendRichMessage."""

    def __init__(self, state: State, sender: Sender, media: Media) -> None:
        self._state = state
        self._sender = sender
        self._media = media

    def handlers(self) -> Handlers:
        """The methods."""
        return {"sendrichmessage": self._send}

    async def _send(self, call: Call) -> Json:
        given: Json = call.values["rich_message"]
        words = rich_words(given)
        blocks = await self._blocks(call, given["blocks"]) if "blocks" in given else [_paragraph(words)]
        rich: Json = {"blocks": blocks}
        if given.get("is_rtl") is True:
            rich["is_rtl"] = True
        markup = read_markup(call.values.get("reply_markup"))
        key = self._sender.chat(call)
        return await self._sender.send(call, key, Outgoing({"rich_message": rich}, words, markup))

    async def _blocks(self, call: Call, given: list[Json], depth: int = 1) -> list[Json]:
        if depth > DEEPEST or len(given) > MOST_BLOCKS:
            raise bad("RICH_MESSAGE_TOO_LONG")
        return [await self._block(call, block, depth) for block in given]

    async def _block(self, call: Call, block: Json, depth: int) -> Json:
        """The RichBlock object that an InputRichBlock object becomes."""
        kind = block["type"]
        if kind in _FILES:
            return await self._file(call, block)
        if kind == "list":
            items = block["items"]
            return {**block, "items": [await self._item(call, item, at, depth) for at, item in enumerate(items, 1)]}
        if "blocks" in block:
            return {**block, "blocks": await self._blocks(call, block["blocks"], depth + 1)}
        return {**_MAP, **block} if kind == "map" else block

    async def _item(self, call: Call, item: Json, at: int, depth: int) -> Json:
        is_counted = "value" in item or "type" in item
        label = f"{item.get('value', at)}." if is_counted else "•"
        return {**item, "label": label, "blocks": await self._blocks(call, item["blocks"], depth + 1)}

    async def _file(self, call: Call, block: Json) -> Json:
        kind = block["type"]
        field = _FILES[kind]
        shown = await self._media.content_of(call, {**block[kind], "type": field})
        spoiler = {"has_spoiler": True} if shown.get("has_media_spoiler") else {}
        caption = {"caption": block["caption"]} if "caption" in block else {}
        return {"type": kind, kind: shown[field], **spoiler, **caption}


def rich_words(given: Json) -> str:
    """The source of a rich message, or the texts in its blocks; Failed where it says nothing or says it twice."""
    named = [name for name in ("html", "markdown", "blocks") if given.get(name)]
    if len(named) != 1:
        raise bad("RICH_MESSAGE_INVALID" if named else EMPTY)
    if named == ["blocks"]:
        return " ".join(_texts(given["blocks"]))
    words: str = given[named[0]]
    if not words.strip():
        raise bad(EMPTY)
    return words


def _paragraph(words: str) -> Json:
    return {"type": "paragraph", "text": words}


def _texts(blocks: list[Json]) -> list[str]:
    """What the blocks say, each line of it for itself, in order."""
    said = []
    for block in blocks:
        said += [_plain(block[name]) for name in _SAYING if name in block]
        said += _texts([*block.get("blocks", ()), *block.get("items", ()), *_flat(block.get("cells", []))])
    return said


def _flat(rows: list[list[Json]]) -> list[Json]:
    return [cell for row in rows for cell in row]


def _plain(text: Any) -> str:
    """A RichText object without what makes it rich."""
    if isinstance(text, dict):
        return _plain(text.get("text", text.get("expression", text.get("alternative_text", ""))))
    return "".join(map(_plain, text)) if isinstance(text, list) else str(text)
