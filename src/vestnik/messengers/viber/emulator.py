"""Decides what the emulated Viber REST Bot API answers, and what it tells bots of their messages.

It has never heard of the service that sends; it knows the wire, and the world that all emulators share.
"""

from hashlib import sha256
from math import ceil
from typing import Final, TypeVar
from urllib.parse import urlsplit

import msgspec

from vestnik.emulation.backlog import Report
from vestnik.emulation.bots import Webhook
from vestnik.emulation.faults import Fault
from vestnik.emulation.journal import Draft
from vestnik.emulation.limits import Named, Window
from vestnik.emulation.line import Trouble, Ways
from vestnik.emulation.plan import DELIVERED, FAILED, MESSAGE, READ
from vestnik.emulation.world import World
from vestnik.messengers.viber import wire
from vestnik.ports import Request, Response

T = TypeVar("T")

NAME: Final = "viber"
IDEMPOTENCY_KEY: Final = "idempotency-key"
JSON: Final = {"content-type": "application/json"}
HOSTNAME: Final = "SN-CHAT-05_"
TOKEN_LIMIT: Final = 255
LONGEST_PAUSE: Final = 300.0
TRIES: Final = 19
"""Calls of a webhook for one event: with pauses that double from a second to five minutes, about an hour of them."""
UNDELIVERED: Final = "The message could not be delivered"
SILENT_LIMIT: Final = 100
"""Messages within an hour to somebody who does not answer."""
KINDS: Final = {"delivered": DELIVERED, "seen": READ, "failed": FAILED}
"""Events that a webhook can be spared; messages of people are told always."""
_WORDS: Final = {kind: event for event, kind in KINDS.items()}


class _Refused(Exception):
    """A call that is answered with a status other than ok."""

    def __init__(self, status: int, message: str | None = None) -> None:
        super().__init__(status)
        self.status = status
        self.message = message or wire.status(status).word


