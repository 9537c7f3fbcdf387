"""Decides what becomes of a chat that a bot administers: its title, its description, its rules and its members.

It has never heard of messages.
"""

from collections.abc import Callable
from typing import Any, Final

from vestnik.messengers.telegram.emulator.calls import Call, Handlers, Json, bad
from vestnik.messengers.telegram.emulator.chats import GONE
from vestnik.messengers.telegram.emulator.membership import PERMISSIONS, RIGHTS, change_member, need, standing
from vestnik.messengers.telegram.emulator.sending import Sender
from vestnik.messengers.telegram.emulator.state import State

TITLE_LIMIT: Final = 128
DESCRIPTION_LIMIT: Final = 255
CUSTOM_TITLE_LIMIT: Final = 16
SHORTEST_BAN: Final = 30
LONGEST_BAN: Final = 366 * 86_400
PRIVATE: Final = "chat member status can't be changed in private chats"


class Administering:
    """The methods that change chats and the standing of their members."""

    def __init__(self, state: State, sender: Sender) -> None:
        self._state = state
        self._sender = sender

    def handlers(self) -> Handlers:
        """The methods."""
        return {
            "setchattitle": self._set_title,
            "setchatdescription": self._set_description,
            "setchatpermissions": self._set_permissions,
            "setchatphoto": self._set_photo,
            "deletechatphoto": self._delete_photo,
            "banchatmember": self._ban,
            "unbanchatmember": self._unban,
            "restrictchatmember": self._restrict,
            "promotechatmember": self._promote,
            "setchatadministratorcustomtitle": self._set_custom_title,
        }

    async def _set_title(self, call: Call) -> bool:
        title = call.text("title").strip()
        if not title:
            raise bad("Title must be non-empty")
        key = self._group(call, "Can't change private chat title")
        need(self._state, call.bot, key, "can_change_info", "set chat title")
        return await self._change(key, lambda chat: chat.update(title=title[:TITLE_LIMIT]))

    async def _set_description(self, call: Call) -> bool:
        key = self._group(call, "Can't change private chat description")
        need(self._state, call.bot, key, "can_change_info", "set chat description")
        description = call.text("description")[:DESCRIPTION_LIMIT]
        if self._state.chats.document(key).get("description", "") == description:
            raise bad("chat description is not modified")
        return await self._change(key, lambda chat: chat.update(description=description))

    async def _set_permissions(self, call: Call) -> bool:
        key = self._group(call, "Can't change private chat permissions")
        need(self._state, call.bot, key, "can_restrict_members", "change chat permissions")
        permissions = _permissions(call.values.get("permissions"))
        return await self._change(key, lambda chat: chat.update(permissions=permissions))

    async def _set_photo(self, call: Call) -> bool:
        if "photo" not in call.files:
            raise bad("photo should be uploaded as an InputFile")
        key = self._group(call, "Can't change private chat photo")
        need(self._state, call.bot, key, "can_change_info", "change chat photo")
        file = await self._state.files.keep("photo", call.files["photo"])
        sizes = {
            f"{size}_{name}": value
            for size in ("small", "big")
            for name, value in (("file_id", file.identifier(call.bot)), ("file_unique_id", file.unique))
        }
        return await self._change(key, lambda chat: chat.update(photo=sizes))

    async def _delete_photo(self, call: Call) -> bool:
        key = self._group(call, "Can't change private chat photo")
        need(self._state, call.bot, key, "can_change_info", "change chat photo")
        return await self._change(key, lambda chat: chat.pop("photo", None))

    async def _ban(self, call: Call) -> bool:
        member = {"status": "kicked", "until_date": self._until(call)}
        return await self._restricted(call, member)

    async def _unban(self, call: Call) -> bool:
        key, user_id = self._group(call, PRIVATE), call.number("user_id")
        need(self._state, call.bot, key, "can_restrict_members", "restrict/unrestrict chat member")
        status = standing(self._state, key, user_id)["status"]
        if status == "kicked" or (status not in GONE and not call.flag("only_if_banned")):
            await self._put(call, key, user_id, {"status": "left"})
        return True

    async def _restrict(self, call: Call) -> bool:
        permissions = _permissions(call.values.get("permissions"))
        member = {"status": "restricted", "is_member": True, "until_date": self._until(call), **permissions}
        if all(permissions.get(name) for name in PERMISSIONS if name.startswith("can_send_")):
            member = {"status": "member"}
        if self._state.chats.on_wire(self._sender.chat(call))["type"] != "supergroup":
            raise bad("method is available only for supergroups")
        return await self._restricted(call, member)

    async def _restricted(self, call: Call, member: Json) -> bool:
        key, user_id = self._group(call, PRIVATE), call.number("user_id")
        need(self._state, call.bot, key, "can_restrict_members", "restrict/unrestrict chat member")
        status = standing(self._state, key, user_id)["status"]
        if status == "creator":
            raise bad("can't remove chat owner")
        if status == "administrator":
            raise bad("user is an administrator of the chat")
        if str(user_id) == call.bot:
            raise bad("can't restrict self")
        await self._put(call, key, user_id, member)
        return True

    async def _promote(self, call: Call) -> bool:
        key, user_id = self._group(call, PRIVATE), call.number("user_id")
        need(self._state, call.bot, key, "can_promote_members", "promote chat member")
        status = standing(self._state, key, user_id)["status"]
        if status == "creator":
            raise bad("can't remove chat owner")
        if status in GONE:
            raise bad("USER_NOT_MUTUAL_CONTACT" if status == "kicked" else "PARTICIPANT_ID_INVALID")
        rights = {name: call.flag(name) for name in RIGHTS}
        if any(rights.values()):
            rights["can_manage_chat"] = True
            await self._put(call, key, user_id, {"status": "administrator", **rights})
        else:
            await self._put(call, key, user_id, {"status": "member"})
        return True

    async def _set_custom_title(self, call: Call) -> bool:
        key, user_id = self._group(call, PRIVATE), call.number("user_id")
        need(self._state, call.bot, key, "can_promote_members", "change custom title of the user")
        title = call.text("custom_title")
        if len(title) > CUSTOM_TITLE_LIMIT:
            raise bad("ADMIN_RANK_INVALID")
        member = standing(self._state, key, user_id)
        if member["status"] != "administrator":
            raise bad("user is not an administrator")
        await self._put(call, key, user_id, {**member, "custom_title": title})
        return True

    async def _put(self, call: Call, key: str, user_id: int, member: Json) -> None:
        by = self._state.profiles.user(call.bot)
        await change_member(self._state, key, user_id, member, by=by)

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

    def _until(self, call: Call) -> int:
        """When it ends, 0 for never: spans that are too short or too long mean for ever."""
        until = call.number("until_date")
        return until if SHORTEST_BAN <= until - self._state.now() <= LONGEST_BAN else 0


def _permissions(value: Any) -> Json:
    given = value if isinstance(value, dict) else {}
    return {name: given.get(name) is True for name in PERMISSIONS}
