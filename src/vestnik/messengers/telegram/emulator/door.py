"""Decides what the emulated Bot API answers to a request: which bot asks, which method, and who does the work.

It has never heard of what any method does. Methods without anybody to do the work are answered with the least result
of their type.
"""

import zlib
from typing import Any, Final

import msgspec

from vestnik.emulation.journal import Draft
from vestnik.emulation.world import World
from vestnik.messengers.telegram import facts, wire
from vestnik.messengers.telegram.arguments import ArgumentError, read_arguments_of
from vestnik.messengers.telegram.emulator.calls import NAME, Call, Described, Failed, Handler, bad
from vestnik.messengers.telegram.emulator.chats import usual
from vestnik.messengers.telegram.emulator.files import DOWNLOADS, split_download
from vestnik.messengers.telegram.emulator.methods import Methods
from vestnik.messengers.telegram.emulator.quick import Quick
from vestnik.messengers.telegram.emulator.state import State
from vestnik.messengers.telegram.encodings import Upload, read_call
from vestnik.messengers.telegram.samples import result_of
from vestnik.ports import Request, Response

IDEMPOTENCY_KEY: Final = "idempotency-key"
BODY_LIMIT: Final = 52 * 2**20
"""Bytes of a request, unpacked."""

_TOO_LARGE: Final = wire.failure(413, "request is too large")
_UNKNOWN_CODING: Final = wire.failure(415, "unsupported content-encoding")
_HEADERS: Final = {"content-type": wire.JSON}


class TelegramEmulator:
    """The Bot API for every bot of the world."""

    teller = None

    def __init__(self, world: World) -> None:
        self._bots = world.bots
        self._state = State(world)
        if configured := self.bot_of(world.option(NAME, "token")):
            world.bots.configure(NAME, *configured)
        self._quick = Quick(self._state)
        methods = Methods(world, self._state, self.execute)
        self._fetching = methods.fetching
        self._check = methods.leaving.check
        self._handlers: dict[str, Handler] = {"getme": self._get_me}
        for part in methods.parts:
            self._handlers |= part.handlers()

    async def answer(self, request: Request) -> Response:
        """See Emulator."""
        try:
            result = await self._answer(request)
        except (wire.Malformed, Failed) as error:
            return failed(error.failure)
        except ArgumentError as error:
            return failed(wire.failure(400, error.message))
        if isinstance(result, Response):
            return result
        if isinstance(result, Described):
            return Response(200, _HEADERS, wire.encode_result(result.result, result.description))
        return Response(200, _HEADERS, wire.encode_result(result))

    def unavailable(self) -> Response:
        """See Emulator: the server says this while it restarts."""
        return failed(wire.RESTART)

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

    def is_bot(self, name: str) -> bool:
        """See Emulator."""
        return wire.check_token(f"{name}:") is None

    def incoming(self, bot: str, recipient: str, text: str) -> Draft:
        """See Emulator."""
        payload = msgspec.json.encode({"text": text}).decode()
        return Draft(bot, recipient, text, payload, prefix=f"{usual(recipient)['id']}:")

    def does(self, method: str) -> bool:
        """Whether somebody does the work of the method, which is not only answered in its type."""
        return method.lower() in self._handlers

    async def _answer(self, request: Request) -> Any:
        path, _, query = request.url.partition("?")
        if path.startswith(DOWNLOADS) and (download := split_download(path)):
            return await self._download(*download)
        split = wire.split_path(path)
        if split is None:
            raise Failed(wire.NOT_FOUND)
        token, name = split
        if why := wire.check_token(token):
            raise Failed(why)
        arguments, files = read_call(query, request.headers.get("content-type", ""), _unpacked(request))
        bot = token.partition(":")[0]
        if not self._bots.trusts(NAME, bot, token):
            raise Failed(wire.UNAUTHORIZED)
        if not self._state.loaded:
            await self._state.load()
        key = request.headers.get(IDEMPOTENCY_KEY)
        if name == "sendmessage" and (sent := await self._quick.answer(bot, arguments, key)) is not None:
            return sent
        return await self.execute(token, name or arguments.get("method", ""), arguments, files, key)

    async def _download(self, token: str, path: str) -> Response:
        if why := wire.check_token(token):
            raise Failed(why)
        if not self._bots.trusts(NAME, token.partition(":")[0], token):
            raise Failed(wire.UNAUTHORIZED)
        return await self._fetching.download(path)

    async def execute(
        self, token: str, name: str, arguments: dict[str, str], files: dict[str, Upload], key: str | None = None
    ) -> Any:
        """The result of a call; Failed or ArgumentError where there is none."""
        method = facts.method(name)
        if method is None:
            raise Failed(wire.METHOD_NOT_FOUND)
        self._check(token.partition(":")[0])
        values = read_arguments_of(method, arguments, files)
        call = Call(token.partition(":")[0], token, method, values, arguments, files, key)
        handler = self._handlers.get(method.name.lower())
        return result_of(method) if handler is None else await handler(call)

    async def _get_me(self, call: Call) -> Any:
        user, ways = self._state.profiles.user(call.bot), self._state.profiles.ways(call.bot)
        return {
            **user,
            "can_join_groups": ways.get("can_join_groups", True),
            "can_read_all_group_messages": ways.get("can_read_all_group_messages", False),
            "supports_inline_queries": ways.get("supports_inline_queries", False),
            "supports_guest_queries": False,
            "can_connect_to_business": False,
            "has_main_web_app": False,
            "has_topics_enabled": False,
            "allows_users_to_create_topics": False,
            "can_manage_bots": False,
        }


def _unpacked(request: Request) -> bytes:
    """The body, which may be packed with gzip."""
    if len(request.body) > BODY_LIMIT:
        raise Failed(_TOO_LARGE)
    match request.headers.get("content-encoding", "").lower():
        case "" | "identity":
            return request.body
        case "gzip":
            try:
                unpacking = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
                body = unpacking.decompress(request.body, BODY_LIMIT)
            except zlib.error:
                raise bad("can't decode the request") from None
            if unpacking.unconsumed_tail:
                raise Failed(_TOO_LARGE)
            return body
        case _:
            raise Failed(_UNKNOWN_CODING)


def failed(failure: wire.Failure) -> Response:
    """The answer to a call that did not succeed."""
    headers = dict(_HEADERS)
    if failure.parameters and failure.parameters.retry_after is not None:
        headers["retry-after"] = str(failure.parameters.retry_after)
    status = failure.error_code if failure.error_code >= 400 else 500
    return Response(status, headers, wire.encode_failure(failure))
