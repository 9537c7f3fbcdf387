"""Decides how the Telegram Bot API is spoken: paths, calls, envelopes, error texts, identifiers and limits.

It has never heard of who speaks: the two sides of a conversation read and write through the same functions.
"""

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple, TypeVar
from urllib.parse import unquote

import msgspec

T = TypeVar("T")

JSON: Final = "application/json"

TEXT_LIMIT: Final = 4096
"""Unicode code points of a text, counted after its entities are taken out."""
RAW_TEXT_LIMIT: Final = 32_768
"""Bytes of a text as it comes in, markup included."""
TOKEN_LIMIT: Final = 80
CHAT_ID_LIMIT: Final = 2**52
"""Identifiers of chats have at most 52 significant bits; those of groups and channels are negative."""
BOT_ID_LIMIT: Final = 2**54
PARSE_MODES: Final = frozenset({"", "none", "html", "markdown", "markdownv2"})

_CHAT_ID: Final = re.compile(r"-?[0-9]{1,19}")
_USERNAME: Final = re.compile(r"@[A-Za-z][A-Za-z0-9_]{3,31}")
_REMEMBERED: Final = 256
"""Paths and tokens that need no closer look again: few bots call few methods."""
_METHOD_PATH: Final = re.compile(r"/bot(?P<token>[^/]*)(?:/test)?/(?P<method>.*)", re.DOTALL)


class Meaning(NamedTuple):
    """What an error code says."""

    prefix: str
    """The words that open the description."""
    passes: bool
    """The same call may succeed later."""


ERRORS: Final[Mapping[int, Meaning]] = {
    400: Meaning("Bad Request", passes=False),
    401: Meaning("Unauthorized", passes=False),
    403: Meaning("Forbidden", passes=False),
    404: Meaning("Not Found", passes=False),
    409: Meaning("Conflict", passes=False),
    413: Meaning("Request Entity Too Large", passes=False),
    415: Meaning("Unsupported Media Type", passes=False),
    421: Meaning("Misdirected Request", passes=False),
    429: Meaning("Too Many Requests", passes=True),
    431: Meaning("Request Header Fields Too Large", passes=False),
    500: Meaning("Internal Server Error", passes=True),
    501: Meaning("Unimplemented", passes=False),
}
"""The codes that tdlib/telegram-bot-api answers with; the HTTP status is the same number."""


class Parameters(msgspec.Struct, frozen=True, omit_defaults=True):
    """What helps to deal with an error by program."""

    migrate_to_chat_id: int | None = None
    retry_after: int | None = None
    """Seconds."""


class Failure(msgspec.Struct, frozen=True, omit_defaults=True):
    """An answer that the call did not succeed."""

    error_code: int
    description: str
    parameters: Parameters | None = None


