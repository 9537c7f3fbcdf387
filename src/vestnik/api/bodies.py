"""Decides whether a request's body may be read at all: its media type, its size, its time and whether it is JSON.

It has never heard of what the JSON should say.
"""

import json
import re
from typing import Any, Final, NoReturn

import msgspec
from starlette.requests import ClientDisconnect, Request

from vestnik.api.parts import MOST_RECIPIENTS, Parts
from vestnik.api.problems import MALFORMED, SLOW_BODY, TOO_LARGE, WRONG_MEDIA_TYPE, Problem

MOST_VALUES: Final = 16 * MOST_RECIPIENTS
"""How many JSON values a body may hold: twice what the largest request on seven messengers needs.

A body of a few MiB could hold millions, and no other request would get a turn while they are decoded.
"""

_FEW: Final = 2 * MOST_VALUES
"""A body of fewer bytes cannot hold too many values, so they are not counted."""

_UNFIT_SEARCHED: Final = 2**20
"""In a larger body a lone surrogate is told as malformed JSON, without its pointer."""

_JSON_TYPE: Final = re.compile(rb"application/json\s*(;\s*charset\s*=\s*\"?utf-?8\"?\s*)?;?\s*", re.IGNORECASE)
_TOO_DEEP: Final = "the JSON is nested too deeply"


async def read_json(request: Request, parts: Parts) -> bytes:
    """The body of a request that must be JSON, not decoded yet; a Problem where it may not be read."""
    length = None
    media_type = b""
    for name, value in request.scope["headers"]:
        if name == b"content-type":
            media_type = value
        elif name == b"content-length":
            length = value
        elif name == b"content-encoding" and value.strip().lower() != b"identity":
            raise Problem(
                WRONG_MEDIA_TYPE, "the body is compressed; send it as it is", headers={"Accept-Encoding": "identity"}
            )
    if not _JSON_TYPE.fullmatch(media_type):
        named = media_type.decode("latin-1")[:100] or "none"
        raise Problem(WRONG_MEDIA_TYPE, f"the body's media type must be application/json in UTF-8, not {named}")
    body = await read(request, parts, length)
    if len(body) > _FEW and body.count(b",") + body.count(b"[") + body.count(b"{") > MOST_VALUES:
        raise Problem(TOO_LARGE, f"the body holds more than {MOST_VALUES} values")
    return body


async def read(request: Request, parts: Parts, length: bytes | None = None) -> bytes:
    """The whole body, bounded in size and in time."""
    limit, seconds = parts.settings.body_limit, parts.settings.body_timeout
    if length is not None and length.isdigit() and (len(length) > 18 or int(length) > limit):
        raise _too_large(limit)
    try:
        with parts.alarms.within(seconds):
            return await _whole(request, limit)
    except TimeoutError:
        raise Problem(SLOW_BODY, f"the body did not come within {seconds:g} seconds") from None


async def _whole(request: Request, limit: int) -> bytes:
    pieces: list[bytes] = []
    size, more = 0, True
    while more and size <= limit:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        pieces.append(message.get("body", b""))
        size += len(pieces[-1])
        more = message.get("more_body", False)
    if size > limit:
        raise _too_large(limit)
    return b"".join(pieces)


def _too_large(limit: int) -> Problem:
    return Problem(TOO_LARGE, f"the body is larger than {limit} bytes")


def decode_anything(body: bytes) -> Any:
    """The JSON as plain values, also with lone surrogates in its strings; a Problem where it is not JSON."""
    try:
        return msgspec.json.decode(body)
    except RecursionError:
        raise Problem(MALFORMED, _TOO_DEEP) from None
    except UnicodeDecodeError:
        raise Problem(MALFORMED, "the body is not UTF-8") from None
    except msgspec.DecodeError as error:
        if len(body) <= _UNFIT_SEARCHED and b"\\ud" in body.lower():
            return _decode_with_surrogates(body, str(error))
        raise Problem(MALFORMED, _lowered(str(error))) from None


def too_deep() -> Problem:
    """The refusal of JSON that no checker can descend into."""
    return Problem(MALFORMED, _TOO_DEEP)


def _decode_with_surrogates(body: bytes, why: str) -> Any:
    """What the JSON says where a half of a character stands alone: grammatical, but no text."""
    try:
        return json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise Problem(MALFORMED, _lowered(why)) from None


def _no_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is not JSON")


def _lowered(sentence: str) -> str:
    if sentence == "Input data was truncated":
        return "the JSON ends too early"
    return sentence if sentence.startswith("JSON") else sentence[:1].lower() + sentence[1:]
