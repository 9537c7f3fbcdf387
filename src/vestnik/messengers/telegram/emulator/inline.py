"""Decides what becomes of inline queries: what people ask a bot from any chat, and which of its results they send.

It has never heard of how results look.
"""

from typing import Final

from vestnik.emulation.journal import Entry
from vestnik.emulation.problems import Problem
from vestnik.emulation.when import span
from vestnik.messengers.telegram.emulator.audience import Audience
from vestnik.messengers.telegram.emulator.calls import Call, Handlers, Json, bad
from vestnik.messengers.telegram.emulator.games import GAME
from vestnik.messengers.telegram.emulator.keyboards import read_markup
from vestnik.messengers.telegram.emulator.pressing import INLINE, TOO_OLD
from vestnik.messengers.telegram.emulator.results import content_of
from vestnik.messengers.telegram.emulator.state import State

KIND: Final = "inline_query"
LASTS: Final = span(60.0)
MOST_RESULTS: Final = 50
ID_LIMIT: Final = 64
QUERY_LIMIT: Final = 256


class Inline:
    """The method answerInlineQuery, and people's asking and choosing."""

    def __init__(self, state: State, audience: Audience) -> None:
        self._state = state
        self._audience = audience

    def handlers(self) -> Handlers:
        """The methods."""
        return {"answerinlinequery": self._answer}

    async def ask(self, bot: str, person: Json, query: str, offset: str, chat_type: str) -> None:
        """The person types a query for the bot."""
        clock = self._state.world.clock
        query_id = str(int.from_bytes(clock.new_id().encode()[-7:]))
        asked: Json = {"bot": bot, "until": clock.now() + LASTS, "query": query, "results": None}
        await self._state.records.put(KIND, query_id, asked)
        await self._state.records.put("inline_last", f"{bot}/{person['id']}", query_id)
        shown = {"id": query_id, "from": person, "chat_type": chat_type, "query": query, "offset": offset}
        await self._state.updates.tell(bot, "inline_query", shown, person["id"])

    async def _answer(self, call: Call) -> bool:
        results: list[Json] = call.values.get("results") or []
        if len(results) > MOST_RESULTS:
            raise bad("RESULTS_TOO_MUCH")
        ids = [result["id"] for result in results]
        if not all(0 < len(one.encode()) <= ID_LIMIT for one in ids):
            raise bad("RESULT_ID_INVALID")
        if len(set(ids)) < len(ids):
            raise bad("RESULT_ID_DUPLICATE")
        for result in results:
            read_markup(result.get("reply_markup"))
        records, query_id = self._state.records, call.text("inline_query_id")
        asked = await records.get(KIND, query_id)
        if asked is None or asked["bot"] != call.bot or asked["until"] <= self._state.world.clock.now():
            raise bad(TOO_OLD)
        await records.put(KIND, query_id, {**asked, "results": results})
        return True

    async def choose(self, bot: str, key: str, person: Json, chosen: str) -> Entry:
        """The person sends one of the results of the last query into the chat; Problem where there is none."""
        query_id = await self._state.records.get("inline_last", f"{bot}/{person['id']}")
        asked = await self._state.records.get(KIND, query_id or "")
        if not asked or asked["results"] is None:
            raise Problem(409, "the bot has answered no inline query of this person")
        result = next((one for one in asked["results"] if one["id"] == chosen), None)
        if result is None:
            raise Problem(409, f"the bot offered no result {chosen!r}")
        entry, inline_id = await self.place(bot, key, person, result)
        told: Json = {"result_id": chosen, "from": person, "query": asked["query"]}
        if inline_id:
            told[INLINE] = inline_id
        await self._state.updates.tell(bot, "chosen_inline_result", told, person["id"])
        return entry

    async def place(self, bot: str, key: str, person: Json, result: Json) -> tuple[Entry, str]:
        """Sends the result in the person's name: its entry, and the name by which the bot may change it, if any."""
        content = await content_of(self._state, bot, result)
        markup = read_markup(result.get("reply_markup")).inline
        message: Json = {"from": person, "via_bot": self._state.profiles.user(bot), **content}
        if "game" in content and markup is None:
            markup = {"inline_keyboard": [[{"text": "Play", "callback_game": {}}]]}
        if markup is None:
            return await self._audience.hear(bot, key, content.get("text", ""), message), ""
        message["reply_markup"] = markup
        inline_id = f"inline{self._state.world.clock.new_id()}"
        own: Json = {INLINE: inline_id, **({GAME: result[GAME]} if "game" in content else {})}
        entry = await self._audience.hear(bot, key, content.get("text", ""), message, own=own)
        await self._state.messages.keep_inline(inline_id, key, int(entry.external_id.rpartition(":")[2]))
        return entry, inline_id
