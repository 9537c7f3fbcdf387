"""Decides how people take up with bots and break with them: they start, block, let in again and delete the chat.

It has never heard of what is written between them.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec

from vestnik.emulation.deeds import Deed
from vestnik.emulation.journal import Entry
from vestnik.emulation.phones import Phone
from vestnik.emulation.problems import Problem
from vestnik.messengers.telegram.emulator.calls import NAME, Json
from vestnik.messengers.telegram.emulator.membership import tell_of_change
from vestnik.messengers.telegram.emulator.messages import CLEARED
from vestnik.messengers.telegram.emulator.state import State
from vestnik.messengers.telegram.emulator.whereabouts import Whereabouts
from vestnik.messengers.telegram.emulator.writing import Writing

_PAYLOAD: Final = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{0,64}\Z")]
"""What a link to a bot may carry: core.telegram.org/bots/features, deep linking."""


class Acquaintance:
    """How people and bots come together."""

    def __init__(self, state: State, writing: Writing) -> None:
        self._state = state
        self._writing = writing
        self._here = Whereabouts(state)
        state.world.at_deletion[NAME].append(self._deleted)

    def deeds(self) -> Mapping[str, Deed]:
        """The deeds by name."""
        return {"start": Deed(self._start, {"payload": _PAYLOAD}, always=True)}

    async def blocked(self, recipient: str, before: Phone, after: Phone) -> None:
        """Tells the bot that wrote to the person last that it was blocked or let in again."""
        if before.blocked == after.blocked or not recipient.isdigit():
            return
        await self._here.ready()
        bot = await self._state.world.journal.last_bot(NAME, recipient)
        if bot is not None:
            await self._tell(bot, recipient, before, after)

    async def _tell(self, bot: str, recipient: str, before: Phone, after: Phone) -> None:
        ways: tuple[Json, Json] = (
            {"status": "kicked" if before.blocked else "member", "user": {"is_bot": True}},
            {"status": "kicked" if after.blocked else "member", "user": {"is_bot": True}},
        )
        await tell_of_change(self._state, recipient, int(bot), ways, by=self._here.person(recipient))

    async def _start(self, bot: str, recipient: str, fields: Mapping[str, Any]) -> Entry:
        """The person follows a link to the bot or presses its start button, which also lets it in again."""
        await self._here.ready()
        phones, clock = self._state.world.phones, self._state.world.clock
        before = phones.get(NAME, recipient)
        if not before.online:
            raise Problem(409, "the phone is offline")
        if before.blocked:
            after = before._replace(blocked=False)
            await phones.put(NAME, recipient, after, clock.now())
            await self._tell(bot, recipient, before, after)
        text = f"/start {fields.get('payload', '')}".rstrip()
        return await self._writing.write(bot, recipient, {"text": text})

    async def _deleted(self, bot: str, recipient: str) -> None:
        """The person has deleted the chat: what was in it is gone from the phone.

        The bot keeps its side and may change and delete what nobody sees any more: td MessagesManager.cpp,
        can_delete_dialog, lets nobody delete a chat with a bot for the bot too.
        """
        records = self._state.records
        await records.put(CLEARED, f"{bot}/{recipient}", await self._state.world.backlog.last(NAME, recipient))
        await records.drop("keyboard", [f"{bot}/{recipient}"])
