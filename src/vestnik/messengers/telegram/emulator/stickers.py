"""Decides which sets of stickers bots have, and what is in them.

It has never heard of messages.
"""

from typing import Any, Final

from vestnik.emulation.records import Change
from vestnik.messengers.telegram.emulator.calls import Call, Handlers, Json, bad
from vestnik.messengers.telegram.emulator.files import File
from vestnik.messengers.telegram.emulator.media import sticker
from vestnik.messengers.telegram.emulator.state import State

SET: Final = "sticker_set"
MEMBER: Final = "sticker"
MOST: Final = 120
MOST_AT_FIRST: Final = 50
TITLE_LIMIT: Final = 64
NAME_LIMIT: Final = 64
FORMATS: Final = frozenset({"static", "animated", "video"})
TYPES: Final = frozenset({"regular", "mask", "custom_emoji"})
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
            await self._keep({"bot": call.bot, "name": name, "title": title, "type": kind, "stickers": stickers})
        return True

    async def _get(self, call: Call) -> Json:
        document = await self._document(call.text("name"))
        shown = [await self._shown(call.bot, document, one) for one in document["stickers"]]
        return {
            "name": document["name"],
            "title": document["title"],
            "sticker_type": document["type"],
            "stickers": [one for one in shown if one is not None],
        }

    async def _add(self, call: Call) -> bool:
        one = await self._read(call, call.values["sticker"])
        async with self._state.lock(f"stickers {call.text('name').lower()}"):
            document = await self._own(call, call.text("name"))
            if len(document["stickers"]) >= MOST:
                raise bad("STICKERS_TOO_MUCH")
            document["stickers"].append(one)
            await self._keep(document)
        return True

    async def _delete_one(self, call: Call) -> bool:
        return await self._change(call, lambda stickers, at: stickers.pop(at))

    async def _move(self, call: Call) -> bool:
        place = call.number("position")
        if place < 0:
            raise bad("STICKER_POSITION_INVALID")
        return await self._change(call, lambda stickers, at: stickers.insert(place, stickers.pop(at)))

    async def _set_emoji(self, call: Call) -> bool:
        emoji = call.values["emoji_list"]
        return await self._change(call, lambda stickers, at: stickers[at].update(emoji=emoji))

    async def _set_title(self, call: Call) -> bool:
        if not 0 < len(call.text("title")) <= TITLE_LIMIT:
            raise bad("PACK_TITLE_INVALID")
        async with self._state.lock(f"stickers {call.text('name').lower()}"):
            document = await self._own(call, call.text("name"))
            await self._keep({**document, "title": call.text("title")})
        return True

    async def _delete(self, call: Call) -> bool:
        document = await self._own(call, call.text("name"))
        await self._state.records.drop(SET, [document["name"].lower()])
        return True

    async def _change(self, call: Call, change: Any) -> bool:
        """Changes the set that a sticker is in, given the stickers and the place of that one."""
        file = await self._state.files.find(call.bot, call.text("sticker"))
        name = None if file is None else await self._state.records.get(MEMBER, file.unique)
        if file is None or name is None:
            raise bad("STICKER_INVALID")
        async with self._state.lock(f"stickers {name}"):
            document = await self._own(call, name)
            places = [at for at, one in enumerate(document["stickers"]) if one["unique"] == file.unique]
            if not places:
                raise bad("STICKER_INVALID")
            change(document["stickers"], places[0])
            await self._keep(document)
        return True

    async def _read(self, call: Call, given: Json) -> Json:
        if given["format"] not in FORMATS:
            raise bad("Invalid sticker format specified")
        if not given["emoji_list"]:
            raise bad("STICKER_EMOJI_INVALID")
        words = "there is no sticker file in the request"
        file: File = await self._state.files.of_text(call, given["sticker"], "sticker", words)
        return {"unique": file.unique, "id": file.identifier(call.bot), "emoji": given["emoji_list"]}

    async def _shown(self, bot: str, document: Json, one: Json) -> Json | None:
        file = await self._state.files.find(document["bot"], one["id"])
        if file is None:
            return None
        more = {"set_name": document["name"], "type": document["type"]}
        return sticker(file, bot, one["emoji"][0], **more)

    async def _document(self, name: str) -> Json:
        document = await self._state.records.get(SET, name.lower())
        if document is None:
            raise bad(MISSING)
        found: Json = document
        return found

    async def _own(self, call: Call, name: str) -> Json:
        document = await self._document(name)
        if document["bot"] != call.bot:
            raise bad(MISSING)
        return document

    async def _keep(self, document: Json) -> None:
        name = document["name"].lower()
        members = [Change(MEMBER, one["unique"], name) for one in document["stickers"]]
        await self._state.records.change([Change(SET, name, document), *members])
