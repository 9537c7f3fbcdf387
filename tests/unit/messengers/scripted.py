"""Decides how a test plays the far side of a gateway: one prepared answer, and a record of what was asked.

It has never heard of any messenger.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from vestnik.domain.delivery import Claim
from vestnik.domain.moment import Moment, seconds
from vestnik.domain.outcomes import Outcome
from vestnik.messengers.registry import GatewayParts, Messenger
from vestnik.ports import Appointment, Gateway, Request, Response

NOW: Moment = seconds(1_795_426_200)
"""2026-11-23T09:30:00Z."""


class StoppedClock:
    def now(self) -> Moment:
        return NOW

    async def sleep_until(self, moment: Moment) -> None:
        raise AssertionError("a gateway does not sleep")

    def call_at(self, moment: Moment, callback: Callable[[], None]) -> Appointment:
        raise AssertionError("a gateway waits for nothing")

    def new_id(self) -> str:
        raise AssertionError("a gateway makes no ids")

    def luck(self) -> float:
        raise AssertionError("a gateway leaves nothing to chance")


@dataclass
class ScriptedTransport:
    """Answers every request the same, or raises."""

    answer: Response | Exception
    asked: list[tuple[Request, float]] = field(default_factory=list)

    async def exchange(self, request: Request, *, timeout: float) -> Response:
        self.asked.append((request, timeout))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def gateway(
    messenger: Messenger,
    transport: ScriptedTransport,
    options: Mapping[str, str] | None = None,
    *,
    honours_key: bool = True,
    callback_url: str = "http://service.test/api/receipts/it",
) -> Gateway:
    parts = GatewayParts(
        base_url="http://far.test/prefix",
        options={option.name: option.default for option in messenger.options} | dict(options or {}),
        transport=transport,
        clock=StoppedClock(),
        callback_url=callback_url,
        timeout=7.5,
        honours_key=honours_key,
    )
    return messenger.gateway(parts)


def claim(messenger: str, recipient: str, text: str = "Grüße 🎉", sender_name: str = "Acme", attempt: int = 1) -> Claim:
    return Claim("01JD-0", messenger, recipient, text, "acme", sender_name, attempt, 5, NOW)


def sent(messenger: Messenger, recipient: str, answer: Response | Exception) -> Outcome:
    """What an attempt ends in that is answered so."""
    door = gateway(messenger, ScriptedTransport(answer))
    return asyncio.run(door.send(claim(messenger.rules.name, recipient)))


def asked(
    messenger: Messenger, recipient: str, text: str = "Grüße 🎉", sender_name: str = "Acme", attempt: int = 1
) -> Request:
    """The request that an attempt makes."""
    transport = ScriptedTransport(Response(500))
    asyncio.run(gateway(messenger, transport).send(claim(messenger.rules.name, recipient, text, sender_name, attempt)))
    [(request, timeout)] = transport.asked
    assert timeout == 7.5
    return request
