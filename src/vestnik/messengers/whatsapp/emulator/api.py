"""Decides what the emulated WhatsApp Cloud API answers: texts, marks, and webhooks set by an app.

It has never heard of the service that sends; it knows the wire, and the world that all emulators share.

A message to somebody who has blocked the number or does not exist is taken and fails later, as at Meta.
"""

import re
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import msgspec

from vestnik.emulation.bots import ANY_BOT, Webhook
from vestnik.emulation.journal import Draft, Entry
from vestnik.emulation.limits import Bucket, Named
from vestnik.emulation.line import Trouble, Ways
from vestnik.emulation.plan import DELIVERED, FAILED, MESSAGE, READ, SENT
from vestnik.emulation.world import World
from vestnik.messengers.whatsapp import wire
from vestnik.messengers.whatsapp.emulator.refusals import Refused, answered, troubled
from vestnik.messengers.whatsapp.emulator.statuses import Statuses
from vestnik.messengers.whatsapp.emulator.wamid import wamid
from vestnik.ports import Request, Response

NAME: Final = "whatsapp"
IDEMPOTENCY_KEY: Final = "idempotency-key"
JSON: Final = {"content-type": "application/json"}
BODY_LIMIT: Final = 2**20
"""Bytes of a request."""
UNDELIVERABLE: Final = "131026"
AT_ONCE: Final = 100
"""Statuses in one call of the webhook of the service that runs beside; others are told one at a time."""

PAIR: Final = "pair"
LIMITS: Final = (
    Named("number", Bucket(rate=80, burst=80)),
    Named(PAIR, Bucket(rate=1 / 6, burst=45), each_recipient=True),
)

_FORMATTING: Final = str.maketrans("", "", " ().-")
_DIGITS: Final = re.compile(r"[1-9][0-9]{6,14}")
_NODE: Final = re.compile(r"[0-9]{1,32}")


