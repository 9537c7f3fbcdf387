"""Decides which bots are told what happens in a chat, and tells them.

It has never heard of who made it happen.
"""

from typing import Any

import msgspec

from vestnik.emulation.journal import Draft, Entry
from vestnik.messengers.telegram.emulator.calls import Json
from vestnik.messengers.telegram.emulator.chats import ADMINISTRATORS, GONE
from vestnik.messengers.telegram.emulator.messages import Stored, is_service, on_wire, type_of
from vestnik.messengers.telegram.emulator.state import State


class Audience:
    """The bots that are told."""

    def __init__(self, state: State) -> None:
        self._state = state

    def bots(self, bot: str, key: str) -> list[str]:
        """The bots in the chat: those that are its members, or the one named where nobody knows who is in it."""
        chats = self._state.chats
        if not chats.has_members(key):
            return [bot]
        members = chats.document(key)["members"]
        return [
            number
            for number, member in members.items()
            if member.get("user", {}).get("is_bot") and member["status"] not in GONE
        ]

    async def hear(
        self, bot: str, key: str, text: str, message: Json, payload: Any = None, own: Json | None = None
    ) -> Entry:
        """Puts a message that a person wrote into the chat: kept, and told to the bots that may read it."""
        state = self._state
        chat = state.chats.on_wire(key)
        stored = Stored(bot, {"chat": chat, "date": state.now(), **message}, own=own or {})
        draft = Draft(
            bot,
            key,
            text,
            msgspec.json.encode(message if payload is None else payload).decode(),
            prefix=f"{chat['id']}:",
            kept=stored,
            type=type_of(message),
        )
        entry = await state.line.hear(draft)
        shown = on_wire(stored, int(entry.external_id.rpartition(":")[2]))
        kind = "channel_post" if chat["type"] == "channel" else "message"
        for one in self.bots(bot, key):
            if self._may_read(one, key, shown):
                await state.updates.tell(one, kind, shown, chat["id"])
        return entry

    async def tell(self, bot: str, key: str, kind: str, value: Json, *, admins_only: bool = False) -> None:
        """Tells the bots in the chat of something."""
        chats = self._state.chats
        for one in self.bots(bot, key):
            known = chats.has_members(key)
            if not (admins_only and known and chats.member(key, int(one))["status"] not in ADMINISTRATORS):
                await self._state.updates.tell(one, kind, value, self._state.messages.chat_id(key))

    def _may_read(self, bot: str, key: str, message: Json) -> bool:
        """Whether a bot in privacy mode, as all are, is told of the message: commands, answers to it, its mentions."""
        chats = self._state.chats
        if not chats.has_members(key) or message["chat"]["type"] in ("private", "channel"):
            return True
        if self._state.profiles.ways(bot).get("can_read_all_group_messages"):
            return True
        if chats.member(key, int(bot))["status"] in ADMINISTRATORS or is_service(message):
            return True
        if str(message.get("reply_to_message", {}).get("from", {}).get("id")) == bot:
            return True
        text = message.get("text") or message.get("caption") or ""
        username = self._state.profiles.user(bot)["username"].lower()
        if f"@{username}" in text.lower():
            return True
        return text.startswith("/") and "@" not in text.split()[0]
