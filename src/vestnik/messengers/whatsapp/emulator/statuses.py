"""Decides how the emulated Cloud API tells an app what happens: statuses of its messages, and messages of people.

It has never heard of when or how often; it writes and signs one call at a time.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any, Final

import msgspec

from vestnik.emulation.backlog import Report
from vestnik.emulation.bots import Webhook
from vestnik.emulation.journal import Entry
from vestnik.emulation.plan import FAILED, MESSAGE, SENT
from vestnik.emulation.when import SECOND, span
from vestnik.messengers.whatsapp import wire
from vestnik.messengers.whatsapp.codes import ERRORS
from vestnik.ports import Request

BUSINESS_ACCOUNT_ID: Final = "100000000000003"
CONVERSATION: Final = span(24 * 3600)
LONGEST_PAUSE: Final = 3600.0
TRIES: Final = 180
"""Calls for one status: with pauses that double from a second to an hour, about seven days of them."""
PRICING: Final = wire.Pricing(billable=False, pricing_model="PMP", type="free_customer_service", category="service")


class _Asked(msgspec.Struct):
    biz_opaque_callback_data: str | None = None


_ASKED: Final = msgspec.json.Decoder(_Asked)


class Statuses:
    """Tells apps what happens."""

    def call(self, reports: Sequence[Report], webhook: Webhook) -> Request:
        """See Teller: all reports are of one number."""
        values = []
        statuses = [report for report in reports if report.kind != MESSAGE]
        if statuses:
            metadata = _metadata(statuses[0].entry.bot)
            # Where several statuses share a call, nobody looks for the people among them.
            contacts = (_contact(statuses[0].entry.recipient),) if webhook.at_once == 1 else ()
            written = tuple(_status(report) for report in statuses)
            values.append(wire.Value(wire.PRODUCT, metadata, contacts, statuses=written))
        for report in reports:
            if report.kind == MESSAGE:
                entry = report.entry
                contacts, messages = (_contact(entry.recipient),), (_message(entry),)
                values.append(wire.Value(wire.PRODUCT, _metadata(entry.bot), contacts, messages))
        body = wire.encode_notification((wire.Entry(BUSINESS_ACCOUNT_ID, tuple(values)),))
        headers = {"content-type": "application/json", wire.SIGNATURE_HEADER: wire.sign(webhook.secret, body)}
        return Request("POST", webhook.url, headers, body)

    def again_after(self, attempt: int) -> float | None:
        """See Teller: Meta tries for about seven days."""
        return min(2.0 ** (attempt - 1), LONGEST_PAUSE) if attempt < TRIES else None


def _metadata(bot: str) -> wire.Metadata:
    return wire.Metadata(f"1555{bot[-7:]:0>7}", bot)


def _contact(recipient: str) -> dict[str, Any]:
    user_id = int.from_bytes(sha256(recipient.encode()).digest()[:8])
    return {"profile": {"name": f"Person {recipient}"}, "wa_id": recipient, "user_id": f"ZZ.{user_id}"}


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


def _message(entry: Entry) -> dict[str, Any]:
    return {
        "from": entry.recipient,
        "id": entry.external_id,
        "timestamp": str(entry.at // SECOND),
        **msgspec.json.decode(entry.payload),
    }
