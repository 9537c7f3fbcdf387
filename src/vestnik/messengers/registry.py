"""Decides which messengers exist: the built-in ones and those that other packages register.

It has never heard of what any of them is like; each brings one `Messenger` value from its own folder.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points
from math import nan
from typing import TYPE_CHECKING, Final

from vestnik.domain.errors import BadSetting
from vestnik.domain.rules import MessengerRules
from vestnik.ports import Clock, Gateway, Transport

if TYPE_CHECKING:
    from vestnik.emulation.world import Emulator, World

BUILT_IN: Final = ("telegram", "viber", "whatsapp")
ENTRY_POINTS: Final = "vestnik.messengers"
LONGEST_OPTION: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Option:
    """A setting of one messenger: `VESTNIK_<MESSENGER>_<NAME>` in the environment."""

    name: str
    """Lower case, for instance `token`."""
    default: str
    help: str
    secret: bool = False


def seconds_option(messenger: str, options: Mapping[str, str], name: str) -> float:
    """An option that is a number of seconds, at most an hour; BadSetting names its variable."""
    try:
        value = float(options[name])
    except ValueError:
        value = nan
    if not 0 <= value <= LONGEST_OPTION:
        variable = f"VESTNIK_{messenger}_{name}".upper()
        raise BadSetting(f"{variable}={options[name]}: give seconds from 0 to {LONGEST_OPTION:g}")
    return value


@dataclass(frozen=True, slots=True)
class GatewayParts:
    """What wiring gives a gateway: where its far side is and how to speak to it.

    `options` has a value for every declared option. `base_url` has no slash at its end and includes the messenger's
    prefix. `callback_url` is the absolute address of the service's receipt route for this messenger.
    `timeout` is seconds for one exchange.
    """

    base_url: str
    options: Mapping[str, str]
    transport: Transport
    clock: Clock
    callback_url: str
    timeout: float
    honours_key: bool


@dataclass(frozen=True, slots=True)
class Messenger:
    """All that the rest of the service learns of a messenger."""

    rules: MessengerRules
    options: tuple[Option, ...]
    gateway: Callable[[GatewayParts], Gateway]
    emulator: Callable[["World"], "Emulator"]
    real_pace: "RealPace"
    hosts: tuple[str, ...] = ()
    """The hosts of the real service's API, for clients that have them written into them."""


@dataclass(frozen=True, slots=True)
class RealPace:
    """The vendor's published limits on sending, used with real limits: messages per second and bot, gap per recipient.

    `per_second` 0 means no limit; `gap` is seconds between two messages to one recipient.
    """

    per_second: float = 0.0
    gap: float = 0.0


def messengers(more: Iterable[Messenger] = ()) -> dict[str, Messenger]:
    """Every messenger by name: built-in, registered under the entry point group, and `more`, in that order."""
    found = [import_module(f"vestnik.messengers.{name}").MESSENGER for name in BUILT_IN]
    found += [entry.load() for entry in sorted(entry_points(group=ENTRY_POINTS), key=lambda entry: entry.name)]
    return {messenger.rules.name: messenger for messenger in (*found, *more)}
