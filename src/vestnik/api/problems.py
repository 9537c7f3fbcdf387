"""Decides every way in which a request can be refused, in one table, and what the caller is told, after RFC 9457.

It has never heard of routes; whoever refuses raises a Problem.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, NoReturn
from urllib.parse import quote

import msgspec

PROBLEMS_PAGE: Final = "/docs/problems"
"""Where the service explains its types of problems: a type is this address and the slug as its fragment."""

_FRAGMENT_SAFE: Final = "~!$&'()*+,;=:@?-._"
_LONGEST_PART: Final = 200


@dataclass(frozen=True, slots=True)
class Kind:
    """One type of problem: the last part of its URI, its status, its title and what it means to the caller."""

    slug: str
    status: int
    title: str
    meaning: str

    @property
    def uri(self) -> str:
        return f"{PROBLEMS_PAGE}#{self.slug}"


MALFORMED: Final = Kind("malformed-body", 400, "The body is not JSON", "Send well-formed JSON in UTF-8.")
UNAUTHORIZED: Final = Kind(
    "unauthorized", 401, "A key is needed", "Send a key that is in force as `Authorization: Bearer vk_…`."
)
WRONG_SENDER: Final = Kind(
    "wrong-sender", 403, "The key may not speak for this sender", "Use a key that was made for this sender."
)
NOT_FOUND: Final = Kind("not-found", 404, "There is nothing here", "No route has this path, or nothing has this id.")
NO_TEST_CLOCK: Final = Kind(
    "no-test-clock", 404, "The clock cannot be moved", "Start the service with `--test-clock` to move its time."
)
WRONG_METHOD: Final = Kind(
    "wrong-method", 405, "The route has no such method", "Use one of the methods in the header `Allow`."
)
SLOW_BODY: Final = Kind("slow-body", 408, "The body did not come in time", "Send the request again.")
CONFLICT: Final = Kind(
    "conflict", 409, "It does not fit the present state", "Look at the message or delivery: its state rules this out."
)
STILL_RUNNING: Final = Kind(
    "still-running", 409, "The first request is under way", "Ask again later with the same Idempotency-Key."
)
TOO_LARGE: Final = Kind("too-large", 413, "The body is too large", "Send fewer recipients in one request.")
WRONG_MEDIA_TYPE: Final = Kind(
    "wrong-media-type", 415, "The body must be JSON", "Send `Content-Type: application/json`, uncompressed."
)
VALIDATION: Final = Kind(
    "validation", 422, "Parameters are wrong", "`errors` names every wrong parameter; nothing was stored."
)
KEY_REUSED: Final = Kind(
    "key-reused", 422, "The Idempotency-Key belongs to another request", "Use a new key for a new request."
)
INTERNAL: Final = Kind(
    "internal", 500, "The service made a mistake", "It is logged; asking again with an Idempotency-Key is safe."
)
STORE_UNAVAILABLE: Final = Kind(
    "store-unavailable", 503, "Nothing can be stored now", "Nothing of it was stored: try again after `Retry-After`."
)
STOPPING: Final = Kind(
    "stopping", 503, "The service is about to stop", "Nothing of it was stored: try again after `Retry-After`."
)
NOT_READY: Final = Kind("not-ready", 503, "The service is not ready", "`detail` says what it waits for.")

KINDS: Final = (
    MALFORMED,
    UNAUTHORIZED,
    WRONG_SENDER,
    NOT_FOUND,
    NO_TEST_CLOCK,
    WRONG_METHOD,
    SLOW_BODY,
    CONFLICT,
    STILL_RUNNING,
    TOO_LARGE,
    WRONG_MEDIA_TYPE,
    VALIDATION,
    KEY_REUSED,
    INTERNAL,
    STORE_UNAVAILABLE,
    STOPPING,
    NOT_READY,
)
"""Every type of problem that there is."""


class Fault(msgspec.Struct, frozen=True):
    """One wrong parameter.

    `pointer` is a JSON pointer into the body as a URI fragment (`#/recipients/1`), or `#/query/<name>` or
    `#/header/<name>` for what stands outside of it.
    """

    pointer: str
    detail: str


class Problem(Exception):
    """A refusal, to be told to the caller; `headers` go with it."""

    def __init__(
        self, kind: Kind, detail: str, *, faults: Iterable[Fault] = (), headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.faults = tuple(faults)
        self.headers = headers or {}


def pointer(*parts: str | int) -> str:
    """The JSON pointer (RFC 6901) of a parameter as a URI fragment; parts over 200 characters are cut."""
    return "#" + "".join(f"/{part}" if isinstance(part, int) else f"/{_escaped(part)}" for part in parts)


def _escaped(part: str) -> str:
    if part.isascii() and part.isidentifier() and len(part) <= _LONGEST_PART:
        return part
    plain = part[:_LONGEST_PART].replace("~", "~0").replace("/", "~1")
    return quote(plain, safe=_FRAGMENT_SAFE, errors="replace")


def refuse(faults: Iterable[Fault]) -> NoReturn:
    """Raises the problem that names every wrong parameter."""
    found = tuple(faults)
    detail = "one parameter is wrong" if len(found) == 1 else f"{len(found)} parameters are wrong"
    raise Problem(VALIDATION, f"{detail}; nothing was stored", faults=found)
