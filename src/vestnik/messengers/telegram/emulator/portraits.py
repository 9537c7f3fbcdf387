"""Decides which pictures bots and people have of themselves.

It has never heard of the pictures of groups.
"""

from base64 import b64decode
from collections.abc import Mapping
from typing import Any, Final

from vestnik.emulation.deeds import Deed
from vestnik.emulation.problems import Refusal, Wrong, pointer
from vestnik.messengers.telegram.emulator.calls import Call, Failed, Handlers, Json, bad
from vestnik.messengers.telegram.emulator.files import ATTACHED, File
from vestnik.messengers.telegram.emulator.media import picture
from vestnik.messengers.telegram.emulator.state import State
from vestnik.messengers.telegram.emulator.whereabouts import Whereabouts
from vestnik.messengers.telegram.encodings import Upload

KIND: Final = "portraits"
"""The kind of the documents that list the pictures of somebody, the newest first."""
MOST: Final = 100
"""Pictures that somebody has: with more the oldest goes."""
_KINDS: Final = {"static": "photo", "animated": "animation"}


def chat_photo(unique: str, bot: str) -> Json:
    """The ChatPhoto object of a picture, for the bot that is shown it."""
    identifier = File(unique, "photo", 0).identifier(bot)
    return {
        f"{size}_{name}": value
        for size in ("small", "big")
        for name, value in (("file_id", identifier), ("file_unique_id", unique))
    }


class Portraits:
    """The methods about pictures of bots and people, and people's changing their own."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._here = Whereabouts(state)

    def handlers(self) -> Handlers:
        """The methods."""
        return {
            "setmyprofilephoto": self._set,
            "removemyprofilephoto": self._remove,
            "getuserprofilephotos": self._get,
        }

    def deeds(self) -> Mapping[str, Deed]:
        """The deeds by name."""
        return {"photo": Deed(self._put, {"file": dict[str, str]}, ("file",), of_bot=False)}

    async def _set(self, call: Call) -> bool:
        given: Json = call.values["photo"]
        if given["type"] not in _KINDS:
            raise bad("Invalid profile photo type specified")
        text: str = given["photo" if given["type"] == "static" else "animation"]
        if not text.startswith(ATTACHED) or text.removeprefix(ATTACHED) not in call.files:
            raise bad("Photo must be uploaded as a file")
        await self._add(call.bot, await self._state.files.keep("photo", call.files[text.removeprefix(ATTACHED)]))
        return True

    async def _remove(self, call: Call) -> bool:
        """Takes the newest away; the one before it is shown then."""
        async with self._state.lock(f"portraits {call.bot}"):
            mine = await self._of(call.bot)
            await self._state.records.put(KIND, call.bot, mine[1:] or None)
        return True

    async def _get(self, call: Call) -> Json:
        found = await self._of(str(call.number("user_id")))
        offset, limit = max(call.number("offset"), 0), min(max(call.number("limit", MOST), 1), MOST)
        files = await self._state.files.known(found[offset : offset + limit])
        return {"total_count": len(found), "photos": [[picture(file, call.bot)] for file in files]}

    async def _put(self, _bot: str, recipient: str, fields: Mapping[str, Any]) -> None:
        """The person has a new picture: its bytes as base64 in `data`."""
        await self._here.ready()
        self._here.person(recipient)
        given = fields["file"]
        if "data" not in given:
            raise Refusal([Wrong(pointer("file", "data"), "is required")])
        try:
            upload = Upload(given.get("name", ""), given.get("type", ""), b64decode(given["data"], validate=True))
            file = await self._state.files.keep("photo", upload)
        except (ValueError, Failed) as error:
            raise Refusal([Wrong(pointer("file", "data"), f"is no picture in base64: {error}")]) from None
        await self._add(recipient, file)

    async def _add(self, whose: str, file: File) -> None:
        async with self._state.lock(f"portraits {whose}"):
            others = [unique for unique in await self._of(whose) if unique != file.unique]
            await self._state.records.put(KIND, whose, [file.unique, *others][:MOST])

    async def _of(self, whose: str) -> list[str]:
        found: list[str] = await self._state.records.get(KIND, whose) or []
        return found
