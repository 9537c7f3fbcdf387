"""Decides what the emulated Bot API answers: which calls exist, who may make them and what becomes of a text.

It has never heard of the service that sends; it knows the wire, and the world that all emulators share.

Texts are kept as they come in: `parse_mode` must be one that exists and changes nothing. Identifiers of messages come
from one sequence for all chats, as they do for private chats on the real server: in a chat they grow, with gaps.
"""

import zlib
from collections.abc import Awaitable, Callable, Mapping
from hashlib import sha256
from http import HTTPStatus
from math import ceil
from typing import Final

import msgspec

from vestnik.emulation.faults import Fault
from vestnik.emulation.journal import Draft, Entry
from vestnik.emulation.limits import Bucket, Named
from vestnik.emulation.line import Trouble, Ways
from vestnik.emulation.when import SECOND
from vestnik.emulation.world import World
from vestnik.messengers.telegram import wire
from vestnik.messengers.telegram.encodings import read_arguments
from vestnik.ports import Request, Response

NAME: Final = "telegram"
IDEMPOTENCY_KEY: Final = "idempotency-key"
BODY_LIMIT: Final = 2**20
"""Bytes of a request, unpacked."""
SUPERGROUP: Final = -(10**12)
"""Identifiers of supergroups and channels are below this one, those of basic groups above."""

_TOO_LARGE: Final = wire.failure(413, "request is too large")
_UNKNOWN_CODING: Final = wire.failure(415, "unsupported content-encoding")

Method = Callable[["wire.User", Mapping[str, str], str | None], Awaitable[object]]


class _Failed(Exception):
    """A call that is answered with a failure."""

    def __init__(self, failure: wire.Failure) -> None:
        super().__init__(failure.description)
        self.failure = failure


class TelegramEmulator:
    """The Bot API for every bot of the world. It reports nothing of a message that it took."""

    teller = None

    def __init__(self, world: World) -> None:
        self._bots = world.bots
        limits = (
            Named("bot", Bucket(rate=30, burst=30)),
            Named("chat", Bucket(rate=1, burst=3), each_recipient=True),
        )
        self._line = world.line(NAME, Ways(limits=limits))
        if configured := self.bot_of(world.option(NAME, "token")):
            world.bots.configure(NAME, *configured)
        self._methods: dict[str, Method] = {"getme": self._get_me, "sendmessage": self._send_message}

    async def answer(self, request: Request) -> Response:
        """See Emulator."""
        try:
            result = await self._execute(request)
        except (wire.Malformed, _Failed) as error:
            return _failed(error.failure)
        return Response(200, {"content-type": wire.JSON}, wire.encode_result(result))

    def unavailable(self) -> Response:
        """See Emulator: the server says this while it restarts."""
        return _failed(wire.RESTART)

    def canonical(self, identifier: str) -> str | None:
        """See Emulator."""
        try:
            return wire.canonical(identifier)
        except ValueError:
            return None

    def bot_of(self, credential: str) -> tuple[str, str | None] | None:
        """See Emulator: a bot is called by the number in its token."""
        if wire.check_token(credential):
            return None
        return credential.partition(":")[0], credential

    def incoming(self, bot: str, recipient: str, text: str) -> Draft:
        """See Emulator."""
        payload = msgspec.json.encode({"text": text}).decode()
        return Draft(bot, recipient, text, payload, prefix=f"{_chat(recipient).id}:")

    async def _execute(self, request: Request) -> object:
        path, _, query = request.url.partition("?")
        split = wire.split_path(path)
        if split is None:
            raise _Failed(wire.NOT_FOUND)
        token, method = split
        if why := wire.check_token(token):
            raise _Failed(why)
        arguments = read_arguments(query, request.headers.get("content-type", ""), _unpacked(request))
        bot = token.partition(":")[0]
        if not self._bots.trusts(NAME, bot, token):
            raise _Failed(wire.UNAUTHORIZED)
        known = self._methods.get(method or arguments.get("method", "").lower())
        if known is None:
            raise _Failed(wire.METHOD_NOT_FOUND)
        return await known(_user(bot), arguments, request.headers.get(IDEMPOTENCY_KEY))

    async def _get_me(self, bot: wire.User, _arguments: Mapping[str, str], _key: str | None) -> wire.User:
        return msgspec.structs.replace(
            bot, can_join_groups=True, can_read_all_group_messages=False, supports_inline_queries=False
        )

    async def _send_message(self, bot: wire.User, arguments: Mapping[str, str], key: str | None) -> wire.Message:
        call = wire.read_send_message(arguments)
        recipient = _checked(call)
        chat = _chat(recipient)
        payload = msgspec.json.encode(arguments).decode()
        draft = Draft(str(bot.id), recipient, call.text, payload, key, prefix=f"{chat.id}:")
        taken = await self._line.send(draft)
        if isinstance(taken, Trouble):
            raise _Failed(_words(taken))
        return _message(taken, bot, chat)


