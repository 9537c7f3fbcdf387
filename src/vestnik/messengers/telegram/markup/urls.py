"""Decides which parts of a text look like web, e-mail and Telegram's own addresses.

It has never heard of which domains exist. Rules: td MessageEntity.cpp, match_tg_urls and match_urls.
Places are counted in characters.
"""

import re
from collections.abc import Iterator
from typing import Final

from vestnik.messengers.telegram.markup.addresses import BAD_ENDINGS, is_email, web_address
from vestnik.messengers.telegram.markup.draft import byte_offset
from vestnik.messengers.telegram.markup.links import LARGEST_PORT, lower

_SEPARATORS: Final = " \u00a0\u1680\u3000\u2000-\u200b\u200e\u200f\u2016-\u206f"
"""White space, and General Punctuation apart from joiners and dashes."""
_PATH: Final = re.compile(f'[/?#][^\n<>"«»{_SEPARATORS}]*')
_DOMAIN: Final = re.compile(f"[.A-Za-z0-9_~-]|[^\0-\u00bf{_SEPARATORS}]")
_DOMAIN_OR_AT: Final = re.compile(f"(?:[.A-Za-z0-9_~@-]|[^\0-\u00bf{_SEPARATORS}])*")
_USERINFO: Final = re.compile(f"[^\n/\\[\\]{{}}()'`<>\"@«»{_SEPARATORS}]")
_SCHEME: Final = re.compile("[A-Za-z0-9+-]|[^\0-\x7f \u00a0\u1680\u3000\u2000-\u200a\u2028\u2029\u202f\u205f]")
_PORT: Final = re.compile(r":0*([0-9]{1,5})(?![0-9])")
_OWN_DOMAIN: Final = re.compile(r"[A-Za-z0-9_-]{1,253}")
_OWN_SCHEMES: Final = ("tg", "ton", "tonsite")
_SHORTEST_OWN_URL: Final = 6
"""Bytes of such a link; no link is looked for in fewer."""
_BAD_BEFORE: Final = re.compile(r"[\w/#@]")
_FALSE_SCHEMES: Final = {"http": ("shttp",), "https": (), "ftp": ("tftp", "sftp"), "tonsite": ()}
_MAILTO: Final = "mailto:"


def own_urls(text: str) -> Iterator[tuple[int, int]]:
    """Where links with the schemes tg, ton and tonsite begin and end; of the last the server sees three letters."""
    at = 0
    while (colon := text.find("://", at)) >= 0 and byte_offset(text[at:], _SHORTEST_OWN_URL) >= _SHORTEST_OWN_URL:
        scheme = lower(text[max(colon - len("tonsite"), 0) : colon])
        domain = _OWN_DOMAIN.match(text, colon + len("://"))
        if not scheme.endswith(_OWN_SCHEMES):
            at = colon + 1
        elif domain is None:
            at = colon + len("://")
        else:
            begin, at = colon - (2 if scheme.endswith("tg") else 3), _with_path(text, domain.end())
            yield begin, at


def web_urls(text: str) -> Iterator[tuple[int, int, bool]]:
    """Where web and e-mail addresses begin and end, and whether it is one for e-mail."""
    for begin, end in _candidates(text):
        word = text[begin:end]
        if is_email(word):
            yield begin, end, True
        elif word.startswith(_MAILTO) and is_email(word.removeprefix(_MAILTO)):
            yield begin + len(_MAILTO), end, True
        elif (address := web_address(word)) is not None:
            yield begin, begin + len(address), False


def _candidates(text: str) -> Iterator[tuple[int, int]]:
    """Where words with a dot in them begin and end that may be addresses; `left` is what is not yet used up."""
    left = 0
    while 0 <= (dot := text.find(".", left)) < len(text) - 1:
        if text[dot + 1] == " ":
            left = dot + 2
            continue
        domain_begin, domain_end, has_at = _domain(text, left, dot)
        end = max(_end(text, domain_end), dot + 1)
        while end > dot + 1 and text[end - 1] == ".":
            end -= 1
        begin = _begin(text, left, domain_begin, has_at=has_at)
        if begin is None:
            left = max(text.rfind(".", left, end) + 1, dot + 1)
            continue
        if end > dot + 1:
            yield begin, end
        while text.startswith(".", end):
            end += 1
        left = end


def _domain(text: str, left: int, dot: int) -> tuple[int, int, bool]:
    """The widest stretch around the dot that may be a domain; with an @ behind the dot it begins as a name may."""
    begin = _back(_DOMAIN, text, dot, left)
    match = _DOMAIN_OR_AT.match(text, dot)
    end = match.end() if match is not None else dot
    has_at = "@" in text[dot:end]
    return _back(_USERINFO, text, begin, left) if has_at else begin, end, has_at


def _end(text: str, end: int) -> int:
    port = _PORT.match(text, end)
    if port is not None and 0 < int(port[1]) <= LARGEST_PORT:
        end = port.end()
    return _with_path(text, end)


def _with_path(text: str, end: int) -> int:
    path = _PATH.match(text, end)
    if path is None:
        return end
    kept = path[0][0] + path[0][1:].rstrip(BAD_ENDINGS)
    return end + len(kept) if kept == "/" or len(kept) > 1 else end


def _begin(text: str, left: int, begin: int, *, has_at: bool) -> int | None:
    """Where the address begins, with its name and scheme, or None where what stands before it spoils it."""
    if begin > left and text[begin - 1] == "@":
        name = _back(_USERINFO, text, begin - 1, left)
        if has_at or name == begin - 1:
            return None
        begin = name
    if begin == left:
        return begin
    if not text.endswith("://", left, begin):
        return None if _BAD_BEFORE.match(text[begin - 1]) else begin
    scheme = lower(text[_back(_SCHEME, text, begin - 3, left) : begin - 3])
    for name_of_scheme, false in _FALSE_SCHEMES.items():
        if scheme.endswith(name_of_scheme) and scheme not in false:
            return begin - len("://") - len(name_of_scheme)
    return None


def _back(allowed: re.Pattern[str], text: str, at: int, left: int) -> int:
    while at > left and allowed.match(text[at - 1]):
        at -= 1
    return at
