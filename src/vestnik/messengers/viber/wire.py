"""Decides how the Viber REST Bot API is spoken: calls, status codes, callbacks, signatures, identifiers and limits.

It has never heard of who speaks: the two sides of a conversation read and write through the same functions.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any, Final, NamedTuple, TypeVar

import msgspec

T = TypeVar("T")

SEND_MESSAGE: Final = "send_message"
BROADCAST_MESSAGE: Final = "broadcast_message"
GET_ACCOUNT_INFO: Final = "get_account_info"
GET_USER_DETAILS: Final = "get_user_details"
GET_ONLINE: Final = "get_online"
POST: Final = "post"
SET_WEBHOOK: Final = "set_webhook"

TOKEN_HEADER: Final = "x-viber-auth-token"  # noqa: S105 - the name of a header, no secret
SIGNATURE_HEADER: Final = "x-viber-content-signature"
SIGNATURE_PARAMETER: Final = "sig"
"""The signature's name in the query."""

TEXT_LIMIT: Final = 7000
"""Characters of a text message."""
SENDER_NAME_LIMIT: Final = 28
TRACKING_DATA_LIMIT: Final = 4000
REQUEST_LIMIT: Final = 30 * 1024
"""Bytes of a whole request."""
IDENTIFIER_BYTES: Final = 16
IDENTIFIER_LENGTH: Final = 24


class Status(NamedTuple):
    """What a status code says."""

    word: str
    """The `status_message` that comes with it."""
    passes: bool
    """The same call may succeed later."""


OK: Final = 0
INVALID_URL: Final = 1
INVALID_TOKEN: Final = 2
BAD_DATA: Final = 3
MISSING_DATA: Final = 4
NOT_REGISTERED: Final = 5
NOT_SUBSCRIBED: Final = 6
WEBHOOK_NOT_SET: Final = 10
TOO_MANY_REQUESTS: Final = 12
VERSION_NOT_SUPPORTED: Final = 13
INCOMPATIBLE: Final = 14
NO_PUBLIC_CHAT: Final = 18
GENERAL_ERROR: Final = 999

STATUSES: Final[Mapping[int, Status]] = {
    OK: Status("ok", passes=False),
    INVALID_URL: Status("invalidUrl", passes=False),
    INVALID_TOKEN: Status("invalidAuthToken", passes=False),
    BAD_DATA: Status("badData", passes=False),
    MISSING_DATA: Status("missingData", passes=False),
    NOT_REGISTERED: Status("receiverNotRegistered", passes=False),
    # The documentation calls it receiverNotSubscribed; the server says this (Bogdaan/viber-bot-php, issue 22).
    NOT_SUBSCRIBED: Status("notSubscribed", passes=False),
    7: Status("publicAccountBlocked", passes=False),
    8: Status("publicAccountNotFound", passes=False),
    9: Status("publicAccountSuspended", passes=False),
    # The webhook is set when a bot's service starts, so a bot without one may have it in a moment.
    WEBHOOK_NOT_SET: Status("webhookNotSet", passes=True),
    11: Status("receiverNoSuitableDevice", passes=False),
    TOO_MANY_REQUESTS: Status("tooManyRequests", passes=True),
    VERSION_NOT_SUPPORTED: Status("apiVersionNotSupported", passes=False),
    INCOMPATIBLE: Status("incompatibleWithVersion", passes=False),
    15: Status("publicAccountNotAuthorized", passes=False),
    16: Status("inchatReplyMessageNotAllowed", passes=False),
    17: Status("publicAccountIsNotInline", passes=False),
    NO_PUBLIC_CHAT: Status("noPublicChat", passes=False),
    19: Status("cannotSendBroadcast", passes=False),
    20: Status("broadcastNotAllowed", passes=False),
    21: Status("unsupportedCountry", passes=False),
    22: Status("paymentUnsupported", passes=False),
    23: Status("freeMessagesExceeded", passes=False),
    24: Status("noBalance", passes=False),
}
OTHER: Final = Status("generalError", passes=True)
"""Every code beyond the table; seen in the field is 999."""

MISSING_TOKEN_MESSAGE: Final = "missing_auth_token"  # noqa: S105 - a word of the protocol, no secret
"""The `status_message` of INVALID_TOKEN where a call brings no token at all."""

EVENTS: Final = ("delivered", "seen", "failed", "subscribed", "unsubscribed", "conversation_started", "message")
"""Events that a webhook can ask for, in the order of the documentation."""


