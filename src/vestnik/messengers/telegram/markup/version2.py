"""Decides what a text in MarkdownV2 says: its plain text and its entities, which nest.

It has never heard of the legacy Markdown, apart from how a language is named after a fence.
Rules: td MessageEntity.cpp, parse_markdown_v2.
"""

import re
from dataclasses import dataclass
from typing import Final

from vestnik.messengers.telegram.markup.dates import date_entity, linked_date
from vestnik.messengers.telegram.markup.draft import Draft, unparsable
from vestnik.messengers.telegram.markup.entity import Entity, Kind, MarkupError, in_order
from vestnik.messengers.telegram.markup.legacy import language_after
from vestnik.messengers.telegram.markup.links import custom_emoji, linked

_PLAIN: Final = re.compile(r"[^\\_*\[\]()~`>#+\-=|{}.!\n]+")
_PLAIN_CODE: Final = re.compile(r"[^\\`]+")
_RESERVED_IN_CODE: Final = "`"
_ESCAPE: Final = re.compile(r"\\([\x01-~])")
_LINK: Final = re.compile(r"(?:\\[\x01-~]|[^)])*")
_ENDS: Final = {
    Kind.BOLD: "*",
    Kind.ITALIC: "_",
    Kind.UNDERLINE: "__",
    Kind.STRIKETHROUGH: "~",
    Kind.SPOILER: "||",
    Kind.CODE: "`",
    Kind.PRE: "```",
    Kind.TEXT_LINK: "]",
    Kind.CUSTOM_EMOJI: "]",
}
_BEGINNINGS: Final = {
    "```": Kind.PRE,
    "__": Kind.UNDERLINE,
    "||": Kind.SPOILER,
    "![": Kind.CUSTOM_EMOJI,
    "*": Kind.BOLD,
    "_": Kind.ITALIC,
    "~": Kind.STRIKETHROUGH,
    "`": Kind.CODE,
    "[": Kind.TEXT_LINK,
}
_NAMES: Final = {
    Kind.TEXT_LINK: "TextUrl",
    Kind.CUSTOM_EMOJI: "CustomEmoji",
    Kind.BLOCKQUOTE: "BlockQuote",
}


@dataclass(frozen=True, slots=True)
class _Open:
    kind: Kind
    begin: int
    """Where its mark stands in the source."""
    offset: int
    """UTF-16 units written before it."""
    mark: int
    language: str | None = None

    @property
    def name(self) -> str:
        if self.language is not None:
            return "PreCode"
        return _NAMES.get(self.kind, self.kind.capitalize())


def parse_version2(source: str) -> tuple[str, list[Entity]]:
    """The plain text and its entities; MarkupError where a mark is out of place or an entity has no end."""
    reader = _Reader(source)
    reader.read()
    return reader.draft.text(), in_order(reader.draft.entities)


