"""Decides how the WhatsApp Cloud API is spoken: messages, answers, webhooks, signatures, identifiers and limits.

It has never heard of who speaks: the two sides of a conversation read and write through the same functions.
"""

import hashlib
import hmac
import json
import re
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl, urlencode

import msgspec
import phonenumbers

from vestnik.messengers.whatsapp.codes import ERRORS

T = TypeVar("T")

VERSION: Final = "v23.0"
"""The version of the Graph API that our side asks for; the far side takes any."""
PRODUCT: Final = "whatsapp"
BUSINESS_ACCOUNT: Final = "whatsapp_business_account"
MESSAGES_FIELD: Final = "messages"
PREFERENCES_FIELD: Final = "user_preferences"
SIGNATURE_HEADER: Final = "x-hub-signature-256"
SUBSCRIBE: Final = "subscribe"

TEXT_LIMIT: Final = 4096
"""Characters of a text's body."""
BATCH_LIMIT: Final = 1000
"""Things that one call of a webhook tells at most."""
CALLBACK_DATA_LIMIT: Final = 512
"""Characters of `biz_opaque_callback_data`, which comes back in every status of the message."""

_PATH: Final = re.compile(r"(?:/(?P<version>v[0-9]+\.[0-9]+))?/(?P<node>[^/]+)(?:/(?P<edge>[^/]+))?/?")
_NUMBER: Final = re.compile(r"\+?[0-9][0-9 ().-]{0,31}")


