"""Decides which links lead into a chat, and who is let in by them or on request.

It has never heard of what people say there.
"""

from typing import Any, Final

from vestnik.emulation.problems import Problem
from vestnik.messengers.telegram.emulator.announcing import Announcing
from vestnik.messengers.telegram.emulator.calls import Call, Handlers, Json, bad
from vestnik.messengers.telegram.emulator.chats import GONE
from vestnik.messengers.telegram.emulator.membership import change_member, is_present, need, standing
from vestnik.messengers.telegram.emulator.sending import Sender
from vestnik.messengers.telegram.emulator.state import State

NAME_LIMIT: Final = 32
MOST_MEMBERS: Final = 99_999
DEAREST: Final = 10_000
"""Stars that a month in a channel may cost."""
PERIOD: Final = 2_592_000
"""Seconds of that month."""
_SUBSCRIPTION: Final = ("subscription_period", "subscription_price")
_KEPT: Final = ("invite_link", "creator", "is_primary", "is_revoked")
MOST_LINKS: Final = 1_000
MANAGING: Final = "manage chat invite link"


class Invites:
    """The methods about links and requests to join; and people's coming and going."""

    def __init__(self, state: State, sender: Sender, announcing: Announcing) -> None:
        self._state = state
        self._sender = sender
        self._announcing = announcing

    def handlers(self) -> Handlers:
        """The methods."""
        return {
            "exportchatinvitelink": self._export,
            "createchatinvitelink": self._create,
            "createchatsubscriptioninvitelink": self._create_subscription,
            "editchatinvitelink": self._edit,
            "editchatsubscriptioninvitelink": self._rename,
            "revokechatinvitelink": self._revoke,
            "approvechatjoinrequest": self._approve,
            "declinechatjoinrequest": self._decline,
        }

    async def _export(self, call: Call) -> str:
        key = self._chat(call)
        link = self._new(call, is_primary=True)
        async with self._state.lock(f"chat {key}"):
            chat = self._state.chats.document(key)
            links = chat.setdefault("links", {})
            for old in links.values():
                if old["is_primary"] and old["creator"]["id"] == link["creator"]["id"]:
                    old |= {"is_revoked": True, "is_primary": False}
            self._add(links, link)
            chat["invite_link"] = link["invite_link"]
            await self._state.chats.keep(chat)
        address: str = link["invite_link"]
        return address

    async def _create(self, call: Call) -> Json:
        return await self._added(call, self._chat(call), self._wishes(call))

    async def _create_subscription(self, call: Call) -> Json:
        """A link by which a member of a channel pays stars for every month."""
        key = self._chat(call)
        period, price = call.number("subscription_period"), call.number("subscription_price")
        if self._state.chats.on_wire(key)["type"] != "channel" or not 0 < price <= DEAREST:
            raise bad("PRICING_CHAT_INVALID")
        if period != PERIOD:
            raise bad("SUBSCRIPTION_PERIOD_INVALID")
        wishes = {**self._wishes(call), "subscription_period": period, "subscription_price": price}
        return await self._added(call, key, wishes)

    async def _added(self, call: Call, key: str, wishes: Json) -> Json:
        link = {**self._new(call, is_primary=False), **wishes}
        async with self._state.lock(f"chat {key}"):
            chat = self._state.chats.document(key)
            self._add(chat.setdefault("links", {}), link)
            await self._state.chats.keep(chat)
        return link

    async def _edit(self, call: Call) -> Json:
        kept = (*_KEPT, *_SUBSCRIPTION)
        wishes = self._wishes(call)
        return await self._changed(call, lambda link: {**{name: link[name] for name in kept if name in link}, **wishes})

    async def _rename(self, call: Call) -> Json:
        name = call.text("name")[:NAME_LIMIT]

        def change(link: Json) -> Json:
            if "subscription_period" not in link:
                raise bad("INVITE_HASH_EXPIRED")
            rest = {key: value for key, value in link.items() if key != "name"}
            return {**rest, "name": name} if name else rest

        return await self._changed(call, change)

    async def _revoke(self, call: Call) -> Json:
        return await self._changed(call, lambda link: {**link, "is_revoked": True})

    async def _changed(self, call: Call, change: Any) -> Json:
        key = self._chat(call)
        async with self._state.lock(f"chat {key}"):
            chat = self._state.chats.document(key)
            link = chat.get("links", {}).get(call.text("invite_link"))
            if link is None:
                raise bad("INVITE_HASH_EXPIRED")
            chat["links"][link["invite_link"]] = changed = change(link)
            await self._state.chats.keep(chat)
        shown: Json = changed
        return shown

    def _add(self, links: Json, link: Json) -> None:
        if len(links) >= MOST_LINKS:
            raise bad("INVITES_TOO_MUCH")
        links[link["invite_link"]] = link

    def _new(self, call: Call, *, is_primary: bool) -> Json:
        return {
            "invite_link": f"https://t.me/+{self._state.world.clock.new_id()[-16:]}",
            "creator": self._state.profiles.user(call.bot),
            "creates_join_request": False,
            "is_primary": is_primary,
            "is_revoked": False,
        }

    def _wishes(self, call: Call) -> Json:
        limit, name = call.number("member_limit"), call.text("name")
        if not 0 <= limit <= MOST_MEMBERS:
            raise bad("Wrong member limit specified")
        if limit and call.flag("creates_join_request"):
            raise bad("Member limit can't be specified for links requiring administrator approval")
        wishes: Json = {"creates_join_request": call.flag("creates_join_request")}
        optional = {"name": name[:NAME_LIMIT], "expire_date": call.number("expire_date"), "member_limit": limit}
        return wishes | {key: value for key, value in optional.items() if value}

    def _chat(self, call: Call) -> str:
        key = self._sender.chat(call)
        if self._state.chats.on_wire(key)["type"] == "private":
            raise bad("can't manage invite links of a private chat")
        need(self._state, call.bot, key, "can_invite_users", MANAGING)
        return key

    async def _approve(self, call: Call) -> bool:
        key, person = await self._request(call)
        by = self._state.profiles.user(call.bot)
        await change_member(self._state, key, person["id"], _member(person), by=by, told={"via_join_request": True})
        await self._announcing.joined(call.bot, key, person)
        return True

    async def _decline(self, call: Call) -> bool:
        await self._request(call)
        return True

    async def _request(self, call: Call) -> tuple[str, Json]:
        """The request to join, which is settled with this."""
        key, user_id = self._chat(call), call.number("user_id")
        name = f"{key}/{user_id}"
        if await self._state.records.get("join_request", name) is None:
            raise bad("HIDE_REQUESTER_MISSING")
        await self._state.records.drop("join_request", [name])
        return key, self._state.chats.user(user_id)

    async def join(self, bot: str, key: str, person: Json, address: str) -> bool:
        """The person joins, or asks to: True where it is in. Problem where that cannot be."""
        if standing(self._state, key, person["id"])["status"] == "kicked":
            raise Problem(409, "the person is banned from the chat")
        if self._state.chats.has_members(key) and is_present(self._state, key, person["id"]):
            raise Problem(409, "the person is in the chat already")
        link: Json = {}
        if address:
            link = self._state.chats.document(key).get("links", {}).get(address, {"is_revoked": True})
            if link["is_revoked"] or 0 < link.get("expire_date", 0) <= self._state.now():
                raise Problem(409, "the link leads nowhere")
        told = {"invite_link": link} if link else {}
        if link.get("creates_join_request"):
            await self._ask(bot, key, person, told)
            return False
        member = _member(person)
        if "subscription_period" in link:
            member["until_date"] = self._state.now() + link["subscription_period"]
        await change_member(self._state, key, person["id"], member, by=person, told=told)
        return True

    async def bring(self, key: str, user: Json, *, by: Json) -> None:
        """Somebody is brought into the chat by a member; Problem where that cannot be."""
        if not is_present(self._state, key, by["id"]):
            raise Problem(409, "only who is in the chat brings others")
        if self._state.chats.has_members(key) and is_present(self._state, key, user["id"]):
            raise Problem(409, "is in the chat already")
        member = {"status": "member", "user": {"id": user["id"], "is_bot": user["is_bot"]}}
        await change_member(self._state, key, user["id"], member, by=by)

    async def _ask(self, bot: str, key: str, person: Json, told: Json) -> None:
        await self._state.records.put("join_request", f"{key}/{person['id']}", {"date": self._state.now()})
        chat = self._state.chats.on_wire(key)
        request = {"chat": chat, "from": person, "user_chat_id": person["id"], "date": self._state.now(), **told}
        bots = [
            number
            for number, member in self._state.chats.document(key).get("members", {}).items()
            if member.get("user", {}).get("is_bot") and member["status"] not in GONE
        ]
        for one in bots or [bot]:
            await self._state.updates.tell(one, "chat_join_request", request, chat["id"])


def _member(person: Json) -> Json:
    return {"status": "member", "user": {"id": person["id"], "is_bot": False}}
