"""Decides which requests the description shows; a test sends each of them.

It has never heard of which messengers exist: it is given their rules.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

from vestnik.domain.rules import MessengerRules

Examples: TypeAlias = Mapping[str, Any]

LATER = "2030-11-23T12:30:00+03:00"
STILL_LATER = "2030-11-24T12:30:00+03:00"


def identifiers(messengers: Mapping[str, MessengerRules]) -> dict[str, str]:
    return {name: rules.identifier_example for name, rules in messengers.items()}


def messages(messengers: Mapping[str, MessengerRules]) -> Examples:
    names = list(messengers)
    simple = {
        "sender": "acme",
        "text": "Your parcel is here.",
        "messengers": names,
        "recipients": [identifiers(messengers)],
    }
    return {
        "identifiers": simple,
        "accounts": {**simple, "recipients": ["john"]},
        "everything": {
            "sender": {"id": "acme", "name": "Acme Deliveries"},
            "text": "Your code is 1234.",
            "messengers": names[:1],
            "recipients": ["john", identifiers(messengers)],
            "send_at": LATER,
            "expires_at": STILL_LATER,
            "max_attempts": 3,
            "priority": "high",
            "dedupe_key": "code-1234",
            "allow_duplicate": False,
        },
    }


def sendmsg(messengers: Mapping[str, MessengerRules]) -> Examples:
    words = [next(iter(rules.aliases), rules.name).capitalize() for rules in messengers.values()]
    simple = {
        "sender": {"id": "01234567890A=", "name": "John McClane"},
        "message": "Hello World!",
        "messengers_list": words,
        "users_list": ["EGAZ3SZRi6zW1D0uNYhQHg=="],
        "deffered_time": "",
        "is_sended": "",
        "status": "",
    }
    return {"now": simple, "deferred": {**simple, "users_list": [identifiers(messengers)], "deffered_time": LATER}}


def account(messengers: Mapping[str, MessengerRules]) -> Examples:
    return {"everywhere": {"name": "John", "identifiers": identifiers(messengers)}}


RESCHEDULE: Examples = {"later": {"send_at": LATER}}
RESOLVE: Examples = {"it arrived": {"as": "delivered"}, "it did not": {"as": "failed"}}
CLOCK: Examples = {
    "three hours on": {"advance": "PT3H"},
    "to a moment": {"set": LATER},
    "back": {"reset": True},
}
