"""Decides when two messages say the same: the identity by which a sender never repeats itself to a recipient.

It has never heard of where identities are kept; a new rule gets a new version, so that old identities stay true.
"""

import hashlib
import unicodedata

VERSION = 1


def normalise(text: str) -> str:
    """The text without the differences that no reader can see: NFC, line ends, white space at the ends of lines."""
    lines = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(line.rstrip() for line in lines).rstrip()


def content_key(sender: str, text: str, dedupe_key: str | None = None) -> str:
    """The identity of a content of a sender, for instance `1:9f86d0…`: a version and a SHA-256 in hexadecimal.

    A `dedupe_key` takes the place of the text, and a key never equals a text.
    """
    kind, content = ("text", normalise(text)) if dedupe_key is None else ("key", dedupe_key)
    whole = f"{len(sender)}:{sender}{len(kind)}:{kind}{len(content)}:{content}"
    return f"{VERSION}:{hashlib.sha256(whole.encode()).hexdigest()}"
