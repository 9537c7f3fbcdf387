"""Decides how the emulated Cloud API tells an app what happens: statuses of its messages, and messages of people.

It has never heard of when or how often; it writes and signs one call at a time.
"""

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, Final

import msgspec

from vestnik.emulation.backlog import Report
from vestnik.emulation.bots import Webhook
from vestnik.emulation.journal import Entry
from vestnik.emulation.plan import FAILED, MESSAGE, SENT
from vestnik.emulation.when import SECOND, Moment, span
from vestnik.messengers.whatsapp import wire
from vestnik.messengers.whatsapp.codes import ERRORS
from vestnik.messengers.whatsapp.emulator.numbers import ACCOUNT, display_number
from vestnik.ports import Request

TEMPLATE_FIELD: Final = "message_template_status_update"
CONVERSATION: Final = span(24 * 3600)
LONGEST_PAUSE: Final = 3600.0
TRIES: Final = 180
"""Calls for one status: with pauses that double from a second to an hour, about seven days of them."""
PRICING: Final = wire.Pricing(billable=False, pricing_model="PMP", type="free_customer_service", category="service")


class _Asked(msgspec.Struct):
    biz_opaque_callback_data: str | None = None


class Heard(msgspec.Struct, omit_defaults=True):
    """What a person did, and how the call that tells of it introduces them."""

    message: dict[str, Any]
    contact: dict[str, Any] | None = None


_ASKED: Final = msgspec.json.Decoder(_Asked)
_HEARD: Final = msgspec.json.Decoder(Heard)


class Statuses:
    """Tells apps what happens."""

    def call(self, reports: Sequence[Report], webhook: Webhook) -> Request:
        """See Teller: all reports are of one number."""
        values = []
        statuses = [report for report in reports if report.kind != MESSAGE]
        if statuses:
            metadata = _metadata(statuses[0].entry.bot)
            # Where several statuses share a call, nobody looks for the people among them.
            contacts = (
                (contact_of(statuses[0].entry.recipient, usual_name(statuses[0].entry.recipient)),)
                if webhook.at_once == 1
                else ()
            )
            written = tuple(_status(report) for report in statuses)
            values.append(wire.Value(wire.PRODUCT, metadata, contacts, statuses=written))
        for report in reports:
            if report.kind == MESSAGE:
                heard = _HEARD.decode(report.entry.payload)
                contacts = () if heard.contact is None else (heard.contact,)
                message = {"id": report.entry.external_id, "timestamp": str(report.entry.at // SECOND), **heard.message}
                values.append(wire.Value(wire.PRODUCT, _metadata(report.entry.bot), contacts, (message,)))
        body = wire.encode_notification((wire.Entry(ACCOUNT, tuple(values)),))
        return _signed(webhook, body)

    def again_after(self, attempt: int) -> float | None:
        """See Teller: Meta tries for about seven days."""
        return min(2.0 ** (attempt - 1), LONGEST_PAUSE) if attempt < TRIES else None


def _metadata(bot: str) -> wire.Metadata:
    return wire.Metadata(display_number(bot), bot)


def contact_of(person: str, name: str) -> dict[str, Any]:
    """The person as webhooks introduce them."""
    user_id = int.from_bytes(sha256(person.encode()).digest()[:8])
    return {"profile": {"name": name}, "wa_id": person, "user_id": f"ZZ.{user_id}"}


def usual_name(person: str) -> str:
    """What people are called who gave themselves no name."""
    return f"Person {person}"


def _status(report: Report) -> wire.Status:
    entry = report.entry
    failed = report.kind == FAILED
    return wire.Status(
        entry.external_id,
        report.kind,
        str(report.at // SECOND),
        entry.recipient,
        _ASKED.decode(entry.payload).biz_opaque_callback_data,
        None if failed else _conversation(entry, first=report.kind == SENT),
        None if failed else PRICING,
        (_problem(entry.failed),) if failed else (),
    )


def _conversation(entry: Entry, *, first: bool) -> wire.Conversation:
    named = sha256(f"{entry.bot} {entry.recipient}".encode()).hexdigest()[:32]
    ends = str((entry.at + CONVERSATION) // SECOND) if first else None
    return wire.Conversation(named, ends, wire.Origin("service"))


def _problem(failed: str | None) -> wire.Problem:
    """The error of a code, with the words of the code's own where it has any."""
    code = int(failed) if failed and failed.isdigit() else 0
    if code not in ERRORS:
        return wire.Problem(code, "Message failed", "Message failed")
    return wire.problem(code, ERRORS[code].title)


def heard(message: dict[str, Any], person: str, name: str, *, known: bool = True) -> str:
    """What a person did, as the journal keeps it until it is told; what is not `known` comes without its author."""
    contact = contact_of(person, name) if known else None
    return msgspec.json.encode(Heard({"from": person, **message}, contact)).decode()


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