class ViberEmulator:
    """The Viber REST Bot API for every bot of the world; a bot is called `pa:` and a number made from its token."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._bots = world.bots
        limits = (Named("silent", Window(SILENT_LIMIT, 3600), each_recipient=True, lifted_by_reply=True),)
        self._line = world.line(NAME, Ways(kinds=(DELIVERED, READ), failure=UNDELIVERED, limits=limits))
        if configured := self.bot_of(world.option(NAME, "token")):
            world.bots.configure(NAME, *configured)

    @property
    def teller(self) -> "ViberEmulator":
        """See Emulator."""
        return self

    async def answer(self, request: Request) -> Response:
        """See Emulator. Every verb is taken, with or without a Content-Type."""
        try:
            return _answered(await self._execute(request))
        except _Refused as refused:
            return _answered(wire.Answer(refused.status, refused.message, chat_hostname=HOSTNAME))

    def unavailable(self) -> Response:
        """See Emulator."""
        return _answered(wire.Answer(wire.GENERAL_ERROR, wire.OTHER.word, chat_hostname=HOSTNAME))

    def canonical(self, identifier: str) -> str | None:
        """See Emulator. A plus sign in a query that was not escaped arrives as a space: no identifier has one."""
        try:
            return wire.canonical(identifier.replace(" ", "+"))
        except ValueError:
            return None

    def bot_of(self, credential: str) -> tuple[str, str | None] | None:
        """See Emulator: any token without spaces that is no bot's name already."""
        if not (0 < len(credential) <= TOKEN_LIMIT and credential.isascii() and credential.isprintable()):
            return None
        if " " in credential or credential.startswith("pa:"):
            return None
        return f"pa:{int.from_bytes(sha256(credential.encode()).digest()[:8])}", credential

    def incoming(self, bot: str, recipient: str, text: str) -> Draft:
        """See Emulator."""
        message = wire.IncomingMessage("text", text)
        return Draft(bot, recipient, text, wire.encode(message).decode(), external_id=self._new_token())

    def call(self, reports: list[Report], webhook: Webhook) -> Request:
        """See Teller: one event in one call."""
        (report,) = reports
        entry, timestamp = report.entry, report.at // 1000
        event: wire.Callback | wire.IncomingCallback
        if report.kind == MESSAGE:
            event = wire.IncomingCallback(
                timestamp,
                HOSTNAME,
                int(entry.external_id),
                wire.Person(entry.recipient, f"Person {entry.recipient[:6]}"),
                msgspec.json.decode(entry.payload, type=wire.IncomingMessage),
            )
        else:
            event = wire.Callback(
                _WORDS[report.kind],
                timestamp,
                HOSTNAME,
                int(entry.external_id),
                entry.recipient,
                entry.failed if report.kind == FAILED else None,
            )
        return _signed(webhook.url, webhook.secret, wire.encode(event))

    def again_after(self, attempt: int) -> float | None:
        """See Teller: Viber tries for about an hour."""
        return min(2.0 ** (attempt - 1), LONGEST_PAUSE) if attempt < TRIES else None

    async def _execute(self, request: Request) -> wire.Answer | wire.AccountInfo | Response:
        path = request.url.partition("?")[0]
        header = request.headers.get(wire.TOKEN_HEADER)
        match path.removeprefix(wire.call_path("")):
            case wire.SEND_MESSAGE:
                sending = _read(request, wire.SendMessage)
                bot, _ = self._bot(header or sending.auth_token)
                return await self._send_message(bot, sending, request)
            case wire.SET_WEBHOOK:
                setting = _read(request, wire.SetWebhook)
                return await self._set_webhook(*self._bot(header or setting.auth_token), setting)
            case wire.GET_ACCOUNT_INFO:
                bot, _ = self._bot(header or _read(request, wire.GetAccountInfo).auth_token)
                return self._account_info(bot)
            case _:
                return Response(404, JSON, wire.encode(wire.Answer(wire.BAD_DATA, wire.status(wire.BAD_DATA).word)))

    def _bot(self, token: str | None) -> tuple[str, str]:
        """The bot and its token."""
        if not token:
            raise _Refused(wire.INVALID_TOKEN, wire.MISSING_TOKEN_MESSAGE)
        found = self.bot_of(token)
        if found is None or not self._bots.trusts(NAME, *found):
            raise _Refused(wire.INVALID_TOKEN)
        return found[0], token

    async def _send_message(self, bot: str, call: wire.SendMessage, request: Request) -> wire.Answer | Response:
        receiver, text = _checked(call)
        key = request.headers.get(IDEMPOTENCY_KEY)
        draft = Draft(bot, receiver, text, _payload(call, request.body), key, self._new_token())
        taken = await self._line.send(draft)
        if isinstance(taken, Trouble):
            return _troubled(taken)
        token = int(taken.external_id)
        return wire.Answer(wire.OK, wire.status(wire.OK).word, token, HOSTNAME, billing_status=1)

    async def _set_webhook(self, bot: str, token: str, call: wire.SetWebhook) -> wire.Answer:
        """Viber calls the address before it agrees, which must answer 200. An empty address ends it."""
        if call.url is None:
            raise _Refused(wire.MISSING_DATA)
        events = wire.EVENTS if call.event_types is None else call.event_types
        if not set(events) <= {*wire.EVENTS, "client_status"}:
            raise _Refused(wire.BAD_DATA)
        if call.url == "":
            await self._bots.remove_webhook(NAME, bot)
            return wire.Answer(wire.OK, wire.status(wire.OK).word, chat_hostname=HOSTNAME, event_types=())
        if not _is_address(call.url):
            raise _Refused(wire.INVALID_URL)
        timestamp = self._world.clock.now() // 1000
        greeting = wire.Callback("webhook", timestamp, HOSTNAME, int(self._new_token()))
        response = await self._world.ask(_signed(call.url, token, wire.encode(greeting)))
        if response is None or response.status != 200:
            raise _Refused(wire.INVALID_URL)
        kinds = (*(KINDS[event] for event in events if event in KINDS), MESSAGE)
        await self._bots.set_webhook(NAME, bot, Webhook(call.url, token, kinds, tuple(events)))
        self._world.callbacks.wake(NAME, bot, webhook_set=True)
        return wire.Answer(wire.OK, wire.status(wire.OK).word, chat_hostname=HOSTNAME, event_types=tuple(events))

    def _account_info(self, bot: str) -> wire.AccountInfo:
        webhook = self._bots.webhook(NAME, bot)
        return wire.AccountInfo(
            status=wire.OK,
            status_message=wire.status(wire.OK).word,
            id=bot,
            name=f"Bot {bot.removeprefix('pa:')[:8]}",
            uri=f"bot{bot.removeprefix('pa:')}",
            category="Companies, Brands & Products",
            subcategory="Software",
            country="RU",
            webhook=webhook.url if webhook else None,
            event_types=webhook.events if webhook else (),
            subscribers_count=0,
            members=(),
        )

    def _new_token(self) -> str:
        """A message token: a positive 64-bit integer beyond what a double holds exactly, as Viber's are."""
        drawn = int.from_bytes(sha256(self._world.unique().encode()).digest()[:8])
        return str(drawn & (2**62 - 1) | 2**62)


