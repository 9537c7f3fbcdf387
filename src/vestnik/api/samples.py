"""Decides which replies the description shows: what becomes of one message, told by what tells of real ones.

It has never heard of which messengers exist: it is given their rules.
"""

from collections.abc import Mapping
from typing import Any, Final

from msgspec import to_builtins

from vestnik.api.clock import ClockView
from vestnik.api.health import HealthView
from vestnik.api.intake import DryRunView, PlannedDelivery
from vestnik.api.views import (
    AccountsPage,
    AccountView,
    DeliveriesPage,
    DeliveryInFullView,
    DeliveryView,
    MessagesPage,
    MessageSummary,
    MessageView,
    ProgressView,
    SendmsgView,
    account_of,
    delivery_of,
    in_full,
    in_original_words,
    summary_of,
)
from vestnik.domain.account import Account
from vestnik.domain.delivery import AttemptMade, Delivery, Ending, ReceiptGot, delivery_id
from vestnik.domain.lifecycle import State
from vestnik.domain.message import Message, Sender
from vestnik.domain.moment import Moment, seconds, to_rfc3339
from vestnik.domain.priority import Priority
from vestnik.domain.rules import MessengerRules

MESSAGE_ID: Final = "01JD3K4ZC0Q8W5T2V9YH7M6XEB"
ACCOUNT_ID: Final = "john"
_NOW: Final[Moment] = seconds(1_795_426_200)
"""2026-11-23T09:30:00Z."""
_ATTEMPTS: Final = 5


def samples(messengers: Mapping[str, MessengerRules]) -> Mapping[type[Any], Any]:
    """A reply of each kind as plain values: of a message that waits, and of a delivery that took two attempts."""
    identifiers = {name: rules.identifier_example for name, rules in messengers.items()}
    waiting = [_delivery(ordinal, *where) for ordinal, where in enumerate(identifiers.items())]
    message = Message(
        MESSAGE_ID,
        Sender("acme", "Acme Deliveries"),
        "Your parcel is here.",
        _NOW,
        None,
        None,
        _ATTEMPTS,
        Priority.NORMAL,
        {State.WAITING: len(waiting)},
    )
    summary, deliveries = summary_of(message), [delivery_of(each) for each in waiting]
    account = account_of(Account(ACCOUNT_ID, "John", identifiers))
    whole = MessageView(**_fields(summary), deliveries=deliveries, next=None, duplicates=[])
    shown = {
        MessageView: whole,
        SendmsgView: in_original_words(whole),
        DryRunView: _dry_run(summary, waiting),
        MessagesPage: MessagesPage([summary], None),
        DeliveriesPage: DeliveriesPage(deliveries, None),
        ProgressView: ProgressView(MESSAGE_ID, summary.status, {name: {State.WAITING: 1} for name in identifiers}),
        DeliveryView: deliveries[0],
        DeliveryInFullView: _arrived(waiting[0]),
        AccountView: account,
        AccountsPage: AccountsPage([account], None),
        ClockView: ClockView(to_rfc3339(_NOW), 0.0),
        HealthView: HealthView("ok"),
    }
    return {kind: to_builtins(reply) for kind, reply in shown.items()}


def _fields(summary: MessageSummary) -> dict[str, Any]:
    return {field: getattr(summary, field) for field in summary.__struct_fields__}


def _delivery(ordinal: int, messenger: str, recipient: str) -> Delivery:
    return Delivery(
        delivery_id(MESSAGE_ID, ordinal),
        MESSAGE_ID,
        messenger,
        recipient,
        ACCOUNT_ID,
        State.WAITING,
        0,
        _ATTEMPTS,
        _NOW,
        None,
        None,
        None,
    )


def _dry_run(summary: MessageSummary, deliveries: list[Delivery]) -> DryRunView:
    planned = [PlannedDelivery(each.messenger, each.recipient, each.account) for each in deliveries]
    fields = {field: each for field, each in _fields(summary).items() if field in DryRunView.__struct_fields__}
    return DryRunView(dry_run=True, deliveries=planned, **fields)


def _arrived(delivery: Delivery) -> DeliveryInFullView:
    """Put off at first, then taken and reported as delivered."""
    arrived = Delivery(
        delivery.id,
        delivery.message_id,
        delivery.messenger,
        delivery.recipient,
        delivery.account,
        State.DELIVERED,
        2,
        delivery.max_attempts,
        None,
        "4912661846655238145",
        None,
        None,
    )
    again = _NOW + seconds(2)
    attempts = [
        AttemptMade(1, _NOW, _NOW + seconds(0.25), Ending.PUT_OFF, "503", "the messenger is not available"),
        AttemptMade(2, again, again + seconds(0.125), Ending.TAKEN, None, None),
    ]
    return in_full(arrived, attempts, [ReceiptGot("delivered", again + seconds(1), None, None)])
