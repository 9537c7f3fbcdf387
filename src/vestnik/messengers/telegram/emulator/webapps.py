"""Decides what becomes of Web Apps: whom they send for, and what bots prepare for people to send.

It has never heard of the pages themselves.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec

from vestnik.emulation.deeds import Deed
from vestnik.emulation.journal import Entry
from vestnik.emulation.problems import Problem
from vestnik.emulation.when import span
from vestnik.messengers.telegram.emulator.calls import Call, Handlers, Json, bad
from vestnik.messengers.telegram.emulator.inline import Inline
from vestnik.messengers.telegram.emulator.keyboards import read_markup
from vestnik.messengers.telegram.emulator.pressing import TOO_OLD
from vestnik.messengers.telegram.emulator.state import State
from vestnik.messengers.telegram.emulator.whereabouts import WHERE, Whereabouts

OPENED: Final = "web_app"
PREPARED: Final = "prepared"
LASTS: Final = span(3_600.0)
"""For how long an opened Web App may answer, and a prepared message can be sent."""
_NAME: Final = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class WebApps:
    """The methods about Web Apps and prepared messages, and what people do with them."""

    def __init__(self, state: State, inline: Inline) -> None:
        self._state = state
        self._inline = inline
        self._here = Whereabouts(state)

    def handlers(self) -> Handlers:
        """The methods."""
        return {
            "answerwebappquery": self._answer,
            "savepreparedinlinemessage": self._prepare,
        }

    def deeds(self) -> Mapping[str, Deed]:
        """The deeds by name."""
        return {
            "open": Deed(self._open, {"chat": WHERE, "query_id": _NAME}, ("query_id",)),
            "share": Deed(self._share, {"chat": WHERE, "prepared": _NAME}, ("prepared",)),
        }

    async def _open(self, bot: str, recipient: str, fields: Mapping[str, Any]) -> None:
        """The person opens a Web App of the bot, which is given the `query_id` that it may answer once."""
        await self._here.ready()
        key, person = self._here.chat(recipient, fields), self._here.person(recipient)
        opened = {"bot": bot, "key": key, "person": person, "until": self._state.world.clock.now() + LASTS}
        await self._state.records.put(OPENED, fields["query_id"], opened)

    async def _answer(self, call: Call) -> Json:
        """Sends the result in the person's name into the chat where the Web App was opened."""
        query_id, result = call.text("web_app_query_id"), call.values["result"]
        read_markup(result.get("reply_markup"))
        async with self._state.lock(f"web app {query_id}"):
            opened = await self._state.records.get(OPENED, query_id)
            if opened is None or opened["bot"] != call.bot or opened["until"] <= self._state.world.clock.now():
                raise bad(TOO_OLD)
            await self._state.records.drop(OPENED, [query_id])
        _, inline_id = await self._inline.place(call.bot, opened["key"], opened["person"], result)
        return {"inline_message_id": inline_id} if inline_id else {}

    async def _prepare(self, call: Call) -> Json:
        """Keeps a message that one person may send; its identifier."""
        read_markup(call.values["result"].get("reply_markup"))
        clock = self._state.world.clock
        name, until = clock.new_id(), clock.now() + LASTS
        kept = {"bot": call.bot, "person": call.number("user_id"), "result": call.values["result"], "until": until}
        await self._state.records.put(PREPARED, name, kept)
        return {"id": name, "expiration_date": self._state.now() + 3_600}

    async def _share(self, bot: str, recipient: str, fields: Mapping[str, Any]) -> Entry:
        """The person sends what a bot prepared for it."""
        await self._here.ready()
        key, person = self._here.chat(recipient, fields), self._here.person(recipient)
        kept = await self._state.records.get(PREPARED, fields["prepared"])
        is_mine = kept is not None and (kept["bot"], kept["person"]) == (bot, person["id"])
        if not is_mine or kept["until"] <= self._state.world.clock.now():
            raise Problem(409, "nothing of that name was prepared for the person")
        entry, _ = await self._inline.place(bot, key, person, kept["result"])
        return entry