class Malformed(ValueError):
    """A request that cannot be read; `failure` is what the Bot API answers."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.description)
        self.failure = failure


def failure(code: int, message: str) -> Failure:
    """The failure as the Bot API words it: the code's prefix and the message, which then begins in lower case.

    Messages in CONSTANT_CASE keep their case, and a code without a prefix of its own becomes 400.
    """
    if code not in ERRORS:
        code = 400
    if message[:1].isupper() and not (message[1:2].isupper() or message[1:2] == "_"):
        message = message[0].lower() + message[1:]
    prefix = ERRORS[code].prefix
    return Failure(code, f"{prefix}: {message}" if message else prefix)


def too_many_requests(retry_after: int) -> Failure:
    """The answer to a sender that is too fast; `retry_after` is seconds and goes into a Retry-After header too."""
    return Failure(429, f"Too Many Requests: retry after {retry_after}", Parameters(retry_after=retry_after))


NOT_FOUND: Final = failure(404, "")
METHOD_NOT_FOUND: Final = failure(404, "method not found")
UNAUTHORIZED: Final = failure(401, "")
INVALID_TOKEN: Final = failure(401, "invalid token specified")
MISDIRECTED: Final = failure(421, "unallowed token specified")
NOT_AN_OBJECT: Final = failure(400, "JSON object expected")
TOO_DEEP: Final = failure(400, "can't parse parameter value: Too big object depth")
NOT_UTF8: Final = failure(400, "strings must be encoded in UTF-8")
BOUNDARY_NOT_FOUND: Final = failure(400, "boundary not found")
BAD_BOUNDARY: Final = failure(400, "boundary too big or empty")
NO_FIELD_NAME: Final = failure(400, "field name in multipart/form-data not found")
TOO_MANY_FILES: Final = failure(413, "too many files attached")
CHAT_ID_EMPTY: Final = failure(400, "chat_id is empty")
CHAT_NOT_FOUND: Final = failure(400, "chat not found")
TEXT_EMPTY: Final = failure(400, "message text is empty")
TEXT_TOO_LONG: Final = failure(400, "message is too long")
RAW_TEXT_TOO_LONG: Final = failure(400, "text is too long")
UNSUPPORTED_PARSE_MODE: Final = failure(400, "unsupported parse_mode")
BLOCKED: Final = failure(403, "bot was blocked by the user")
DEACTIVATED: Final = failure(403, "user is deactivated")
RESTART: Final = failure(500, "restart")


class User(msgspec.Struct, frozen=True, omit_defaults=True):
    """A person or a bot; the capabilities are told only of the bot itself, by getMe."""

    id: int
    is_bot: bool
    first_name: str
    last_name: str | None = None
    username: str | None = None
    language_code: str | None = None
    can_join_groups: bool | None = None
    can_read_all_group_messages: bool | None = None
    supports_inline_queries: bool | None = None


class Chat(msgspec.Struct, frozen=True, omit_defaults=True):
    """A conversation; its type is private, group, supergroup or channel."""

    id: int
    title: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    username: str | None = None
    type: str = msgspec.field(default="", name="type")


class Message(msgspec.Struct, frozen=True, omit_defaults=True):
    """A message as the API shows it; `date` is seconds since 1970."""

    message_id: int
    sender: User | None = msgspec.field(default=None, name="from")
    chat: Chat = Chat(0)
    date: int = 0
    text: str | None = None


class SendMessage(msgspec.Struct, frozen=True, omit_defaults=True):
    """The call sendMessage; an absent parameter is empty."""

    chat_id: int | str = ""
    text: str = ""
    parse_mode: str = ""


class _Envelope(msgspec.Struct):
    ok: bool
    result: msgspec.Raw = msgspec.Raw()
    error_code: int = 0
    description: str = ""
    parameters: Parameters | None = None


_ENVELOPE: Final = msgspec.json.Decoder(_Envelope)


def text_length(text: str) -> int:
    """The length as the Bot API counts it: Unicode code points."""
    return len(text)


def canonical(identifier: str) -> str:
    """The identifier of a chat: an integer without needless zeros, or @username in lower case; else ValueError.

    Telegram compares usernames without regard to case.
    """
    if _CHAT_ID.fullmatch(identifier):
        number = int(identifier)
        if 0 < abs(number) < CHAT_ID_LIMIT:
            return str(number)
    elif _USERNAME.fullmatch(identifier):
        return identifier.lower()
    raise ValueError("a Telegram identifier is a non-zero integer of at most 52 bits or @username (4 to 32 characters)")


def chat_id(identifier: str) -> int | str:
    """The identifier as a parameter: an integer where it is one."""
    return int(identifier) if _CHAT_ID.fullmatch(identifier) else identifier


def method_path(token: str, method: str) -> str:
    """The path of a call below the API's address."""
    return f"/bot{token}/{method}"


@lru_cache(_REMEMBERED)
def split_path(path: str) -> tuple[str, str] | None:
    """The token and the method in lower case, or None where the API answers NOT_FOUND.

    The method is empty where the path has none: then the argument `method` names it.
    """
    match = _METHOD_PATH.fullmatch(unquote(path))
    return (match["token"], match["method"].lower()) if match else None


@lru_cache(_REMEMBERED)
def check_token(token: str) -> Failure | None:
    """What the API answers to a token that no bot can have."""
    bot_id, colon, _ = token.partition(":")
    if not colon or token.startswith("0") or len(token) > TOKEN_LIMIT or "/" in token:
        return INVALID_TOKEN
    if not (bot_id.isascii() and bot_id.isdigit()):
        return MISDIRECTED
    return None if int(bot_id) < BOT_ID_LIMIT else INVALID_TOKEN


def encode_call(call: SendMessage) -> bytes:
    """The body of a call, as JSON."""
    return msgspec.json.encode(call)


def read_send_message(arguments: Mapping[str, str]) -> SendMessage:
    """The call sendMessage out of its arguments; nothing is checked yet."""
    return SendMessage(
        chat_id(arguments.get("chat_id", "")), arguments.get("text", ""), arguments.get("parse_mode", "")
    )


def encode_result(result: object, description: str = "") -> bytes:
    """The answer to a call that succeeded; setWebhook and deleteWebhook describe it."""
    return _dump({"ok": True, "result": result, **({"description": description} if description else {})})


def encode_failure(answer: Failure) -> bytes:
    """The answer to a call that did not succeed; its HTTP status is `answer.error_code`."""
    return _dump({"ok": False, **msgspec.to_builtins(answer)})


def decode_answer(body: bytes, kind: type[T]) -> T | Failure:
    """The result of a call, or the failure; ValueError for what is no answer of the Bot API."""
    try:
        envelope = _ENVELOPE.decode(body)
        if envelope.ok:
            return msgspec.json.decode(envelope.result, type=kind)
    except RecursionError as error:
        raise ValueError("the JSON is nested too deeply") from error
    if not envelope.error_code:
        raise ValueError("an answer that is not ok has an error_code")
    return Failure(envelope.error_code, envelope.description, envelope.parameters)


def _dump(answer: dict[str, Any]) -> bytes:
    """JSON as the real server writes it: no spaces, and whatever is not ASCII is escaped."""
    quick = msgspec.json.encode(answer)
    return quick if quick.isascii() else json.dumps(msgspec.to_builtins(answer), separators=(",", ":")).encode()
