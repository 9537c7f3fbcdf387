"""Decides what the ids of WhatsApp messages look like, base64 of the recipient's number and more, and those of things.

It has never heard of anything but their form.
"""

import base64
import re
from hashlib import sha256
from typing import Final

_THING: Final = re.compile(r"8[0-9]{15}")
"""Sixteen digits: an id of a template travels as a number too, and JavaScript knows whole numbers up to 2^53."""


def wamid(recipient: str, unique: str) -> str:
    """The id of a message to or from the recipient, made from something unique."""
    number = sha256(unique.encode()).hexdigest()[:18].upper().encode()
    digits = recipient.encode()
    whole = b"\x1c\x18" + bytes([len(digits)]) + digits + b"\x15\x02\x00\x11\x18" + bytes([len(number)]) + number
    return "wamid." + base64.b64encode(whole + b"\x00").decode()


def thing_id(unique: str) -> str:
    """The id of a file or a template, made from something unique."""
    return str(8 * 10**15 + int.from_bytes(sha256(unique.encode()).digest()[:8]) % 10**15)


def is_thing(node: str) -> bool:
    """Whether the id can be only that of a file or a template, never a number's."""
    return _THING.fullmatch(node) is not None
