"""Decides what becomes of a chat that a bot administers: its title, description, photo, rules and stickers.

It has never heard of its members. Rules: td DialogManager.cpp.
"""

from collections.abc import Callable
from typing import Any, Final

from vestnik.messengers.telegram.emulator.announcing import Announcing
from vestnik.messengers.telegram.emulator.calls import Call, Handlers, Json, bad
from vestnik.messengers.telegram.emulator.media import picture
from vestnik.messengers.telegram.emulator.membership import need, permissions_of
from vestnik.messengers.telegram.emulator.sending import Sender
from vestnik.messengers.telegram.emulator.state import State
from vestnik.messengers.telegram.emulator.stickers import SET as STICKER_SET

TITLE_LIMIT: Final = 128
DESCRIPTION_LIMIT: Final = 255


class Administering:
    """The methods that change chats."""

    def __init__(self, state: State, sender: Sender, announcing: Announcing) -> None:
        self._state = state
        self._sender = sender
        self._announcing = announcing

    def handlers(self) -> Handlers:
        """The methods."""
        return {
            "setchattitle": self._set_title,
            "setchatdescription": self._set_description,
            "setchatpermissions": self._set_permissions,
            "setchatphoto": self._set_photo,
            "deletechatphoto": self._delete_photo,
            "setchatstickerset": self._set_stickers,
            "deletechatstickerset": self._delete_stickers,
        }

    async def _set_title(self, call: Call) -> bool:
        title = call.text("title").strip()
        if not title:
            raise bad("Title must be non-empty")
        key = self._group(call, "Can't change private chat title")
        need(self._state, call.bot, key, "can_change_info", "change chat title")
        title = title[:TITLE_LIMIT]
        if title != self._state.chats.document(key).get("title"):
            await self._change(key, lambda chat: chat.update(title=title))
            await self._announcing.tell(call.bot, key, {"new_chat_title": title})
        return True

    async def _set_description(self, call: Call) -> bool:
        key = self._group(call, "Can't change private chat description")
        need(self._state, call.bot, key, "can_change_info", "set chat description")
        description = call.text("description")[:DESCRIPTION_LIMIT]
        if self._state.chats.document(key).get("description", "") == description:
            raise bad("chat description is not modified")
        return await self._change(key, lambda chat: chat.update(description=description))

    async def _set_permissions(self, call: Call) -> bool:
        key = self._group(call, "Can't change private chat permissions")
        if self._state.chats.on_wire(key)["type"] == "channel":
            raise bad("Can't change channel chat permissions")
        need(self._state, call.bot, key, "can_restrict_members", "change chat permissions")
        permissions = permissions_of(call.values.get("permissions"))
        return await self._change(key, lambda chat: chat.update(permissions=permissions))

    async def _set_photo(self, call: Call) -> bool:
        if "photo" not in call.files:
            raise bad("Photo must be uploaded as an InputFile")
        key = self._group(call, "Can't change private chat photo")
        need(self._state, call.bot, key, "can_change_info", "change chat photo")
        file = await self._state.files.keep("photo", call.files["photo"])
        await self._change(key, lambda chat: chat.update(portrait=file.unique))
        await self._announcing.tell(call.bot, key, {"new_chat_photo": [picture(file, call.bot)]})
        return True

    async def _delete_photo(self, call: Call) -> bool:
        key = self._group(call, "Can't change private chat photo")
        need(self._state, call.bot, key, "can_change_info", "change chat photo")
        if "portrait" in self._state.chats.document(key):
            await self._change(key, lambda chat: chat.pop("portrait", None))
            await self._announcing.tell(call.bot, key, {"delete_chat_photo": True})
        return True

    async def _set_stickers(self, call: Call) -> bool:
        name = call.text("sticker_set_name")
        key = self._supergroup(call)
        document = await self._state.records.get(STICKER_SET, name.lower())
        if document is None:
            raise bad("STICKERSET_INVALID")
        return await self._change(key, lambda chat: chat.update(sticker_set_name=document["name"]))

    async def _delete_stickers(self, call: Call) -> bool:
        return await self._change(self._supergroup(call), lambda chat: chat.pop("sticker_set_name", None))

    def _supergroup(self, call: Call) -> str:
        key = self._sender.chat(call)
        if self._state.chats.on_wire(key)["type"] != "supergroup":
            raise bad("method is available only for supergroups")
        need(self._state, call.bot, key, "can_change_info", "change supergroup sticker set")
        return key

    def _group(self, call: Call, otherwise: str) -> str:
        key = self._sender.chat(call)
        if self._state.chats.on_wire(key)["type"] == "private":
            raise bad(otherwise)
        return key

    async def _change(self, key: str, change: Callable[[Json], Any]) -> bool:
        async with self._state.lock(f"chat {key}"):
            chat = self._state.chats.document(key)
            change(chat)
            await self._state.chats.keep(chat)
        return True
