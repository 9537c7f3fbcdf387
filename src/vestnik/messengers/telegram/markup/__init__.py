"""Decides what the Bot API makes of a text: its parse mode, its entities, what is cleaned and what is refused.

It has never heard of messages, chats or how long a text may be once its entities are taken out.
"""

from typing import Final, NamedTuple

from vestnik.messengers.telegram.markup.automatic import found
from vestnik.messengers.telegram.markup.cleaning import cleaned, cleaned_with, is_invisible, trimmed
from vestnik.messengers.telegram.markup.draft import has_surrogates
from vestnik.messengers.telegram.markup.entity import Entity, Kind, MarkupError
from vestnik.messengers.telegram.markup.explicit import read_entities, taken
from vestnik.messengers.telegram.markup.html import parse_html
from vestnik.messengers.telegram.markup.legacy import parse_legacy
from vestnik.messengers.telegram.markup.nesting import nested, with_found
from vestnik.messengers.telegram.markup.version2 import parse_version2

__all__ = ["RAW_LIMIT", "Entity", "Formatted", "Kind", "MarkupError", "formatted"]

RAW_LIMIT: Final = 32_768
"""Bytes of a text as it comes in, markup included."""
LARGEST_PLACE: Final = 1_000_000

_PARSERS: Final = {"markdown": parse_legacy, "markdownv2": parse_version2, "html": parse_html}
_NOT_UTF8: Final = "Strings must be encoded in UTF-8"


class Formatted(NamedTuple):
    """A text as it is shown and its entities in the server's order."""

    text: str
    entities: list[Entity]


def formatted(text: str, parse_mode: str = "", entities: object = None, *, may_be_empty: bool = False) -> Formatted:
    """What the server makes of a text, which may hold lone surrogates where it was no valid UTF-8.

    `entities` is a list of MessageEntity objects or its JSON text, and counts only without a parse mode. A text that
    is white space only is an error unless it may be empty, as captions may. MarkupError carries the server's words.
    """
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > RAW_LIMIT:
        raise MarkupError("Text is too long")
    mode = parse_mode.lower()
    if not text or mode in ("", "none"):
        return _fixed(text, read_entities(entities), may_be_empty=may_be_empty)
    if mode not in _PARSERS:
        raise MarkupError("Unsupported parse_mode")
    if has_surrogates(text):
        raise MarkupError("Text must be encoded in UTF-8")
    plain, parsed = _PARSERS[mode](text)
    return _fixed(plain, [taken(entity) for entity in parsed], may_be_empty=may_be_empty)


def _fixed(text: str, entities: list[Entity], *, may_be_empty: bool) -> Formatted:
    if has_surrogates(text):
        raise MarkupError(_NOT_UTF8)
    for entity in entities:
        for name, value in (("offset", entity.offset), ("length", entity.length)):
            if not 0 <= value <= LARGEST_PLACE:
                raise MarkupError(f"Receive an entity with incorrect {name} {value}")
    if entities:
        entities = nested([entity for entity in entities if entity.length > 0])
        text, entities = cleaned_with(text, entities)
        entities = nested([entity for entity in entities if entity.length > 0])
    else:
        text = cleaned(text)
    if not text.strip(" \n"):
        if may_be_empty:
            return Formatted("", [])
        raise MarkupError("Text must be non-empty")
    text, entities = trimmed(text, entities)
    if is_invisible(text) and not may_be_empty:
        raise MarkupError("Text must be non-empty")
    return Formatted(text, with_found(entities, found(text)))
