"""Decides what becomes of a button that a person presses under a message, and of a bot's answer to that.

It has never heard of how the person's wish came.
"""

from typing import Final

import msgspec

from vestnik.emulation.problems import Problem
from vestnik.emulation.when import Moment, span
from vestnik.messengers.telegram.emulator.calls import Call, Handlers, Json, bad
from vestnik.messengers.telegram.emulator.games import GAME
from vestnik.messengers.telegram.emulator.messages import Stored, on_wire
from vestnik.messengers.telegram.emulator.state import State

KIND: Final = "callback_query"
LASTS: Final = span(15 * 60.0)
ANSWER_LIMIT: Final = 200
INLINE: Final = "inline_message_id"
TOO_OLD: Final = "query is too old and response timeout expired or query ID is invalid"


class Query(msgspec.Struct):
    """A press that a bot was told of."""

    bot: str
    until: Moment
    answer: Json | None = None


class Callbacks:
    """The method answerCallbackQuery."""

    def __init__(self, state: State) -> None:
        self._state = state

    def handlers(self) -> Handlers:
        """The methods."""
        return {"answercallbackquery": self._answer}

    async def _answer(self, call: Call) -> bool:
        records, query_id = self._state.records, call.text("callback_query_id")
        if len(call.text("text")) > ANSWER_LIMIT:
            raise bad("MESSAGE_TOO_LONG")
        document = await records.get(KIND, query_id)
        query = None if document is None else msgspec.convert(document, Query)
        if query is None or query.bot != call.bot or query.until <= self._state.world.clock.now():
            raise bad(TOO_OLD)
        query.answer = {name: call.values[name] for name in ("text", "show_alert", "url") if name in call.values}
        await records.put(KIND, query_id, query)
        return True


async def press(state: State, person: Json, stored: Stored, number: int, label: str) -> str:
    """The person presses the button with this text or data: the id of the query that the bot is told of.

    Empty where the button tells nobody. Problem where there is no such button.
    """
    rows = stored.message.get("reply_markup", {}).get("inline_keyboard", [])
    button = _button(rows, label)
    if button is None:
        raise Problem(409, f"the message has no button {label!r}")
    if "callback_data" not in button and "callback_game" not in button:
        return ""
    query_id = str(int.from_bytes(state.world.clock.new_id().encode()[-7:]))
    chat_id = stored.message["chat"]["id"]
    query: Json = {
        "id": query_id,
        "from": person,
        **_place(stored, number),
        "chat_instance": str(chat_id),
    }
    if "callback_data" in button:
        query["data"] = button["callback_data"]
    else:
        query[GAME] = stored.own.get(GAME, "")
    until = state.world.clock.now() + LASTS
    await state.records.put(KIND, query_id, Query(stored.bot, until))
    await state.updates.tell(stored.bot, "callback_query", query, chat_id)
    return query_id


def _place(stored: Stored, number: int) -> Json:
    """How the bot is told which message the button is in: one that came by an inline query is not its own."""
    if INLINE in stored.own:
        return {INLINE: stored.own[INLINE]}
    return {"message": on_wire(stored, number)}


def _button(rows: list[list[Json]], label: str) -> Json | None:
    buttons = [button for row in rows for button in row]
    by_data = [button for button in buttons if button.get("callback_data") == label]
    return next(iter(by_data or [button for button in buttons if button["text"] == label]), None)
