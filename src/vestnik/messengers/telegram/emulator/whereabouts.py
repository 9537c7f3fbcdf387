"""Decides whom and what the fields of a person's deed mean: the person, the chat and the message.

It has never heard of what the person does.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec

from vestnik.emulation.problems import Problem, Refusal, Wrong, pointer
from vestnik.messengers.telegram.emulator.calls import Failed, Json
from vestnik.messengers.telegram.emulator.messages import CLEARED, Stored
from vestnik.messengers.telegram.emulator.state import State

TEXT: Final = Annotated[str, msgspec.Meta(min_length=1, max_length=32_768)]
"""The type of a field with a text."""
NUMBER: Final = Annotated[int, msgspec.Meta(ge=1, le=2**53)]
"""The type of a field with a message's number."""
WHERE: Final = str | int
"""The type of a field with a chat."""


class Whereabouts:
    """Finds what deeds speak of; Problem or Refusal where there is no such thing."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def ready(self) -> None:
        """Reads from disk what has to be known; every deed begins with it."""
        if not self._state.loaded:
            await self._state.load()

    def chat(self, recipient: str, fields: Mapping[str, Any]) -> str:
        """The chat in the field `chat`: by default the person's own with the bot, and never somebody else's with it."""
        if "chat" not in fields:
            return recipient
        key = self.named(fields["chat"])
        if key != recipient and key.isdigit():
            raise Problem(409, f"the chat of {key} with the bot is not this person's")
        return key

    def crowd(self, recipient: str, fields: Mapping[str, Any]) -> str:
        """The group or channel in the field `chat`."""
        key = self.chat(recipient, fields)
        if key.isdigit():
            raise Problem(409, "nobody comes to a private chat or leaves it")
        return key

    def named(self, chat: str | int) -> str:
        """Any chat, whosever it is."""
        try:
            return self._state.chats.find(chat)
        except Failed as error:
            raise Refusal([Wrong(pointer("chat"), error.failure.description)]) from None

    def person(self, recipient: str) -> Json:
        """The User object of the one who does it."""
        if not recipient.isdigit():
            raise Problem(409, f"{recipient} is no person")
        return self._state.chats.user(int(recipient))

    async def message(self, key: str, number: int, viewer: int = 0) -> Stored:
        """The message of that number in the chat, as people see it; also one that only the viewer sees."""
        stored = await self._state.messages.get(key, number)
        if stored is None and viewer:
            stored = await self._state.messages.get(key, number, viewer=viewer)
        if stored is None or await self._is_cleared(key, number, stored.bot):
            raise Problem(404, f"the chat has no message {number}")
        return stored

    async def _is_cleared(self, key: str, number: int, bot: str) -> bool:
        """Whether the person has deleted the chat since."""
        if not key.isdigit():
            return False
        until: int = await self._state.records.get(CLEARED, f"{bot}/{key}") or 0
        return number <= until
