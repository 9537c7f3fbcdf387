"""Decides what else belongs to stickers: keywords, places on a mask, thumbnails, custom emoji, and the icons of topics.

It has never heard of how sets are made.
"""

from typing import Final

from vestnik.messengers.telegram.emulator.calls import Call, Handlers, Json, bad
from vestnik.messengers.telegram.emulator.files import File
from vestnik.messengers.telegram.emulator.media import sticker
from vestnik.messengers.telegram.emulator.state import State
from vestnik.messengers.telegram.emulator.stickers import CUSTOM, EMOJI, FORMATS, MISSING, Stickers, custom_emoji_id
from vestnik.messengers.telegram.encodings import Upload

MOST_KEYWORDS: Final = 20
KEYWORDS_LIMIT: Final = 64
MOST_EMOJI: Final = 200
ICONS: Final = ("📰", "💡", "⚡", "🎙", "🔝", "🗣", "🆒", "❗", "📝", "📆", "📁", "🔎", "📣", "🔥", "❤", "❓")
"""Emoji of the stickers that topics may have for icons; the real ones are more, and drawn."""


class Adornments:
    """The methods that adorn stickers and their sets."""

    def __init__(self, state: State, stickers: Stickers) -> None:
        self._state = state
        self._stickers = stickers

    def handlers(self) -> Handlers:
        """The methods."""
        return {
            "setstickerkeywords": self._set_keywords,
            "setstickermaskposition": self._set_mask,
            "setstickersetthumbnail": self._set_thumbnail,
            "setcustomemojistickersetthumbnail": self._set_emoji_thumbnail,
            "getcustomemojistickers": self._get_emoji,
            "getforumtopiciconstickers": self._get_icons,
        }

    async def _set_keywords(self, call: Call) -> bool:
        keywords = call.values.get("keywords") or []
        if not all(isinstance(one, str) for one in keywords):
            raise bad("keyword must be a string")
        if len(keywords) > MOST_KEYWORDS or sum(map(len, keywords)) > KEYWORDS_LIMIT:
            raise bad("STICKER_KEYWORDS_INVALID")
        return await self._stickers.change(call, lambda stickers, at: stickers[at].update(keywords=keywords))

    async def _set_mask(self, call: Call) -> bool:
        position = call.values.get("mask_position")
        return await self._stickers.change(call, lambda stickers, at: stickers[at].update(mask_position=position))

    async def _set_thumbnail(self, call: Call) -> bool:
        if call.text("format") not in FORMATS:
            raise bad("Invalid sticker format specified")
        unique = None
        if "thumbnail" in call.files or call.text("thumbnail"):
            file = await self._state.files.of_argument(call, "thumbnail", "thumbnail", "thumbnail not found")
            unique = file.unique
        return await self._stickers.amend(call, {"thumbnail": unique})

    async def _set_emoji_thumbnail(self, call: Call) -> bool:
        chosen = call.text("custom_emoji_id")
        document = await self._stickers.own(call, call.text("name"))
        ids = {custom_emoji_id(one["unique"]): one["unique"] for one in document["stickers"]}
        if document["type"] != CUSTOM or (chosen and chosen not in ids):
            raise bad(MISSING)
        return await self._stickers.amend(call, {"thumbnail": ids.get(chosen)})

    async def _get_emoji(self, call: Call) -> list[Json]:
        """Those of the custom emoji that there are, in the order in which they were asked for."""
        ids = [one for one in call.values["custom_emoji_ids"] if isinstance(one, str)]
        if len(ids) > MOST_EMOJI:
            raise bad("Too many custom emoji identifiers specified")
        if not all(one.isascii() and one.isdigit() for one in ids):
            raise bad("Invalid custom emoji identifier specified")
        icons = {one["custom_emoji_id"]: one for one in await self._get_icons(call)}
        names: dict[str, str] = await self._state.records.some(EMOJI, ids)
        sets = await self._stickers.several(set(names.values()))
        drawn = {
            one["custom_emoji_id"]: one
            for document in sets
            for one in (await self._stickers.shown(call.bot, document))["stickers"]
        }
        found = icons | drawn
        return [found[one] for one in ids if one in found]

    async def _get_icons(self, call: Call) -> list[Json]:
        return [sticker(await self._icon(emoji), call.bot, emoji, **_icon_of(emoji)) for emoji in ICONS]

    async def _icon(self, emoji: str) -> File:
        """The file of an icon: its emoji as text, kept when it is first asked for."""
        return await self._state.files.keep("sticker", Upload(f"{emoji}.webp", "image/webp", emoji.encode()))


def _icon_of(emoji: str) -> Json:
    return {"set_name": "Topics", "type": CUSTOM, "custom_emoji_id": custom_emoji_id(f"icon {emoji}")}
