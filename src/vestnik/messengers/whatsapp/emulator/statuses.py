"""Decides how the emulated Cloud API tells an app what happens: statuses of its messages, and messages of people.

It has never heard of when or how often; it writes and signs one call at a time.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import Any, Final

import msgspec

from vestnik.emulation.backlog import Report
from vestnik.emulation.bots import Webhook
from vestnik.emulation.journal import Entry
from vestnik.emulation.plan import DELIVERED, FAILED, MESSAGE, READ, SENT
from vestnik.emulation.when import SECOND, Moment, span
from vestnik.messengers.whatsapp import wire
from vestnik.messengers.whatsapp.codes import ERRORS
from vestnik.messengers.whatsapp.emulator.identity import author, introduced, is_number, user_id
from vestnik.messengers.whatsapp.emulator.numbers import ACCOUNT, display_number
from vestnik.messengers.whatsapp.emulator.panels import Panels
from vestnik.ports import Request

TEMPLATE_FIELD: Final = "message_template_status_update"
CONVERSATION: Final = span(24 * 3600)
LONGEST_PAUSE: Final = 3600.0
TRIES: Final = 180
"""Calls for one status: with pauses that double from a second to an hour, about seven days of them."""
PRICING_MODEL: Final = "PMP"
SERVICE: Final = "service"
"""The category of a conversation that a person began."""


class _Asked(msgspec.Struct):
    biz_opaque_callback_data: str | None = None
    type: Any = None
    template: Any = None


class Heard(msgspec.Struct, omit_defaults=True):
    """What a person did, and how the call that tells of it introduces them."""

    message: dict[str, Any]
    contact: dict[str, Any] | None = None
    preference: bool = False
    """Whether it is no message but what the person prefers from now on."""


_ASKED: Final = msgspec.json.Decoder(_Asked)
_HEARD: Final = msgspec.json.Decoder(Heard)


def again_after(attempt: int) -> float | None:
    """Seconds until a call is made again that was not taken so many times; Meta tries for about seven days."""
    return min(2.0 ** min(attempt - 1, 12), LONGEST_PAUSE) if attempt < TRIES else None


class Statuses:
    """Tells apps what happens.

    Of templates in a day's window only those of the category utility cost nothing, and so do messages that are none.
    """

    def __init__(self, panels: Panels, categories: Callable[[str, str], str]) -> None:
        self._panels = panels
        self._category = categories

    def call(self, reports: Sequence[Report], webhook: Webhook) -> Request:
        """See Teller: all reports are of one number."""
        values = []
        statuses = [report for report in reports if report.kind != MESSAGE]
        if statuses:
            metadata = _metadata(statuses[0].entry.bot)
            # Where several statuses share a call, nobody looks for the people among them.
            contacts = (self._introduced(statuses[0]),) if webhook.at_once == 1 else ()
            written = tuple(self._status(report) for report in statuses)
            values.append(wire.Value(wire.PRODUCT, metadata, contacts, statuses=written))
        values += [_heard(report.entry) for report in reports if report.kind == MESSAGE]
        body = wire.encode_notification((wire.Entry(ACCOUNT, tuple(values)),))
        return _signed(webhook, body)

    def again_after(self, attempt: int) -> float | None:
        """See Teller."""
        return again_after(attempt)

    def _introduced(self, report: Report) -> dict[str, Any]:
        """The receiver. Meta leaves them out of failures, but pywa reads them there too and fails without."""
        person = report.entry.recipient
        # Who goes by a username is called so only once the phone has the message.
        username = self._panels.username(person) if report.kind in (DELIVERED, READ) else None
        return introduced(person, self._panels.name(person, usual_name(person)), username)

    def _status(self, report: Report) -> wire.Status:
        entry, asked = report.entry, _ASKED.decode(report.entry.payload)
        failed, number = report.kind == FAILED, is_number(entry.recipient)
        category = SERVICE
        if asked.type == "template":
            category = self._category(asked.template["name"], asked.template["language"]["code"])
        return wire.Status(
            entry.external_id,
            report.kind,
            str(report.at // SECOND),
            entry.recipient if number else "",
            asked.biz_opaque_callback_data,
            None if failed else _conversation(entry, category, first=report.kind == SENT),
            None if failed else self._pricing(entry, category),
            (_problem(entry.failed),) if failed else (),
            None if failed and number else user_id(entry.recipient),
        )

    def _pricing(self, entry: Entry, category: str) -> wire.Pricing:
        answers = self._panels.heard_lately(entry.bot, entry.recipient, entry.at)
        free = category == SERVICE or (category == "utility" and answers)
        kind = "free_customer_service" if free else "regular"
        return wire.Pricing(billable=not free, pricing_model=PRICING_MODEL, type=kind, category=category)


def _heard(entry: Entry) -> wire.Value:
    """What a person wrote, did or prefers."""
    heard, metadata = _HEARD.decode(entry.payload), _metadata(entry.bot)
    contacts = () if heard.contact is None else (heard.contact,)
    if heard.preference:
        preference = {**heard.message, "timestamp": entry.at // SECOND}
        return wire.Value(wire.PRODUCT, metadata, contacts, user_preferences=(preference,))
    message = {"id": entry.external_id, "timestamp": str(entry.at // SECOND), **heard.message}
    return wire.Value(wire.PRODUCT, metadata, contacts, (message,))


def _metadata(bot: str) -> wire.Metadata:
    return wire.Metadata(display_number(bot), bot)


def usual_name(person: str) -> str:
    """What people are called who gave themselves no name."""
    return f"Person {person}"


def _conversation(entry: Entry, category: str, *, first: bool) -> wire.Conversation:
    named = sha256(f"{entry.bot} {entry.recipient}".encode()).hexdigest()[:32]
    ends = str((entry.at + CONVERSATION) // SECOND) if first else None
    return wire.Conversation(named, ends, wire.Origin(category))


def _problem(failed: str | None) -> wire.Problem:
    """The error of a code, with the words of the code's own where it has any."""
    code = int(failed) if failed and failed.isdigit() else 0
    if code not in ERRORS:
        return wire.Problem(code, "Message failed", "Message failed")
    return wire.problem(code, ERRORS[code].title)


