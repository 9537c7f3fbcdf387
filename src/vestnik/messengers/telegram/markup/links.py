"""Decides which links a text may carry and in what form they are kept, and what tg:// links stand for.

It has never heard of the texts that links are found in. Rules: td LinkManager.cpp and HttpUrl.cpp.
"""

import re
import string
from ipaddress import AddressValueError, IPv6Address
from typing import Final, NamedTuple

from vestnik.messengers.telegram.markup.draft import SPACES
from vestnik.messengers.telegram.markup.entity import Entity, Kind
from vestnik.messengers.telegram.numerals import LARGEST_INT32, LARGEST_INT64, exact_integer

LARGEST_USER_ID: Final = 2**40 - 1
LARGEST_PORT: Final = 65_535

_OWN_SCHEME: Final = re.compile(r"(tg|ton|tonsite):(?://)?", re.IGNORECASE | re.ASCII)
_SCHEME: Final = re.compile(r"([^:/?#@\[\]]*)://")
_AUTHORITY: Final = re.compile(r"[^/?#]*")
_HOST: Final = re.compile(r"(?:[A-Za-z0-9.\-_!$,~*'();&+=\x80-\U0010ffff]|%[0-9A-Fa-f]{2})*")
_USERINFO: Final = re.compile(r"(?:[A-Za-z0-9.\-_!$,~*'();&+=:\x80-\U0010ffff]|%[0-9A-Fa-f]{2})*")
_OWN_HOST: Final = re.compile(r"[A-Za-z0-9_-]*")
_TONSITE_HOST: Final = re.compile(r"[A-Za-z0-9_.-]*")
_USER: Final = re.compile(r"tg:(?://)?user/?\?([^#]*)")
_CAPITALS: Final = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


class InvalidLink(ValueError):
    """A link that the server does not take; the text of the error says why in the server's words."""


class _Parts(NamedTuple):
    https: bool
    userinfo: str
    host: str
    is_ipv6: bool
    port: int
    query: str


def lower(text: str) -> str:
    """The text with its ASCII capitals made small, as the server does it."""
    return text.translate(_CAPITALS)


def checked(link: str) -> str:
    """The link in the form that messages carry; InvalidLink where it is none."""
    scheme = _OWN_SCHEME.match(link)
    if scheme is not None:
        return _checked_own(scheme[1].lower(), link[scheme.end() :])
    parts = _parse(link)
    if "." not in parts.host and not parts.is_ipv6:
        raise InvalidLink("Wrong HTTP URL")
    userinfo = f"{parts.userinfo}@" if parts.userinfo else ""
    port = f":{parts.port}" if parts.port else ""
    return f"{'https' if parts.https else 'http'}://{userinfo}{parts.host}{port}{parts.query}"


def linked(offset: int, length: int, link: str) -> Entity | None:
    """The entity of a text that leads to a link: a mention of a user, a link, or None where the link is none."""
    user_id = mentioned_user(link)
    if user_id is not None:
        return Entity(offset, length, Kind.TEXT_MENTION, user_id=user_id)
    try:
        return Entity(offset, length, Kind.TEXT_LINK, url=checked(link))
    except InvalidLink:
        return None


def mentioned_user(link: str) -> int | None:
    """The user of a link such as tg://user?id=7, or None."""
    match = _USER.fullmatch(lower(link).partition("#")[0])
    if match is None:
        return None
    for parameter in match[1].split("&"):
        key, _, value = parameter.partition("=")
        if key == "id":
            user_id = exact_integer(value, LARGEST_INT64)
            return user_id if user_id is not None and 0 < user_id <= LARGEST_USER_ID else None
    return None


def parameters(link: str, host: str) -> list[tuple[str, str]] | None:
    """The parameters of a tg:// link to the host, or None where the link is another one or has none."""
    match = re.match(rf"tg:(?://)?{host}/?\?([^#]*)", link, re.IGNORECASE | re.ASCII)
    if match is None:
        return None
    pairs = (parameter.partition("=") for parameter in match[1].split("&"))
    return [(key, value) for key, _, value in pairs]


def custom_emoji(link: str) -> str | None:
    """The identifier in a link such as tg://emoji?id=7, or None."""
    for key, value in parameters(link, "emoji") or ():
        if key == "id":
            number = exact_integer(value, LARGEST_INT64)
            return value if number else None
    return None


def _checked_own(scheme: str, rest: str) -> str:
    parts = _parse(rest)
    if lower(rest).startswith("http://") or parts.https or parts.userinfo or parts.port or parts.is_ipv6:
        raise InvalidLink("Wrong tg URL" if scheme == "tg" else "Wrong ton URL")
    allowed = _TONSITE_HOST if scheme == "tonsite" else _OWN_HOST
    if allowed.fullmatch(parts.host) is None:
        raise InvalidLink("Unallowed characters in URL host")
    query = parts.query[1:] if parts.query.startswith("/?") else parts.query
    return f"{scheme}://{parts.host}{query}"


def _parse(link: str) -> _Parts:
    https, rest = False, link
    scheme = _SCHEME.match(link)
    if scheme is not None:
        name = lower(scheme[1])
        if name not in ("http", "https"):
            raise InvalidLink("Unsupported URL protocol")
        https, rest = name == "https", link[scheme.end() :]
    authority = _AUTHORITY.match(rest)
    address = authority[0] if authority is not None else ""
    location, port = _port(address)
    userinfo, _, host = location.rpartition("@")
    is_ipv6 = host[:1] == "[" and host[-1:] == "]"
    _check_host(host, userinfo, is_ipv6=is_ipv6)
    return _Parts(https, userinfo, lower(host), is_ipv6, port, _query(rest[len(address) :]))


def _port(address: str) -> tuple[str, int]:
    colon = max(address.rfind(mark) for mark in ":]@")
    if colon <= 0 or address[colon] != ":":
        return address, 0
    digits = address[colon + 1 :]
    port = exact_integer(digits.lstrip("0") or digits[-1:], LARGEST_INT32)
    if port is None or not 0 < port <= LARGEST_PORT:
        raise InvalidLink("Wrong port number specified in the URL")
    return address[:colon], port


def _check_host(host: str, userinfo: str, *, is_ipv6: bool) -> None:
    if is_ipv6 and not _is_ipv6(host[1:-1]):
        raise InvalidLink("Wrong IPv6 address specified in the URL")
    if not host:
        raise InvalidLink("URL host is empty")
    if host == ".":
        raise InvalidLink("Host is invalid")
    if is_ipv6:
        return
    for part, name, allowed in ((host, "host", _HOST), (userinfo, "userinfo", _USERINFO)):
        valid = allowed.match(part)
        end = valid.end() if valid is not None else 0
        if end == len(part):
            continue
        if part[end] == "%":
            raise InvalidLink(f"Wrong percent-encoded symbol in URL {name}")
        raise InvalidLink(f"Disallowed character in URL {name}")


def _is_ipv6(address: str) -> bool:
    try:
        return IPv6Address(address).scope_id is None
    except AddressValueError:
        return False


def _query(query: str) -> str:
    query = query.rstrip(SPACES) or "/"
    if query[0] != "/":
        query = f"/{query}"
    return "".join(f"%{ord(c):02X}" if c <= " " else c for c in query)