class Text(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a text message says."""

    body: str = ""
    preview_url: bool | None = None


class SendMessage(msgspec.Struct, frozen=True, omit_defaults=True):
    """A message for `POST /{phone_number_id}/messages`; an absent field is empty, and so is one that is null.

    With a `status` it is none, but marks the message `message_id` of a person as read.
    """

    messaging_product: str | None = None
    recipient_type: str | None = None
    to: str | None = None
    type: str | None = None
    text: Text | None = None
    biz_opaque_callback_data: str | None = None
    status: str | None = None
    message_id: str | None = None


class Contact(msgspec.Struct, frozen=True, omit_defaults=True):
    """The recipient as it was given and as WhatsApp knows it: by the number, or where that was not given, by the id."""

    input: str
    wa_id: str | None = None
    user_id: str | None = None


class Accepted(msgspec.Struct, frozen=True, omit_defaults=True):
    """One message that was accepted, which is not yet delivered."""

    id: str
    message_status: str | None = None


class Sent(msgspec.Struct, frozen=True):
    """The answer to a message that was accepted."""

    messaging_product: str
    contacts: tuple[Contact, ...]
    messages: tuple[Accepted, ...]


class ErrorData(msgspec.Struct, frozen=True, omit_defaults=True):
    """The details of an error."""

    messaging_product: str | None = None
    details: str | None = None


class Error(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Why a call failed; `message` of most codes begins with the code, as in `(#131030) …`."""

    message: str
    type: str | None = None
    code: int
    error_subcode: int | None = None
    error_data: ErrorData | None = None
    fbtrace_id: str | None = None


class Subscription(msgspec.Struct, frozen=True):
    """The call that sets an app's webhook, `POST /{app_id}/subscriptions`; its parameters travel in the query."""

    object: str
    callback_url: str
    verify_token: str
    fields: str
    """Names joined with commas."""
    access_token: str
    """Of the app itself: its id and its secret joined with `|`."""


class Metadata(msgspec.Struct, frozen=True):
    """The business's number."""

    display_phone_number: str
    phone_number_id: str


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why a message that was accepted failed later."""

    code: int
    title: str = ""
    message: str = ""
    error_data: ErrorData | None = None
    href: str | None = None


class Origin(msgspec.Struct, frozen=True):
    """What opened a conversation."""

    type: str


class Conversation(msgspec.Struct, frozen=True, omit_defaults=True):
    """The conversation that a message is billed to."""

    id: str
    expiration_timestamp: str | None = None
    origin: Origin | None = None


class Pricing(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a message is billed."""

    billable: bool
    pricing_model: str
    type: str | None = None
    category: str | None = None


class Status(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of a message: `status` is sent, delivered, read, played or failed."""

    id: str
    status: str
    timestamp: str
    """Seconds since 1970 in decimal."""
    recipient_id: str = ""
    biz_opaque_callback_data: str | None = None
    conversation: Conversation | None = None
    pricing: Pricing | None = None
    errors: tuple[Problem, ...] = ()
    recipient_user_id: str | None = None


class Value(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a change of the field `messages` tells, or one of preferences; what people wrote is kept as it came."""

    messaging_product: str
    metadata: Metadata
    contacts: tuple[dict[str, Any], ...] = ()
    messages: tuple[dict[str, Any], ...] = ()
    statuses: tuple[Status, ...] = ()
    user_preferences: tuple[dict[str, Any], ...] = ()

    @property
    def field(self) -> str:
        """The field that this is a change of."""
        return PREFERENCES_FIELD if self.user_preferences else MESSAGES_FIELD


class Entry(msgspec.Struct, frozen=True):
    """What happened at one WhatsApp Business Account."""

    id: str
    values: tuple[Value, ...]


class _Change(msgspec.Struct):
    value: msgspec.Raw
    field: str


class _Entry(msgspec.Struct):
    id: str
    changes: list[_Change] = []


class _Notification(msgspec.Struct):
    object: str
    entry: list[_Entry] = []


class _Failed(msgspec.Struct):
    error: Error


def text_length(text: str) -> int:
    """The length as WhatsApp counts it: characters."""
    return len(text)


def canonical(identifier: str) -> str:
    """The number as WhatsApp knows it: the digits of E.164 without `+`; else ValueError.

    The international form is asked for, with or without `+`, and spaces, dots, dashes and brackets are allowed.
    """
    if _NUMBER.fullmatch(identifier):
        try:
            number = phonenumbers.parse("+" + identifier.removeprefix("+"))
        except phonenumbers.NumberParseException:
            number = None
        if number and phonenumbers.is_possible_number_with_reason(number) == phonenumbers.ValidationResult.IS_POSSIBLE:
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164).removeprefix("+")
    raise ValueError("a WhatsApp identifier is a phone number in international form, such as +79161234567")


def messages_path(phone_number_id: str) -> str:
    """The path of sending, below the API's address."""
    return f"/{VERSION}/{phone_number_id}/messages"


def subscriptions_path(app_id: str) -> str:
    """The path of setting an app's webhook, below the API's address."""
    return f"/{VERSION}/{app_id}/subscriptions"


def split_path(path: str) -> tuple[str, str] | None:
    """The node and its edge (empty where there is none), for any version or none; None for what is no such path."""
    match = _PATH.fullmatch(path)
    return (match["node"], match["edge"] or "") if match else None


def error(code: int, details: str | None = None, *, fbtrace_id: str | None = None) -> Error:
    """The error of that code with the words of the table."""
    message = f"(#{code}) {ERRORS[code].title}"
    data = ErrorData(PRODUCT, details) if details else None
    return Error(message=message, type="OAuthException", code=code, error_data=data, fbtrace_id=fbtrace_id)


def problem(code: int, details: str | None = None) -> Problem:
    """The same for a message that failed after it was accepted."""
    title = ERRORS[code].title
    return Problem(code, title, title, ErrorData(details=details) if details else None)


def encode(thing: SendMessage | Sent) -> bytes:
    """A message or the answer to one, as JSON."""
    return msgspec.json.encode(thing)


def decode(body: bytes, kind: type[T]) -> T:
    """A call, an answer or a part of either out of JSON; ValueError says what does not fit."""
    try:
        return msgspec.json.decode(body, type=kind)
    except RecursionError as error:
        raise ValueError("the JSON is nested too deeply") from error


def encode_error(why: Error) -> bytes:
    """The answer to a call that failed."""
    return msgspec.json.encode({"error": why})


def decode_answer(body: bytes) -> Sent | Error:
    """The answer to a message; ValueError for what is neither."""
    try:
        return decode(body, _Failed).error
    except ValueError:
        return decode(body, Sent)


def encode_subscription(subscription: Subscription) -> str:
    """The call's query."""
    return urlencode(msgspec.structs.asdict(subscription))


def decode_subscription(query: str) -> Subscription:
    """The call out of its query (or a form in its body); ValueError names a parameter that is missing."""
    return msgspec.convert(dict(parse_qsl(query)), Subscription)


def encode_challenge(verify_token: str, challenge: str) -> str:
    """The query of the GET by which a webhook is asked whether it wants to be one."""
    return urlencode({"hub.mode": SUBSCRIBE, "hub.challenge": challenge, "hub.verify_token": verify_token})


def answer_challenge(query: str, verify_token: str) -> str | None:
    """What the webhook answers to that query, or None where it answers 403."""
    asked = dict(parse_qsl(query, keep_blank_values=True))
    known = hmac.compare_digest(asked.get("hub.verify_token", "").encode(), verify_token.encode())
    return asked.get("hub.challenge") if known and asked.get("hub.mode") == SUBSCRIBE else None


def encode_notification(entries: tuple[Entry, ...]) -> bytes:
    """The body of a webhook call, with whatever is not ASCII escaped, as Meta signs it."""
    entry = [
        {"id": entry.id, "changes": [{"value": value, "field": value.field} for value in entry.values]}
        for entry in entries
    ]
    whole = {"object": BUSINESS_ACCOUNT, "entry": entry}
    quick = msgspec.json.encode(whole)
    return quick if quick.isascii() else json.dumps(msgspec.to_builtins(whole), separators=(",", ":")).encode()


def decode_notification(body: bytes) -> tuple[Entry, ...]:
    """What a webhook call tells in its field `messages`, other fields left out; ValueError says what does not fit."""
    whole = decode(body, _Notification)
    return tuple(
        Entry(
            entry.id,
            tuple(decode(bytes(change.value), Value) for change in entry.changes if change.field == MESSAGES_FIELD),
        )
        for entry in whole.entry
    )


def sign(app_secret: str, body: bytes) -> str:
    """The signature of a webhook call: HMAC-SHA256 of its raw body under the app's secret."""
    return "sha256=" + hmac.new(app_secret.encode(), body, hashlib.sha256).hexdigest()


def signed(app_secret: str, body: bytes, signature: str) -> bool:
    """Whether the signature is the body's, compared in constant time."""
    return hmac.compare_digest(sign(app_secret, body).encode(), signature.encode())
