"""Decides which parameters each kind of body has: these types decode the requests and describe them in OpenAPI.

It has never heard of which messengers exist; where their names belong, a mark says so and OpenAPI fills them in.
"""

from typing import Annotated, Any, Final, Literal, TypeAlias

import msgspec
from msgspec import Meta

from vestnik.api.parts import MOST_RECIPIENTS
from vestnik.domain.account import ACCOUNT_ID

MARK: Final = "x-messengers"
"""The key of the mark: `name` is a messenger's name and `word` any word for it; `identifiers` is an object with an
identifier for each messenger by its name, and `entry` one by any word."""

MOST_ATTEMPTS: Final = 100
LONGEST_NAME: Final = 200
LONGEST_DEDUPE_KEY: Final = 255

AccountId: TypeAlias = Annotated[
    str,
    Meta(
        description="An account's id.",
        extra_json_schema={"pattern": f"^{ACCOUNT_ID.pattern}$", "examples": ["john"]},
    ),
]
Name: TypeAlias = Annotated[str, Meta(max_length=LONGEST_NAME, description="The id where it is empty.")]
Time: TypeAlias = Annotated[
    str,
    Meta(
        description="RFC 3339 with an offset from UTC.",
        extra_json_schema={"format": "date-time", "examples": ["2030-11-23T12:30:00+03:00"]},
    ),
]
TimeOrEmpty: TypeAlias = Annotated[
    str,
    Meta(
        description="RFC 3339 with an offset from UTC; absent where it is empty.",
        extra_json_schema={
            "anyOf": [{"format": "date-time"}, {"maxLength": 0}],
            "examples": ["2030-11-23T12:30:00+03:00"],
        },
    ),
]
Identifiers: TypeAlias = Annotated[
    dict[str, str | None],
    Meta(description="An identifier for each messenger.", extra_json_schema={MARK: "identifiers"}),
]
Recipient: TypeAlias = AccountId | Identifiers
MessengerName: TypeAlias = Annotated[str, Meta(extra_json_schema={MARK: "name"})]
PriorityWord: TypeAlias = Literal["high", "normal", "bulk"]
Attempts: TypeAlias = Annotated[int, Meta(ge=1, le=MOST_ATTEMPTS, description="How often to try at most.")]
DedupeKey: TypeAlias = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=LONGEST_DEDUPE_KEY,
        description="Takes the place of the text where it is decided whether this was said before.",
    ),
]
Recipients: TypeAlias = Annotated[list[Recipient], Meta(extra_json_schema={"minItems": 1, "maxItems": MOST_RECIPIENTS})]
MessengerNames: TypeAlias = Annotated[list[MessengerName], Meta(extra_json_schema={"minItems": 1})]
MessengerWords: TypeAlias = Annotated[
    list[Annotated[str, Meta(extra_json_schema={MARK: "word"})]], Meta(extra_json_schema={"minItems": 1})
]
Entry: TypeAlias = Annotated[
    dict[str, str | None],
    Meta(
        description="An identifier for each messenger, by its name in any case.",
        extra_json_schema={MARK: "entry"},
    ),
]
Entries: TypeAlias = Annotated[
    list[AccountId | Entry], Meta(extra_json_schema={"minItems": 1, "maxItems": MOST_RECIPIENTS})
]


class SenderBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Who speaks; the name counts when the sender is new."""

    id: AccountId
    name: Name | None = None


class MessageBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A message to recipients on messengers."""

    sender: AccountId | SenderBody
    text: str
    messengers: MessengerNames
    recipients: Recipients
    send_at: Time | None = None
    expires_at: Time | None = None
    max_attempts: Attempts | None = None
    priority: PriorityWord | None = None
    dedupe_key: DedupeKey | None = None
    allow_duplicate: bool = False


class SendmsgBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The same in the words of the original request: an empty string or null means absent."""

    sender: AccountId | SenderBody | None = None
    message: str | None = None
    messengers_list: MessengerWords | str | None = None
    users_list: Entries | str | None = None
    deffered_time: TimeOrEmpty | None = None
    is_sended: Annotated[Any, Meta(description="Read-only: ignored in a request.")] = None
    status: Annotated[Any, Meta(description="Read-only: ignored in a request.")] = None
    expires_at: TimeOrEmpty | None = None
    max_attempts: Attempts | None = None
    priority: PriorityWord | Literal[""] | None = None
    dedupe_key: Annotated[str, Meta(max_length=LONGEST_DEDUPE_KEY)] | None = None
    allow_duplicate: bool = False


class RescheduleBody(msgspec.Struct, forbid_unknown_fields=True):
    """When to send instead."""

    send_at: Time


class ResolveBody(msgspec.Struct, forbid_unknown_fields=True):
    """What became of a delivery of which nobody else knows."""

    fate: Literal["delivered", "failed"] = msgspec.field(name="as")


class AccountBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Somebody who sends or receives; what is left out is removed."""

    id: AccountId | None = None
    name: Name | None = None
    identifiers: Identifiers = {}


class ClockBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One of the three."""

    advance: (
        Annotated[
            str,
            Meta(
                description="A duration of days, hours, minutes and seconds after ISO 8601.",
                extra_json_schema={"format": "duration", "examples": ["PT3H"]},
            ),
        ]
        | None
    ) = None
    set: Time | None = None
    reset: Annotated[bool, Meta(description="Back to the machine's time; there is no reset without it.")] = False
