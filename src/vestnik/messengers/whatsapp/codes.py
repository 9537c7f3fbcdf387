"""Decides what the error codes of the WhatsApp Cloud API mean: a part of the wire, as one table.

It has never heard of messages or of who speaks.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple


class ErrorCode(NamedTuple):
    """What an error code says."""

    title: str
    http: int
    """The HTTP status that comes with it; Meta asks to go by the code."""
    passes: bool = False
    """The same call may succeed later."""
    details: str | None = None
    """What comes with it where nobody says more: the same for every call that meets it."""


RATE_LIMIT: Final = 130429
"""Too many messages of one number."""
PAIR_LIMIT: Final = 131056
"""Too many messages to one recipient in a short time: the only limit that concerns nobody else."""
_TOO_MANY: Final = "Message failed to send because there were too many messages sent from this phone number"

ERRORS: Final[Mapping[int, ErrorCode]] = {
    0: ErrorCode("AuthException", 401),
    1: ErrorCode("API Unknown", 400, passes=True),
    2: ErrorCode("API Service", 503, passes=True),
    3: ErrorCode("API Method", 500),
    4: ErrorCode("API Too Many Calls", 400, passes=True),
    10: ErrorCode("Permission Denied", 403),
    33: ErrorCode("Parameter value is not valid", 400),
    100: ErrorCode("Invalid parameter", 400),
    190: ErrorCode("Access token has expired", 401),
    **dict.fromkeys(range(200, 300), ErrorCode("API Permission", 403)),
    # The block is named temporary but lasts days: trying again within minutes is what it is a penalty for.
    368: ErrorCode("Temporarily blocked for policies violations", 403),
    80007: ErrorCode("Rate limit issues", 400, passes=True),
    RATE_LIMIT: ErrorCode(
        "Rate limit hit",
        400,
        passes=True,
        details=f"{_TOO_MANY} in a short period of time",
    ),
    130472: ErrorCode("User's number is part of an experiment", 400),
    130497: ErrorCode("Restricted from messaging users in this country", 403),
    131000: ErrorCode("Something went wrong", 500, passes=True),
    131005: ErrorCode("Access denied", 403),
    131008: ErrorCode("Required parameter is missing", 400),
    131009: ErrorCode("Parameter value is not valid", 400),
    131016: ErrorCode("Service unavailable", 503, passes=True),
    131021: ErrorCode("Recipient cannot be sender", 400),
    131026: ErrorCode("Message undeliverable", 400),
    131030: ErrorCode("Recipient phone number not in allowed list", 400),
    131031: ErrorCode("Account has been locked", 403),
    131037: ErrorCode("Display name not approved", 400),
    131042: ErrorCode("Business eligibility payment issue", 400),
    131045: ErrorCode("Incorrect certificate", 500),
    131047: ErrorCode("Re-engagement message", 400),
    131048: ErrorCode("Spam rate limit hit", 400, passes=True),
    131049: ErrorCode("This message was not delivered to maintain healthy ecosystem engagement.", 400),
    131050: ErrorCode("User stopped marketing messages", 400),
    131051: ErrorCode("Unsupported message type", 400),
    131052: ErrorCode("Media download error", 400),
    131053: ErrorCode("Media upload error", 400),
    PAIR_LIMIT: ErrorCode(
        "(Business Account, Consumer Account) pair rate limit hit",
        400,
        passes=True,
        details=f"{_TOO_MANY} to the same phone number in a short period of time.",
    ),
    131057: ErrorCode("Account in maintenance mode", 503, passes=True),
    131062: ErrorCode("BSUID recipient not supported for this message", 400),
    131063: ErrorCode("Marketing templates disabled for Cloud API", 400),
    131064: ErrorCode("Messaging limit", 400, passes=True),
    132000: ErrorCode("Number of parameters does not match the expected number of params", 400),
    132001: ErrorCode("Template name does not exist in the translation", 404),
    132005: ErrorCode("Template hydrated text too long", 400),
    132007: ErrorCode("Template format character policy violated", 400),
    132008: ErrorCode("Template parameter value invalid", 400),
    132012: ErrorCode("Template parameter format mismatch", 400),
    132015: ErrorCode("Template is paused", 400),
    132016: ErrorCode("Template is disabled", 400),
    132018: ErrorCode("There's an issue with the parameters in your template", 400),
    132068: ErrorCode("Flow is blocked", 400),
    132069: ErrorCode("Flow is throttled", 400, passes=True),
    133010: ErrorCode("Phone number not registered", 400),
    133016: ErrorCode("Register/deregister rate limit", 400, passes=True),
    135000: ErrorCode("Generic user error", 400),
    137000: ErrorCode("Recipient identity key mismatch", 400),
}


def read_statuses(text: str) -> dict[int, int]:
    """HTTP statuses in place of those above, as `130429=429,132001=400`; ValueError where it is not that."""
    found = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        code, _, status = part.partition("=")
        if not (code.isascii() and code.isdigit() and status.isascii() and status.isdigit()):
            raise ValueError(f"{part} is no code=status")
        if not 400 <= int(status) < 600:
            raise ValueError(f"{status} is no HTTP status of an error")
        found[int(code)] = int(status)
    return found