class WhatsAppEmulator:
    """The Cloud API for every number of the world; a bot is called by its phone number id."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._bots = world.bots
        ways = Ways(kinds=(SENT, DELIVERED, READ), failure=UNDELIVERABLE, fails_later=True, limits=LIMITS)
        self._line = world.line(NAME, ways)
        self._secret = world.option(NAME, "app_secret")
        self.teller: Final = Statuses()
        if bot := world.option(NAME, "phone_number_id"):
            world.bots.configure(NAME, bot, world.option(NAME, "token") or None)
        if url := world.settings.webhooks.get(NAME):
            world.bots.configure_webhook(NAME, self._webhook(url, self._secret))

    async def answer(self, request: Request) -> Response:
        """See Emulator."""
        try:
            return await self._execute(request)
        except Refused as refused:
            return answered(refused)

    def unavailable(self) -> Response:
        """See Emulator."""
        return answered(Refused(131016))

    def canonical(self, identifier: str) -> str | None:
        """See Emulator: the digits of an international number, whether or not any country has such numbers."""
        return _canonical(identifier)

    def bot_of(self, credential: str) -> tuple[str, str | None] | None:
        """See Emulator. The access token of a number is any, unless it is registered with one."""
        return (credential, None) if _NODE.fullmatch(credential) else None

    def incoming(self, bot: str, recipient: str, text: str) -> Draft:
        """See Emulator."""
        payload = msgspec.json.encode({"type": "text", "text": {"body": text}}).decode()
        return Draft(bot, recipient, text, payload, external_id=wamid(recipient, self._world.unique()))

    async def _execute(self, request: Request) -> Response:
        path, _, query = request.url.partition("?")
        split = wire.split_path(path)
        if split is None or not _NODE.fullmatch(split[0]):
            raise Refused(100, f"Unsupported {request.method.lower()} request.", http=404)
        if len(request.body) > BODY_LIMIT:
            raise Refused(100, "The request is too large.", http=413)
        node, edge = split
        match request.method, edge:
            case "POST", "messages":
                self._authorise(node, _token(request, query))
                return await self._post_message(node, request)
            case _, "subscriptions":
                return await self._subscriptions(node, request, query)
            case _:
                raise Refused(100, f"Unsupported {request.method.lower()} request.")

    def _authorise(self, bot: str, token: str) -> None:
        if not token:
            raise Refused(190, message=_BAD_TOKEN)
        if not self._bots.exists(NAME, bot):
            raise Refused(100, message=_MISSING.format(bot), subcode=33)
        if not self._bots.trusts(NAME, bot, token):
            raise Refused(190, message=_BAD_TOKEN)

    async def _post_message(self, bot: str, request: Request) -> Response:
        try:
            message = wire.decode_message(request.body)
            payload = request.body.decode()
        except ValueError as error:
            raise Refused(100, str(error)) from None
        if message.messaging_product != wire.PRODUCT:
            raise Refused(100, "The parameter messaging_product is required.", subcode=2494010)
        if message.status is not None:
            return _mark(message)
        recipient, text = _checked(message)
        external_id = wamid(recipient, self._world.unique())
        draft = Draft(bot, recipient, text, payload, request.headers.get(IDEMPOTENCY_KEY), external_id)
        taken = await self._line.send(draft)
        if isinstance(taken, Trouble):
            return troubled(taken, pair=taken.limit == PAIR)
        return Response(200, JSON, wire.encode(_sent(taken)))

    async def _subscriptions(self, app: str, request: Request, query: str) -> Response:
        """The webhook of an app, which is that of all its numbers: there is one app in this world."""
        match request.method:
            case "GET":
                webhook = self._bots.webhook(NAME, ANY_BOT)
                return _json({"data": [_subscription(webhook)] if webhook else []})
            case "DELETE":
                await self._bots.remove_webhook(NAME, ANY_BOT)
                return _json({"success": True})
            case "POST":
                parameters = "&".join(part for part in (query, request.body.decode(errors="replace")) if part)
                try:
                    asked = wire.decode_subscription(parameters)
                except ValueError as error:
                    raise Refused(100, str(error)) from None
                await self._subscribe(app, asked)
                return _json({"success": True})
            case _:
                raise Refused(100, f"Unsupported {request.method.lower()} request.")

    async def _subscribe(self, app: str, asked: wire.Subscription) -> None:
        if asked.object != wire.BUSINESS_ACCOUNT:
            raise Refused(100, f"object must be {wire.BUSINESS_ACCOUNT}")
        if wire.MESSAGES_FIELD not in asked.fields.split(","):
            raise Refused(100, f"fields must have {wire.MESSAGES_FIELD}")
        challenge = str(int.from_bytes(sha256(self._world.unique().encode()).digest()[:4]))
        joint = "&" if urlsplit(asked.callback_url).query else "?"
        url = f"{asked.callback_url}{joint}{wire.encode_challenge(asked.verify_token, challenge)}"
        response = await self._world.ask(Request("GET", url))
        if response is None or response.status != 200 or response.body != challenge.encode():
            found = "no answer" if response is None else f"HTTP Status Code = {response.status}"
            raise Refused(2200, message=f"(#2200) Callback verification failed with the following errors: {found}")
        # An app's own access token is its id and its secret: the secret signs what the app is told.
        named, _, secret = asked.access_token.partition("|")
        webhook = self._webhook(asked.callback_url, secret if named == app and secret else self._secret)
        await self._bots.set_webhook(NAME, ANY_BOT, webhook)
        self._world.callbacks.wake_all(NAME)

    def _webhook(self, url: str, secret: str) -> Webhook:
        beside = url == self._world.settings.webhooks.get(NAME)
        kinds = (SENT, DELIVERED, READ, FAILED, MESSAGE)
        return Webhook(url, secret, kinds, (wire.MESSAGES_FIELD,), AT_ONCE if beside else 1)


def emulator(world: World) -> WhatsAppEmulator:
    """The emulator of this messenger."""
    return WhatsAppEmulator(world)


_BAD_TOKEN: Final = "Invalid OAuth access token - Cannot parse access token"  # noqa: S105 - words of the protocol
_MISSING: Final = (
    "Unsupported post request. Object with ID '{}' does not exist, cannot be loaded due to missing permissions, "
    "or does not support this operation"
)


@lru_cache(maxsize=65_536)
def _canonical(identifier: str) -> str | None:
    digits = identifier.strip().removeprefix("+").translate(_FORMATTING)
    return digits if _DIGITS.fullmatch(digits) else None


def _checked(message: wire.SendMessage) -> tuple[str, str]:
    """The recipient and the text of a message that can be sent."""
    if not message.to:
        raise Refused(100, "The parameter to is required.")
    recipient = _canonical(message.to)
    if recipient is None:
        raise Refused(131009, "Recipient phone number is not valid")
    if (message.type or "text") != "text":
        raise Refused(131051, f"Unsupported message type {message.type}")
    if message.text is None or not message.text.body:
        raise Refused(131008, "The parameter text['body'] is required.")
    if wire.text_length(message.text.body) > wire.TEXT_LIMIT:
        raise Refused(100, f"Param text['body'] must be at most {wire.TEXT_LIMIT} characters long.")
    if len(message.biz_opaque_callback_data or "") > wire.CALLBACK_DATA_LIMIT:
        raise Refused(
            100, f"Param biz_opaque_callback_data must be at most {wire.CALLBACK_DATA_LIMIT} characters long."
        )
    return recipient, message.text.body


def _mark(message: wire.SendMessage) -> Response:
    """Marks a message of a person as read; any id could be one."""
    if message.status != "read":
        raise Refused(100, "Param status must be one of {read}")
    if not message.message_id:
        raise Refused(131009, "The parameter message_id is required.")
    return _json({"success": True})


def _sent(entry: Entry) -> wire.Sent:
    to = wire.decode_message(entry.payload.encode()).to or entry.recipient
    accepted = wire.Accepted(entry.external_id, "accepted")
    return wire.Sent(wire.PRODUCT, (wire.Contact(to, entry.recipient),), (accepted,))


def _subscription(webhook: Webhook) -> dict[str, Any]:
    return {
        "object": wire.BUSINESS_ACCOUNT,
        "callback_url": webhook.url,
        "active": True,
        "fields": [{"name": name, "version": wire.VERSION} for name in webhook.events],
    }


def _token(request: Request, query: str) -> str:
    """The access token, from the header or the query."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    return dict(parse_qsl(query)).get("access_token", "")


def _json(value: Any) -> Response:
    return Response(200, JSON, msgspec.json.encode(value))
