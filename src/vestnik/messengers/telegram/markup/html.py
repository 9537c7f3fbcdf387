"""Decides what a text in the Bot API's HTML says: its plain text and its entities, which nest.

It has never heard of any other HTML: other tags are errors and other named characters are plain text.
Rules: td MessageEntity.cpp, parse_html.
"""

import re
from dataclasses import dataclass
from typing import Final, NamedTuple

from vestnik.messengers.telegram.markup.dates import date_entity, markup_form
from vestnik.messengers.telegram.markup.draft import SPACES, Draft, has_surrogates, unparsable
from vestnik.messengers.telegram.markup.entity import Entity, Kind, MarkupError, in_order
from vestnik.messengers.telegram.markup.links import linked, lower
from vestnik.messengers.telegram.numerals import LARGEST_INT32, LARGEST_INT64, exact_integer, leading_integer

STYLES: Final = {
    "b": Kind.BOLD,
    "strong": Kind.BOLD,
    "i": Kind.ITALIC,
    "em": Kind.ITALIC,
    "u": Kind.UNDERLINE,
    "ins": Kind.UNDERLINE,
    "s": Kind.STRIKETHROUGH,
    "strike": Kind.STRIKETHROUGH,
    "del": Kind.STRIKETHROUGH,
    "tg-spoiler": Kind.SPOILER,
    "span": Kind.SPOILER,
}
TAGS: Final = frozenset({*STYLES, "a", "tg-emoji", "tg-time", "pre", "code", "blockquote"})

_TEXT: Final = re.compile(r"[^<&]+")
_TAG_NAME: Final = re.compile(r"[^ \t\r\n\v\0>]*")
_ATTRIBUTE_NAME: Final = re.compile(r"""[^ \t\r\n\v\0=>/"']*""")
_NAME_TOKEN: Final = re.compile(r"[A-Za-z0-9.-]*")
_BLANKS: Final = re.compile(r"[ \t\r\n\v]*")
_REFERENCE: Final = re.compile(r"&(?:#x(?P<hex>[0-9A-Fa-f]*)|#(?P<decimal>[0-9]*)|(?P<name>[A-Za-z]*));?")
_NAMED: Final = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_LONGEST_REFERENCE: Final = 9
"""Characters of a numeric reference without its semicolon."""
_LARGEST_REFERENCE: Final = 0x10FFFE
_BAD_SURROGATES: Final = (
    "Text contains invalid Unicode characters after decoding HTML entities, check for unmatched surrogate code units"
)


@dataclass(slots=True)
class _Tag:
    name: str
    begin: int
    offset: int = 0
    mark: int = 0
    argument: str = ""
    unix_time: int = 0


class _Attribute(NamedTuple):
    name: str
    value: str | None
    end: int


def parse_html(source: str) -> tuple[str, list[Entity]]:
    """The plain text and its entities; MarkupError where a tag is unknown, malformed, out of place or not closed."""
    reader = _Reader(source)
    reader.read()
    text = reader.draft.text()
    if has_surrogates(text):
        raise unparsable(_BAD_SURROGATES)
    return text, in_order([_without_language(entity) for entity in reader.draft.entities])


def _without_language(entity: Entity) -> Entity:
    return Entity(entity.offset, entity.length, Kind.CODE) if entity.type is Kind.CODE else entity


def _referenced(source: str, at: int) -> tuple[str, int] | None:
    """The character that a reference at `at` stands for and where the reference ends, or None where it is none."""
    match = _REFERENCE.match(source, at)
    if match is None:
        return None
    if match["name"] is not None:
        character = _NAMED.get(match["name"])
        return None if character is None else (character, match.end())
    digits, radix = (match["decimal"], 10) if match["hex"] is None else (match["hex"], 16)
    if len(match[0].rstrip(";")) > _LONGEST_REFERENCE:
        return None
    code = int(digits or "0", radix)
    return (chr(code), match.end()) if 0 < code <= _LARGEST_REFERENCE else None


