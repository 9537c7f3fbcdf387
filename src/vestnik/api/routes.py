"""Decides which routes there are for messages, deliveries and accounts, and everything that is told of them.

It has never heard of how any of them is carried out.
"""

from dataclasses import dataclass

from vestnik.api import examples, links
from vestnik.api.accounts import Accounts
from vestnik.api.deliveries import Deliveries
from vestnik.api.intake import DryRunView
from vestnik.api.messages import Messages
from vestnik.api.operations import (
    CURSOR,
    DRY_RUN,
    IDEMPOTENCY_KEY,
    LIMIT,
    Operation,
    Parameter,
    Success,
    path_parameter,
)
from vestnik.api.parts import Parts
from vestnik.api.problems import (
    CONFLICT,
    KEY_REUSED,
    MALFORMED,
    NOT_FOUND,
    SLOW_BODY,
    STILL_RUNNING,
    STOPPING,
    STORE_UNAVAILABLE,
    TOO_LARGE,
    VALIDATION,
    WRONG_MEDIA_TYPE,
    WRONG_SENDER,
)
from vestnik.api.samples import ACCOUNT_ID, MESSAGE_ID
from vestnik.api.schemas import AccountBody, MessageBody, RescheduleBody, ResolveBody, SendmsgBody
from vestnik.api.sendmsg import Sendmsg
from vestnik.api.views import (
    AccountsPage,
    AccountView,
    DeliveriesPage,
    DeliveryInFullView,
    DeliveryView,
    MessagesPage,
    MessageView,
    ProgressView,
    SendmsgView,
)
from vestnik.domain.delivery import delivery_id
from vestnik.domain.lifecycle import State

BODY = (MALFORMED, SLOW_BODY, TOO_LARGE, WRONG_MEDIA_TYPE, VALIDATION)
ONCE = (STILL_RUNNING, KEY_REUSED, VALIDATION)
_STORE = (STORE_UNAVAILABLE,)
_QUERY = (VALIDATION,)

_MESSAGE_ID = path_parameter("id", "The message's id.", MESSAGE_ID)
_DELIVERY_ID = path_parameter("id", "The delivery's id.", delivery_id(MESSAGE_ID, 0))
_ACCOUNT_ID = path_parameter("id", "The account's id, percent-encoded where it needs to be.", ACCOUNT_ID)
_STATUS = Parameter("status", "query", "Only those in this state.", {"type": "string", "enum": [*State]})
_SENDER = Parameter("sender", "query", "Only those of this sender.")
_LOCATION = {"Location": "Where it is found."}
REPLAYED = {"Idempotency-Replayed": "`true` where this is the first reply to the same Idempotency-Key again."}
_ACCEPTED = {**_LOCATION, **REPLAYED}


@dataclass(frozen=True, slots=True)
class Rooms:
    """What answers these routes."""

    messages: Messages
    sendmsg: Sendmsg
    deliveries: Deliveries
    accounts: Accounts


def operations(rooms: Rooms, parts: Parts) -> list[Operation]:
    """All of them; those that are asked for most come first."""
    return [
        *_sending(rooms.messages, parts),
        *_sendmsg(rooms.sendmsg, parts),
        *_messages(rooms.messages),
        *_changing(rooms.messages),
        *_deliveries(rooms.deliveries),
        *_accounts(rooms.accounts, parts),
    ]


def _sending(room: Messages, parts: Parts) -> list[Operation]:
    return [
        Operation(
            "POST",
            "/api/messages",
            room.send,
            "Send a message",
            (
                Success(202, "It is stored, and will be sent.", MessageView, headers=_ACCEPTED, links=links.MESSAGE),
                Success(200, "With `dry_run`: this would be stored.", DryRunView),
            ),
            "messages",
            "One message to up to 10,000 recipients on any messengers, now or later. Nothing is stored unless all of "
            "it is right. A recipient who got the same from the same sender before is left out and named in "
            "`duplicates`.",
            MessageBody,
            examples.messages(parts.messengers),
            (DRY_RUN, IDEMPOTENCY_KEY),
            (*BODY, *ONCE, WRONG_SENDER, STOPPING, *_STORE),
        ),
    ]


def _messages(room: Messages) -> list[Operation]:
    shown = Success(200, "The message as it stands.", MessageView, links=links.MESSAGE)
    return [
        Operation(
            "GET",
            "/api/messages",
            room.listed,
            "List messages, newest first",
            (Success(200, "A page of messages.", MessagesPage, links=links.MESSAGES),),
            "messages",
            parameters=(_STATUS, _SENDER, LIMIT, CURSOR),
            problems=(*_QUERY, WRONG_SENDER, *_STORE),
        ),
        Operation(
            "GET",
            "/api/messages/{id}",
            room.show,
            "Look at a message",
            (shown,),
            "messages",
            parameters=(_MESSAGE_ID,),
            problems=(NOT_FOUND, *_QUERY, *_STORE),
        ),
        Operation(
            "GET",
            "/api/messages/{id}/deliveries",
            room.deliveries,
            "List a message's deliveries",
            (Success(200, "A page of deliveries.", DeliveriesPage, links=links.DELIVERIES),),
            "messages",
            parameters=(_MESSAGE_ID, _STATUS, LIMIT, CURSOR),
            problems=(NOT_FOUND, *_QUERY, *_STORE),
        ),
        Operation(
            "GET",
            "/api/messages/{id}/progress",
            room.progress,
            "See how far a message has come on each messenger",
            (Success(200, "Numbers by messenger and state.", ProgressView, links=links.PROGRESS),),
            "messages",
            parameters=(_MESSAGE_ID,),
            problems=(NOT_FOUND, *_QUERY, *_STORE),
        ),
    ]


