"""Decides what becomes of the standing of a chat's members: who is banned, restricted, promoted or tagged, and by whom.

It has never heard of how a chat itself looks. Rules: td DialogParticipantManager.cpp.
"""

import unicodedata
from typing import Final

from vestnik.messengers.telegram.emulator.announcing import Announcing
from vestnik.messengers.telegram.emulator.calls import Call, Handlers, Json, bad
from vestnik.messengers.telegram.emulator.chats import ADMINISTRATORS, BANNED_SENDERS, GONE
from vestnik.messengers.telegram.emulator.membership import (
    PERMISSIONS,
    RIGHTS,
    change_member,
    may_edit,
    need,
    permissions_of,
    standing,
    user_of,
)
from vestnik.messengers.telegram.emulator.sending import Sender
from vestnik.messengers.telegram.emulator.state import State

TAG_LIMIT: Final = 16
"""Characters of a tag, which for administrators is their custom title."""
SHORTEST_BAN: Final = 30
LONGEST_BAN: Final = 366 * 86_400


class Standings:
    """The methods that change the standing of members."""

    def __init__(self, state: State, sender: Sender, announcing: Announcing) -> None:
        self._state = state
        self._sender = sender
        self._announcing = announcing

    def handlers(self) -> Handlers:
        """The methods."""
        return {
            "banchatmember": self._ban,
            "unbanchatmember": self._unban,
            "restrictchatmember": self._restrict,
            "promotechatmember": self._promote,
            "setchatadministratorcustomtitle": self._set_custom_title,
            "setchatmembertag": self._set_tag,
            "banchatsenderchat": self._ban_sender,
            "unbanchatsenderchat": self._unban_sender,
        }

    async def _ban(self, call: Call) -> bool:
        key = self._group(call, "Can't ban members in private chats")
        return await self._restricted(call, key, {"status": "kicked", "until_date": self._until(call)})

    async def _unban(self, call: Call) -> bool:
        key, user_id = self._large(call), call.number("user_id")
        status = standing(self._state, key, user_id)["status"]
        if status == "left" or (status != "kicked" and call.flag("only_if_banned")):
            return True
        return await self._restricted(call, key, {"status": "left"})

    async def _restrict(self, call: Call) -> bool:
        permissions = permissions_of(call.values.get("permissions"))
        key = self._sender.chat(call)
        if self._state.chats.on_wire(key)["type"] != "supergroup":
            raise bad("method is available only for supergroups")
        is_in = standing(self._state, key, call.number("user_id"))["status"] not in GONE
        member = {"status": "restricted", "is_member": is_in, "until_date": self._until(call), **permissions}
        if all(permissions.get(name) for name in PERMISSIONS if name.startswith("can_send_")):
            member = {"status": "member" if is_in else "left"}
        return await self._restricted(call, key, member)

    async def _restricted(self, call: Call, key: str, member: Json) -> bool:
        """The member's standing is lowered, or raised again. Rules: td, restrict_channel_participant."""
        user_id = call.number("user_id")
        old = standing(self._state, key, user_id)
        if old["status"] == "creator":
            raise bad("Can't remove chat owner")
        if str(user_id) == call.bot:
            raise bad("Can't restrict self")
        need(self._state, call.bot, key, "can_restrict_members", "restrict/unrestrict chat member")
        if old["status"] == "administrator" and old.get("promoted_by") != call.bot:
            raise bad("user is an administrator of the chat")
        await self._put(call, key, user_id, member)
        if old["status"] not in GONE and member["status"] in GONE:
            me, person = self._state.profiles.user(call.bot), user_of(self._state, user_id, old)
            await self._announcing.left(call.bot, key, person, by=me)
        return True

    async def _promote(self, call: Call) -> bool:
        """Rules: td, promote_channel_participant; nobody gives away a right that he does not have."""
        key, user_id = self._large(call), call.number("user_id")
        old = standing(self._state, key, user_id)
        if old["status"] == "creator":
            raise bad("Can't remove chat owner")
        rights = {name: call.flag(name) for name in RIGHTS}
        is_raised = any(rights.values()) or call.flag("is_anonymous")
        if str(user_id) == call.bot and is_raised:
            raise bad("Can't promote self")
        need(self._state, call.bot, key, "can_promote_members", "")
        if old["status"] in GONE:
            raise bad("USER_NOT_MUTUAL_CONTACT" if old["status"] == "kicked" else "PARTICIPANT_ID_INVALID")
        if old["status"] == "administrator" and old.get("promoted_by") != call.bot and str(user_id) != call.bot:
            raise bad("CHAT_ADMIN_REQUIRED")
        if not is_raised:
            await self._put(call, key, user_id, {"status": "member"})
            return True
        own = self._state.chats.member(key, int(call.bot))
        if own["status"] == "administrator" and not all(own.get(name, True) for name, is_on in rights.items() if is_on):
            raise bad("RIGHT_FORBIDDEN")
        rights |= {"can_manage_chat": True, "is_anonymous": call.flag("is_anonymous")}
        await self._put(call, key, user_id, {"status": "administrator", **rights, "promoted_by": call.bot})
        return True

    async def _set_custom_title(self, call: Call) -> bool:
        key, user_id, title = self._small(call), call.number("user_id"), call.text("custom_title")
        member = standing(self._state, key, user_id)
        if member["status"] == "creator":
            raise bad("only the owner can edit their custom title")
        if member["status"] != "administrator":
            raise bad("user is not an administrator")
        if not may_edit(self._state, call.bot, key, member):
            raise bad("not enough rights to change custom title of the user")
        _check_tag(title, "CUSTOM_TITLE")
        await self._put(call, key, user_id, {**member, "custom_title": title})
        return True

    async def _set_tag(self, call: Call) -> bool:
        key, user_id, tag = self._small(call), call.number("user_id"), call.text("tag")
        member = standing(self._state, key, user_id)
        if member["status"] in GONE:
            raise bad("USER_NOT_PARTICIPANT")
        need(self._state, call.bot, key, "can_manage_tags", "")
        _check_tag(tag, "TAG")
        name = "custom_title" if member["status"] in ADMINISTRATORS else "tag"
        await self._put(call, key, user_id, {**member, name: tag})
        return True

    async def _ban_sender(self, call: Call) -> bool:
        """Nobody writes in the name of that channel any more."""
        return await self._sender_chat(call, is_banned=True)

    async def _unban_sender(self, call: Call) -> bool:
        return await self._sender_chat(call, is_banned=False)

    async def _sender_chat(self, call: Call, *, is_banned: bool) -> bool:
        key = self._sender.chat(call)
        kind = self._state.chats.on_wire(key)["type"]
        if kind == "private":
            raise bad("Can't ban members in private chats")
        if kind == "group":
            raise bad("Can't ban chats in basic groups")
        channel = self._state.chats.find(call.number("sender_chat_id"))
        if self._state.chats.on_wire(channel)["type"] not in ("supergroup", "channel"):
            raise bad("Can't restrict the chat")
        need(self._state, call.bot, key, "can_restrict_members", "restrict/unrestrict chat member")
        number = self._state.messages.chat_id(channel)
        async with self._state.lock(f"chat {key}"):
            chat = self._state.chats.document(key)
            others = [one for one in chat.get(BANNED_SENDERS, []) if one != number]
            await self._state.chats.keep({**chat, BANNED_SENDERS: [*others, number] if is_banned else others})
        return True

    async def _put(self, call: Call, key: str, user_id: int, member: Json) -> None:
        by = self._state.profiles.user(call.bot)
        await change_member(self._state, key, user_id, member, by=by)

    def _large(self, call: Call) -> str:
        """The supergroup or channel that the call is about."""
        key = self._sender.chat(call)
        if self._state.chats.on_wire(key)["type"] not in ("supergroup", "channel"):
            raise bad("method is available for supergroup and channel chats only")
        return key

    def _small(self, call: Call) -> str:
        """The group or supergroup that the call is about."""
        key = self._sender.chat(call)
        if self._state.chats.on_wire(key)["type"] not in ("group", "supergroup"):
            raise bad("method is available only for groups and supergroups")
        return key

    def _group(self, call: Call, otherwise: str) -> str:
        key = self._sender.chat(call)
        if self._state.chats.on_wire(key)["type"] == "private":
            raise bad(otherwise)
        return key

    def _until(self, call: Call) -> int:
        """When it ends, 0 for never: spans that are too short or too long mean for ever."""
        until = call.number("until_date")
        return until if SHORTEST_BAN <= until - self._state.now() <= LONGEST_BAN else 0


def _check_tag(tag: str, called: str) -> None:
    if len(tag) > TAG_LIMIT:
        raise bad(f"{called}_INVALID")
    if any(unicodedata.category(character) == "So" for character in tag):
        raise bad(f"{called}_EMOJI_NOT_ALLOWED")