def emulator(world: World) -> ViberEmulator:
    """The emulator of this messenger."""
    return ViberEmulator(world)


def _read(request: Request, kind: type[T]) -> T:
    if len(request.body) > wire.REQUEST_LIMIT:
        raise _Refused(wire.BAD_DATA)
    try:
        return wire.decode(request.body or b"{}", kind)
    except ValueError:
        raise _Refused(wire.BAD_DATA) from None


def _checked(call: wire.SendMessage) -> tuple[str, str]:
    """The receiver and the text of a message that can be sent."""
    if not call.receiver or not call.type or call.sender is None or not call.sender.name:
        raise _Refused(wire.MISSING_DATA)
    if call.type != "text":
        raise _Refused(wire.BAD_DATA)
    if not call.text:
        raise _Refused(wire.MISSING_DATA)
    lengths = (
        (wire.text_length(call.text), wire.TEXT_LIMIT),
        (len(call.sender.name), wire.SENDER_NAME_LIMIT),
        (len(call.tracking_data or ""), wire.TRACKING_DATA_LIMIT),
    )
    if any(length > most for length, most in lengths):
        raise _Refused(wire.BAD_DATA)
    try:
        return wire.canonical(call.receiver), call.text
    except ValueError:
        raise _Refused(wire.NOT_REGISTERED) from None


def _payload(call: wire.SendMessage, body: bytes) -> str:
    """The request as it came, without the token that it may hold."""
    try:
        if call.auth_token is None:
            return body.decode()
        fields = wire.decode(body, dict[str, msgspec.Raw])
        fields.pop("auth_token", None)
        return msgspec.json.encode(fields).decode()
    except ValueError:
        raise _Refused(wire.BAD_DATA) from None


def _troubled(trouble: Trouble) -> wire.Answer | Response:
    match trouble.fault:
        case Fault.THROTTLE:
            headers = {**JSON, "retry-after": str(max(1, ceil(trouble.retry_after)))}
            answer = wire.Answer(
                wire.TOO_MANY_REQUESTS, wire.status(wire.TOO_MANY_REQUESTS).word, chat_hostname=HOSTNAME
            )
            return Response(200, headers, wire.encode(answer))
        case Fault.BLOCKED:
            raise _Refused(wire.NOT_SUBSCRIBED)
        case Fault.UNKNOWN_USER:
            raise _Refused(wire.NOT_REGISTERED)
        case _:
            status = wire.GENERAL_ERROR if trouble.status is None else trouble.status
            if 400 <= status < 500:
                # Something in front of Viber refused: it does not speak Viber's language.
                return Response(status)
            if 500 <= status < 600:
                general = wire.Answer(wire.GENERAL_ERROR, wire.OTHER.word, chat_hostname=HOSTNAME)
                return Response(status, JSON, wire.encode(general))
            raise _Refused(status)


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _signed(url: str, token: str, body: bytes) -> Request:
    return Request("POST", url, {**JSON, wire.SIGNATURE_HEADER: wire.sign(token, body)}, body)


def _answered(answer: wire.Answer | wire.AccountInfo | Response) -> Response:
    return answer if isinstance(answer, Response) else Response(200, JSON, wire.encode(answer))
