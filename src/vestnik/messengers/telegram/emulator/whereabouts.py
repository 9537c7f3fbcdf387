"""Decides whom and what the fields of a person's deed mean: the person, the chat and the message.

It has never heard of what the person does.
"""

from collections.abc import Mapping
from typing import Any

from vestnik.emulation.problems import Problem, Refusal, Wrong, pointer
from vestnik.messengers.telegram.emulator.calls import Failed, Json
from vestnik.messengers.telegram.emulator.messages import Stored
from vestnik.messengers.telegram.emulator.state import State


class Whereabouts:
    """Finds what deeds speak of; Problem or Refusal where there is no such thing."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def ready(self) -> None:
        """Reads from disk what has to be known; every deed begins with it."""
        if not self._state.loaded:
            await self._state.load()

    def chat(self, recipient: str, fields: Mapping[str, Any]) -> str:
        """The chat in the field `chat`: by default the person's own with the bot."""
        if "chat" not in fields:
            return recipient
        try:
            return self._state.chats.find(fields["chat"])
        except Failed as error:
            raise Refusal([Wrong(pointer("chat"), error.failure.description)]) from None

    def person(self, recipient: str) -> Json:
        """The User object of the one who does it."""
        if not recipient.isdigit():
            raise Problem(409, f"{recipient} is no person")
        return self._state.chats.user(int(recipient))

    async def message(self, key: str, number: int) -> Stored:
        """The message of that number in the chat."""
        stored = await self._state.messages.get(key, number)
        if stored is None:
            raise Problem(404, f"the chat has no message {number}")
        return stored
