"""Decides what becomes of messages that only one member of a group sees: how they are changed and taken away.

It has never heard of how they are sent. Rules: core.telegram.org/bots/api, ephemeral messages; the source of a server
that knows them was not to be had.
"""

from collections.abc import Awaitable, Callable
from typing import Final

from vestnik.messengers.telegram.emulator.calls import Call, Handlers, bad
from vestnik.messengers.telegram.emulator.edits import TO_EDIT, Change, Edits
from vestnik.messengers.telegram.emulator.keyboards import read_markup
from vestnik.messengers.telegram.emulator.messages import Stored
from vestnik.messengers.telegram.emulator.sending import Sender
from vestnik.messengers.telegram.emulator.state import State

TO_DELETE: Final = "message to delete"


class Ephemeral:
    """The methods about such messages."""

    def __init__(self, state: State, sender: Sender, edits: Edits) -> None:
        self._state = state
        self._sender = sender
        self._edits = edits

    def handlers(self) -> Handlers:
        """The methods."""
        changes = self._edits.changes()
        return {
            "editephemeralmessagetext": self._editing(changes["text"]),
            "editephemeralmessagecaption": self._editing(changes["caption"]),
            "editephemeralmessagemedia": self._editing(changes["media"]),
            "editephemeralmessagereplymarkup": self._editing(changes["markup"]),
            "deleteephemeralmessage": self._delete,
        }

    def _editing(self, change: Change) -> Callable[[Call], Awaitable[bool]]:
        async def edit(call: Call) -> bool:
            markup = read_markup(call.values.get("reply_markup")).inline
            key, number = self._sender.chat(call), call.number("ephemeral_message_id")
            async with self._state.lock(f"message {key} {number}"):
                stored = await self._own(call, key, TO_EDIT)
                await self._edits.keep(key, number, stored, await change(call, stored.message), markup)
            return True

        return edit

    async def _delete(self, call: Call) -> bool:
        key = self._sender.chat(call)
        stored = await self._own(call, key, TO_DELETE)
        await self._state.messages.delete([(key, call.number("ephemeral_message_id"), stored)])
        return True

    async def _own(self, call: Call, key: str, role: str) -> Stored:
        """The message that the bot showed to this person."""
        viewer = call.number("receiver_user_id")
        stored = await self._state.messages.get(key, call.number("ephemeral_message_id"), viewer=viewer)
        if stored is None or "receiver_user" not in stored.message or stored.bot != call.bot:
            raise bad(f"{role} not found")
        return stored
