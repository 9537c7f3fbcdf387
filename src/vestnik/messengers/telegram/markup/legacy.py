"""Decides what a text in the legacy Markdown says: its plain text and its entities, which never nest.

It has never heard of MarkdownV2. Rules: td MessageEntity.cpp, parse_markdown.
"""

import re
from typing import Final

from vestnik.messengers.telegram.markup.draft import SPACES, Draft, byte_offset, unparsable
from vestnik.messengers.telegram.markup.entity import Entity, Kind, units
from vestnik.messengers.telegram.markup.links import linked

_PLAIN: Final = re.compile(r"[^_*`\[\\]+")
_ESCAPED: Final = frozenset("_*`[")
_KINDS: Final = {"_": Kind.ITALIC, "*": Kind.BOLD, "`": Kind.CODE, "[": Kind.TEXT_LINK}
_FENCE: Final = "```"


def parse_legacy(source: str) -> tuple[str, list[Entity]]:
    """The plain text and its entities; MarkupError where an entity has no end."""
    draft = Draft()
    at = 0
    while at < len(source):
        plain = _PLAIN.match(source, at)
        if plain is not None:
            draft.write(plain[0])
            at = plain.end()
        elif source[at] == "\\":
            escapes = source[at + 1 : at + 2] in _ESCAPED
            draft.write(source[at + 1] if escapes else "\\")
            at += 2 if escapes else 1
        elif source.startswith(_FENCE, at):
            at = _fenced(source, at, draft)
        else:
            at = _marked(source, at, draft)
    return draft.text(), draft.entities


def _marked(source: str, begin: int, draft: Draft) -> int:
    mark = source[begin]
    end = source.find("]" if mark == "[" else mark, begin + 1)
    if end < 0:
        raise _endless(source, begin)
    inner = source[begin + 1 : end]
    offset, written = draft.length, draft.size
    draft.write(inner)
    if not inner:
        return end + 1
    if mark != "[":
        draft.entities.append(Entity(offset, units(inner), _KINDS[mark]))
        return end + 1
    if source.startswith("(", end + 1):
        close = source.find(")", end + 2)
        close = close if close >= 0 else len(source)
        link, after = source[end + 2 : close], close + 1
    else:
        link, after = _overwritten(inner, byte_offset(source, begin + 1) - written), end + 1
    entity = linked(offset, units(inner), link)
    if entity is not None:
        draft.entities.append(entity)
    return after


def _fenced(source: str, begin: int, draft: Draft) -> int:
    language, inside = language_after(source, begin + len(_FENCE))
    end = source.find(_FENCE, inside)
    if end < 0:
        raise _endless(source, begin)
    inner = source[inside:end]
    if inner:
        draft.entities.append(Entity(draft.length, units(inner), Kind.PRE, language=language))
    draft.write(inner)
    return end + len(_FENCE)


def language_after(source: str, begin: int) -> tuple[str | None, int]:
    """The language named after a fence, and where the fenced text begins: one line break is left out."""
    stop = begin
    while stop < len(source) and source[stop] not in SPACES and source[stop] != "`":
        stop += 1
    language = None
    if begin != stop < len(source) and source[stop] != "`":
        language, begin = source[begin:stop], stop
    if source.startswith(("\r\n", "\n\r"), begin):
        return language, begin + 2
    return language, begin + 1 if source.startswith(("\r", "\n"), begin) else begin


def _overwritten(inner: str, shift: int) -> str:
    # The server takes the text for the link after it has moved that text `shift` bytes to the left in the same
    # buffer, so that the link lacks its beginning and repeats its end.
    raw = inner.encode("utf-8", "surrogatepass")
    shift = min(shift, len(raw))
    return (raw[shift:] + raw[len(raw) - shift :]).decode("utf-8", "surrogateescape")


def _endless(source: str, begin: int) -> Exception:
    return unparsable("Can't find end of the entity starting", source, begin)
