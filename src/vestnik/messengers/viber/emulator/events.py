"""Decides how the emulated Viber tells bots what happens: one signed call for each event, again for about an hour.

It has never heard of what makes an event happen.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from vestnik.emulation.backlog import Report
from vestnik.emulation.bots import Webhook
from vestnik.emulation.plan import DELIVERED, FAILED, MESSAGE, READ
from vestnik.messengers.viber import wire
from vestnik.messengers.viber.emulator.refusals import HOSTNAME, JSON
from vestnik.ports import Request

LONGEST_PAUSE: Final = 300.0
TRIES: Final = 19
"""Calls of a webhook for one event: with pauses that double from a second to five minutes, about an hour of them."""
KINDS: Final = {"delivered": DELIVERED, "seen": READ, "failed": FAILED}
"""Events that a webhook can be spared; messages of people are told always, and so is who subscribes or leaves."""
CONVERSATION_STARTED: Final = "conversation_started"
_WORDS: Final = {kind: event for event, kind in KINDS.items()}


class Events:
    """Writes callbacks."""

    def call(self, reports: Sequence[Report], webhook: Webhook) -> Request:
        """See Teller: one event in one call."""
        (report,) = reports
        entry, timestamp = report.entry, report.at // 1000
        token = int(entry.external_id)
        if report.kind == MESSAGE:
            event = {
                "timestamp": timestamp,
                "chat_hostname": HOSTNAME,
                "message_token": token,
                **msgspec.json.decode(entry.payload),
            }
            return signed(webhook.url, webhook.secret, event)
        desc = entry.failed if report.kind == FAILED else None
        report_of = wire.Callback(_WORDS[report.kind], timestamp, HOSTNAME, token, entry.recipient, desc)
        return signed(webhook.url, webhook.secret, report_of)

    def again_after(self, attempt: int) -> float | None:
        """See Teller: Viber tries for about an hour."""
        return min(2.0 ** (attempt - 1), LONGEST_PAUSE) if attempt < TRIES else None


def signed(url: str, token: str, event: wire.Callback | Mapping[str, Any]) -> Request:
    """The call of a webhook: its signature comes as a header and in the query, where Viber's library for node looks."""
    body = wire.encode(event)
    signature = wire.sign(token, body)
    joint = "&" if urlsplit(url).query else "?"
    headers = {**JSON, wire.SIGNATURE_HEADER: signature}
    return Request("POST", f"{url}{joint}{wire.SIGNATURE_PARAMETER}={signature}", headers, body)
