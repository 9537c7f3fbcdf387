"""Decides which texts are points in time or spans of it.

It has never heard of the present: whether a time may be in the past is the route's question.
"""

from datetime import datetime, timedelta
from typing import Final

import msgspec

from vestnik.domain.moment import EARLIEST, LATEST, Moment, from_datetime

_MICROSECOND: Final = timedelta(microseconds=1)
_LONGEST: Final = 64


def moment_of(text: str) -> Moment:
    """The moment of an RFC 3339 time; ValueError says in words for the caller why it is none."""
    try:
        when = msgspec.convert(text if len(text) <= _LONGEST else "", datetime)
    except msgspec.ValidationError:
        raise ValueError("is not a time after RFC 3339, such as 2030-11-23T12:30:00+03:00") from None
    if when.tzinfo is None:
        raise ValueError("has no offset from UTC, such as Z or +03:00")
    moment = from_datetime(when)
    if not EARLIEST <= moment <= LATEST:
        raise ValueError("is beyond the years 1 to 9999 in UTC")
    return moment


def span_of(text: str) -> Moment:
    """The microseconds of an ISO 8601 duration; ValueError says why it is none."""
    try:
        span = msgspec.convert(text if len(text) <= _LONGEST else "", timedelta)
    except msgspec.ValidationError:
        raise ValueError("is not a duration of days, hours, minutes and seconds such as PT3H or P1DT12H") from None
    return span // _MICROSECOND
