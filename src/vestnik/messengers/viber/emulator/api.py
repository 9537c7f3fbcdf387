"""Decides what the emulated Viber REST Bot API answers to each of its calls, and what people do to a bot.

It has never heard of the service that sends; it knows the wire, and the world that all emulators share.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final, TypeAlias

import msgspec

from vestnik.emulation.backlog import Report
from vestnik.emulation.bots import Webhook
from vestnik.emulation.journal import Draft
from vestnik.emulation.limits import Limits, Named, Window
from vestnik.emulation.plan import MESSAGE
from vestnik.emulation.world import World
from vestnik.messengers.viber import messages, wire
from vestnik.messengers.viber.emulator.crowd import Crowd
from vestnik.messengers.viber.emulator.doings import Doings
from vestnik.messengers.viber.emulator.events import CONVERSATION_STARTED, KINDS, Events, signed
from vestnik.messengers.viber.emulator.panels import Panels
from vestnik.messengers.viber.emulator.refusals import HOSTNAME, JSON, Refused, answered, said
from vestnik.messengers.viber.emulator.sending import NAME, Sending, new_token
from vestnik.ports import HungUp, Request, Response

IDEMPOTENCY_KEY: Final = "idempotency-key"
TOKEN_LIMIT: Final = 255
_REMEMBERED: Final = 256
"""Tokens whose bots are known without a closer look."""
BOT: Final = "pa:"
"""What the name of every bot begins with."""
ONLINE_LIMIT: Final = 100
"""People of one get_online."""
DETAILS_LIMIT: Final = 2
"""Calls of get_user_details for one person within twelve hours."""
ONLINE, OFFLINE, UNDISCLOSED, UNAVAILABLE = (0, "online"), (1, "offline"), (2, "undisclosed"), (4, "unavailable")

_Call: TypeAlias = Callable[
    [str, str, Mapping[str, Any], str | None], Awaitable[wire.Answer | Mapping[str, Any] | Response]
]
"""What answers a call: told the bot, its token, the fields and the Idempotency-Key."""


class ViberEmulator:
    """The Viber REST Bot API for every bot of the world; a bot is called `pa:` and a number made from its token."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._bots = world.bots
        self._crowd = Crowd(world, world.records(NAME))
        self._panels = Panels(world, world.records(NAME))
        self._sending = Sending(world, self._crowd, self._panels)
        self._doings = Doings(world, self._crowd, self._panels, self._sending.line)
        details = Named("details", Window(DETAILS_LIMIT, 12 * 3600), each_recipient=True)
        self._details = Limits((details,) if world.settings.limits_real else ())
        calls: Mapping[str, _Call] = {
            wire.SEND_MESSAGE: self._send_message,
            wire.BROADCAST_MESSAGE: self._broadcast,
            wire.SET_WEBHOOK: self._set_webhook,
            wire.GET_ACCOUNT_INFO: self._account_info,
            wire.GET_USER_DETAILS: self._user_details,
            wire.GET_ONLINE: self._online,
            wire.POST: self._post,
        }
        self._calls: Final = {wire.call_path(method): call for method, call in calls.items()}
        self.teller: Final = Events()
        world.at_reset.append(self._details.clear)
        world.callbacks.hear(NAME, self._hear)
        if configured := self.bot_of(world.option(NAME, "token")):
            world.bots.configure(NAME, *configured)
            if url := world.settings.webhooks.get(NAME):
                # So that what is sent before the service beside has set its webhook is reported too.
                webhook = Webhook(url, world.option(NAME, "token"), (*KINDS.values(), MESSAGE), tuple(KINDS))
                world.bots.configure_webhook(NAME, webhook, configured[0])

    async def answer(self, request: Request) -> Response:
        """See Emulator. Every verb is taken, with or without a Content-Type."""
        try:
            said_or_done = await self._execute(request)
        except Refused as refused:
            return answered(refused)
        return said_or_done if isinstance(said_or_done, Response) else Response(200, JSON, wire.encode(said_or_done))

    def unavailable(self) -> Response:
        """See Emulator."""
        return answered(Refused(wire.GENERAL_ERROR))

    def canonical(self, identifier: str) -> str | None:
        """See Emulator. A plus sign in a query that was not escaped arrives as a space: no identifier has one."""
        try:
            return wire.canonical(identifier.replace(" ", "+"))
        except ValueError:
            return None

    def bot_of(self, credential: str) -> tuple[str, str | None] | None:
        """See Emulator: any token without spaces that is no bot's name already."""
        bot = _bot_of(credential)
        return None if bot is None else (bot, credential)

    def is_bot(self, name: str) -> bool:
        """See Emulator."""
        number = name.removeprefix(BOT)
        return name.startswith(BOT) and number.isascii() and number.isdigit() and int(number) < 2**64

    def incoming(self, bot: str, recipient: str, text: str) -> Draft:
        """See Emulator."""
        return self._doings.written(bot, recipient, {"type": "text", "text": text})

    async def _hear(self, reports: Sequence[Report], answer: Response) -> None:
        """Sends the welcome that a webhook answers to the beginning of a conversation."""
        (report,) = reports
        if report.kind != MESSAGE or not answer.body:
            return
        if msgspec.json.decode(report.entry.payload).get("event") != CONVERSATION_STARTED:
            return
        try:
            message = wire.decode(answer.body, dict[str, Any])
        except ValueError:
            return
        try:
            await self._sending.welcome(report.entry.bot, report.entry.recipient, message)
        except HungUp:
            return  # A fault takes the answer to nobody: a welcome has none.

    async def _execute(self, request: Request) -> wire.Answer | Mapping[str, Any] | Response:
        call = self._calls.get(request.url.partition("?")[0])
        if call is None:
            return Response(404, JSON, wire.encode(wire.Answer(wire.BAD_DATA, wire.status(wire.BAD_DATA).word)))
        fields = _read(request)
        bot, token = self._bot(request.headers.get(wire.TOKEN_HEADER) or fields.get("auth_token"))
        await self._crowd.load()
        await self._panels.load()
        return await call(bot, token, fields, request.headers.get(IDEMPOTENCY_KEY))

    def _bot(self, token: Any) -> tuple[str, str]:
        """The bot and its token."""
        if not token:
            raise Refused(wire.INVALID_TOKEN, wire.MISSING_TOKEN_MESSAGE)
        found = self.bot_of(token) if isinstance(token, str) else None
        if found is None or not self._bots.trusts(NAME, *found):
            raise Refused(wire.INVALID_TOKEN)
        return found[0], token

    async def _send_message(
        self, bot: str, _token: str, call: Mapping[str, Any], key: str | None
    ) -> wire.Answer | Response:
        return await self._sending.to_one(bot, call, key)

    async def _broadcast(
        self, bot: str, _token: str, call: Mapping[str, Any], key: str | None
    ) -> Mapping[str, Any] | Response:
        return await self._sending.to_many(bot, call, key)

    async def _post(self, _bot: str, _token: str, call: Mapping[str, Any], _key: str | None) -> wire.Answer:
        """A message to a bot's Public Chat, which no bot has had since Viber gave them up."""
        if not call.get("from"):
            raise Refused(wire.MISSING_DATA, detail="from")
        try:
            messages.checked(call)
        except messages.Fault as fault:
            raise Refused(fault.status, fault.words, fault.detail) from None
        raise Refused(wire.NO_PUBLIC_CHAT)

    async def _set_webhook(self, bot: str, token: str, call: Mapping[str, Any], _key: str | None) -> wire.Answer:
        """Viber calls the address before it agrees, which must answer 200. An empty address ends it."""
        url, events = call.get("url"), call.get("event_types")
        if url is None:
            raise Refused(wire.MISSING_DATA, detail="url")
        events = wire.EVENTS if events is None else events
        known = {*wire.EVENTS, "client_status"}
        if not isinstance(events, list | tuple) or any(
            not isinstance(event, str) or event not in known for event in events
        ):
            raise Refused(wire.BAD_DATA, detail="event_types")
        if url == "":
            await self._bots.remove_webhook(NAME, bot)
            return said(wire.OK, event_types=())
        if not isinstance(url, str) or not messages.is_address(url):
            raise Refused(wire.INVALID_URL)
        timestamp = self._world.clock.now() // 1000
        greeting = wire.Callback("webhook", timestamp, HOSTNAME, int(new_token(self._world)))
        response = await self._world.ask(signed(url, token, greeting))
        if response is None or response.status != 200:
            raise Refused(wire.INVALID_URL)
        kinds = (*(KINDS[event] for event in events if event in KINDS), MESSAGE)
        await self._bots.set_webhook(NAME, bot, Webhook(url, token, kinds, tuple(events)))
        self._world.callbacks.wake(NAME, bot, webhook_set=True)
        return said(wire.OK, event_types=tuple(events))

    async def _account_info(
        self, bot: str, _token: str, _call: Mapping[str, Any], _key: str | None
    ) -> Mapping[str, Any]:
        webhook = self._bots.webhook(NAME, bot)
        number = bot.removeprefix(BOT)
        known = {"webhook": webhook.url, "event_types": webhook.events} if webhook else {"event_types": ()}
        return {
            "status": wire.OK,
            "status_message": wire.status(wire.OK).word,
            "id": bot,
            "chat_hostname": HOSTNAME,
            "name": f"Bot {number[:8]}",
            "uri": f"bot{number}",
            "category": "Companies, Brands & Products",
            "subcategory": "Software",
            "country": "RU",
            "location": {"lon": 0.0, "lat": 0.0},
            **known,
            "subscribers_count": self._crowd.subscribers(bot),
            "members": (),
        }

    async def _user_details(self, bot: str, _token: str, call: Mapping[str, Any], _key: str | None) -> dict[str, Any]:
        person = self._person(call.get("id"), "id")
        if not self._exists(person):
            raise Refused(wire.NOT_REGISTERED)
        if not self._crowd.subscribed(bot, person):
            raise Refused(wire.NOT_SUBSCRIBED)
        if self._details.spend(bot, person, self._world.clock.now()):
            raise Refused(wire.TOO_MANY_REQUESTS)
        user = self._crowd.details(person)
        head = {"status": wire.OK, "status_message": wire.status(wire.OK).word}
        return {**head, "message_token": int(new_token(self._world)), "chat_hostname": HOSTNAME, "user": user}

    async def _online(self, bot: str, _token: str, call: Mapping[str, Any], _key: str | None) -> dict[str, Any]:
        ids = call.get("ids")
        if not ids:
            raise Refused(wire.MISSING_DATA, detail="ids")
        if not isinstance(ids, list) or len(ids) > ONLINE_LIMIT:
            raise Refused(wire.BAD_DATA, detail="ids")
        left = await self._crowd.last_online([one for one in ids if isinstance(one, str)])
        users = []
        for one in ids:
            code, word = presence = self._presence(bot, one)
            since = {"last_online": left[one]} if presence == OFFLINE and one in left else {}
            users.append({"id": one, "online_status": code, "online_status_message": word, **since})
        return {"status": wire.OK, "status_message": wire.status(wire.OK).word, "users": users}

    def _presence(self, bot: str, identifier: Any) -> tuple[int, str]:
        person = self.canonical(identifier) if isinstance(identifier, str) else None
        if person is None or not self._exists(person) or not self._crowd.subscribed(bot, person):
            return UNAVAILABLE
        phone = self._world.phones.get(NAME, person)
        if phone.blocked:
            return UNAVAILABLE
        if not self._crowd.profile(person).discloses:
            return UNDISCLOSED
        return ONLINE if phone.online else OFFLINE

    def _person(self, identifier: Any, field: str) -> str:
        if not identifier:
            raise Refused(wire.MISSING_DATA, detail=field)
        person = self.canonical(identifier) if isinstance(identifier, str) else None
        if person is None:
            raise Refused(wire.NOT_REGISTERED)
        return person

    def _exists(self, person: str) -> bool:
        return not self._world.settings.strict or self._world.phones.registered(NAME, person)


def emulator(world: World) -> ViberEmulator:
    """The emulator of this messenger."""
    return ViberEmulator(world)


@lru_cache(_REMEMBERED)
def _bot_of(token: str) -> str | None:
    if not (0 < len(token) <= TOKEN_LIMIT and token.isascii() and token.isprintable()):
        return None
    if " " in token or token.startswith(BOT):
        return None
    return f"{BOT}{int.from_bytes(sha256(token.encode()).digest()[:8])}"


def _read(request: Request) -> dict[str, Any]:
    """The fields of a call, whatever its Content-Type says; those that are null count as absent."""
    if len(request.body) > wire.REQUEST_LIMIT:
        raise Refused(wire.BAD_DATA, detail=f"a request has at most {wire.REQUEST_LIMIT} bytes")
    try:
        return wire.decode(request.body or b"{}", dict[str, Any])
    except ValueError as error:
        raise Refused(wire.BAD_DATA, detail="the body is not a JSON object") from error
