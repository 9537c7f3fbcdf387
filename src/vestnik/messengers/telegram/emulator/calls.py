"""Decides what a method of the emulated Bot API is given and how it says that it will not do what it is asked.

It has never heard of any method in particular.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from vestnik.messengers.telegram import wire
from vestnik.messengers.telegram.encodings import Upload
from vestnik.messengers.telegram.facts import Method

NAME: Final = "telegram"
Json: TypeAlias = dict[str, Any]


class Failed(Exception):
    """A call that is answered with a failure."""

    def __init__(self, failure: wire.Failure) -> None:
        super().__init__(failure.description)
        self.failure = failure


def bad(message: str) -> Failed:
    """The call is a bad request: `message` is what the server says, before its prefix and small first letter."""
    return Failed(wire.failure(400, message))


def forbidden(message: str) -> Failed:
    """The bot may not do that."""
    return Failed(wire.failure(403, message))


def conflict(message: str) -> Failed:
    """Another call is in the way."""
    return Failed(wire.failure(409, message))


@dataclass(slots=True)
class Call:
    """One call of a method, its arguments read and checked for their types."""

    bot: str
    """The number in the bot's token."""
    token: str
    method: Method
    values: Mapping[str, Any]
    raw: Mapping[str, str]
    """The arguments as they came."""
    files: Mapping[str, Upload] = field(default_factory=dict)
    key: str | None = None
    """The Idempotency-Key that came with it."""

    def text(self, name: str) -> str:
        """An argument that is a text; empty where it is absent."""
        value = self.values.get(name, "")
        return value if isinstance(value, str) else ""

    def number(self, name: str, default: int = 0) -> int:
        """An argument that is a whole number."""
        value = self.values.get(name, default)
        return value if isinstance(value, int) else default

    def flag(self, name: str) -> bool:
        """An argument that is true or false; false where it is absent."""
        return self.values.get(name) is True


Handler: TypeAlias = Callable[[Call], Awaitable[Any]]
Handlers: TypeAlias = Mapping[str, Handler]
"""What does the work, by the method's name in lower case."""


@dataclass(frozen=True, slots=True)
class Described:
    """A result with words about it, as setWebhook and deleteWebhook answer."""

    result: Any
    description: str
