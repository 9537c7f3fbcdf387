"""Decides what the emulated WhatsApp Cloud API answers to each call, by the node and the edge that its path names.

It has never heard of the service that sends; it knows the wire, and the world that all emulators share.
"""

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import msgspec

from vestnik.emulation.bots import ANY_BOT, Webhook
from vestnik.emulation.journal import Draft
from vestnik.emulation.plan import DELIVERED, FAILED, MESSAGE, READ, SENT
from vestnik.emulation.world import World
from vestnik.messengers.whatsapp import messages, wire
from vestnik.messengers.whatsapp.codes import read_statuses
from vestnik.messengers.whatsapp.emulator import identity
from vestnik.messengers.whatsapp.emulator.doings import Doings
from vestnik.messengers.whatsapp.emulator.media import DOWNLOADS, Media, address_of
from vestnik.messengers.whatsapp.emulator.numbers import Numbers
from vestnik.messengers.whatsapp.emulator.panels import Panels
from vestnik.messengers.whatsapp.emulator.refusals import Refused, answered
from vestnik.messengers.whatsapp.emulator.sending import Sending
from vestnik.messengers.whatsapp.emulator.shelf import NAME, Shelf
from vestnik.messengers.whatsapp.emulator.statuses import Statuses
from vestnik.messengers.whatsapp.emulator.wamid import is_thing
from vestnik.messengers.whatsapp.rules import Broken
from vestnik.ports import Request, Response

IDEMPOTENCY_KEY: Final = "idempotency-key"
JSON: Final = {"content-type": "application/json"}
BODY_LIMIT: Final = 2**20
"""Bytes of a request that brings no file."""
UPLOAD_LIMIT: Final = 101 * 2**20
AT_ONCE: Final = 100
"""Things told in one call of the webhook of the service that runs beside; others are told as many as a setting says."""

_NODE: Final = re.compile(r"[0-9]{1,32}")
_BAD_TOKEN: Final = "Invalid OAuth access token - Cannot parse access token"  # noqa: S105 - words of the protocol
_MISSING: Final = (
    "Unsupported {} request. Object with ID '{}' does not exist, cannot be loaded due to missing permissions, "
    "or does not support this operation"
)


