"""Decides which calls are the most usual one, a plain text to a person, and answers those without a closer look.

It has never heard of anything that the other parts do besides; whatever is unusual it leaves to them, and what it
answers is what they would answer, only sooner.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from vestnik.emulation.journal import Draft
from vestnik.emulation.line import Trouble
from vestnik.emulation.when import SECOND
from vestnik.messengers.telegram import wire
from vestnik.messengers.telegram.emulator.calls import Failed, Json
from vestnik.messengers.telegram.emulator.sending import in_words
from vestnik.messengers.telegram.emulator.state import State
from vestnik.messengers.telegram.emulator.texts import is_unremarkable

USUAL: Final = {"chat_id", "text"}
_LONGEST_NUMBER: Final = 15
"""Digits that surely are the identifier of a person."""


class Quick:
    """The short way of a text."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def answer(self, bot: str, arguments: Mapping[str, str], key: str | None) -> wire.Message | Json | None:
        """The message that was sent, or None where the call is not the most usual one. Failed as on the long way."""
        if arguments.keys() != USUAL:
            return None
        recipient, text = arguments["chat_id"], arguments["text"]
        if not (recipient.isdigit() and recipient.isascii() and recipient[0] != "0" and is_unremarkable(text)):
            return None
        state = self._state
        if len(recipient) > _LONGEST_NUMBER or state.chats.exists(recipient) or state.profiles.knows(bot):
            return None
        payload = msgspec.json.encode(arguments).decode()
        taken = await state.line.take(Draft(bot, recipient, text, payload, key, prefix=f"{recipient}:"))
        if isinstance(taken, Trouble):
            raise Failed(in_words(taken))
        entry = taken.entry
        if taken.replayed:
            return await state.messages.of_entry(entry)
        number = int(recipient)
        return wire.Message(
            entry.seq,
            wire.User(int(bot), is_bot=True, first_name=f"Bot {bot}", username=f"vestnik{bot}bot"),
            wire.Chat(number, first_name=f"Person {number}", type="private"),
            entry.at // SECOND,
            text,
        )
