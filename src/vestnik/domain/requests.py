"""Decides what can be found under an Idempotency-Key, after the IETF draft of that header.

It has never heard of routes; a request is known by a fingerprint of its method, path and body.
"""

from dataclasses import dataclass
from typing import TypeAlias

from vestnik.domain.moment import seconds

KEPT_FOR = seconds(24 * 3600)


@dataclass(frozen=True, slots=True)
class Fresh:
    """The key was not known: the request is begun and its reply is to be finished."""


@dataclass(frozen=True, slots=True)
class Running:
    """The same request is under way."""


@dataclass(frozen=True, slots=True)
class OtherBody:
    """The key was used for another request."""


@dataclass(frozen=True, slots=True)
class Replay:
    """The reply of the first request; or, where the process died before it replied, the message that it accepted."""

    status: int
    body: bytes
    location: str | None
    message_id: str | None = None


Known: TypeAlias = Fresh | Running | OtherBody | Replay
