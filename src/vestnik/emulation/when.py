"""Decides how the emulation writes moments down: whole microseconds since 1970 in UTC, as its clock counts them.

It has never heard of the present: whoever needs that asks the clock.
"""

from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias

Moment: TypeAlias = int
"""Microseconds since 1970-01-01T00:00:00Z."""

SECOND: Final = 1_000_000

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_EARLIEST: Final = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND
_LATEST: Final = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND


def span(seconds: float) -> int:
    """A span of seconds in microseconds."""
    return round(seconds * SECOND)


def rfc3339(moment: Moment) -> str:
    """The moment as RFC 3339 in UTC; moments outside the years 1 to 9999 become the nearest end."""
    at = _EPOCH + timedelta(microseconds=min(max(moment, _EARLIEST), _LATEST))
    return at.isoformat().replace("+00:00", "Z")


def moment_of(text: str) -> Moment:
    """The moment of an RFC 3339 time with an offset; ValueError says in words why it is none."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("must be a time after RFC 3339, such as 2030-11-23T12:30:00Z") from None
    if at.tzinfo is None:
        raise ValueError("has no offset from UTC, such as Z or +03:00")
    return (at - _EPOCH) // _MICROSECOND
