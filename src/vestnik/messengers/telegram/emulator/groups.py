"""Decides what bots are told of chats and their members when they ask.

It has never heard of changing them.
"""

from typing import Any, Final

from vestnik.messengers.telegram.emulator.announcing import Announcing
from vestnik.messengers.telegram.emulator.calls import Call, Handlers, Json, bad
from vestnik.messengers.telegram.emulator.chats import ADMINISTRATORS, GONE
from vestnik.messengers.telegram.emulator.membership import change_member, member_on_wire, standing
from vestnik.messengers.telegram.emulator.portraits import KIND as PORTRAITS
from vestnik.messengers.telegram.emulator.portraits import chat_photo
from vestnik.messengers.telegram.emulator.sending import Sender
from vestnik.messengers.telegram.emulator.state import State
from vestnik.messengers.telegram.facts import fields

GIFTS: Final = {field.name: False for field in fields("AcceptedGiftTypes") if field.required}
_FULL: Final = (
    "bio",
    "description",
    "invite_link",
    "permissions",
    "slow_mode_delay",
    "linked_chat_id",
    "sticker_set_name",
)


class Groups:
    """The methods that tell of chats."""

    def __init__(self, state: State, sender: Sender, announcing: Announcing) -> None:
        self._state = state
        self._sender = sender
        self._announcing = announcing

    def handlers(self) -> Handlers:
        """The methods."""
        return {
            "getchat": self._get_chat,
            "getchatmember": self._get_chat_member,
            "getchatmembercount": self._get_chat_member_count,
            "getchatadministrators": self._get_chat_administrators,
            "leavechat": self._leave_chat,
        }

    async def _get_chat(self, call: Call) -> Json:
        key = self._sender.chat(call)
        chat = self._state.chats.document(key)
        shown: Json = {
            **self._state.chats.on_wire(key),
            "accent_color_id": abs(chat["id"]) % 7,
            "max_reaction_count": 11,
            "accepted_gift_types": GIFTS,
        }
        if chat.get("username"):
            shown["active_usernames"] = [chat["username"]]
        shown |= {name: chat[name] for name in _FULL if chat.get(name)}
        portrait = chat.get("portrait") or next(iter(await self._state.records.get(PORTRAITS, key) or []), None)
        if portrait:
            shown["photo"] = chat_photo(portrait, call.bot)
        if chat["type"] == "supergroup":
            shown["can_set_sticker_set"] = True
        if chat.get("pinned"):
            pinned = await self._state.messages.shown(key, chat["pinned"][-1])
            if pinned is not None:
                shown["pinned_message"] = pinned
        return shown

    async def _get_chat_member(self, call: Call) -> Json:
        key, user_id = self._sender.chat(call), call.number("user_id")
        return member_on_wire(self._state, key, user_id, self._member(call.bot, key, user_id), viewer=call.bot)

    def _member(self, bot: str, key: str, user_id: int) -> Json:
        member = standing(self._state, key, user_id)
        if str(user_id) == bot and not self._state.chats.has_members(key):
            # Where nobody knows who is in a chat, a bot may do everything there.
            is_private = self._state.chats.on_wire(key)["type"] == "private"
            status = "member" if is_private else "administrator"
            return {"user": {"is_bot": True}, "status": status}
        return member

    async def _get_chat_member_count(self, call: Call) -> int:
        key = self._sender.chat(call)
        chat = self._state.chats.document(key)
        if "members" not in chat:
            return 2
        return sum(member["status"] not in GONE for member in chat["members"].values())

    async def _get_chat_administrators(self, call: Call) -> list[Any]:
        key = self._sender.chat(call)
        chat = self._state.chats.document(key)
        if chat["type"] == "private":
            raise bad("there are no administrators in the private chat")
        members: Json = chat.get("members", {call.bot: self._member(call.bot, key, int(call.bot))})
        return [
            member_on_wire(self._state, key, int(number), member, viewer=call.bot)
            for number, member in members.items()
            if member["status"] in ADMINISTRATORS and (number == call.bot or not member.get("user", {}).get("is_bot"))
        ]

    async def _leave_chat(self, call: Call) -> bool:
        key = self._sender.chat(call)
        if self._state.chats.on_wire(key)["type"] == "private":
            raise bad("Can't leave private chats")
        me = self._state.profiles.user(call.bot)
        await self._announcing.left(call.bot, key, me)
        if self._state.chats.has_members(key):
            await change_member(self._state, key, int(call.bot), {"status": "left"}, by=me)
        return True
