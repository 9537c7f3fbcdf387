"""The emulated WhatsApp Cloud API."""

from vestnik.messengers.whatsapp.emulator.api import emulator

__all__ = ["emulator"]