class WhatsAppEmulator:
    """The Cloud API for every number of the world; a bot is called by its phone number id."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._bots = world.bots
        self._shelf = Shelf(world)
        self._panels = Panels(world)
        self._media = Media(world)
        self._numbers = Numbers(world)
        self._sending = Sending(world, self._shelf, self._panels, self._media)
        self._doings = Doings(world, self._panels, self._media, self._sending.line)
        self._secret = world.option(NAME, "app_secret")
        self._statuses = read_statuses(world.option(NAME, "http_statuses"))
        self.teller: Final = Statuses(self._panels, self._shelf.category)
        if bot := world.option(NAME, "phone_number_id"):
            world.bots.configure(NAME, bot, world.option(NAME, "token") or None)
        if url := world.settings.webhooks.get(NAME):
            world.bots.configure_webhook(NAME, self._webhook(url, self._secret, (wire.MESSAGES_FIELD,)))

    async def answer(self, request: Request) -> Response:
        """See Emulator."""
        try:
            return await self._execute(request)
        except Refused as refused:
            return answered(refused, self._statuses)

    def unavailable(self) -> Response:
        """See Emulator."""
        return answered(Refused(131016), self._statuses)

    def canonical(self, identifier: str) -> str | None:
        """See Emulator."""
        return identity.canonical(identifier)

    def bot_of(self, credential: str) -> tuple[str, str | None] | None:
        """See Emulator. The access token of a number is any, unless it is registered with one."""
        return (credential, None) if _NODE.fullmatch(credential) else None

    def is_bot(self, name: str) -> bool:
        """See Emulator."""
        return _NODE.fullmatch(name) is not None

    def incoming(self, bot: str, recipient: str, text: str) -> Draft:
        """See Emulator."""
        return self._doings.written(bot, recipient, {"type": "text", "text": {"body": text}}, text)

    async def _execute(self, request: Request) -> Response:
        path, _, query = request.url.partition("?")
        split = wire.split_path(path)
        if split and split[0] == DOWNLOADS:
            return await self._download(split[1], request, query)
        if split is None or not _NODE.fullmatch(split[0]):
            raise Refused(100, f"Unsupported {request.method.lower()} request.", http=404)
        node, edge = split
        if len(request.body) > (UPLOAD_LIMIT if edge == "media" else BODY_LIMIT):
            raise Refused(100, "The request is too large.", http=413)
        if edge == "subscriptions":
            return await self._subscriptions(node, request, query)
        await self._shelf.load()
        await self._panels.load()
        if edge in ("message_templates", "phone_numbers"):
            return await self._account(edge, request, dict(parse_qsl(query)))
        if edge:
            return await self._number(node, edge, request, query)
        return await self._thing(node, request, query)

    async def _number(self, bot: str, edge: str, request: Request, query: str) -> Response:
        """What is asked of a number."""
        match request.method, edge:
            case "POST", "messages":
                self._authorise(bot, _token(request, query))
                return await self._post_message(bot, request)
            case "POST", "media":
                self._authorise(bot, _token(request, query))
                return _json(await self._media.upload(request))
            case "GET", "whatsapp_business_profile":
                self._authorise(bot, _token(request, query))
                return _json(await self._numbers.profile(bot, dict(parse_qsl(query))))
            case "POST", "whatsapp_business_profile":
                self._authorise(bot, _token(request, query))
                await self._numbers.change(bot, _body(request))
                return _json({"success": True})
            case _:
                raise Refused(100, f"Unsupported {request.method.lower()} request.")

    async def _account(self, edge: str, request: Request, asked: Mapping[str, str]) -> Response:
        """What is asked of the account, whatever its id."""
        if not _token(request, ""):
            raise Refused(190, message=_BAD_TOKEN)
        match request.method, edge:
            case "GET", "phone_numbers":
                return _json(self._numbers.listed(asked))
            case "GET", "message_templates":
                return _json(self._shelf.listed(asked, address_of(request) + request.url.partition("?")[0]))
            case "POST", "message_templates":
                return _json(await self._shelf.create(_body(request)))
            case "DELETE", "message_templates":
                await self._shelf.delete(asked)
                return _json({"success": True})
            case _:
                raise Refused(100, f"Unsupported {request.method.lower()} request.")

    async def _thing(self, node: str, request: Request, query: str) -> Response:
        """What is asked of a file, a template or a number by its id alone."""
        token = _token(request, query)
        if not token:
            raise Refused(190, message=_BAD_TOKEN)
        medium, template = await self._media.find(node), self._shelf.by_id(node)
        match request.method:
            case "GET" if medium:
                return _json(self._media.shown(medium, request))
            case "DELETE" if medium:
                await self._media.delete(medium)
                return _json({"success": True})
            case "GET" if template:
                return _json(msgspec.to_builtins(template))
            case "POST" if template:
                await self._shelf.edit(template, _body(request))
                return _json({"success": True})
            case "GET" if self._is_number(node):
                self._authorise(node, token)
                return _json(self._numbers.shown(node, dict(parse_qsl(query))))
            case _:
                raise Refused(100, message=_MISSING.format(request.method.lower(), node), subcode=33)

    def _is_number(self, node: str) -> bool:
        """Any id could be a number's that is not of the form of a file's, unless only the registered exist."""
        return not is_thing(node) and self._bots.exists(NAME, node)

    async def _download(self, node: str, request: Request, query: str) -> Response:
        """A file at its own address, for whoever shows a token."""
        if request.method != "GET":
            raise Refused(100, f"Unsupported {request.method.lower()} request.")
        if not _token(request, query):
            raise Refused(190, message=_BAD_TOKEN)
        return await self._media.download(node, query)

    def _authorise(self, bot: str, token: str) -> None:
        if not token:
            raise Refused(190, message=_BAD_TOKEN)
        if not self._bots.exists(NAME, bot):
            raise Refused(100, message=_MISSING.format("post", bot), subcode=33)
        if not self._bots.trusts(NAME, bot, token):
            raise Refused(190, message=_BAD_TOKEN)

    async def _post_message(self, bot: str, request: Request) -> Response:
        message = _body(request)
        if message.get("messaging_product") != wire.PRODUCT:
            raise Refused(100, "The parameter messaging_product is required.", subcode=2494010)
        if message.get("status") is not None:
            try:
                messages.check_mark(message)
            except Broken as broken:
                raise Refused(broken.code, broken.details) from None
            return _json({"success": True})
        key = request.headers.get(IDEMPOTENCY_KEY)
        sent = await self._sending.send(bot, message, request.body.decode(), key)
        return Response(200, JSON, wire.encode(sent))

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
        fields = tuple(asked.fields.split(","))
        if wire.MESSAGES_FIELD not in fields:
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
        webhook = self._webhook(asked.callback_url, secret if named == app and secret else self._secret, fields)
        await self._bots.set_webhook(NAME, ANY_BOT, webhook)
        self._world.callbacks.wake_all(NAME)

    def _webhook(self, url: str, secret: str, fields: tuple[str, ...]) -> Webhook:
        beside = url == self._world.settings.webhooks.get(NAME)
        kinds = (SENT, DELIVERED, READ, FAILED, MESSAGE)
        at_once = AT_ONCE if beside else int(self._world.option(NAME, "batch") or 1)
        return Webhook(url, secret, kinds, fields, at_once)


def emulator(world: World) -> WhatsAppEmulator:
    """The emulator of this messenger."""
    return WhatsAppEmulator(world)


def _body(request: Request) -> dict[str, Any]:
    """The body as a JSON object; Refused where it is none."""
    try:
        return wire.decode(request.body, dict[str, Any])
    except ValueError as error:
        raise Refused(100, str(error)) from None


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
