"""Decides what else people can do on Telegram: vote, come and go, pay, and ask bots from other chats.

It has never heard of what they write.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

import msgspec

from vestnik.emulation.deeds import Deed
from vestnik.emulation.journal import Entry
from vestnik.emulation.problems import Problem, Refusal, Wrong, pointer
from vestnik.messengers.telegram.emulator.announcing import arrival, departure
from vestnik.messengers.telegram.emulator.audience import Audience
from vestnik.messengers.telegram.emulator.calls import Json
from vestnik.messengers.telegram.emulator.chats import ADMINISTRATORS, GONE
from vestnik.messengers.telegram.emulator.inline import Inline
from vestnik.messengers.telegram.emulator.invites import Invites
from vestnik.messengers.telegram.emulator.membership import change_member, is_present, standing
from vestnik.messengers.telegram.emulator.payments import Payments
from vestnik.messengers.telegram.emulator.polls import Polls
from vestnik.messengers.telegram.emulator.state import State
from vestnik.messengers.telegram.emulator.whereabouts import Whereabouts
from vestnik.messengers.telegram.wire import BOT_ID_LIMIT

_TEXT: Final = Annotated[str, msgspec.Meta(min_length=1, max_length=256)]
_ANY_TEXT: Final = Annotated[str, msgspec.Meta(max_length=256)]
_NUMBER: Final = Annotated[int, msgspec.Meta(ge=1, le=2**53)]
_CHAT: Final = str | int
_WHO: Final = str | int


@dataclass(frozen=True, slots=True)
class Offices:
    """Those who know what becomes of it."""

    polls: Polls
    invites: Invites
    payments: Payments
    inline: Inline


class Doings:
    """What people do besides writing."""

    def __init__(self, state: State, audience: Audience, offices: Offices) -> None:
        self._state = state
        self._audience = audience
        self._here = Whereabouts(state)
        self._polls = offices.polls
        self._invites = offices.invites
        self._payments = offices.payments
        self._inline = offices.inline

    def deeds(self) -> Mapping[str, Deed]:
        """The deeds by name."""
        where = {"chat": _CHAT, "message": _NUMBER}
        asking = {"chat": _CHAT, "query": _ANY_TEXT, "offset": _ANY_TEXT}
        return {
            "vote": Deed(self._vote, {**where, "options": list[int]}, ("message", "options")),
            "join": Deed(self._join, {"chat": _CHAT, "link": _TEXT}, ("chat",)),
            "leave": Deed(self._leave, {"chat": _CHAT}, ("chat",)),
            "add": Deed(self._add, {"chat": _CHAT, "user": _WHO}, ("chat", "user")),
            "remove": Deed(self._remove, {"chat": _CHAT, "user": _WHO}, ("chat", "user")),
            "pay": Deed(self._pay, {**where, "link": _TEXT}),
            "ask": Deed(self._ask, asking, ("query",)),
            "choose": Deed(self._choose, {"chat": _CHAT, "result": _TEXT}, ("result",)),
        }

    async def _vote(self, _bot: str, recipient: str, fields: Mapping[str, Any]) -> None:
        await self._here.ready()
        key = self._here.chat(recipient, fields)
        await self._polls.vote(key, fields["message"], self._here.person(recipient), fields["options"])

    async def _join(self, bot: str, recipient: str, fields: Mapping[str, Any]) -> Entry | None:
        """The person joins a group or channel; a group sees it, and with a link that wants it a bot is asked first."""
        await self._here.ready()
        key, person = self._here.crowd(recipient, fields), self._here.person(recipient)
        if not await self._invites.join(bot, key, person, fields.get("link", "")):
            return None
        return await self._seen(bot, key, {"from": person, **arrival(person)})

    async def _leave(self, bot: str, recipient: str, fields: Mapping[str, Any]) -> Entry | None:
        await self._here.ready()
        key, person = self._here.crowd(recipient, fields), self._here.person(recipient)
        if not is_present(self._state, key, person["id"]):
            raise Problem(409, "the person is not in the chat")
        await change_member(self._state, key, person["id"], {"status": "left"}, by=person)
        return await self._seen(bot, key, {"from": person, **departure(person)})

    async def _add(self, bot: str, recipient: str, fields: Mapping[str, Any]) -> Entry | None:
        """The person brings somebody else or a bot into a group."""
        await self._here.ready()
        key, person, user = self._here.crowd(recipient, fields), self._here.person(recipient), self._who(fields)
        await self._invites.bring(key, user, by=person)
        return await self._seen(bot, key, {"from": person, **arrival(user)})

    async def _remove(self, bot: str, recipient: str, fields: Mapping[str, Any]) -> Entry | None:
        """The person, an administrator, throws somebody or a bot out."""
        await self._here.ready()
        key, person, user = self._here.crowd(recipient, fields), self._here.person(recipient), self._who(fields)
        self._may_remove(key, person, user)
        # Who is thrown out still hears of it: telegram-bot-api Client.cpp, need_skip_update_message.
        entry = await self._seen(bot, key, {"from": person, **departure(user)})
        gone = {"status": "kicked", "user": {"id": user["id"], "is_bot": user["is_bot"]}}
        await change_member(self._state, key, user["id"], gone, by=person)
        return entry

    def _may_remove(self, key: str, person: Json, user: Json) -> None:
        """Problem where the person may not throw out the other; where nobody knows who is in the chat, all may."""
        if not self._state.chats.has_members(key):
            return
        own, other = (standing(self._state, key, one["id"]) for one in (person, user))
        if own["status"] not in ADMINISTRATORS or own.get("can_restrict_members", True) is not True:
            raise Problem(409, "only administrators who may do that remove others")
        if other["status"] in (*GONE, "creator"):
            raise Problem(409, "nobody removes the owner" if other["status"] == "creator" else "is not in the chat")

    def _who(self, fields: Mapping[str, Any]) -> Json:
        """The User object of a person, named by its number, or of a bot, named by its token."""
        number, colon, _ = str(fields["user"]).partition(":")
        if not (number.isascii() and number.isdigit()) or not 0 < int(number) < BOT_ID_LIMIT:
            raise Refusal([Wrong(pointer("user"), "is the number of a person or a bot's token")])
        return self._state.profiles.user(number) if colon else self._state.chats.user(int(number))

    async def _seen(self, bot: str, key: str, message: Json) -> Entry | None:
        if self._state.chats.on_wire(key)["type"] == "channel":
            return None
        return await self._audience.hear(bot, key, "", message)

    async def _pay(self, _bot: str, recipient: str, fields: Mapping[str, Any]) -> None:
        await self._here.ready()
        key, person = self._here.chat(recipient, fields), self._here.person(recipient)
        if ("link" in fields) == ("message" in fields):
            raise Refusal([Wrong(pointer("message"), "is required, or a link in its place")])
        if "link" in fields:
            await self._payments.follow(person, fields["link"])
        else:
            await self._payments.pay(key, person, await self._here.message(key, fields["message"]))

    async def _ask(self, bot: str, recipient: str, fields: Mapping[str, Any]) -> None:
        """The person types a query for the bot into a chat."""
        await self._here.ready()
        person = self._here.person(recipient)
        # A query may be typed anywhere, also into a chat of two people, where the bot is not.
        key = self._here.named(fields["chat"]) if "chat" in fields else recipient
        kind = "sender" if key == recipient else self._state.chats.on_wire(key)["type"]
        await self._inline.ask(bot, person, fields["query"], fields.get("offset", ""), kind)

    async def _choose(self, bot: str, recipient: str, fields: Mapping[str, Any]) -> Entry:
        await self._here.ready()
        key, person = self._here.chat(recipient, fields), self._here.person(recipient)
        return await self._inline.choose(bot, key, person, fields["result"])
