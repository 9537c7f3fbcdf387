"""Decides which Idempotency-Key a request was sent with, after the IETF draft of that header.

It has never heard of what is done with the key.
"""

import re
from typing import Final

from starlette.requests import Request

from vestnik.api.problems import Fault, pointer

IDEMPOTENCY_KEY: Final = "Idempotency-Key"
LONGEST_KEY: Final = 255

_NAME: Final = IDEMPOTENCY_KEY.lower().encode()
_PLAIN: Final = re.compile(r"[\x20-\x7e]+")
_QUOTED: Final = re.compile(r'"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"')


def idempotency_key(request: Request) -> tuple[str | None, list[Fault]]:
    """The key, quoted or bare; None where there is none or where it cannot be used, which is a fault."""
    given = [value for name, value in request.scope["headers"] if name == _NAME]
    if not given:
        return None, []
    text: str = given[0].decode("latin-1").strip()
    quoted = _QUOTED.fullmatch(text)
    if quoted is not None:
        text = re.sub(r"\\(.)", r"\1", quoted.group(1))
    usable = len(given) == 1 and (quoted is not None or not text.startswith('"')) and _PLAIN.fullmatch(text)
    if usable and len(text) <= LONGEST_KEY:
        return text, []
    detail = f"must be 1 to {LONGEST_KEY} printable ASCII characters, given once"
    return None, [Fault(pointer("header", IDEMPOTENCY_KEY), detail)]
