"""The emulated Viber REST Bot API."""

from vestnik.messengers.viber.emulator.api import emulator

__all__ = ["emulator"]
