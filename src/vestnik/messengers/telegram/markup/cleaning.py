"""Decides which characters of a text are kept and where its entities stand afterwards.

It has never heard of how entities nest. Rules: td misc.cpp, clean_input_string, and MessageEntity.cpp,
clean_input_string_with_entities and fix_formatted_text.
"""

import re
from typing import Final

from vestnik.messengers.telegram.markup.draft import byte_offset
from vestnik.messengers.telegram.markup.entity import Entity, MarkupError, in_order, units

_DROPPED: Final = frozenset("\r\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u0333\u033f\u030a")
_TABLE: Final = {ord(c): None for c in _DROPPED} | {code: " " for code in range(0x21) if code not in (0x0A, 0x0D)}
_DIRECTION_MARKS: Final = re.compile("[\u200e\u200f](?=[\u200e\u200f])")
_INVISIBLE: Final = re.compile(
    "[ \n\u00a0\u1680\u180e\u2000-\u200f\u202e\u202f\u205f\u2800\u3000\ufeff\ufffc\U000e0000-\U000e007f]*"
)


def cleaned(text: str) -> str:
    """The text without control characters: most become spaces, some vanish; of direction marks in a row one counts."""
    return _DIRECTION_MARKS.sub("\u200c", text.translate(_TABLE))


def is_invisible(text: str) -> bool:
    """Whether a reader would see nothing of the text."""
    return _INVISIBLE.fullmatch(text) is not None


def cleaned_with(text: str, entities: list[Entity]) -> tuple[str, list[Entity]]:
    """The cleaned text and its entities moved to their places in it; MarkupError where one does not fit the text.

    The entities are in order and properly nested, and lose what vanished from them; some may become empty.
    """
    kept, characters = _places(text)
    _check(text, entities, kept, characters)
    moved = [entity.moved(kept[entity.offset], kept[entity.end] - kept[entity.offset]) for entity in entities]
    return cleaned(text), moved


def trimmed(text: str, entities: list[Entity]) -> tuple[str, list[Entity]]:
    """Without spaces and line breaks at both ends; at the beginning those are kept that an entity covers."""
    text = text.rstrip(" \n")
    end = units(text)
    kept = [entity.moved(entity.offset, min(entity.end, end) - entity.offset) for entity in entities]
    kept = in_order([entity for entity in kept if entity.length > 0])
    blanks = len(text) - len(text.lstrip(" \n"))
    if kept:
        blanks = min(blanks, kept[0].offset)
    return text[blanks:], [entity.moved(entity.offset - blanks, entity.length) for entity in kept]


def _places(text: str) -> tuple[list[int], list[int]]:
    """For each UTF-16 offset in the text, its place after cleaning (or -1 within a character) and its character."""
    kept, characters, place = [], [], 0
    for index, character in enumerate(text):
        kept.append(place)
        characters.append(index)
        if character > "\uffff":
            kept.append(-1)
            characters.append(index)
            place += 1
        place += character not in _DROPPED
    return [*kept, place], [*characters, len(text)]


def _check(text: str, entities: list[Entity], kept: list[int], characters: list[int]) -> None:
    """Raises what the server meets first as it reads the text: an end before a beginning, the innermost end first."""
    last = len(kept) - 1
    met: list[tuple[int, int, str]] = []
    for index, entity in enumerate(entities):
        if entity.offset < last and kept[entity.offset] < 0:
            met.append((entity.offset, index, "Entity begins"))
            break
        if entity.end < last and kept[entity.end] < 0:
            words = f"Entity beginning at UTF-16 offset {entity.offset} ends"
            met.append((entity.end, -1 - index, words))
    if met:
        offset, _, words = min(met)
        place = byte_offset(text, characters[offset] + 1)
        raise MarkupError(f"{words} in a middle of a UTF-16 symbol at byte offset {place}")
    for entity in entities:
        if entity.offset > last:
            raise MarkupError(f"Entity begins after the end of the text at UTF-16 offset {entity.offset}")
    for entity in reversed(entities):
        if entity.end > last:
            beginning = f"Entity beginning at UTF-16 offset {entity.offset}"
            raise MarkupError(f"{beginning} ends after the end of the text at UTF-16 offset {entity.end}")