def _changing(room: Messages) -> list[Operation]:
    shown = Success(200, "The message as it stands.", MessageView, links=links.MESSAGE)
    return [
        Operation(
            "PATCH",
            "/api/messages/{id}",
            room.reschedule,
            "Send it at another time",
            (shown,),
            "messages",
            "Moves the deliveries that were never attempted.",
            RescheduleBody,
            examples.RESCHEDULE,
            (_MESSAGE_ID,),
            (*BODY, NOT_FOUND, CONFLICT, *_STORE),
        ),
        Operation(
            "POST",
            "/api/messages/{id}/cancel",
            room.cancel,
            "Cancel what has not begun",
            (Success(200, "The message as it stands.", MessageView, headers=REPLAYED, links=links.MESSAGE),),
            "messages",
            parameters=(_MESSAGE_ID, IDEMPOTENCY_KEY),
            problems=(NOT_FOUND, CONFLICT, *ONCE, *_STORE),
        ),
    ]


def _sendmsg(room: Sendmsg, parts: Parts) -> list[Operation]:
    return [
        Operation(
            "POST",
            "/api/sendmsg",
            room.send,
            "Send a message, in the words of the original request",
            (
                Success(202, "It is stored, and will be sent.", SendmsgView, headers=_ACCEPTED, links=links.MESSAGE),
                Success(200, "With `dry_run`: this would be stored.", DryRunView),
            ),
            "messages",
            "Names of messengers in any case; an empty string or null means absent; `is_sended` and `status` are "
            "read-only. `users_list` has ids of accounts, or objects of identifiers.",
            SendmsgBody,
            examples.sendmsg(parts.messengers),
            (DRY_RUN, IDEMPOTENCY_KEY),
            (*BODY, *ONCE, WRONG_SENDER, STOPPING, *_STORE),
        )
    ]


def _deliveries(room: Deliveries) -> list[Operation]:
    moved = Success(200, "The delivery as it stands.", DeliveryView, headers=REPLAYED, links=links.DELIVERY)
    return [
        Operation(
            "GET",
            "/api/deliveries/{id}",
            room.show,
            "Look at a delivery and its history",
            (Success(200, "The delivery, its attempts and receipts.", DeliveryInFullView, links=links.DELIVERY),),
            "deliveries",
            parameters=(_DELIVERY_ID,),
            problems=(NOT_FOUND, *_QUERY, *_STORE),
        ),
        Operation(
            "POST",
            "/api/deliveries/{id}/retry",
            room.retry,
            "Try once more",
            (moved,),
            "deliveries",
            "Another full round of attempts for a delivery that failed, expired or is unknown.",
            parameters=(_DELIVERY_ID, IDEMPOTENCY_KEY),
            problems=(NOT_FOUND, CONFLICT, *ONCE, STOPPING, *_STORE),
        ),
        Operation(
            "POST",
            "/api/deliveries/{id}/resolve",
            room.resolve,
            "Say what became of an unknown delivery",
            (moved,),
            "deliveries",
            "",
            ResolveBody,
            examples.RESOLVE,
            (_DELIVERY_ID, IDEMPOTENCY_KEY),
            (*BODY, *ONCE, NOT_FOUND, CONFLICT, *_STORE),
        ),
    ]


def _accounts(room: Accounts, parts: Parts) -> list[Operation]:
    return [
        Operation(
            "GET",
            "/api/accounts",
            room.listed,
            "List accounts",
            (Success(200, "A page of accounts, by id.", AccountsPage, links=links.ACCOUNTS),),
            "accounts",
            parameters=(LIMIT, CURSOR),
            problems=(*_QUERY, *_STORE),
        ),
        Operation(
            "GET",
            "/api/accounts/{id:path}",
            room.show,
            "Look at an account",
            (Success(200, "The account.", AccountView, links=links.ACCOUNT),),
            "accounts",
            parameters=(_ACCOUNT_ID,),
            problems=(NOT_FOUND, *_QUERY, *_STORE),
        ),
        Operation(
            "PUT",
            "/api/accounts/{id:path}",
            room.put,
            "Create or replace an account",
            (
                Success(201, "It is new.", AccountView, headers=_LOCATION, links=links.ACCOUNT),
                Success(200, "It is replaced.", AccountView, links=links.ACCOUNT),
            ),
            "accounts",
            "",
            AccountBody,
            examples.account(parts.messengers),
            (_ACCOUNT_ID,),
            (*BODY, NOT_FOUND, *_STORE),
        ),
        Operation(
            "DELETE",
            "/api/accounts/{id:path}",
            room.delete,
            "Delete an account",
            (Success(204, "It is gone.", media_type=None, links=links.NO_ACCOUNT),),
            "accounts",
            parameters=(_ACCOUNT_ID,),
            problems=(NOT_FOUND, *_QUERY, *_STORE),
        ),
    ]
