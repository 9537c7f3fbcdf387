"""Decides whether a word that looks like a web address or an e-mail address is one, and where it ends.

It has never heard of the text around the word. Rules: td MessageEntity.cpp, fix_url and is_email_address.
"""

import re
from functools import cache
from pathlib import Path
from typing import Final

from vestnik.messengers.telegram.markup.links import lower

BAD_ENDINGS: Final = ".:;,('?!`"
"""Characters that are not the last of a link in a text."""

_SCHEMES: Final = ("http://", "https://", "ftp://", "tonsite://")
_EMAIL: Final = re.compile(
    r"(?:[A-Za-z0-9_-]{0,26}[.+]){0,10}[A-Za-z0-9_-]{1,35}"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9_-]{0,28}[A-Za-z0-9])?\.){1,6}[A-Za-z]{2,8}"
)
_OCTET: Final = "(?:[0-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5])"
_IPV4: Final = re.compile(rf"(?:{_OCTET}\.){{3}}{_OCTET}")
_PUNYCODE: Final = re.compile(r"xn--[A-Za-z0-9]{2,}")
_PATH: Final = re.compile(r"[/?#]")
_BRACKETS: Final = {"(": ")", "[": "]", "{": "}"}
_LONGEST_LABEL: Final = 63
"""Bytes in UTF-8."""
_LOOKALIKE: Final = "teiegram.org"


def is_email(word: str) -> bool:
    """Whether the word is an e-mail address."""
    return _EMAIL.fullmatch(word) is not None


def web_address(word: str) -> str | None:
    """The part of the word that is a web address, or None where it is none."""
    has_scheme = lower(word[:10]).startswith(_SCHEMES)
    rest = word[word.index(":") + len("://") :] if has_scheme else word
    match = _PATH.search(rest)
    authority = rest[: match.start()] if match is not None else rest
    path = rest[len(authority) :]
    domain = authority.partition("@")[2] if "@" in authority else authority
    domain = domain.rpartition(":")[0] if ":" in domain else domain
    if lower(domain) == _LOOKALIKE or not _is_domain(domain, has_scheme=has_scheme):
        return None
    return word[: len(word) - len(path) + len(_balanced(path))]


def _balanced(path: str) -> str:
    """The path up to the first bracket that closes what was not opened."""
    depth = dict.fromkeys(_BRACKETS.values(), 0)
    for index, character in enumerate(path):
        if character in _BRACKETS:
            depth[_BRACKETS[character]] += 1
        elif character in depth:
            depth[character] -= 1
            if depth[character] < 0:
                path = path[:index]
                break
    return path.rstrip(BAD_ENDINGS)


def _is_domain(domain: str, *, has_scheme: bool) -> bool:
    labels = domain.split(".")
    if len(labels) == 1 or any(label == "" or label[-1] == "-" or _is_long(label) for label in labels):
        return False
    if _IPV4.fullmatch(domain) is not None:
        return True
    if not any(character not in "0123456789." for character in domain):
        return False
    top = labels[-1]
    if len(top) == 1 or "_" in labels[-2]:
        return False
    if top.startswith("xn--"):
        return _PUNYCODE.fullmatch(top) is not None
    return "_" not in top and "-" not in top and (has_scheme or is_top_level_domain(top))


def _is_long(label: str) -> bool:
    return len(label.encode("utf-8", "surrogatepass")) > _LONGEST_LABEL


def is_top_level_domain(name: str) -> bool:
    """Whether a domain that begins with no scheme may end so; `Com` and `cOm` may not, `com` and `COM` may."""
    lowered = "".join(character.lower()[0] for character in name)
    if lowered != name and lowered[1:] == name[1:]:
        return False
    return lowered in _top_level_domains()


@cache
def _top_level_domains() -> frozenset[str]:
    # The names that the server knows: those of IANA's root zone, and onion and ton.
    return frozenset(Path(__file__).with_name("top_level_domains.txt").read_text(encoding="utf-8").split())
