"""Decides what becomes of polls: who voted for what, what bots are told of it, and when they close.

It has never heard of chats' members.
"""

from collections.abc import Sequence
from typing import Any, Final

from vestnik.emulation.problems import Problem
from vestnik.messengers.telegram.emulator.calls import Call, Handlers, Json, bad
from vestnik.messengers.telegram.emulator.edits import Edits
from vestnik.messengers.telegram.emulator.keyboards import read_markup
from vestnik.messengers.telegram.emulator.messages import Stored
from vestnik.messengers.telegram.emulator.sending import Outgoing, Sender
from vestnik.messengers.telegram.emulator.state import State
from vestnik.messengers.telegram.emulator.texts import fields_of, marked_up

QUESTION_LIMIT: Final = 300
OPTION_LIMIT: Final = 100
MOST_OPTIONS: Final = 12
EXPLANATION_LIMIT: Final = 200
SHORTEST: Final = 5
LONGEST: Final = 2_628_000


class Polls:
    """The methods about polls."""

    def __init__(self, state: State, sender: Sender, edits: Edits) -> None:
        self._state = state
        self._sender = sender
        self._edits = edits

    def handlers(self) -> Handlers:
        """The methods."""
        return {"sendpoll": self._send_poll, "stoppoll": self._stop_poll}

    async def _send_poll(self, call: Call) -> Json:
        poll, answers = await self._poll(call)
        markup = read_markup(call.values.get("reply_markup"))
        key = self._sender.chat(call)
        own = {"votes": {}, "answers": answers}
        out = Outgoing({"poll": poll}, poll["question"], markup, own)
        return await self._sender.send(call, key, out)

    async def _poll(self, call: Call) -> tuple[Json, Json]:
        """The Poll object before anybody voted, and what it shows only to those who may know."""
        question = await self._text(call, "question", QUESTION_LIMIT, "poll question")
        options = [await self._option(number, option) for number, option in enumerate(call.values["options"])]
        if not options:
            raise bad("poll must have at least 1 option")
        if len(options) > MOST_OPTIONS:
            raise bad(f"poll can't have more than {MOST_OPTIONS} options")
        kind = call.text("type").lower() or "regular"
        if kind not in ("regular", "quiz"):
            raise bad("Unsupported poll type specified")
        poll: Json = {
            "id": str(int.from_bytes(self._state.world.clock.new_id().encode()[-7:])),
            **question,
            "options": options,
            "total_voter_count": 0,
            "is_closed": call.flag("is_closed"),
            "is_anonymous": call.values.get("is_anonymous", True),
            "type": kind,
            "allows_multiple_answers": call.flag("allows_multiple_answers") and kind == "regular",
            "allows_revoting": call.values.get("allows_revoting", kind == "regular"),
            "members_only": call.flag("members_only"),
        }
        poll |= self._closing(call)
        return poll, await self._answers(call, kind, len(options))

    async def _text(self, call: Call, name: str, limit: int, spoken: str, shown: str = "") -> Json:
        mode, entities = call.text(f"{name}_parse_mode"), call.values.get(f"{name}_entities")
        found = await marked_up(call.text(name), mode, entities)
        if len(found.text) > limit:
            raise bad(f"{spoken} length must not exceed {limit}")
        shown = shown or name
        return fields_of(found, self._state.chats, shown, f"{shown}_entities")

    async def _option(self, number: int, option: Any) -> Json:
        given = {"text": option} if isinstance(option, str) else option
        found = await marked_up(given["text"], given.get("text_parse_mode", ""), given.get("text_entities"))
        if len(found.text) > OPTION_LIMIT:
            raise bad(f"poll options length must not exceed {OPTION_LIMIT}")
        text = fields_of(found, self._state.chats, "text", "text_entities")
        return {"persistent_id": str(number), **text, "voter_count": 0}

    async def _answers(self, call: Call, kind: str, count: int) -> Json:
        if kind != "quiz":
            return {}
        right: Sequence[Any] = call.values.get("correct_option_ids") or []
        if not right and "correct_option_id" in call.values:
            right = [call.number("correct_option_id")]
        if not right or not all(isinstance(number, int) and 0 <= number < count for number in right):
            raise bad("Wrong correct option ID specified")
        answers: Json = {"correct_option_ids": list(right), "correct_option_id": right[0]}
        if call.text("explanation"):
            answers |= await self._text(call, "explanation", EXPLANATION_LIMIT, "poll explanation")
        return answers

    def _closing(self, call: Call) -> Json:
        period, date = call.number("open_period"), call.number("close_date")
        if period:
            if not SHORTEST <= period <= LONGEST:
                raise bad("Wrong poll open period specified")
            return {"open_period": period, "close_date": self._state.now() + period}
        return {"close_date": date} if date > self._state.now() else {}

    async def _stop_poll(self, call: Call) -> Json:
        key, number = self._sender.chat(call), call.number("message_id")
        markup = read_markup(call.values.get("reply_markup")).inline
        async with self._state.lock(f"message {key} {number}"):
            stored = await self._state.messages.needed(key, number, "message with poll to stop")
            if "poll" not in stored.message:
                raise bad("message with poll to stop not found")
            if stored.bot != call.bot or not self._edits.is_by(stored, call.bot):
                raise bad("poll can't be stopped")
            if self._closed(stored.message["poll"]):
                raise bad("poll has already been closed")
            poll = {**stored.message["poll"], **stored.own.get("answers", {}), "is_closed": True}
            kept = {name: value for name, value in stored.message.items() if name != "reply_markup"}
            stored.message = {**kept, "poll": poll, **({} if markup is None else {"reply_markup": markup})}
            await self._state.messages.keep(key, number, stored)
        await self._state.updates.tell(call.bot, "poll", poll, poll["id"])
        return poll

    async def vote(self, key: str, number: int, person: Json, chosen: list[int]) -> None:
        """The person votes, or takes the vote back with an empty choice; Problem where that cannot be."""
        async with self._state.lock(f"message {key} {number}"):
            stored = await self._state.messages.get(key, number)
            if stored is None or "poll" not in stored.message:
                raise Problem(404, f"the chat has no poll {number}")
            poll = dict(stored.message["poll"])
            self._check(poll, stored, str(person["id"]), chosen)
            votes = {**stored.own.get("votes", {})}
            votes.pop(str(person["id"]), None)
            if chosen:
                votes[str(person["id"])] = chosen
            given = [choice for choices in votes.values() for choice in choices]
            poll["options"] = [
                {**option, "voter_count": given.count(place)} for place, option in enumerate(poll["options"])
            ]
            poll["total_voter_count"] = len(votes)
            stored.message = {**stored.message, "poll": poll}
            stored.own = {**stored.own, "votes": votes}
            await self._state.messages.keep(key, number, stored)
        await self._tell(stored, poll, person, chosen)

    def _check(self, poll: Json, stored: Stored, voter: str, chosen: list[int]) -> None:
        if self._closed(poll):
            raise Problem(409, "the poll is closed")
        if not all(0 <= choice < len(poll["options"]) for choice in chosen) or len(set(chosen)) < len(chosen):
            raise Problem(409, f"the poll has the options 0 to {len(poll['options']) - 1}, each to be chosen once")
        if len(chosen) > 1 and not poll["allows_multiple_answers"]:
            raise Problem(409, "the poll allows one answer")
        if voter in stored.own.get("votes", {}) and not poll["allows_revoting"]:
            raise Problem(409, "the person has voted, and the poll allows no other vote")

    async def _tell(self, stored: Stored, poll: Json, person: Json, chosen: list[int]) -> None:
        if not self._edits.is_by(stored, stored.bot):
            return
        await self._state.updates.tell(stored.bot, "poll", {**poll, **stored.own.get("answers", {})}, poll["id"])
        if not poll["is_anonymous"]:
            answer = {
                "poll_id": poll["id"],
                "user": person,
                "option_ids": chosen,
                "option_persistent_ids": [str(choice) for choice in chosen],
            }
            await self._state.updates.tell(stored.bot, "poll_answer", answer, person["id"])

    def _closed(self, poll: Json) -> bool:
        return bool(poll["is_closed"]) or 0 < poll.get("close_date", 0) <= self._state.now()
