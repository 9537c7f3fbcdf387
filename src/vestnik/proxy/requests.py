"""Decides what the first request on a connection to the proxy asks for, and in which words it is refused.

It has never heard of sockets or of certificates. Rules: RFC 9110, 9.3.6 (CONNECT), and RFC 9112, 3.2 (its target).
"""

import re
from collections.abc import Collection
from http import HTTPStatus
from typing import Final, NamedTuple

HTTPS_PORT: Final = 443
HEAD_END: Final = b"\r\n\r\n"

_LINE: Final = re.compile(rb"([A-Z]{1,32}) (\S+) HTTP/1\.[01]\r\n")
_AUTHORITY: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\[\]/@:?#]+):([0-9]{1,5})")
_ABSOLUTE: Final = re.compile(r"https?://(\[[0-9A-Fa-f:.]+\]|[^\[\]/@:?#]+)(?::([0-9]{1,5}))?(?:[/?].*)?")
_SHOWN: Final = 100
"""Characters of what somebody asked for that are told again."""


class Way(NamedTuple):
    """Where the connection leads: to a host, through TLS or in the open."""

    host: str
    tunnel: bool


class Refused(Exception):
    """The connection leads nowhere; `host` is the one that was asked for, where one was."""

    def __init__(self, status: HTTPStatus, detail: str, host: str = "") -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.host = host


def no_request(start: bytes) -> Refused | None:
    """Why this cannot become the beginning of a request, as soon as that can be seen."""
    first = start.lstrip(b"\r\n")[:1]
    if first == b"\x16":
        return Refused(
            HTTPStatus.BAD_REQUEST, "the proxy itself speaks no TLS: its address in HTTPS_PROXY begins with http://"
        )
    if first and not first.isalpha():
        return Refused(HTTPStatus.BAD_REQUEST, "this is no HTTP request")
    return None


def way_of(head: bytes, hosts: Collection[str]) -> Way:
    """Where the request with this head wants to go; Refused where it cannot."""
    found = _LINE.match(head.lstrip(b"\r\n"))
    if found is None:
        raise Refused(HTTPStatus.BAD_REQUEST, "this is no HTTP/1.1 request")
    method, target = found[1], found[2].decode("latin-1")
    tunnel = method == b"CONNECT"
    named = (_AUTHORITY if tunnel else _ABSOLUTE).fullmatch(target)
    if named is None:
        if tunnel:
            raise Refused(HTTPStatus.BAD_REQUEST, f"CONNECT takes HOST:PORT, not {_shown(target)}")
        raise Refused(HTTPStatus.METHOD_NOT_ALLOWED, "this is a proxy: it takes CONNECT, or the whole address")
    host = named[1].lower().rstrip(".")
    if host not in hosts:
        known = ", ".join(hosts)
        detail = f"there is an emulator behind {known} and none behind {_shown(host)}; nothing was sent there"
        raise Refused(HTTPStatus.FORBIDDEN, detail, _shown(host))
    if tunnel and int(named[2]) != HTTPS_PORT:
        raise Refused(HTTPStatus.FORBIDDEN, f"{host} is emulated on port {HTTPS_PORT} alone, not {named[2]}", host)
    return Way(host, tunnel)


def refusal(refused: Refused) -> bytes:
    """The answer."""
    body = f"vestnik: {refused.detail}\n".encode()
    allow = b"allow: CONNECT\r\n" if refused.status is HTTPStatus.METHOD_NOT_ALLOWED else b""
    return (
        f"HTTP/1.1 {refused.status.value} {refused.status.phrase}\r\n".encode()
        + allow
        + b"content-type: text/plain; charset=utf-8\r\n"
        + f"content-length: {len(body)}\r\nconnection: close\r\n\r\n".encode()
        + body
    )


def _shown(text: str) -> str:
    return ascii(text[:_SHOWN])[1:-1]