class _Reader:
    def __init__(self, source: str) -> None:
        self.draft = Draft()
        self._source = source
        self._at = 0
        self._open: list[_Open] = []
        self._quoting = False
        """A block quotation is open."""
        self._at_line_start = True
        """A block quotation may begin; a carriage return changes nothing about it."""

    def read(self) -> None:
        while self._at < len(self._source):
            if self._read_plain():
                continue
            if self._is_end():
                self._close()
            else:
                self._begin()
        self._end_quotation()
        if self._open:
            raise self._endless()

    def _read_plain(self) -> bool:
        escaped = _ESCAPE.match(self._source, self._at)
        if escaped is not None:
            piece = escaped[1]
            if piece != "\r":
                self._at_line_start = piece == "\n"
        else:
            in_code = bool(self._open) and self._open[-1].kind in (Kind.CODE, Kind.PRE)
            plain = (_PLAIN_CODE if in_code else _PLAIN).match(self._source, self._at)
            if plain is None and self._source[self._at] != "\\":
                return False
            piece = "\\" if plain is None else plain[0]
            if piece.strip("\r"):
                self._at_line_start = False
        self.draft.write(piece)
        self._at += len(piece) if escaped is None else 2
        return True

    def _is_end(self) -> bool:
        if not self._open:
            return False
        if self._quoting and self._source[self._at] == "\n" and not self._source.startswith(">", self._at + 1):
            return True
        kind = self._open[-1].kind
        if kind is Kind.ITALIC and self._source.startswith("__", self._at):
            return False
        return kind in _ENDS and self._source.startswith(_ENDS[kind], self._at)

    def _begin(self) -> None:
        at, mark = self._at, self._source[self._at]
        if mark == "\n":
            self.draft.write(mark)
            self._at_line_start = True
            self._at += 1
            return
        if mark == ">" and self._at_line_start:
            if not self._quoting:
                self._push(Kind.BLOCKQUOTE, at)
            self._quoting = True
            self._at += 1
            return
        for beginning, kind in _BEGINNINGS.items():
            if self._source.startswith(beginning, at):
                language = None
                self._at += len(beginning)
                if kind is Kind.PRE:
                    language, self._at = language_after(self._source, self._at)
                self._push(kind, at, language)
                return
        raise unparsable(f"Character '{mark}' is reserved and must be escaped with the preceding '\\'")

    def _push(self, kind: Kind, begin: int, language: str | None = None) -> None:
        self._open.append(_Open(kind, begin, self.draft.length, self.draft.mark(), language))

    def _close(self) -> None:
        if self._source[self._at] == "\n":
            self._close_quotation()
            return
        closed = self._open[-1]
        self._at += len(_ENDS[closed.kind])
        length = self.draft.length - closed.offset
        entity: Entity | None = Entity(closed.offset, length, closed.kind, language=closed.language)
        if closed.kind is Kind.TEXT_LINK:
            link = self._link() if self._source.startswith("(", self._at) else self.draft.since(closed.mark)
            entity = linked(closed.offset, length, link)
        elif closed.kind is Kind.CUSTOM_EMOJI:
            entity = self._emoji_or_date(closed.offset, length)
        self._open.pop()
        if entity is not None and length:
            self.draft.entities.append(entity)

    def _close_quotation(self) -> None:
        """The line break after a quotation belongs to it; `||` just before makes it one that can be expanded."""
        before = self._source[self._open[-1].begin : self._at]
        kind = self._unfold(bare_spoiler=before in ("||", "||\r"))
        if kind is None:
            raise self._endless()
        self.draft.write("\n")
        self._at += 1
        self._at_line_start = True
        self._finish_quotation(kind)

    def _end_quotation(self) -> None:
        if not self._quoting:
            return
        kind = self._unfold(bare_spoiler=self._source[self._open[-1].begin :] == "||")
        if kind is not None:
            self._finish_quotation(kind)

    def _unfold(self, *, bare_spoiler: bool) -> Kind | None:
        """The kind of the quotation that ends here, or None where another entity is still open in it."""
        kind = Kind.BLOCKQUOTE
        if self._open[-1].kind is Kind.SPOILER and bare_spoiler:
            self._open.pop()
            kind = Kind.EXPANDABLE_BLOCKQUOTE
        return kind if self._open[-1].kind is Kind.BLOCKQUOTE else None

    def _finish_quotation(self, kind: Kind) -> None:
        quotation = self._open.pop()
        self._quoting = False
        length = self.draft.length - quotation.offset
        if length:
            self.draft.entities.append(Entity(quotation.offset, length, kind))

    def _emoji_or_date(self, offset: int, length: int) -> Entity:
        if not self._source.startswith("(", self._at):
            raise unparsable("The entity must contain a tg://emoji or tg://time URL")
        link = self._link()
        emoji = custom_emoji(link)
        if emoji is not None:
            return Entity(offset, length, Kind.CUSTOM_EMOJI, custom_emoji_id=emoji)
        date = linked_date(link)
        if date is None:
            raise unparsable("Invalid tg://emoji or tg://time URL specified")
        return date_entity(offset, length, *date)

    def _link(self) -> str:
        """The link in parentheses that begins here."""
        begin = self._at + 1
        match = _LINK.match(self._source, begin)
        link = match[0] if match is not None else ""
        self._at = begin + len(link) + 1
        if self._at > len(self._source):
            raise unparsable("Can't find end of a URL", self._source, begin)
        return _ESCAPE.sub(r"\1", link)

    def _endless(self) -> MarkupError:
        last = self._open[-1]
        return unparsable(f"Can't find end of {last.name} entity", self._source, last.begin)
