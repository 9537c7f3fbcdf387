"""Decides how messages, deliveries and accounts are told: these types encode the replies and describe them in OpenAPI.

It has never heard of requests.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Final, Literal, TypeAlias

import msgspec
from msgspec import Meta

from vestnik.domain.account import Account
from vestnik.domain.delivery import AttemptMade, Delivery, ReceiptGot
from vestnik.domain.lifecycle import State
from vestnik.domain.message import Message, Sender
from vestnik.domain.moment import Moment, to_rfc3339
from vestnik.domain.summary import is_sent, message_status

When: TypeAlias = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
Counts: TypeAlias = Annotated[
    dict[str, int], Meta(description="How many deliveries are in each state; states with none are absent.")
]

OriginalWord: TypeAlias = Literal["Deffered", "Waiting", "Sending", "Delivered", "Failed"]

ORIGINAL_WORDS: Final[Mapping[State, OriginalWord]] = {
    State.DEFERRED: "Deffered",
    State.WAITING: "Waiting",
    State.SENDING: "Sending",
    State.SENT: "Sending",
    State.DELIVERED: "Delivered",
    State.READ: "Delivered",
    State.FAILED: "Failed",
    State.UNKNOWN: "Failed",
    State.CANCELLED: "Failed",
    State.EXPIRED: "Failed",
}
"""States in the words of the original request: taken and not reported yet is still Sending."""


class ErrorView(msgspec.Struct):
    """Why the latest attempt did not succeed."""

    code: str | None
    detail: str | None


class SenderView(msgspec.Struct):
    """Who speaks."""

    id: str
    name: str


class DeliveryView(msgspec.Struct):
    """One message to one recipient on one messenger."""

    id: str
    message_id: str
    messenger: str
    recipient: str
    account: str | None
    status: State
    attempts: int
    max_attempts: int
    due_at: When | None
    external_id: str | None
    error: ErrorView | None


class AttemptView(msgspec.Struct):
    """One try."""

    attempt: int
    started_at: When
    ended_at: When
    outcome: str
    error: ErrorView | None


class ReceiptView(msgspec.Struct):
    """The first report of its kind."""

    kind: str
    at: When
    error: ErrorView | None


class HistoryView(msgspec.Struct):
    """What happened to a delivery."""

    attempts: list[AttemptView]
    receipts: list[ReceiptView]


class DeliveryInFullView(DeliveryView):
    """A delivery with its history of attempts and receipts."""

    history: HistoryView


class DuplicateView(msgspec.Struct):
    """What was not accepted, because `delivery_id` already says the same to the same recipient."""

    pointer: str
    messenger: str
    delivery_id: str


class MessageSummary(msgspec.Struct, kw_only=True):
    """A message without its deliveries."""

    id: str
    status: State
    sender: SenderView
    text: str
    send_at: When | None
    created_at: When
    is_sent: bool
    counts: Counts
    expires_at: When | None
    max_attempts: int
    priority: str


class MessageView(MessageSummary, kw_only=True):
    """A message with the first 100 of its deliveries; `next` is the cursor of the others."""

    deliveries: list[DeliveryView]
    next: str | None
    duplicates: list[DuplicateView]


class SendmsgView(msgspec.Struct, kw_only=True):
    """A message in the words of the original request: `status` is one of those, `state` is the usual one."""

    id: str
    status: OriginalWord
    is_sended: bool
    state: State
    is_sent: bool
    sender: SenderView
    text: str
    send_at: When | None
    created_at: When
    counts: Counts
    expires_at: When | None
    max_attempts: int
    priority: str
    deliveries: list[DeliveryView]
    next: str | None
    duplicates: list[DuplicateView]


class MessagesPage(msgspec.Struct):
    """Messages, newest first; `next` is the cursor of older ones."""

    messages: list[MessageSummary]
    next: str | None


class DeliveriesPage(msgspec.Struct):
    """Deliveries in order; `next` is the cursor of later ones."""

    deliveries: list[DeliveryView]
    next: str | None


class ProgressView(msgspec.Struct):
    """How far a message has come: how many of its deliveries are in which state, by messenger."""

    id: str
    status: State
    messengers: dict[str, dict[State, int]]


class AccountView(msgspec.Struct):
    """Somebody who sends or receives; identifiers are in the messengers' canonical form."""

    id: str
    name: str
    identifiers: dict[str, str]


class AccountsPage(msgspec.Struct):
    """Accounts by id; `next` is the cursor of later ones."""

    accounts: list[AccountView]
    next: str | None


def when(moment: Moment | None) -> str | None:
    return None if moment is None else to_rfc3339(moment)


def counts_of(counts: Mapping[State, int]) -> dict[str, int]:
    return {state.value: count for state, count in counts.items() if count}


def summary_of(message: Message) -> MessageSummary:
    return MessageSummary(
        id=message.id,
        status=message_status(message.counts),
        sender=sender_of(message.sender),
        text=message.text,
        send_at=when(message.send_at),
        created_at=to_rfc3339(message.created_at),
        is_sent=is_sent(message.counts),
        counts=counts_of(message.counts),
        expires_at=when(message.expires_at),
        max_attempts=message.max_attempts,
        priority=message.priority.word,
    )


def in_original_words(view: MessageView) -> SendmsgView:
    fields = {field: getattr(view, field) for field in MessageView.__struct_fields__ if field != "status"}
    return SendmsgView(status=ORIGINAL_WORDS[view.status], state=view.status, is_sended=view.is_sent, **fields)


def sender_of(sender: Sender) -> SenderView:
    return SenderView(sender.id, sender.name)


def delivery_of(delivery: Delivery) -> DeliveryView:
    return DeliveryView(
        delivery.id,
        delivery.message_id,
        delivery.messenger,
        delivery.recipient,
        delivery.account,
        delivery.state,
        delivery.attempts,
        delivery.max_attempts,
        when(delivery.due_at),
        delivery.external_id,
        _error(delivery.code, delivery.detail),
    )


def in_full(delivery: Delivery, attempts: Sequence[AttemptMade], receipts: Sequence[ReceiptGot]) -> DeliveryInFullView:
    tried = [
        AttemptView(
            made.attempt,
            to_rfc3339(made.started_at),
            to_rfc3339(made.ended_at),
            made.ending.value,
            _error(made.code, made.detail),
        )
        for made in attempts
    ]
    reported = [ReceiptView(got.kind, to_rfc3339(got.at), _error(got.code, got.detail)) for got in receipts]
    told = delivery_of(delivery)
    fields = {field: getattr(told, field) for field in DeliveryView.__struct_fields__}
    return DeliveryInFullView(**fields, history=HistoryView(tried, reported))


def account_of(account: Account) -> AccountView:
    return AccountView(account.id, account.name, dict(account.identifiers))


def _error(code: str | None, detail: str | None) -> ErrorView | None:
    return None if code is None and detail is None else ErrorView(code, detail)
