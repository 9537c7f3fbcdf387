"""Decides how chats and people are set up through the control API: who is in a chat and what each may do there.

It has never heard of messages.
"""

from typing import Annotated, Any, Final

import msgspec

from vestnik.emulation.asked import JSON, Asked
from vestnik.emulation.problems import Problem, Refusal, Wrong, pointer
from vestnik.messengers.telegram import wire
from vestnik.messengers.telegram.emulator.calls import NAME, Failed, Json
from vestnik.messengers.telegram.emulator.chats import usual
from vestnik.messengers.telegram.emulator.drafts import drafts_in
from vestnik.messengers.telegram.emulator.membership import PERMISSIONS, RIGHTS, tell_of_change
from vestnik.messengers.telegram.emulator.pressing import KIND as QUERY
from vestnik.messengers.telegram.emulator.state import State
from vestnik.ports import Response

STATUSES: Final = ("creator", "administrator", "member", "restricted", "left", "kicked")
KINDS: Final = ("private", "group", "supergroup", "channel")

_TEXT: Final = Annotated[str, msgspec.Meta(min_length=1, max_length=256)]
_FIELDS: Final[dict[str, Any]] = {
    "type": str,
    "title": _TEXT,
    "username": Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z][A-Za-z0-9_]{3,31}$")],
    "first_name": _TEXT,
    "last_name": _TEXT,
    "language_code": _TEXT,
    "is_premium": bool,
    "is_forum": bool,
    "bio": _TEXT,
    "description": _TEXT,
    "permissions": dict[str, bool],
    "deactivated": bool,
    "migrate_to_chat_id": int,
    "members": list[dict[str, Any]],
}
_BOT: Final[dict[str, Any]] = {
    "first_name": _TEXT,
    "username": _FIELDS["username"],
    "can_join_groups": bool,
    "can_read_all_group_messages": bool,
    "supports_inline_queries": bool,
}
_ALLOWED: Final = frozenset({"user", "status", "custom_title", "until_date", "is_anonymous", *RIGHTS, *PERMISSIONS})


class Setup:
    """The desk of the control API for what only Telegram has: `chats`, `bots`, `drafts` and `queries`."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def answer(self, asked: Asked) -> Response:
        """See Desk."""
        asked.only()
        if not self._state.loaded:
            await self._state.load()
        thing, _, name = asked.name.partition("/")
        match (thing, bool(name), asked.method):
            case ("chats", False, "GET"):
                return _json({"chats": self._state.chats.listed()})
            case ("chats", True, "GET"):
                return _json(self._state.chats.document(self._key(name)))
            case ("chats", True, "PUT"):
                return await self._put(self._key(name), asked.fields(_FIELDS))
            case ("chats", True, "DELETE"):
                if not await self._state.chats.drop(self._key(name)):
                    raise Problem(404, f"{name} was not set up")
                return Response(204)
            case ("bots", True, "PUT"):
                return await self._put_bot(name, asked.fields(_BOT))
            case ("drafts" | "queries", True, "GET"):
                return await (self._query(name) if thing == "queries" else self._drafts(name))
        raise Problem(404, f"telegram has no {asked.method} {asked.name}")

    def _key(self, name: str) -> str:
        try:
            return self._state.chats.key(wire.canonical(name))
        except ValueError as error:
            raise Problem(404, str(error)) from None

    async def _put_bot(self, name: str, fields: Json) -> Response:
        number = name.partition(":")[0]
        if not (number.isascii() and number.isdigit()) or not 0 < int(number) < wire.BOT_ID_LIMIT:
            raise Problem(404, f"no bot of telegram can be called {name}")
        try:
            await self._state.profiles.put(number, "ways", fields)
        except Failed as error:
            raise Problem(409, error.failure.description) from None
        return _json({"bot": number, **fields})

    async def _drafts(self, name: str) -> Response:
        """What bots are writing to a person now."""
        return _json({"drafts": await drafts_in(self._state, self._key(name))})

    async def _query(self, name: str) -> Response:
        """What a bot answered to a press: None as long as it has not."""
        document = await self._state.records.get(QUERY, name)
        if document is None:
            raise Problem(404, f"nobody pressed a button with the query {name}")
        return _json({"bot": document["bot"], "answer": document["answer"]})

    async def _put(self, key: str, fields: Json) -> Response:
        chats = self._state.chats
        kind = fields.get("type", usual(key)["type"])
        if kind not in KINDS or (kind == "private") != (usual(key)["type"] == "private"):
            raise Refusal([Wrong(pointer("type"), "must be a kind of chat that fits the identifier")])
        if unknown := sorted(fields.get("permissions", {}).keys() - set(PERMISSIONS)):
            raise Refusal([Wrong(pointer("permissions", unknown[0]), "is no permission")])
        old = chats.document(key)
        chat = {**usual(key), **fields, "type": kind, "set_up": True}
        if key.startswith("@"):
            chat = {**chat, "key": key, "username": key[1:]}
        if "members" in fields:
            chat["members"] = self._members(fields["members"])
        async with self._state.lock(f"chat {key}"):
            try:
                await chats.keep(chat)
            except Failed as error:
                raise Problem(409, error.failure.description) from None
        phones, now = self._state.world.phones, self._state.world.clock.now()
        if not phones.registered(NAME, key):
            await phones.put(NAME, key, phones.get(NAME, key), now)  # A strict world knows what was set up.
        await self._tell(key, old.get("members", {}), chat.get("members", {}))
        return _json(chat)

    def _members(self, given: list[Json]) -> dict[str, Json]:
        wrongs, members = [], {}
        for place, member in enumerate(given):
            user, status = member.get("user"), member.get("status", "member")
            number, _, secret = str(user).partition(":")
            if not number.isascii() or not number.isdigit() or not 0 < int(number) < wire.BOT_ID_LIMIT:
                wrongs.append(
                    Wrong(pointer("members", str(place), "user"), "is the number of a person or a bot's token")
                )
            elif status not in STATUSES:
                wrongs.append(Wrong(pointer("members", str(place), "status"), f"must be one of {', '.join(STATUSES)}"))
            elif unknown := sorted(set(member) - _ALLOWED):
                wrongs.append(Wrong(pointer("members", str(place), unknown[0]), "is no field of a member"))
            else:
                members[number] = {**member, "status": status, "user": {"id": int(number), "is_bot": bool(secret)}}
        if wrongs:
            raise Refusal(wrongs)
        return members

    async def _tell(self, key: str, old: dict[str, Json], new: dict[str, Json]) -> None:
        """Tells bots whose standing is new, and of whom."""
        gone: Json = {"status": "left"}
        for number in {**old, **new}:
            before, after = old.get(number, gone), new.get(number, gone)
            user: Json = before.get("user") or after["user"]
            change = ({**before, "user": user}, {**after, "user": user})
            by = self._state.chats.user(int(number)) if not user["is_bot"] else self._state.chats.user(1)
            await tell_of_change(self._state, key, int(number), change, by=by)


def _json(value: Any) -> Response:
    return Response(200, JSON, msgspec.json.encode(value))
