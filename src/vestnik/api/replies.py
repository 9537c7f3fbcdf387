"""Decides what an answer looks like on the wire: JSON encoded once, and a refusal as application/problem+json.

It has never heard of what is being answered.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from starlette.responses import Response

from vestnik.api.problems import Fault, Problem

JSON: Final = "application/json"
PROBLEM_JSON: Final = "application/problem+json"

encode: Final = msgspec.json.Encoder().encode


class ProblemView(msgspec.Struct, omit_defaults=True):
    """A refusal after RFC 9457; `errors` names every wrong parameter."""

    type: str
    title: str
    status: int
    detail: str
    errors: tuple[Fault, ...] = ()


class Reply(Response):
    """An answer whose headers are put together once: no type is ever guessed, and nothing is kept by caches."""

    def __init__(
        self, body: bytes, status: int = 200, *, media_type: str = JSON, headers: Mapping[str, str] | None = None
    ) -> None:
        self.status_code = status
        self.background = None
        self.body = body
        self.raw_headers = [
            (b"content-type", media_type.encode()),
            (b"cache-control", b"no-store"),
            (b"x-content-type-options", b"nosniff"),
        ]
        if status != 204:
            self.raw_headers.append((b"content-length", str(len(body)).encode()))
        if headers:
            self.raw_headers += [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]


def told(value: Any, status: int = 200, *, headers: Mapping[str, str] | None = None) -> Reply:
    """The value as JSON."""
    return Reply(encode(value), status, headers=headers)


def refused(problem: Problem) -> Reply:
    """The problem as its caller reads it."""
    kind = problem.kind
    view = ProblemView(kind.uri, kind.title, kind.status, problem.detail, problem.faults)
    return Reply(encode(view), kind.status, media_type=PROBLEM_JSON, headers=problem.headers)