class Sender(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who the receiver sees as the author."""

    name: str = ""
    avatar: str | None = None


class SendMessage(msgspec.Struct, frozen=True, omit_defaults=True):
    """The call send_message with a text; an absent field is empty, and so is one that is null."""

    receiver: str | None = None
    min_api_version: int | None = None
    sender: Sender | None = None
    tracking_data: str | None = None
    type: str | None = None
    text: str | None = None
    auth_token: str | None = None
    """The token, where it does not come as a header."""


class SetWebhook(msgspec.Struct, frozen=True, omit_defaults=True):
    """The call set_webhook; an empty url removes the webhook."""

    url: str | None = None
    event_types: tuple[str, ...] | None = None
    send_name: bool | None = None
    send_photo: bool | None = None
    auth_token: str | None = None


class GetAccountInfo(msgspec.Struct, frozen=True, omit_defaults=True):
    """The call get_account_info."""

    auth_token: str | None = None


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """The answer to any call, always with HTTP 200; a token may come with a failure too."""

    status: int
    status_message: str
    message_token: int | str | None = None
    """A 64-bit integer."""
    chat_hostname: str | None = None
    billing_status: int | None = None
    event_types: tuple[str, ...] | None = None
    """Of set_webhook."""


class Member(msgspec.Struct, frozen=True, omit_defaults=True):
    """Somebody who runs the account."""

    id: str
    name: str
    avatar: str | None = None
    role: str | None = None


class AccountInfo(msgspec.Struct, frozen=True, omit_defaults=True):
    """The answer to get_account_info that succeeded."""

    status: int
    status_message: str
    id: str
    name: str
    uri: str
    icon: str | None = None
    category: str | None = None
    subcategory: str | None = None
    country: str | None = None
    webhook: str | None = None
    event_types: tuple[str, ...] | None = None
    subscribers_count: int | None = None
    members: tuple[Member, ...] | None = None


class Callback(msgspec.Struct, frozen=True, omit_defaults=True):
    """A call of the bot's webhook: `webhook`, `delivered`, `seen` and `failed`; other events show their common part."""

    event: str
    timestamp: int
    """Milliseconds since 1970."""
    chat_hostname: str | None = None
    message_token: int | str | None = None
    user_id: str | None = None
    desc: str | None = None
    """Why a message failed."""


def status(code: int) -> Status:
    """What a status code says; the general error for codes beyond the table."""
    return STATUSES.get(code, OTHER)


def text_length(text: str) -> int:
    """The length as Viber counts it: characters."""
    return len(text)


def canonical(identifier: str) -> str:
    """The identifier of a person for one bot: base64 of 16 bytes, kept as it is; else ValueError."""
    try:
        size = len(base64.b64decode(identifier, validate=True))
    except (binascii.Error, ValueError):
        size = 0
    if size != IDENTIFIER_BYTES or len(identifier) != IDENTIFIER_LENGTH:
        raise ValueError("a Viber identifier is base64 of 16 bytes: 24 characters that end in ==")
    return identifier


def sender_name(name: str) -> str:
    """The name cut to what Viber shows, without a space at the cut."""
    return (
        name if len(name) <= SENDER_NAME_LIMIT else name[: SENDER_NAME_LIMIT - 1].rstrip() + "\N{HORIZONTAL ELLIPSIS}"
    )


def call_path(method: str) -> str:
    """The path of a call below the API's address."""
    return f"/pa/{method}"


def encode(thing: msgspec.Struct | Mapping[str, Any]) -> bytes:
    """A call, an answer or a callback as JSON."""
    return msgspec.json.encode(thing)


def decode(body: bytes, kind: type[T]) -> T:
    """A call, an answer or a callback out of JSON; ValueError says what does not fit."""
    try:
        return msgspec.json.decode(body, type=kind)
    except RecursionError as error:
        raise ValueError("the JSON is nested too deeply") from error


def decode_account_info(body: bytes) -> AccountInfo | Answer:
    """The answer to get_account_info; ValueError says what does not fit."""
    answer = decode(body, Answer)
    return decode(body, AccountInfo) if answer.status == OK else answer


def sign(token: str, body: bytes) -> str:
    """The signature of a callback: HMAC-SHA256 of its raw body under the bot's token, in hexadecimal."""
    return hmac.new(token.encode(), body, hashlib.sha256).hexdigest()


def signed(token: str, body: bytes, signature: str) -> bool:
    """Whether the signature is the body's, compared in constant time."""
    return hmac.compare_digest(sign(token, body).encode(), signature.strip().lower().encode())
