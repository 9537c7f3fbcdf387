"""Decides how the emulated Viber says no: a status and its word, with HTTP 200 unless something in front of it fails.

It has never heard of why, beyond a code.
"""

from math import ceil
from typing import Any, Final

from vestnik.emulation.faults import Fault
from vestnik.emulation.line import Trouble
from vestnik.messengers.viber import wire
from vestnik.ports import Response

JSON: Final = {"content-type": "application/json"}
DETAIL: Final = "x-emulator-detail"
"""A header of ours that names the field of a refused request; Viber's own words name it only for keyboards."""
HOSTNAME: Final = "SN-CHAT-05_"


class Refused(Exception):
    """A call that is answered with a status other than ok; `words` stand in place of the status' own."""

    def __init__(self, status: int, words: str | None = None, detail: str | None = None) -> None:
        super().__init__(status)
        self.status: Final = status
        self.words: Final = words or wire.status(status).word
        self.detail: Final = detail


def said(status: int, words: str | None = None, **more: Any) -> wire.Answer:
    """An answer with the status' own word."""
    return wire.Answer(status, words or wire.status(status).word, chat_hostname=HOSTNAME, **more)


def answered(refused: Refused) -> Response:
    """The refusal as a response."""
    headers = {**JSON, DETAIL: refused.detail} if refused.detail else JSON
    return Response(200, headers, wire.encode(said(refused.status, refused.words)))


def status_of(trouble: Trouble) -> int:
    """The status that a message gets which is not taken."""
    match trouble.fault:
        case Fault.THROTTLE:
            return wire.TOO_MANY_REQUESTS
        case Fault.BLOCKED:
            return wire.NOT_SUBSCRIBED
        case Fault.UNKNOWN_USER:
            return wire.NOT_REGISTERED
        case _:
            return wire.GENERAL_ERROR if trouble.status is None else trouble.status


def troubled(trouble: Trouble, token: int) -> Response:
    """What a single message is answered that is not taken; the token is the one that it would have had."""
    status = status_of(trouble)
    if trouble.fault is Fault.THROTTLE:
        headers = {**JSON, "retry-after": str(max(1, ceil(trouble.retry_after)))}
        # This refusal has a token all the same, as Viber's page on sending shows it.
        return Response(200, headers, wire.encode(said(status, message_token=token)))
    if 400 <= status < 500:
        # Something in front of Viber refused: it does not speak Viber's language.
        return Response(status)
    if 500 <= status < 600:
        return Response(status, JSON, wire.encode(said(wire.GENERAL_ERROR)))
    return answered(Refused(status))
