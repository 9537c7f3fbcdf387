"""Decides what the rest of the service learns of Viber: its rules, its settings and the makers of its two sides.

It has never heard of other messengers.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Final

from vestnik.domain.errors import InvalidIdentifier
from vestnik.domain.rules import MessengerRules
from vestnik.messengers.registry import Messenger, Option, RealPace
from vestnik.messengers.viber import wire
from vestnik.messengers.viber.gateway import ViberGateway

if TYPE_CHECKING:
    from vestnik.emulation.world import Emulator, World


def _canonical(identifier: str) -> str:
    try:
        return wire.canonical(identifier)
    except ValueError as error:
        raise InvalidIdentifier(str(error)) from error


def _emulator(world: "World") -> "Emulator":
    """Loaded when it is asked for: a service that talks to the real messenger does without."""
    emulator: Emulator = import_module(f"{__name__}.emulator").emulator(world)
    return emulator


OPTIONS: Final = (
    Option("token", "4453b6ac00000001-e02c5f1200000002-daec9cbb00000003", "the bot's token", secret=True),
    Option("report_wait", "10", "seconds to wait for a report after a lost answer"),
    Option("needs_webhook", "0", "1: the emulator answers a bot without a webhook with status 10, as Viber does"),
)

MESSENGER: Final = Messenger(
    rules=MessengerRules(
        name="viber",
        title="Viber",
        aliases=(),
        canonical=_canonical,
        text_length=wire.text_length,
        text_limit=wire.TEXT_LIMIT,
        identifier_example="EGAZ3SZRi6zW1D0uNYhQHg==",
    ),
    options=OPTIONS,
    gateway=ViberGateway,
    emulator=_emulator,
    # Viber publishes no pace for single messages; its limit of 100 an hour to a silent receiver is no gap between two.
    real_pace=RealPace(),
    hosts=("chatapi.viber.com",),
)
