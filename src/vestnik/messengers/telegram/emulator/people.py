"""Decides what people can do to bots' messages and with their own: write, answer, press, react and edit.

It has never heard of how a bot is told.
"""

from collections.abc import Mapping
from typing import Any

from vestnik.emulation.deeds import Deed
from vestnik.emulation.journal import Entry
from vestnik.emulation.problems import Problem, Refusal, Wrong, pointer
from vestnik.messengers.telegram.emulator.audience import Audience
from vestnik.messengers.telegram.emulator.keys import Keys
from vestnik.messengers.telegram.emulator.messages import on_wire
from vestnik.messengers.telegram.emulator.pins import REACTIONS
from vestnik.messengers.telegram.emulator.pressing import press
from vestnik.messengers.telegram.emulator.state import State
from vestnik.messengers.telegram.emulator.whereabouts import NUMBER, TEXT, WHERE, Whereabouts
from vestnik.messengers.telegram.emulator.writing import Writing


class People:
    """What people do to bots.

    The field `chat` names the chat, by default their own with the bot, and `message` the number of a message in it.
    """

    def __init__(self, state: State, audience: Audience, writing: Writing) -> None:
        self._state = state
        self._audience = audience
        self._writing = writing
        self._keys = Keys(state, writing)
        self._here = Whereabouts(state)

    def deeds(self) -> Mapping[str, Deed]:
        """The deeds by name."""
        where = {"chat": WHERE, "message": NUMBER}
        pressing = {**where, "button": TEXT, "users": list[int], "shared_chat": WHERE, "data": TEXT}
        return {
            "messages": Deed(self._writing.write, self._writing.fields),
            "press": Deed(self._press, pressing, ("button",)),
            "react": Deed(self._react, {**where, "emoji": list[str]}, ("message", "emoji")),
            "edit": Deed(self._edit, {**where, "text": TEXT}, ("message", "text")),
        }

    async def _press(self, bot: str, recipient: str, fields: Mapping[str, Any]) -> Entry | None:
        """A button under a message, or without one a key of the keyboard in place of the phone's own."""
        await self._here.ready()
        key, person = self._here.chat(recipient, fields), self._here.person(recipient)
        if "message" in fields:
            stored = await self._here.message(key, fields["message"], person["id"])
            await press(self._state, person, stored, fields["message"], fields["button"])
            return None
        keyboard = await self._state.records.get("keyboard", f"{bot}/{key}")
        keys = [button for row in (keyboard or {}).get("keyboard", []) for button in row]
        found = next((button for button in keys if button["text"] == fields["button"]), None)
        if found is None:
            raise Problem(409, f"the chat shows no key {fields['button']!r}")
        content = await self._keys.content(found, person, fields)
        return await self._audience.hear(bot, key, content.get("text", ""), {"from": person, **content}, fields)

    async def _react(self, bot: str, recipient: str, fields: Mapping[str, Any]) -> None:
        """The person reacts; in a channel, where that is done without a name, bots are told how many did."""
        await self._here.ready()
        key, person, number = self._here.chat(recipient, fields), self._here.person(recipient), fields["message"]
        await self._here.message(key, number)
        unknown = [emoji for emoji in fields["emoji"] if emoji not in REACTIONS]
        if unknown:
            raise Refusal([Wrong(pointer("emoji"), f"{unknown[0]!r} is no reaction")])
        new = [{"type": "emoji", "emoji": emoji} for emoji in fields["emoji"]]
        old = await self._state.reactions.put(key, number, recipient, new)
        if old == new:
            return
        change = {"chat": self._state.chats.on_wire(key), "message_id": number, "date": self._state.now()}
        if change["chat"]["type"] == "channel":
            counts = await self._state.reactions.counts(key, number)
            await self._audience.tell(bot, key, "message_reaction_count", {**change, "reactions": counts})
            return
        change |= {"user": person, "old_reaction": old, "new_reaction": new}
        await self._audience.tell(bot, key, "message_reaction", change, admins_only=True)

    async def _edit(self, bot: str, recipient: str, fields: Mapping[str, Any]) -> None:
        await self._here.ready()
        key, number = self._here.chat(recipient, fields), fields["message"]
        stored = await self._here.message(key, number)
        if str(stored.message.get("from", {}).get("id")) != recipient:
            raise Problem(409, "people edit only what they wrote themselves")
        kept = {name: value for name, value in stored.message.items() if name not in ("text", "entities", "edit_date")}
        stored.message = {**kept, "edit_date": self._state.now(), **await self._writing.said(fields["text"])}
        await self._state.messages.keep(key, number, stored)
        kind = "edited_channel_post" if stored.message["chat"]["type"] == "channel" else "edited_message"
        await self._audience.tell(bot, key, kind, on_wire(stored, number))
