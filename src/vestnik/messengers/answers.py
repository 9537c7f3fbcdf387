"""Decides what an exchange means as far as HTTP alone tells: no connection, no answer, or one in no vendor's words.

It has never heard of any messenger; gateways ask it for whatever their own tables do not cover.
"""

from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final

from vestnik.domain.errors import NoReply, NotSent
from vestnik.domain.moment import SECOND, Moment, from_datetime
from vestnik.domain.outcomes import Outcome, PutOff, Refused, Unclear
from vestnik.ports import Request, Response, Transport

IDEMPOTENCY_KEY: Final = "idempotency-key"
"""A documented extension: real messengers ignore it, ours answer a repeated key with the first answer."""

GATEWAY_STATUSES: Final = frozenset({502, 504})
"""Said by something in between that lost the messenger's answer, so what it did is unknown, whatever the body says."""

PASSING_STATUSES: Final = frozenset({408, 425, 429, 503})
"""Said before a request is worked on: it was not taken, and may be later."""

LONGEST_WAIT: Final = 24 * 3600.0
"""Seconds; a messenger that asks for more is asked again after a day."""


async def ask(transport: Transport, request: Request, timeout: float) -> Response | PutOff | Unclear:
    """The response, or what follows from there being none; `timeout` is seconds."""
    try:
        return await transport.exchange(request, timeout=timeout)
    except NotSent as error:
        return PutOff("not_sent", str(error))
    except NoReply as error:
        return Unclear("no_reply", str(error))


def wordless(response: Response, now: Moment) -> Outcome:
    """What an answer means that does not speak the messenger's language.

    A success that cannot be read may be one, and an error of a server may come after the message was taken; an error
    of ours cannot. A redirect is refused: it leads away from the address that was set.
    """
    code, detail = f"http_{response.status}", f"HTTP {response.status} and a body that is no answer of the messenger"
    if response.status in PASSING_STATUSES:
        return PutOff(code, detail, retry_after(response.headers, now))
    if 300 <= response.status < 500:
        return Refused(code, detail)
    return Unclear(code, detail)


def retry_after(headers: Mapping[str, str], now: Moment) -> float | None:
    """Seconds that a Retry-After header asks to wait, given as a number or as a date of RFC 9110; None without one."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return within_reason(float(value[:12]))
    try:
        date = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return within_reason((from_datetime(date if date.tzinfo else date.replace(tzinfo=UTC)) - now) / SECOND)


def within_reason(wait: float) -> float:
    """Seconds to wait, no less than none and no more than a day."""
    return min(max(wait, 0.0), LONGEST_WAIT)
