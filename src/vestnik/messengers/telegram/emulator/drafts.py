"""Decides what a person sees of a message that a bot is still writing: for half a minute, or until the next draft.

It has never heard of the message that is sent in the end. Rules: core.telegram.org/bots/api, sendMessageDraft.
"""

from typing import Final

from vestnik.emulation.when import span
from vestnik.messengers.telegram.emulator.calls import Call, Handlers, Json, bad
from vestnik.messengers.telegram.emulator.rich import rich_words
from vestnik.messengers.telegram.emulator.sending import Sender
from vestnik.messengers.telegram.emulator.state import State
from vestnik.messengers.telegram.emulator.texts import fields_of, marked_up

KIND: Final = "draft"
LASTS: Final = span(30.0)


class Drafts:
    """The methods that show drafts."""

    def __init__(self, state: State, sender: Sender) -> None:
        self._state = state
        self._sender = sender

    def handlers(self) -> Handlers:
        """The methods."""
        return {"sendmessagedraft": self._text, "sendrichmessagedraft": self._rich}

    async def _text(self, call: Call) -> bool:
        text = call.text("text")
        found = await marked_up(text, call.text("parse_mode"), call.values.get("entities"), may_be_empty=True)
        return await self._put(call, fields_of(found, self._state.chats))

    async def _rich(self, call: Call) -> bool:
        return await self._put(call, {"text": rich_words(call.values["rich_message"])})

    async def _put(self, call: Call, content: Json) -> bool:
        key = self._sender.chat(call)
        if self._state.chats.on_wire(key)["type"] != "private":
            raise bad("PEER_ID_INVALID")
        if not call.number("draft_id"):
            raise bad("RANDOM_ID_INVALID")
        until = self._state.world.clock.now() + LASTS
        draft = {"draft_id": call.number("draft_id"), **content, "until": until}
        await self._state.records.put(KIND, f"{key}/{call.bot}", draft)
        return True


async def drafts_in(state: State, key: str) -> list[Json]:
    """What the person sees bots write now, by their numbers."""
    now = state.world.clock.now()
    found = await state.records.under(KIND, f"{key}/")
    return [
        {"bot": name.rpartition("/")[2], **{field: value for field, value in draft.items() if field != "until"}}
        for name, draft in found
        if draft["until"] > now
    ]
