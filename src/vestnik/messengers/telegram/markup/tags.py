"""Decides which words of a text are mentions, bot commands, hashtags and cashtags.

It has never heard of links or of entities that somebody set. Rules: td MessageEntity.cpp, match_mentions and its
neighbours. Places are counted in characters.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

SHORT_USERNAMES: Final = frozenset({"gif", "nft", "pic", "ufc", "vid"})
"""Usernames of fewer than four letters that are mentions all the same."""
LONGEST_HASHTAG: Final = 256

_SHORTEST_USERNAME: Final = 4
_MENTION: Final = re.compile(r"(?<!\w)@([A-Za-z0-9_]{2,32})(?!\w)")
_COMMAND: Final = re.compile(
    r"(?<![\w/<>])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32}(?![\w/<>])|(?![\w/<>@]))",
)
_CASHTAG: Final = re.compile(r"\$(?:1INCH|[A-Z]+)")
_USERNAME: Final = re.compile(r"@[A-Za-z0-9_]+")
_TAGGED_USERNAME: Final = re.compile(r"@[A-Za-z0-9_]{3,32}")


def mentions(text: str) -> Iterator[tuple[int, int]]:
    """Where usernames with an @ begin and end."""
    for match in _MENTION.finditer(text):
        if len(match[1]) >= _SHORTEST_USERNAME or match[1].lower() in SHORT_USERNAMES:
            yield match.span()


def bot_commands(text: str) -> Iterator[tuple[int, int]]:
    """Where commands such as /start or /start@some_bot begin and end."""
    return (match.span() for match in _COMMAND.finditer(text))


def hashtags(text: str) -> Iterator[tuple[int, int]]:
    """Where hashtags begin and end: they have a letter, at most 256 characters, and perhaps the username of a chat."""
    at = text.find("#")
    while at >= 0:
        after = at + 1
        if at == 0 or not is_tag_letter(text[at - 1]):
            after = _run(text, at + 1)
            end = _hashtag_end(text, at, after)
            if end is not None:
                yield at, end
                after = max(after, end)
        at = text.find("#", after)


def cashtags(text: str) -> Iterator[tuple[int, int]]:
    """Where tags of currencies such as $USD begin and end, perhaps with the username of a chat."""
    for match in _CASHTAG.finditer(text):
        begin, end = match.span()
        if end - begin > len("$ABCDEFGH") or (begin and _joins_cashtag(text[begin - 1])):
            continue
        username = _USERNAME.match(text, end)
        if username is not None and len("@abc") <= len(username[0]) <= len("@") + 32:
            end = username.end()
        if end == len(text) or not _joins_cashtag(text[end]):
            yield begin, end


def is_tag_letter(character: str) -> bool:
    """Whether a hashtag may hold the character: letters, digits and what some scripts cannot do without."""
    return (
        character in "_\u200c\u00b7"
        or "\u0d80" <= character <= "\u0dff"
        or character.isalpha()
        or unicodedata.category(character) == "Nd"
    )


def _run(text: str, at: int) -> int:
    while at < len(text) and is_tag_letter(text[at]):
        at += 1
    return at


def _hashtag_end(text: str, begin: int, end_of_run: int) -> int | None:
    end = min(end_of_run, begin + 1 + LONGEST_HASHTAG)
    has_letter = any(character.isalpha() for character in text[begin + 1 : end])
    next_at = end_of_run
    if end == end_of_run and end > begin + 1:
        username = _TAGGED_USERNAME.match(text, end)
        if username is not None:
            end = next_at = username.end()
    return end if has_letter and text[next_at : next_at + 1] != "#" else None


def _joins_cashtag(character: str) -> bool:
    return character == "$" or is_tag_letter(character)
