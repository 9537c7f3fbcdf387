"""Decides what a route is: a method and path, what answers it, and everything that OpenAPI tells of it.

It has never heard of any route in particular; the one list of operations makes both the routing and the description.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from starlette.requests import Request
from starlette.responses import Response

from vestnik.api import headers
from vestnik.api.problems import Kind
from vestnik.api.replies import JSON

Handler: TypeAlias = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter in the path, the query or a header, with its JSON schema."""

    name: str
    where: str
    detail: str
    schema: Mapping[str, Any] = field(default_factory=lambda: {"type": "string"})
    required: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """A request that can follow an answer: an operation, and where its parameters are found, as OpenAPI spells it."""

    method: str
    path: str
    detail: str
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Success:
    """An answer that is no problem: the type of its JSON, or what else it is."""

    status: int
    detail: str
    kind: type[Any] | None = None
    media_type: str | None = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    """What each of its headers means."""
    links: Mapping[str, Link] = field(default_factory=dict)
    """Where it leads, each under the name of its purpose."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path."""

    method: str
    path: str
    handler: Handler
    summary: str
    successes: tuple[Success, ...]
    tag: str
    detail: str = ""
    body: type[Any] | None = None
    examples: Mapping[str, Any] = field(default_factory=dict)
    """Bodies by what they show; each is a complete request."""
    parameters: tuple[Parameter, ...] = ()
    problems: tuple[Kind, ...] = ()
    keyless: bool = False
    """Answers without a key even where keys are in force."""

    @property
    def name(self) -> str:
        """The path as OpenAPI spells it."""
        return self.path.replace(":path}", "}")


LIMIT: Final = Parameter(
    "limit",
    "query",
    "How many to show at most.",
    {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100},
)
CURSOR: Final = Parameter("cursor", "query", "Where to go on: `next` of the page before.")
IDEMPOTENCY_KEY: Final = Parameter(
    headers.IDEMPOTENCY_KEY,
    "header",
    "The same request with the same key is carried out once; its first reply is repeated for 24 hours.",
    {"type": "string", "minLength": 1, "maxLength": headers.LONGEST_KEY, "pattern": "^[!-~]([ -~]*[!-~])?$"},
)
DRY_RUN: Final = Parameter(
    "dry_run", "query", "Checks the request and stores nothing.", {"type": "boolean", "default": False}
)


def path_parameter(name: str, detail: str, example: str) -> Parameter:
    return Parameter(name, "path", detail, {"type": "string", "minLength": 1, "examples": [example]}, required=True)
