"""Decides what a special part of a text is: its kind, its place in UTF-16 units and which part comes first.

It has never heard of how a text was written down or who found its parts.
"""

from enum import StrEnum
from typing import Any, Final

import msgspec


class MarkupError(Exception):
    """A text that the server refuses.

    `message` is what the server says, before it puts "Bad Request: " and a small first letter in front.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Kind(StrEnum):
    """The kinds of entities by their names on the wire."""

    MENTION = "mention"
    HASHTAG = "hashtag"
    CASHTAG = "cashtag"
    BOT_COMMAND = "bot_command"
    URL = "url"
    EMAIL = "email"
    PHONE_NUMBER = "phone_number"
    BANK_CARD_NUMBER = "bank_card_number"
    BOLD = "bold"
    ITALIC = "italic"
    UNDERLINE = "underline"
    STRIKETHROUGH = "strikethrough"
    SPOILER = "spoiler"
    CODE = "code"
    PRE = "pre"
    TEXT_LINK = "text_link"
    TEXT_MENTION = "text_mention"
    CUSTOM_EMOJI = "custom_emoji"
    BLOCKQUOTE = "blockquote"
    EXPANDABLE_BLOCKQUOTE = "expandable_blockquote"
    DATE_TIME = "date_time"


SPLITTABLE: Final = frozenset({Kind.BOLD, Kind.ITALIC, Kind.UNDERLINE, Kind.STRIKETHROUGH, Kind.SPOILER})
"""Kinds that are merged where they touch and cut where another entity begins or ends."""
BLOCKQUOTES: Final = frozenset({Kind.BLOCKQUOTE, Kind.EXPANDABLE_BLOCKQUOTE})
UNMIXABLE: Final = frozenset({Kind.CODE, Kind.PRE, Kind.DATE_TIME})
"""Kinds inside which nothing else is kept."""
FOUND: Final = frozenset(
    {
        Kind.MENTION,
        Kind.HASHTAG,
        Kind.CASHTAG,
        Kind.BOT_COMMAND,
        Kind.URL,
        Kind.EMAIL,
        Kind.PHONE_NUMBER,
        Kind.BANK_CARD_NUMBER,
    }
)
"""Kinds that the server finds by itself and does not take from bots."""

_ORDER: Final = {
    Kind.BLOCKQUOTE: 0,
    Kind.EXPANDABLE_BLOCKQUOTE: 0,
    Kind.PRE: 11,
    Kind.CODE: 20,
    Kind.DATE_TIME: 30,
    Kind.TEXT_LINK: 49,
    Kind.TEXT_MENTION: 49,
    Kind.BOLD: 90,
    Kind.ITALIC: 91,
    Kind.UNDERLINE: 92,
    Kind.STRIKETHROUGH: 93,
    Kind.SPOILER: 94,
    Kind.CUSTOM_EMOJI: 99,
}
_ORDER_OF_FOUND: Final = 50
_ORDER_OF_PRE_WITH_LANGUAGE: Final = 10


class Entity(msgspec.Struct, frozen=True, omit_defaults=True):
    """A special part of a text; `offset` and `length` count UTF-16 units.

    The fields after `type` belong to one kind each; `user_id` stands for the `user` object of a `text_mention`.
    """

    offset: int
    length: int
    type: Kind
    language: str | None = None
    url: str | None = None
    user_id: int | None = None
    custom_emoji_id: str | None = None
    unix_time: int | None = None
    date_time_format: str | None = None

    @property
    def end(self) -> int:
        """The UTF-16 offset after its last unit."""
        return self.offset + self.length

    def moved(self, offset: int, length: int) -> "Entity":
        """The same entity at another place."""
        if (offset, length) == (self.offset, self.length):
            return self
        return msgspec.structs.replace(self, offset=offset, length=length)

    def on_wire(self, user: dict[str, Any] | None = None) -> dict[str, Any]:
        """The MessageEntity object with its fields in the server's order; `user` is the mentioned User object."""
        fields: dict[str, Any] = {"offset": self.offset, "length": self.length, "type": self.type.value}
        for name in ("language", "url", "custom_emoji_id", "unix_time", "date_time_format"):
            value = getattr(self, name)
            if value is not None:
                fields[name] = value
        if self.user_id is not None:
            fields["user"] = user if user is not None else {"id": self.user_id}
        return fields


def in_order(entities: list[Entity]) -> list[Entity]:
    """The entities sorted as the server sorts them: by offset, then longest first, then by kind."""
    return sorted(entities, key=_sort_key)


def units(text: str) -> int:
    """How many UTF-16 units a text has."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _sort_key(entity: Entity) -> tuple[int, int, int]:
    order = _ORDER.get(entity.type, _ORDER_OF_FOUND)
    if entity.type is Kind.PRE and entity.language is not None:
        order = _ORDER_OF_PRE_WITH_LANGUAGE
    return entity.offset, -entity.length, order