def heard(message: dict[str, Any], person: str, name: str, username: str | None = None, *, known: bool = True) -> str:
    """What a person did, as the journal keeps it until it is told; what is not `known` comes without its author."""
    contact = introduced(person, name, username) if known else None
    return msgspec.json.encode(Heard({**author(person), **message}, contact)).decode()


def preferred(person: str, name: str, username: str | None, *, marketing: bool) -> str:
    """Whether the person wants marketing messages, as the journal keeps it until it is told."""
    word = "resume" if marketing else "stop"
    number = {"wa_id": person} if is_number(person) else {}
    told = {
        **number,
        "user_id": user_id(person),
        "detail": f"User requested to {word} marketing messages",
        "category": "marketing_messages",
        "value": word,
    }
    return msgspec.json.encode(Heard(told, introduced(person, name, username), preference=True)).decode()


def reviewed(webhook: Webhook, template: Mapping[str, Any], now: Moment) -> Request:
    """The call that tells what was decided over a template; such a call says when."""
    value = {
        "event": template["status"],
        "message_template_id": int(template["id"]),
        "message_template_name": template["name"],
        "message_template_language": template["language"],
        "reason": template["rejected_reason"],
    }
    changes = [{"value": value, "field": TEMPLATE_FIELD}]
    whole = {"object": wire.BUSINESS_ACCOUNT, "entry": [{"id": ACCOUNT, "time": now // SECOND, "changes": changes}]}
    return _signed(webhook, json.dumps(whole, separators=(",", ":")).encode())


def _signed(webhook: Webhook, body: bytes) -> Request:
    headers = {"content-type": "application/json", wire.SIGNATURE_HEADER: wire.sign(webhook.secret, body)}
    return Request("POST", webhook.url, headers, body)
