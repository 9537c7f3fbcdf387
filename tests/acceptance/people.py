"""Decides whom the tests write to: as many people as wanted, each with a valid identifier on every messenger.

It has never heard of a service.
"""

import base64
from collections.abc import Iterable
from typing import Final, TypeAlias

MESSENGERS: Final = ("telegram", "viber", "whatsapp")
Person: TypeAlias = dict[str, str]


def person(number: int) -> Person:
    """Somebody, always the same for the same number from 0 to 9,999,999."""
    return {
        "telegram": str(1_000_000 + number),
        "viber": base64.b64encode(number.to_bytes(16, "big")).decode(),
        "whatsapp": f"+7916{number:07d}",
    }


def people(count: int, start: int = 0, on: Iterable[str] = MESSENGERS) -> list[Person]:
    """That many people, numbered from `start`, each with identifiers on these messengers."""
    wanted = tuple(on)
    return [{messenger: person(number)[messenger] for messenger in wanted} for number in range(start, start + count)]


def at_messenger(messenger: str, identifier: str) -> str:
    """The identifier as the messenger itself knows it: WhatsApp knows a number by its digits."""
    return identifier.removeprefix("+") if messenger == "whatsapp" else identifier
