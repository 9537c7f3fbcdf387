"""Decides which sets of stickers bots have, and what is in them.

It has never heard of messages.
"""

from collections.abc import Collection
from hashlib import sha256
from typing import Any, Final

from vestnik.emulation.records import Change
from vestnik.messengers.telegram.emulator.calls import Call, Handlers, Json, bad
from vestnik.messengers.telegram.emulator.files import File
from vestnik.messengers.telegram.emulator.media import picture, sticker
from vestnik.messengers.telegram.emulator.state import State

SET: Final = "sticker_set"
MEMBER: Final = "sticker"
EMOJI: Final = "custom_emoji"
"""The kind of the documents that lead from a custom emoji to its set."""
CUSTOM: Final = "custom_emoji"
MOST: Final = 120
MOST_AT_FIRST: Final = 50
TITLE_LIMIT: Final = 64
NAME_LIMIT: Final = 64
FORMATS: Final = frozenset({"static", "animated", "video"})
TYPES: Final = frozenset({"regular", "mask", CUSTOM})
MISSING: Final = "STICKERSET_INVALID"


class Stickers:
    """The methods about sets of stickers."""

    def __init__(self, state: State) -> None:
        self._state = state

    def handlers(self) -> Handlers:
        """The methods."""
        return {
            "uploadstickerfile": self._upload,
            "createnewstickerset": self._create,
            "getstickerset": self._get,
            "addstickertoset": self._add,
            "deletestickerfromset": self._delete_one,
            "setstickerpositioninset": self._move,
            "setstickeremojilist": self._set_emoji,
            "setstickersettitle": self._set_title,
            "deletestickerset": self._delete,
            "replacestickerinset": self._replace,
        }

    async def _upload(self, call: Call) -> Json:
        if call.text("sticker_format") not in FORMATS:
            raise bad("Invalid sticker format specified")
        file = await self._state.files.of_argument(call, "sticker", "sticker", "Sticker is not specified")
        return file.on_wire(call.bot)

    async def _create(self, call: Call) -> bool:
        name, title = call.text("name"), call.text("title")
        username = self._state.profiles.user(call.bot)["username"]
        if not name.lower().endswith(f"_by_{username}".lower()) or len(name) > NAME_LIMIT or not name[0].isalpha():
            raise bad("invalid sticker set name is specified")
        if not 0 < len(title) <= TITLE_LIMIT:
            raise bad("PACK_TITLE_INVALID")
        kind = call.text("sticker_type") or "regular"
        if kind not in TYPES:
            raise bad("Unsupported sticker type specified")
        given: list[Json] = call.values["stickers"]
        if not 0 < len(given) <= MOST_AT_FIRST:
            raise bad("STICKERS_EMPTY" if not given else "STICKERS_TOO_MUCH")
        stickers = [await self._read(call, one) for one in given]
        async with self._state.lock(f"stickers {name.lower()}"):
            if await self._state.records.get(SET, name.lower()) is not None:
                raise bad("sticker set name is already occupied")
            made: Json = {"bot": call.bot, "name": name, "title": title, "type": kind, "stickers": stickers}
            await self._keep({**made, "needs_repainting": call.flag("needs_repainting")})
        return True

    async def _get(self, call: Call) -> Json:
        return await self.shown(call.bot, await self._document(call.text("name")))

    async def _add(self, call: Call) -> bool:
        one = await self._read(call, call.values["sticker"])
        async with self._state.lock(f"stickers {call.text('name').lower()}"):
            document = await self.own(call, call.text("name"))
            if len(document["stickers"]) >= MOST:
                raise bad("STICKERS_TOO_MUCH")
            document["stickers"].append(one)
            await self._keep(document)
        return True

    async def _delete_one(self, call: Call) -> bool:
        return await self.change(call, lambda stickers, at: stickers.pop(at))

    async def _replace(self, call: Call) -> bool:
        """Puts a sticker in the place of another."""
        name, old = call.text("name"), await self._state.files.find(call.bot, call.text("old_sticker"))
        one = await self._read(call, call.values["sticker"])
        async with self._state.lock(f"stickers {name.lower()}"):
            document = await self.own(call, name)
            at = _place(document, "" if old is None else old.unique)
            document["stickers"][at] = one
            await self._keep(document)
        return True

    async def _move(self, call: Call) -> bool:
        place = call.number("position")
        if place < 0:
            raise bad("STICKER_POSITION_INVALID")
        return await self.change(call, lambda stickers, at: stickers.insert(place, stickers.pop(at)))

    async def _set_emoji(self, call: Call) -> bool:
        emoji = call.values["emoji_list"]
        return await self.change(call, lambda stickers, at: stickers[at].update(emoji=emoji))

    async def _set_title(self, call: Call) -> bool:
        if not 0 < len(call.text("title")) <= TITLE_LIMIT:
            raise bad("PACK_TITLE_INVALID")
        return await self.amend(call, {"title": call.text("title")})

    async def _delete(self, call: Call) -> bool:
        document = await self.own(call, call.text("name"))
        await self._state.records.drop(SET, [document["name"].lower()])
        return True

    async def change(self, call: Call, change: Any) -> bool:
        """Changes the set that a sticker is in, given the stickers and the place of that one."""
        file = await self._state.files.find(call.bot, call.text("sticker"))
        name = None if file is None else await self._state.records.get(MEMBER, file.unique)
        if file is None or name is None:
            raise bad("STICKER_INVALID")
        async with self._state.lock(f"stickers {name}"):
            document = await self.own(call, name)
            change(document["stickers"], _place(document, file.unique))
            await self._keep(document)
        return True

    async def amend(self, call: Call, fields: Json) -> bool:
        """Sets fields of the set that the call names."""
        async with self._state.lock(f"stickers {call.text('name').lower()}"):
            document = await self.own(call, call.text("name"))
            await self._keep({**document, **fields})
        return True

    async def shown(self, bot: str, document: Json) -> Json:
        """The StickerSet object."""
        stickers = document["stickers"]
        thumbnail = document.get("thumbnail")
        asked = [*(one["unique"] for one in stickers), *([thumbnail] if thumbnail else [])]
        files = {file.unique: file for file in await self._state.files.known(asked)}
        shown: Json = {
            "name": document["name"],
            "title": document["title"],
            "sticker_type": document["type"],
            "stickers": [
                _sticker(files[one["unique"]], bot, document, one) for one in stickers if one["unique"] in files
            ],
        }
        if thumbnail in files:
            shown["thumbnail"] = picture(files[thumbnail], bot)
        return shown

    async def several(self, names: Collection[str]) -> list[Json]:
        """The sets of these names."""
        return list((await self._state.records.some(SET, list(names))).values())

    async def own(self, call: Call, name: str) -> Json:
        """The bot's own set of that name; Failed where it is none."""
        document = await self._document(name)
        if document["bot"] != call.bot:
            raise bad(MISSING)
        return document

    async def _read(self, call: Call, given: Json) -> Json:
        if given["format"] not in FORMATS:
            raise bad("Invalid sticker format specified")
        if not given["emoji_list"]:
            raise bad("Can't parse InputSticker: emoji list must be non-empty")
        words = "there is no sticker file in the request"
        file: File = await self._state.files.of_text(call, given["sticker"], "sticker", words)
        more: Json = {name: given[name] for name in ("mask_position", "keywords") if name in given}
        return {"unique": file.unique, "emoji": given["emoji_list"], **more}

    async def _document(self, name: str) -> Json:
        document = await self._state.records.get(SET, name.lower())
        if document is None:
            raise bad(MISSING)
        found: Json = document
        return found

    async def _keep(self, document: Json) -> None:
        name, stickers = document["name"].lower(), document["stickers"]
        members = [Change(MEMBER, one["unique"], name) for one in stickers]
        if document["type"] == CUSTOM:
            members += [Change(EMOJI, custom_emoji_id(one["unique"]), name) for one in stickers]
        await self._state.records.change([Change(SET, name, document), *members])


def custom_emoji_id(unique: str) -> str:
    """The identifier of the custom emoji that a file is."""
    return str(int.from_bytes(sha256(unique.encode()).digest()[:7]))


def _place(document: Json, unique: str) -> int:
    places = [at for at, one in enumerate(document["stickers"]) if one["unique"] == unique]
    if not places:
        raise bad("STICKER_INVALID")
    return places[0]


def _sticker(file: File, bot: str, document: Json, one: Json) -> Json:
    more: Json = {"set_name": document["name"], "type": document["type"]}
    if document["type"] == "mask":
        more["mask_position"] = one.get("mask_position")
    if document["type"] == CUSTOM:
        more["custom_emoji_id"] = custom_emoji_id(one["unique"])
        more["needs_repainting"] = document.get("needs_repainting") or None
    return sticker(file, bot, one["emoji"][0], **more)
