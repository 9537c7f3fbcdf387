"""Decides what becomes of a business's messages: checked, counted against the window, taken, with what can be pressed.

It has never heard of webhooks or of what else may be asked.

A message to somebody who has blocked the number or does not exist is taken and fails later, as at Meta.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from vestnik.emulation.journal import Draft
from vestnik.emulation.limits import Bucket, Named
from vestnik.emulation.line import Trouble, Ways
from vestnik.emulation.plan import DELIVERED, READ, SENT
from vestnik.emulation.world import World
from vestnik.messengers.whatsapp import messages, templates, wire
from vestnik.messengers.whatsapp.emulator.identity import canonical, is_user_id
from vestnik.messengers.whatsapp.emulator.media import Media, fits
from vestnik.messengers.whatsapp.emulator.panels import Panels, choices_of
from vestnik.messengers.whatsapp.emulator.refusals import Refused, troubled
from vestnik.messengers.whatsapp.emulator.shelf import NAME, Shelf
from vestnik.messengers.whatsapp.emulator.wamid import is_thing, wamid
from vestnik.messengers.whatsapp.rules import Broken

UNDELIVERABLE: Final = "131026"
OUTSIDE_WINDOW: Final = "131047"
MEDIA_UPLOAD: Final = "131053"
NO_MEDIA: Final = "is not a valid whatsapp business account media attachment ID"
NO_MARKETING: Final = "131050"
MARKETING: Final = "MARKETING"
UNSUPPORTED_RECIPIENT: Final = 131062
AUTHENTICATION: Final = "AUTHENTICATION"
"""The category of templates that go to numbers alone."""
PAIR: Final = "pair"
PER_SECOND: Final = 80
"""Messages of one number, those that it gets among them."""
PAIR_GAP: Final = 6.0
"""Seconds between two messages to one person in the long run."""
PAIR_BURST: Final = 45


class Sending:
    """The messages of all numbers of the world."""

    def __init__(self, world: World, shelf: Shelf, panels: Panels, media: Media) -> None:
        self._world = world
        self._shelf = shelf
        self._media = media
        self._panels = panels
        limits = (
            Named("number", Bucket(rate=PER_SECOND, burst=PER_SECOND), both_ways=True),
            Named(PAIR, Bucket(rate=1 / PAIR_GAP, burst=PAIR_BURST), each_recipient=True),
        )
        ways = Ways(
            kinds=(SENT, DELIVERED, READ),
            failure=UNDELIVERABLE,
            fails_later=True,
            limits=limits,
            watching=panels.watching,
        )
        self.line: Final = world.line(NAME, ways)

    async def send(self, bot: str, message: Mapping[str, Any], payload: str, key: str | None) -> wire.Sent:
        """The answer to a message; Refused where it is not taken."""
        recipient, kind = _checked(message)
        template = self._shelf.used(message["template"]) if kind == "template" else None
        if template is not None and template.category == AUTHENTICATION and not message.get("to"):
            raise Refused(UNSUPPORTED_RECIPIENT)
        text = messages.readable(message)
        if template is not None:
            text = templates.said(template, message["template"].get("components") or ())
        failed = None if kind == "template" or self._in_window(bot, recipient) else OUTSIDE_WINDOW
        if template is not None and template.category == MARKETING and self._panels.stopped(bot, recipient):
            failed = NO_MARKETING
        if kind in messages.MEDIA and message[kind].get("id"):
            failed = await self._fault_of(kind, message[kind]["id"]) or failed
        external_id = wamid(recipient, self._world.unique())
        draft = Draft(bot, recipient, text, payload, key, external_id, failed=failed, type=kind)
        taken = await self.line.take(draft)
        if isinstance(taken, Trouble):
            raise troubled(taken, pair=taken.limit == PAIR)
        entry = taken.entry
        choices = choices_of(kind, message, template)
        if choices and entry.failed is None:
            await self._panels.show(bot, recipient, entry.external_id, choices)
        # A repeated key is answered as the first message was, which may have named the same person otherwise.
        contact = _contact(_JSON.decode(entry.payload) if taken.replayed else message, entry.recipient)
        return wire.Sent(wire.PRODUCT, (contact,), (wire.Accepted(entry.external_id, "accepted"),))

    async def _fault_of(self, kind: str, media_id: str) -> str | None:
        """Why a file cannot be delivered; Refused where it is not there, or no longer.

        An id that the emulated API never gives stands for a file that would be there, as long as all phones do.
        """
        medium = await self._media.find(media_id)
        if medium is None:
            if is_thing(media_id) or self._world.settings.strict:
                raise Refused(100, message=f"(#100) Param {kind}['id'] {NO_MEDIA}")
            return None
        return None if fits(kind, medium.mime_type) else MEDIA_UPLOAD

    def _in_window(self, bot: str, person: str) -> bool:
        """Whether the person wrote within the last day, which real limits ask for."""
        return not self._world.settings.limits_real or self._panels.heard_lately(bot, person, self._world.clock.now())


def _checked(message: Mapping[str, Any]) -> tuple[str, str]:
    """The recipient and the type of a message that can be sent."""
    recipient = _recipient(message)
    try:
        return recipient, messages.checked(message)
    except Broken as broken:
        raise Refused(broken.code, broken.details) from None


def _recipient(message: Mapping[str, Any]) -> str:
    """Who is to get it: whose number is `to`, or where there is none, whose user id is `recipient`."""
    to, by_id = message.get("to"), message.get("recipient")
    if not to and not by_id:
        raise Refused(100, "The parameter to is required.")
    named: Any = to or by_id
    recipient = canonical(named) if isinstance(named, str) else None
    if recipient is None or is_user_id(named) is bool(to):
        raise Refused(131009, "Recipient phone number is not valid" if to else "Recipient is not valid")
    return recipient


_JSON: Final = msgspec.json.Decoder()


def _contact(message: Mapping[str, Any], recipient: str) -> wire.Contact:
    """The recipient as the message names them."""
    if message.get("to"):
        return wire.Contact(message["to"], wa_id=recipient)
    return wire.Contact(message["recipient"], user_id=message["recipient"])
