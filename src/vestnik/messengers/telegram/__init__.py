"""Decides what the rest of the service learns of Telegram: its rules, its settings and the makers of its two sides.

It has never heard of other messengers.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Final

from vestnik.domain.errors import InvalidIdentifier
from vestnik.domain.rules import MessengerRules
from vestnik.messengers.registry import Messenger, Option, RealPace
from vestnik.messengers.telegram import wire
from vestnik.messengers.telegram.gateway import TelegramGateway

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


OPTIONS: Final = (Option("token", "7000000001:vestnik", "the bot's token from @BotFather", secret=True),)

MESSENGER: Final = Messenger(
    rules=MessengerRules(
        name="telegram",
        title="Telegram",
        aliases=("telegramm",),
        canonical=_canonical,
        text_length=wire.text_length,
        text_limit=wire.TEXT_LIMIT,
        identifier_example="1001",
    ),
    options=OPTIONS,
    gateway=TelegramGateway,
    emulator=_emulator,
    # Telegram publishes 30 messages a second for bulk notifications and one a second to one chat.
    real_pace=RealPace(per_second=30.0, gap=1.0),
    hosts=("api.telegram.org",),
)
