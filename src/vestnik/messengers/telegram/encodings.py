"""Decides how the arguments of a Bot API call are read: from the query, a form, a multipart form or JSON.

It has never heard of any method; to it a call is names and texts.
"""

import re
from typing import Final
from urllib.parse import parse_qsl

import msgspec

from vestnik.messengers.telegram.wire import (
    BAD_BOUNDARY,
    BOUNDARY_NOT_FOUND,
    JSON,
    NO_FIELD_NAME,
    NOT_AN_OBJECT,
    NOT_UTF8,
    TOO_DEEP,
    Malformed,
    failure,
)

FORM: Final = "application/x-www-form-urlencoded"
MULTIPART: Final = "multipart/form-data"
BOUNDARY_LIMIT: Final = 70

_PARAMETER: Final = re.compile(r';\s*([A-Za-z*-]+)\s*=\s*("[^"]*"|[^;]*)')


def read_arguments(query: str, content_type: str, body: bytes) -> dict[str, str]:
    """The arguments of a call in any of the four encodings; Malformed where they cannot be read.

    Arguments in the query are read first and the first of a name counts. Values are texts: those in JSON that are no
    strings keep their JSON text. A body of another media type is ignored, and so are files.
    """
    media_type = content_type.lower()
    pairs = _read_form(query)
    if MULTIPART in media_type:
        pairs += _read_multipart(content_type, body)
    elif FORM in media_type:
        pairs += _read_form(_utf8(body))
    elif JSON in media_type and body:
        pairs += _read_json(body)
    arguments: dict[str, str] = {}
    for name, value in pairs:
        arguments.setdefault(name, value)
    return arguments


def _utf8(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise Malformed(NOT_UTF8) from error


def _read_form(text: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text, keep_blank_values=True, errors="strict")
    except UnicodeDecodeError as error:
        raise Malformed(NOT_UTF8) from error


def _read_json(body: bytes) -> list[tuple[str, str]]:
    try:
        fields = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
        return [
            (name, msgspec.json.decode(raw, type=str) if bytes(raw).startswith(b'"') else bytes(raw).decode())
            for name, raw in fields.items()
        ]
    except UnicodeDecodeError as error:
        raise Malformed(NOT_UTF8) from error
    except RecursionError as error:
        raise Malformed(TOO_DEEP) from error
    except msgspec.ValidationError as error:
        raise Malformed(NOT_AN_OBJECT) from error
    except msgspec.DecodeError as error:
        raise Malformed(failure(400, f"can't parse parameter value: {error}")) from error


def _read_multipart(content_type: str, body: bytes) -> list[tuple[str, str]]:
    boundary = _header_parameters(content_type).get("boundary")
    if boundary is None:
        raise Malformed(BOUNDARY_NOT_FOUND)
    if not 0 < len(boundary) <= BOUNDARY_LIMIT:
        raise Malformed(BAD_BOUNDARY)
    pairs = []
    _, *parts = (b"\r\n" + body).split(b"\r\n--" + boundary.encode("latin-1", "replace"))
    for part in parts:
        if part.startswith(b"--"):
            break
        head, _, value = part.partition(b"\r\n\r\n")
        names = _disposition(_utf8(head))
        if "filename" not in names:
            pairs.append((names["name"], _utf8(value)))
    return pairs


def _disposition(head: str) -> dict[str, str]:
    for line in head.split("\r\n"):
        name, _, value = line.partition(":")
        if name.strip().lower() == "content-disposition":
            parameters = _header_parameters(value)
            if parameters.get("name"):
                return parameters
    raise Malformed(NO_FIELD_NAME)


def _header_parameters(header: str) -> dict[str, str]:
    return {name.lower(): value.strip().strip('"') for name, value in _PARAMETER.findall(header)}
