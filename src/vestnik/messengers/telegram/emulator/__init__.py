"""Decides of which parts the emulated Bot API is made.

It has never heard of the service that sends; it knows the wire, and the world that all emulators share.
"""

from vestnik.emulation.world import World
from vestnik.messengers.telegram.emulator.door import TelegramEmulator


def emulator(world: World) -> TelegramEmulator:
    """The emulator of this messenger."""
    return TelegramEmulator(world)
