"""Decides where an answer leads: which requests can follow it, and which of its values they take.

It has never heard of how any of them is answered; each operation is named by its method and path.
"""

from typing import Final

from vestnik.api.operations import Link

_ID: Final = "$response.body#/id"
_SAME_ID: Final = "$request.path.id"
_CURSOR: Final = "$response.body#/next"
_NEXT: Final = {"cursor": _CURSOR, "limit": "$request.query.limit"}

_MESSAGE: Final = "/api/messages/{id}"
_DELIVERY: Final = "/api/deliveries/{id}"
_ACCOUNT: Final = "/api/accounts/{id}"


def _of_message(message_id: str) -> dict[str, Link]:
    one = {"id": message_id}
    return {
        "look": Link("GET", _MESSAGE, "The message as it stands.", one),
        "deliveries": Link("GET", f"{_MESSAGE}/deliveries", "What becomes of it for each recipient.", one),
        "progress": Link("GET", f"{_MESSAGE}/progress", "How far it has come on each messenger.", one),
        "reschedule": Link("PATCH", _MESSAGE, "Send what has not begun at another time.", one),
        "cancel": Link("POST", f"{_MESSAGE}/cancel", "Cancel what has not begun.", one),
    }


def _of_delivery(delivery_id: str) -> dict[str, Link]:
    one = {"id": delivery_id}
    return {
        "delivery": Link("GET", _DELIVERY, "The delivery and its history.", one),
        "retry": Link("POST", f"{_DELIVERY}/retry", "Try once more what has failed.", one),
        "resolve": Link("POST", f"{_DELIVERY}/resolve", "Say what became of it, where that is unknown.", one),
    }


def _of_account(account_id: str) -> dict[str, Link]:
    one = {"id": account_id}
    return {
        "account": Link("GET", _ACCOUNT, "The account as it stands.", one),
        "replace": Link("PUT", _ACCOUNT, "Give it another name or other identifiers.", one),
        "delete": Link("DELETE", _ACCOUNT, "Delete the account.", one),
    }


MESSAGE: Final = {
    **_of_message(_ID),
    **_of_delivery("$response.body#/deliveries/0/id"),
    "next": Link("GET", f"{_MESSAGE}/deliveries", "Deliveries after those.", {"id": _ID, "cursor": _CURSOR}),
    "sender": Link("GET", _ACCOUNT, "Who speaks.", {"id": "$response.body#/sender/id"}),
}
MESSAGES: Final = {
    **_of_message("$response.body#/messages/0/id"),
    "next": Link(
        "GET",
        "/api/messages",
        "Messages after those.",
        {**_NEXT, "status": "$request.query.status", "sender": "$request.query.sender"},
    ),
}
PROGRESS: Final = _of_message(_ID)
DELIVERIES: Final = {
    **_of_delivery("$response.body#/deliveries/0/id"),
    "next": Link(
        "GET",
        f"{_MESSAGE}/deliveries",
        "Deliveries after those.",
        {"id": _SAME_ID, **_NEXT, "status": "$request.query.status"},
    ),
}
DELIVERY: Final = {
    **_of_delivery(_ID),
    "message": Link("GET", _MESSAGE, "The message that it belongs to.", {"id": "$response.body#/message_id"}),
}
ACCOUNT: Final = _of_account(_ID)
ACCOUNTS: Final = {
    **_of_account("$response.body#/accounts/0/id"),
    "next": Link("GET", "/api/accounts", "Accounts after those.", _NEXT),
}
NO_ACCOUNT: Final = {
    "create": Link("PUT", _ACCOUNT, "Create an account of that id again.", {"id": _SAME_ID}),
}
