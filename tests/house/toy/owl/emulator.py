"""Decides what the owlery answers and what it reports.

It has never heard of who reads the reports.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from vestnik.emulation.backlog import Report
from vestnik.emulation.bots import Webhook
from vestnik.emulation.faults import Fault
from vestnik.emulation.journal import Draft
from vestnik.emulation.line import Trouble, Ways
from vestnik.emulation.plan import DELIVERED
from vestnik.emulation.world import World
from vestnik.ports import Request, Response

from . import wire

NAME: Final = "owl"
JSON: Final = {"content-type": "application/json"}


class OwlEmulator:
    """The owlery; each feather is a bot."""

    def __init__(self, world: World) -> None:
        self._line = world.line(NAME, Ways(kinds=(DELIVERED,)))
        feather = world.option(NAME, "feather")
        if url := world.settings.webhooks.get(NAME):
            world.bots.configure_webhook(NAME, Webhook(url, feather, (DELIVERED,)))

    @property
    def teller(self) -> "OwlEmulator":
        """See Emulator."""
        return self

    async def answer(self, request: Request) -> Response:
        """See Emulator."""
        letter = msgspec.json.decode(request.body, type=wire.Letter)
        bot, key = request.headers[wire.FEATHER], request.headers.get(wire.IDEMPOTENCY_KEY)
        taken = await self._line.send(Draft(bot, letter.to, letter.letter, request.body.decode(), key))
        if not isinstance(taken, Trouble):
            return Response(200, JSON, msgspec.json.encode(wire.Answer(number=int(taken.external_id))))
        if taken.fault is Fault.THROTTLE:
            tired = msgspec.json.encode(wire.Answer(hoot=wire.TIRED))
            return Response(429, {**JSON, "retry-after": str(round(taken.retry_after))}, tired)
        return Response(404, JSON, msgspec.json.encode(wire.Answer(hoot=wire.NOBODY)))

    def unavailable(self) -> Response:
        """See Emulator."""
        return Response(503)

    def canonical(self, identifier: str) -> str | None:
        """See Emulator."""
        try:
            return wire.canonical(identifier)
        except ValueError:
            return None

    def bot_of(self, credential: str) -> tuple[str, str | None] | None:
        """See Emulator."""
        return credential, credential

    def is_bot(self, name: str) -> bool:
        """See Emulator."""
        return bool(name)

    def incoming(self, bot: str, recipient: str, text: str) -> Draft:
        """See Emulator."""
        return Draft(bot, recipient, text, msgspec.json.encode(wire.Letter(bot, text)).decode())

    def call(self, reports: Sequence[Report], webhook: Webhook) -> Request:
        """See Teller."""
        (report,) = reports
        body = msgspec.json.encode(wire.Arrived(int(report.entry.external_id), report.at // 1000))
        return Request("POST", webhook.url, {**JSON, wire.SEAL: wire.seal(webhook.secret, body)}, body)

    def again_after(self, attempt: int) -> float | None:
        """See Teller."""
        return 1.0 if attempt < 10 else None
