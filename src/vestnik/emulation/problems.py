"""Decides how the control API says that it cannot do what it is asked: RFC 9457 problem documents.

It has never heard of what was asked.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final, NamedTuple

import msgspec

from vestnik.ports import Response

JSON: Final = "application/json"
PROBLEM: Final = "application/problem+json"


class Wrong(NamedTuple):
    """One thing that is wrong with a request: a JSON pointer into it, and what to change."""

    pointer: str
    detail: str


class Problem(Exception):
    """A request that is answered with a problem document of that status."""

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers or {}
        self.wrongs: Sequence[Wrong] = ()


class Refusal(Problem):
    """A request whose parameters are wrong: each of them is named."""

    def __init__(self, wrongs: Sequence[Wrong]) -> None:
        super().__init__(HTTPStatus.UNPROCESSABLE_ENTITY, "; ".join(f"{at} {detail}" for at, detail in wrongs[:3]))
        self.wrongs = wrongs


def pointer(*path: str) -> str:
    """The JSON pointer, as a URI fragment, to a place in the body."""
    return "#" + "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in path)


def answer(problem: Problem) -> Response:
    """The problem as a response."""
    document: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(problem.status).phrase,
        "status": int(problem.status),
        "detail": problem.detail,
    }
    if problem.wrongs:
        document["errors"] = [wrong._asdict() for wrong in problem.wrongs]
    return Response(problem.status, {"content-type": PROBLEM, **problem.headers}, msgspec.json.encode(document))
