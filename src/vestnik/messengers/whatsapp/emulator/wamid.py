"""Decides what the ids of WhatsApp messages look like: base64 of the recipient's number and a number of the message.

It has never heard of anything but their form.
"""

import base64
from hashlib import sha256


def wamid(recipient: str, unique: str) -> str:
    """The id of a message to or from the recipient, made from something unique."""
    number = sha256(unique.encode()).hexdigest()[:18].upper().encode()
    digits = recipient.encode()
    whole = b"\x1c\x18" + bytes([len(digits)]) + digits + b"\x15\x02\x00\x11\x18" + bytes([len(number)]) + number
    return "wamid." + base64.b64encode(whole + b"\x00").decode()