def emulator(world: World) -> TelegramEmulator:
    """The emulator of this messenger."""
    return TelegramEmulator(world)


def _unpacked(request: Request) -> bytes:
    """The body, which may be packed with gzip."""
    if len(request.body) > BODY_LIMIT:
        raise _Failed(_TOO_LARGE)
    match request.headers.get("content-encoding", "").lower():
        case "" | "identity":
            return request.body
        case "gzip":
            try:
                unpacking = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
                body = unpacking.decompress(request.body, BODY_LIMIT)
            except zlib.error:
                raise _Failed(wire.failure(400, "can't decode the request")) from None
            if unpacking.unconsumed_tail:
                raise _Failed(_TOO_LARGE)
            return body
        case _:
            raise _Failed(_UNKNOWN_CODING)


def _checked(call: wire.SendMessage) -> str:
    """The chat of a text that can be sent; the checks are made in the order of the real server."""
    if not call.text:
        raise _Failed(wire.TEXT_EMPTY)
    if len(call.text) * 4 > wire.RAW_TEXT_LIMIT and len(call.text.encode()) > wire.RAW_TEXT_LIMIT:
        raise _Failed(wire.RAW_TEXT_TOO_LONG)
    if call.parse_mode.lower() not in wire.PARSE_MODES:
        raise _Failed(wire.UNSUPPORTED_PARSE_MODE)
    if call.chat_id == "":
        raise _Failed(wire.CHAT_ID_EMPTY)
    try:
        recipient = wire.canonical(str(call.chat_id))
    except ValueError:
        raise _Failed(wire.CHAT_NOT_FOUND) from None
    if not call.text.strip():
        raise _Failed(wire.TEXT_EMPTY)
    if wire.text_length(call.text) > wire.TEXT_LIMIT:
        raise _Failed(wire.TEXT_TOO_LONG)
    return recipient


def _user(bot: str) -> wire.User:
    return wire.User(int(bot), is_bot=True, first_name=f"Bot {bot}", username=f"vestnik{bot}bot")


def _chat(recipient: str) -> wire.Chat:
    """The chat by the form of its identifier: a person, a group, a supergroup, or a channel with a username."""
    if recipient.startswith("@"):
        number = SUPERGROUP - 1 - int.from_bytes(sha256(recipient.encode()).digest()[:5])
        return wire.Chat(number, title=recipient[1:], username=recipient[1:], type="channel")
    number = int(recipient)
    if number > 0:
        return wire.Chat(number, first_name=f"Person {number}", type="private")
    return wire.Chat(number, title=f"Group {-number}", type="supergroup" if number < SUPERGROUP else "group")


def _message(entry: Entry, bot: wire.User, chat: wire.Chat) -> wire.Message:
    message_id = int(entry.external_id.rpartition(":")[2])
    # A post in a channel has the channel for its author.
    sender = None if chat.type == "channel" else bot
    return wire.Message(message_id, sender, chat, entry.at // SECOND, entry.text)


def _words(trouble: Trouble) -> wire.Failure:
    match trouble.fault:
        case Fault.THROTTLE:
            return wire.too_many_requests(max(1, ceil(trouble.retry_after)))
        case Fault.BLOCKED:
            return wire.BLOCKED
        case Fault.UNKNOWN_USER:
            return wire.CHAT_NOT_FOUND
        case _:
            code = 500 if trouble.status is None else trouble.status
            if code in wire.ERRORS or code not in set(HTTPStatus):
                return wire.failure(code, "")
            return wire.Failure(code, HTTPStatus(code).phrase)


def _failed(failure: wire.Failure) -> Response:
    headers = {"content-type": wire.JSON}
    if failure.parameters and failure.parameters.retry_after is not None:
        headers["retry-after"] = str(failure.parameters.retry_after)
    status = failure.error_code if failure.error_code >= 400 else 500
    return Response(status, headers, wire.encode_failure(failure))
