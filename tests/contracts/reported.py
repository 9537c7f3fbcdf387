"""Decides which messengers report what becomes of a message, how the reports are told apart, and to whom many are sent.

It has never heard of how an emulator comes to report.
"""

import base64

from tests.contracts.world import Life

REPORTING = {"viber": ["delivered", "seen"], "whatsapp": ["sent", "delivered", "read"]}
"""What becomes of a message that is read, in its order."""


def kinds(world: Life) -> list[str]:
    """What the bots were told, in its order."""
    return [kind for kind, _ in world.bots.events()]


def people(messenger: str, count: int) -> list[str]:
    """So many different identifiers."""
    if messenger == "viber":
        return [base64.b64encode(number.to_bytes(16, "big")).decode() for number in range(count)]
    return [f"7916{number:07d}" for number in range(count)]
