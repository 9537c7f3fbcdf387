"""Decides how owl post is written: letters, answers, hoots and seals.

It has never heard of who sends letters or what becomes of them.
"""

import hashlib
import hmac
import re
from typing import Final

import msgspec

FEATHER: Final = "x-feather"
SEAL: Final = "x-seal"
IDEMPOTENCY_KEY: Final = "idempotency-key"
LETTERS: Final = "/letters"
TEXT_LIMIT: Final = 500
NOBODY: Final = "nobody lives there"
TIRED: Final = "the owl is tired"
_ADDRESS: Final = re.compile(r"[a-z]{1,20}-[1-9][0-9]{0,3}")


class Letter(msgspec.Struct):
    """What is sent."""

    to: str
    letter: str


class Answer(msgspec.Struct, omit_defaults=True):
    """What is answered: the letter's number, or a hoot."""

    number: int | None = None
    hoot: str | None = None


class Arrived(msgspec.Struct):
    """What the owl reports; `at` is milliseconds."""

    number: int
    at: int


def canonical(address: str) -> str:
    """The address as owls know it; ValueError for what is none."""
    plain = address.strip().lower()
    if not _ADDRESS.fullmatch(plain):
        raise ValueError("an owl's address is a street and a number, such as privet-4")
    return plain


def seal(feather: str, body: bytes) -> str:
    """The seal under a report."""
    return hmac.new(feather.encode(), body, hashlib.sha256).hexdigest()
