"""Decides how a parser keeps what it has written so far, and how it tells a place in what it reads.

It has never heard of any markup.
"""

from typing import Final

from vestnik.messengers.telegram.markup.entity import Entity, MarkupError, units

SPACES: Final = " \t\r\n\v\0"
"""What the server takes for white space; the end of a text counts as NUL."""


class Draft:
    """The plain text written so far and the entities found in it."""

    def __init__(self) -> None:
        self.entities: list[Entity] = []
        self.length = 0
        """UTF-16 units written."""
        self.size = 0
        """Bytes written, in UTF-8."""
        self._pieces: list[str] = []

    def write(self, piece: str) -> None:
        """Adds plain text."""
        self._pieces.append(piece)
        self.length += units(piece)
        self.size += byte_offset(piece, len(piece))

    def mark(self) -> int:
        """A place that `since` goes back to."""
        return len(self._pieces)

    def since(self, mark: int) -> str:
        """What was written after the mark."""
        return "".join(self._pieces[mark:])

    def text(self) -> str:
        """All that was written."""
        return "".join(self._pieces)


def unparsable(reason: str, text: str | None = None, at: int = 0) -> MarkupError:
    """The server's error about markup; with a text it names the byte offset in UTF-8 of the place `at`."""
    if text is not None:
        reason = f"{reason} at byte offset {byte_offset(text, at)}"
    return MarkupError(f"Can't parse entities: {reason}")


def byte_offset(text: str, at: int) -> int:
    """How many bytes the first `at` characters take in UTF-8."""
    return len(text[:at].encode("utf-8", "surrogatepass"))


def has_surrogates(text: str) -> bool:
    """Whether the text has halves of characters in it, so that it is no valid UTF-8."""
    return not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text)
