"""Decides which entities a text has that nobody set: addresses, mentions, tags, commands and numbers.

It has never heard of entities that somebody did set. Rules: td MessageEntity.cpp, find_entities.
"""

from collections.abc import Iterator
from itertools import accumulate
from typing import Final

from vestnik.messengers.telegram.markup.entity import Entity, Kind, in_order
from vestnik.messengers.telegram.markup.nesting import apart
from vestnik.messengers.telegram.markup.numbers import bank_cards, phone_numbers
from vestnik.messengers.telegram.markup.tags import bot_commands, cashtags, hashtags, mentions
from vestnik.messengers.telegram.markup.urls import own_urls, web_urls

_FINDERS: Final = (
    (Kind.MENTION, "@", mentions),
    (Kind.BOT_COMMAND, "/", bot_commands),
    (Kind.HASHTAG, "#", hashtags),
    (Kind.CASHTAG, "$", cashtags),
    (Kind.PHONE_NUMBER, "+", phone_numbers),
    (Kind.BANK_CARD_NUMBER, "", bank_cards),
    (Kind.URL, "://", own_urls),
)
"""What finds each kind, and what a text without which has none of it; of two that begin together the first counts."""


def found(text: str) -> list[Entity]:
    """The entities in order; none overlaps another."""
    places = list(_places(text))
    if not places:
        return []
    offsets = [0, *accumulate(2 if character > "\uffff" else 1 for character in text)]
    return apart(in_order([Entity(offsets[b], offsets[e] - offsets[b], kind) for b, e, kind in places]))


def _places(text: str) -> Iterator[tuple[int, int, Kind]]:
    for kind, sign, finder in _FINDERS:
        if sign in text:
            for begin, end in finder(text):
                yield begin, end, kind
    if "." in text:
        for begin, end, is_email in web_urls(text):
            yield begin, end, Kind.EMAIL if is_email else Kind.URL
