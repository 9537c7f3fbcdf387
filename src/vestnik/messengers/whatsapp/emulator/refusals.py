"""Decides how the emulated Cloud API says no: the Graph API's error envelope with the code's own HTTP status.

It has never heard of why, beyond a code and a sentence.
"""

from collections.abc import Mapping
from hashlib import sha256
from math import ceil
from typing import Final

import msgspec

from vestnik.emulation.faults import Fault
from vestnik.emulation.line import Trouble
from vestnik.messengers.whatsapp import wire
from vestnik.messengers.whatsapp.codes import ERRORS, PAIR_LIMIT, RATE_LIMIT
from vestnik.ports import Response

SOMETHING_WENT_WRONG: Final = 131000
OF_STATUS: Final = {400: 100, 401: 190, 403: 10, 404: 100, 429: RATE_LIMIT, 503: 131016}
"""Codes for HTTP statuses that somebody asked for."""


class Refused(Exception):
    """A call that is answered with an error; `message` stands in place of the code's own words."""

    def __init__(
        self,
        code: int,
        details: str | None = None,
        *,
        message: str | None = None,
        subcode: int | None = None,
        http: int | None = None,
    ) -> None:
        super().__init__(code)
        known = ERRORS.get(code)
        if known and details is None and message is None:
            details = known.details
        self.asked: Final = http is not None
        """Whether somebody asked for this very HTTP status."""
        self.http: Final = http or (known.http if known else 400)
        trace = "A" + sha256(f"{code}{details}{message}".encode()).hexdigest()[:22]
        error = wire.error(code if known else SOMETHING_WENT_WRONG, details, fbtrace_id=trace)
        self.error: Final = msgspec.structs.replace(
            error, code=code, message=message or error.message, error_subcode=subcode
        )


class Throttled(Refused):
    """The same with the seconds to wait before another try."""

    def __init__(self, code: int, retry_after: float, *, http: int | None = None) -> None:
        super().__init__(code, http=http)
        self.retry_after: Final = retry_after


def answered(refused: Refused, statuses: Mapping[int, int]) -> Response:
    """The error as a response; `statuses` are HTTP statuses by code in place of the table's."""
    headers = {"content-type": "application/json"}
    if isinstance(refused, Throttled):
        headers["retry-after"] = str(max(1, ceil(refused.retry_after)))
    http = refused.http if refused.asked else statuses.get(refused.error.code, refused.http)
    return Response(http, headers, wire.encode_error(refused.error))


def troubled(trouble: Trouble, *, pair: bool) -> Refused:
    """Why a message is not taken; `pair` where one recipient gets too much."""
    status = trouble.status
    http = status if status is not None and 400 <= status < 600 else None
    if trouble.fault is Fault.THROTTLE:
        return Throttled(PAIR_LIMIT if pair else RATE_LIMIT, trouble.retry_after, http=http)
    if status is None:
        return Refused(SOMETHING_WENT_WRONG)
    if http is None:
        return Refused(status)
    return Refused(OF_STATUS.get(http, SOMETHING_WENT_WRONG if http >= 500 else 100), http=http)
