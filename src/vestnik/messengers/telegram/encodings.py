"""Decides how the arguments of a Bot API call are read: from the query, a form, a multipart form or JSON.

It has never heard of any method; to it a call is names and texts.
"""

import re
from typing import Final, NamedTuple
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
    TOO_MANY_FILES,
    Malformed,
    failure,
)

FORM: Final = "application/x-www-form-urlencoded"
MULTIPART: Final = "multipart/form-data"
BOUNDARY_LIMIT: Final = 70
FILES_LIMIT: Final = 50
"""Files in one call."""

_OBJECT: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_TEXT: Final = msgspec.json.Decoder(str)
_PARAMETER: Final = re.compile(r';\s*([A-Za-z*-]+)\s*=\s*("[^"]*"|[^;]*)')


class Upload(NamedTuple):
    """A file that came as a part of a multipart form."""

    name: str
    content_type: str
    content: bytes


def read_arguments(query: str, content_type: str, body: bytes) -> dict[str, str]:
    """The arguments of a call without its files; see read_call."""
    return read_call(query, content_type, body)[0]


def read_call(query: str, content_type: str, body: bytes) -> tuple[dict[str, str], dict[str, Upload]]:
    """The arguments of a call in any of the four encodings, and its files by name; Malformed where it is unreadable.

    Arguments in the query are read first and the first of a name counts. Values are texts: those in JSON that are no
    strings keep their JSON text. A body of another media type is ignored.
    """
    media_type = content_type.lower()
    pairs = _read_form(query) if query else []
    files: dict[str, Upload] = {}
    if MULTIPART in media_type:
        values, files = _read_multipart(content_type, body)
        pairs += values
    elif FORM in media_type:
        pairs += _read_form(_utf8(body))
    elif JSON in media_type and body:
        pairs += _read_json(body)
    arguments: dict[str, str] = {}
    for name, value in pairs:
        arguments.setdefault(name, value)
    return arguments, files


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
        return [(name, _as_text(bytes(raw))) for name, raw in _OBJECT.decode(body).items()]
    except UnicodeDecodeError as error:
        raise Malformed(NOT_UTF8) from error
    except RecursionError as error:
        raise Malformed(TOO_DEEP) from error
    except msgspec.ValidationError as error:
        raise Malformed(NOT_AN_OBJECT) from error
    except msgspec.DecodeError as error:
        raise Malformed(failure(400, f"can't parse parameter value: {error}")) from error


def _as_text(raw: bytes) -> str:
    return _TEXT.decode(raw) if raw.startswith(b'"') else raw.decode()


def _read_multipart(content_type: str, body: bytes) -> tuple[list[tuple[str, str]], dict[str, Upload]]:
    boundary = _header_parameters(content_type).get("boundary")
    if boundary is None:
        raise Malformed(BOUNDARY_NOT_FOUND)
    if not 0 < len(boundary) <= BOUNDARY_LIMIT:
        raise Malformed(BAD_BOUNDARY)
    pairs: list[tuple[str, str]] = []
    files: dict[str, Upload] = {}
    _, *parts = (b"\r\n" + body).split(b"\r\n--" + boundary.encode("latin-1", "replace"))
    for part in parts:
        if part.startswith(b"--"):
            break
        head, _, value = part.partition(b"\r\n\r\n")
        names, media_type = _described(_utf8(head))
        if "filename" not in names:
            pairs.append((names["name"], _utf8(value)))
        elif len(files) == FILES_LIMIT:
            raise Malformed(TOO_MANY_FILES)
        else:
            files.setdefault(names["name"], Upload(names["filename"], media_type, value))
    return pairs, files


def _described(head: str) -> tuple[dict[str, str], str]:
    """The parameters of a part's disposition, its name among them, and its media type."""
    parameters: dict[str, str] = {}
    media_type = ""
    for line in head.split("\r\n"):
        name, _, value = line.partition(":")
        match name.strip().lower():
            case "content-disposition":
                parameters = parameters or _header_parameters(value)
            case "content-type":
                media_type = value.strip()
    if not parameters.get("name"):
        raise Malformed(NO_FIELD_NAME)
    return parameters, media_type


def _header_parameters(header: str) -> dict[str, str]:
    return {name.lower(): value.strip().strip('"') for name, value in _PARAMETER.findall(header)}
