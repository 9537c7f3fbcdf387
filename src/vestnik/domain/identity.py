"""Decides when two messages say the same: the identity by which a sender never repeats itself to a recipient.

It has never heard of where identities are kept; a new rule gets a new version, so that old identities stay true.
"""

import hashlib
import unicodedata
from binascii import b2a_base64

VERSION = 1


def normalise(text: str) -> str:
    """The text without the differences that no reader can see: NFC, line ends, white space at the ends of lines."""
    lines = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(line.rstrip() for line in lines).rstrip()


def content_key(sender: str, text: str, dedupe_key: str | None = None) -> str:
    """The identity of a content of a sender, for instance `1:n4bQgYhM…`: a version and a SHA-256 in base64.

    A `dedupe_key` takes the place of the text, and a key never equals a text. Every delivery holds it twice, in its row
    and in its slot: in hexadecimal a crowd's transaction took a tenth longer.
    """
    kind, content = ("text", normalise(text)) if dedupe_key is None else ("key", dedupe_key)
    whole = f"{len(sender)}:{sender}{len(kind)}:{kind}{len(content)}:{content}"
    digest = hashlib.sha256(whole.encode()).digest()
    return f"{VERSION}:{b2a_base64(digest, newline=False).decode().rstrip('=')}"
