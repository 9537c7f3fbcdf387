"""Decides what the rest of the service learns of owl post.

It has never heard of other messengers, and none of the project's other files has heard of it.
"""

from vestnik.domain.errors import InvalidIdentifier
from vestnik.domain.rules import MessengerRules
from vestnik.messengers.registry import Messenger, Option, RealPace

from . import wire
from .emulator import OwlEmulator
from .gateway import OwlGateway


def _canonical(identifier: str) -> str:
    try:
        return wire.canonical(identifier)
    except ValueError as error:
        raise InvalidIdentifier(str(error)) from error


MESSENGER = Messenger(
    rules=MessengerRules(
        name="owl",
        title="Owl post",
        aliases=("strix",),
        canonical=_canonical,
        text_length=len,
        text_limit=wire.TEXT_LIMIT,
        identifier_example="privet-4",
    ),
    options=(Option("feather", "white", "the feather that letters are written with", secret=True),),
    gateway=OwlGateway,
    emulator=OwlEmulator,
    real_pace=RealPace(),
)
