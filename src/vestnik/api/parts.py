"""Decides what the API is made of: the doors and settings that every route is given.

It has never heard of what stands behind the doors or where the settings came from.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from prometheus_client import CollectorRegistry

from vestnik.alarms import Alarms
from vestnik.domain.message import Order
from vestnik.domain.moment import Moment
from vestnik.domain.rules import MessengerRules
from vestnik.ports import Clock, Gateway, Store

MOST_RECIPIENTS: Final = 10_000
"""In one request."""

DELIVERIES_SHOWN: Final = 100
"""With a message; the others are reached by its cursor."""

SLICE: Final = 100
"""How many identifiers are checked, or things rendered, before other requests get a turn.

The slowest rule takes 100 µs for an identifier, so that a slice holds the event loop for 10 ms at most.
"""


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """`body_limit` is bytes, `body_timeout` and `retry_after` are seconds."""

    max_attempts: int = 5
    body_limit: int = 8 * 2**20
    """10,000 recipients on three messengers are 1 MB; a body of 8 MiB holds the event loop for 40 ms at worst."""
    body_timeout: float = 30.0
    retry_after: int = 5
    """What a caller is told to wait where nothing can be stored now."""
    open_without_keys: bool = True
    """Whether anybody may use the API while there is no key: only on loopback or where a person insisted."""
    version: str = "0"


@dataclass(slots=True)
class Door:
    """Whether new work is taken; shut while the service stops."""

    open: bool = True


class Bell(Protocol):
    """Tells the dispatcher what it cannot know by itself."""

    def wake(self) -> None:
        """Something may be due earlier than the dispatcher thinks."""

    def expect(self, order: Order, now: Moment) -> None:
        """The order was accepted just now: its deliveries come due at its time."""


class Unheard:
    """The bell of a process without a dispatcher: relay and workers are told by the store."""

    def wake(self) -> None:
        """Nobody to wake."""

    def expect(self, order: Order, now: Moment) -> None:
        """Nobody to tell."""


class MovableClock(Protocol):
    """A clock that tests may move."""

    @property
    def offset(self) -> Moment:
        """How far it stands ahead of the machine's."""

    def move(self, offset: Moment) -> None:
        """Sets the offset and wakes whoever sleeps."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What the routes are given."""

    store: Store
    clock: Clock
    messengers: Mapping[str, MessengerRules]
    gateways: Mapping[str, Gateway]
    bell: Bell
    settings: ApiSettings
    movable: MovableClock | None
    readiness: Callable[[], str | None]
    """What the service still waits for, or None where it is ready."""
    door: Door
    registry: CollectorRegistry
    alarms: Alarms = field(default_factory=Alarms)
