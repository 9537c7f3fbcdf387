"""Decides what the rest of the service learns of WhatsApp: its rules, its settings and the makers of its two sides.

It has never heard of other messengers.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Final

from vestnik.domain.errors import BadSetting, InvalidIdentifier
from vestnik.domain.rules import MessengerRules
from vestnik.messengers.registry import Messenger, Option, RealPace
from vestnik.messengers.whatsapp import wire
from vestnik.messengers.whatsapp.codes import read_statuses
from vestnik.messengers.whatsapp.gateway import WhatsAppGateway

if TYPE_CHECKING:
    from vestnik.emulation.world import Emulator, World


def _canonical(identifier: str) -> str:
    try:
        return wire.canonical(identifier)
    except ValueError as error:
        raise InvalidIdentifier(str(error)) from error


def _emulator(world: "World") -> "Emulator":
    """Loaded when it is asked for: a service that talks to the real messenger does without."""
    try:
        read_statuses(world.option("whatsapp", "http_statuses"))
    except ValueError as error:
        raise BadSetting(f"VESTNIK_WHATSAPP_HTTP_STATUSES: {error}") from error
    batch = world.option("whatsapp", "batch") or "1"
    if not (batch.isascii() and batch.isdigit() and 1 <= int(batch[:5]) <= wire.BATCH_LIMIT):
        raise BadSetting(f"VESTNIK_WHATSAPP_BATCH: must be a whole number from 1 to {wire.BATCH_LIMIT}")
    emulator: Emulator = import_module(f"{__name__}.emulator").emulator(world)
    return emulator


OPTIONS: Final = (
    Option("token", "EAAvestnik", "the access token of a system user", secret=True),
    Option("phone_number_id", "100000000000001", "the id of the number that sends"),
    Option("app_id", "100000000000002", "the app whose webhook is set at start; empty: it is set in Meta's dashboard"),
    Option("app_secret", "vestnik-app-secret", "the secret that signs webhooks", secret=True),
    Option("verify_token", "vestnik-verify-token", "the word by which a webhook is verified", secret=True),
    Option("http_statuses", "", "HTTP statuses of the emulator's errors by code, such as 130429=429,132001=400"),
    Option("batch", "1", "how many things the emulator tells an app in one call of its webhook, at most 1000"),
    Option("report_wait", "10", "seconds to wait for a report after a lost answer"),
)

MESSENGER: Final = Messenger(
    rules=MessengerRules(
        name="whatsapp",
        title="WhatsApp",
        aliases=(),
        canonical=_canonical,
        text_length=wire.text_length,
        text_limit=wire.TEXT_LIMIT,
        identifier_example="+79161234567",
    ),
    options=OPTIONS,
    gateway=WhatsAppGateway,
    emulator=_emulator,
    # Meta publishes 80 messages a second for a number and one in 6 seconds to one person.
    real_pace=RealPace(per_second=80.0, gap=6.0),
    hosts=("graph.facebook.com",),
)