class _Reader:
    def __init__(self, source: str) -> None:
        self.draft = Draft()
        self._source = source
        self._at = 0
        self._open: list[_Tag] = []

    def read(self) -> None:
        while self._at < len(self._source):
            text = _TEXT.match(self._source, self._at)
            if text is not None:
                self.draft.write(text[0])
                self._at = text.end()
            elif self._source[self._at] == "&":
                character, self._at = _referenced(self._source, self._at) or ("&", self._at + 1)
                self.draft.write(character)
            elif self._source.startswith("/", self._at + 1):
                self._end_tag()
            else:
                self._start_tag()
        if self._open:
            raise unparsable(f'Can\'t find end tag corresponding to start tag "{self._open[-1].name}"')

    def _start_tag(self) -> None:
        begin = self._at
        self._at = self._skip(_TAG_NAME, begin + 1)
        if self._ended():
            raise unparsable("Unclosed start tag", self._source, begin)
        tag = _Tag(lower(self._source[begin + 1 : self._at]), begin, self.draft.length, self.draft.mark())
        if tag.name not in TAGS:
            raise unparsable(f'Unsupported start tag "{tag.name}"', self._source, begin)
        while (attribute := self._attribute(tag)) is not None:
            _apply(tag, attribute)
        if tag.name == "span" and tag.argument != "spoiler":
            raise unparsable('Tag "span" must have class "tg-spoiler"', self._source, begin)
        self._open.append(tag)
        self._at += 1

    def _attribute(self, tag: _Tag) -> _Attribute | None:
        self._at = self._skip(_BLANKS, self._at)
        if self._source.startswith(">", self._at):
            return None
        begin, self._at = self._at, self._skip(_ATTRIBUTE_NAME, self._at)
        name = self._source[begin : self._at]
        if not name:
            raise unparsable(f'Empty attribute name in the tag "{tag.name}"', self._source, tag.begin)
        self._at = self._skip(_BLANKS, self._at)
        has_value = self._source.startswith("=", self._at)
        if has_value:
            self._at = self._skip(_BLANKS, self._at + 1)
        if self._ended():
            raise unparsable(f'Unclosed start tag "{tag.name}"', self._source, tag.begin)
        if not has_value:
            return _Attribute(name, None, self._at)
        value = self._quoted() if self._source[self._at] in "\"'" else self._name_token()
        if self._ended():
            raise unparsable("Unclosed start tag", self._source, tag.begin)
        return _Attribute(name, value, self._at)

    def _name_token(self) -> str:
        begin, self._at = self._at, self._skip(_NAME_TOKEN, self._at)
        if not self._ended() and self._source[self._at] not in f"{SPACES}>":
            raise unparsable("Unexpected end of name token", self._source, begin)
        return lower(self._source[begin : self._at])

    def _quoted(self) -> str:
        quote = self._source[self._at]
        self._at += 1
        value = []
        while not self._ended() and self._source[self._at] != quote:
            reference = _referenced(self._source, self._at) if self._source[self._at] == "&" else None
            character, self._at = reference or (self._source[self._at], self._at + 1)
            value.append(character)
        if not self._ended():
            self._at += 1
        return "".join(value)

    def _end_tag(self) -> None:
        begin = self._at
        if not self._open:
            raise unparsable("Unexpected end tag", self._source, begin)
        self._at = self._skip(_TAG_NAME, begin)
        name = lower(self._source[begin + 2 : self._at])
        self._at = self._skip(_BLANKS, self._at)
        if not self._source.startswith(">", self._at):
            raise unparsable("Unclosed end tag", self._source, begin)
        tag = self._open[-1]
        if name not in ("", tag.name):
            where = unparsable("Unmatched end tag", self._source, begin).message
            raise MarkupError(f'{where}, expected "</{tag.name}>", found "</{name}>"')
        if self.draft.length > tag.offset:
            self._add(tag)
        self._open.pop()
        self._at += 1

    def _add(self, tag: _Tag) -> None:
        offset, length = tag.offset, self.draft.length - tag.offset
        entity: Entity | None
        match tag.name:
            case "a":
                entity = linked(offset, length, tag.argument or self.draft.since(tag.mark))
            case "tg-emoji":
                if not exact_integer(tag.argument, LARGEST_INT64):
                    raise unparsable("Invalid custom emoji identifier specified")
                entity = Entity(offset, length, Kind.CUSTOM_EMOJI, custom_emoji_id=tag.argument)
            case "tg-time":
                form = markup_form(tag.argument)
                if form is None:
                    raise unparsable("Invalid date format used")
                entity = date_entity(offset, length, tag.unix_time, form) if tag.unix_time > 0 else None
            case "pre" | "code":
                entity = self._code(tag, offset, length)
            case "blockquote":
                kind = Kind.EXPANDABLE_BLOCKQUOTE if tag.argument else Kind.BLOCKQUOTE
                entity = Entity(offset, length, kind)
            case _:
                entity = Entity(offset, length, STYLES[tag.name])
        if entity is not None:
            self.draft.entities.append(entity)

    def _code(self, tag: _Tag, offset: int, length: int) -> Entity:
        """A `pre` and a `code` with a language around the same text are one entity, whichever is the outer one."""
        kind, other = (Kind.PRE, Kind.CODE) if tag.name == "pre" else (Kind.CODE, Kind.PRE)
        language = tag.argument or None
        last = self.draft.entities[-1] if self.draft.entities else None
        if last is not None and (last.offset, last.length, last.type) == (offset, length, other):
            inner = last.language if kind is Kind.PRE else language
            if inner is not None:
                self.draft.entities.pop()
                return Entity(offset, length, Kind.PRE, language=inner)
        return Entity(offset, length, kind, language=language)

    def _skip(self, pattern: re.Pattern[str], at: int) -> int:
        match = pattern.match(self._source, at)
        return at if match is None else match.end()

    def _ended(self) -> bool:
        """Whether the source ends here; to the server it ends with its first NUL inside a tag."""
        return self._source[self._at : self._at + 1] in ("", "\0")


def _apply(tag: _Tag, attribute: _Attribute) -> None:
    name, value = attribute.name, attribute.value
    if (tag.name, name) == ("blockquote", "expandable"):
        tag.argument = "1"
    if value is None:
        return
    match (tag.name, name):
        case ("a", "href") | ("tg-emoji", "emoji-id") | ("tg-time", "format"):
            tag.argument = value
        case ("code", "class") if value.startswith("language-"):
            tag.argument = value.removeprefix("language-")
        case ("span", "class") if value.startswith("tg-"):
            tag.argument = value.removeprefix("tg-")
        case ("tg-time", "unix"):
            tag.unix_time = leading_integer(value, LARGEST_INT32)
