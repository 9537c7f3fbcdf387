"""Decides how a point in time is written down: whole microseconds since 1970 in UTC.

It has never heard of the present: whoever needs that asks a clock.
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TypeAlias

Moment: TypeAlias = int
"""Microseconds since 1970-01-01T00:00:00Z; exact, ordered, and the same in memory, SQL and JSON."""

SECOND: Moment = 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

EARLIEST: Moment = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND
LATEST: Moment = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND


def seconds(amount: float) -> Moment:
    """A span of seconds in microseconds."""
    return round(amount * SECOND)


def from_datetime(when: datetime) -> Moment:
    """The moment of an aware datetime; ValueError for a naive one."""
    if when.tzinfo is None:
        raise ValueError("a time needs an offset from UTC")
    return (when - _EPOCH) // _MICROSECOND


def to_datetime(moment: Moment) -> datetime:
    """The moment as a datetime in UTC; moments outside the years 1 to 9999 become the nearest end."""
    return _EPOCH + timedelta(microseconds=min(max(moment, EARLIEST), LATEST))


def to_rfc3339(moment: Moment) -> str:
    """The moment as RFC 3339 in UTC, for instance `2026-11-23T09:30:00Z`, with microseconds only if there are any."""
    whole, micros = divmod(min(max(moment, EARLIEST), LATEST), SECOND)
    return f"{_whole_seconds(whole)}.{micros:06d}Z" if micros else f"{_whole_seconds(whole)}Z"


@lru_cache(1_024)
def _whole_seconds(whole: int) -> str:
    """The second without its offset; many moments of the same second are told."""
    return (_EPOCH + timedelta(seconds=whole)).isoformat().removesuffix("+00:00")
