"""Decides what a message of each type needs and how long it may be, and what of it is refused with which status.

It has never heard of who sends: the same holds for a message to one, a broadcast, a post and a welcome.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from vestnik.messengers.viber import keyboards, wire
from vestnik.messengers.viber.shapes import INTEGER, NUMBER, OBJECT, STRING, kind_of

CAPTION_LIMIT: Final = 768
"""Characters below a picture or video; one partner of Viber's says 512, so what is between may be refused."""
ADDRESS_LIMIT: Final = 2_000
VIDEO_LIMIT: Final = 26 * 2**20
"""Bytes."""
VIDEO_SECONDS: Final = 180
FILE_LIMIT: Final = 50 * 2**20
FILE_NAME_LIMIT: Final = 256
CONTACT_NAME_LIMIT: Final = 28
CONTACT_NUMBER_LIMIT: Final = 18


class Fault(Exception):
    """A message that is refused: the status, Viber's own words where they differ from the table's, and the place."""

    def __init__(self, status: int, detail: str, words: str | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.words = words


class Checked(NamedTuple):
    """A message that the server takes."""

    text: str
    """What of it can be read: its text, caption, file name, address or the name of a contact."""
    needs: int
    """The API version that the receiver's device must have."""
    fails: str | None
    """Why the receiver's device will not show it."""
    kind: str = "text"
    """Its type, or `keyboard` where it brings nothing else."""


class _Rule(NamedTuple):
    kinds: tuple[str, ...]
    required: bool = False
    most: int | None = None
    """Characters of a text, or the largest number."""
    address: bool = False


_ADDRESS: Final = _Rule((STRING,), required=True, most=ADDRESS_LIMIT, address=True)
_PREVIEW: Final = _Rule((STRING,), most=ADDRESS_LIMIT, address=True)
_CAPTION: Final = _Rule((STRING,), most=CAPTION_LIMIT)
_PLACE: Final = (NUMBER, INTEGER, STRING)

TYPES: Final[Mapping[str, Mapping[str, _Rule]]] = {
    "text": {"text": _Rule((STRING,), required=True, most=wire.TEXT_LIMIT)},
    "picture": {"text": _CAPTION, "media": _ADDRESS, "thumbnail": _PREVIEW},
    "video": {
        "text": _CAPTION,
        "media": _ADDRESS,
        "size": _Rule((INTEGER,), required=True, most=VIDEO_LIMIT),
        "duration": _Rule((INTEGER,), most=VIDEO_SECONDS),
        "thumbnail": _PREVIEW,
    },
    "file": {
        "media": _ADDRESS,
        "size": _Rule((INTEGER,), required=True, most=FILE_LIMIT),
        "file_name": _Rule((STRING,), required=True, most=FILE_NAME_LIMIT),
    },
    "contact": {
        "contact": _Rule((OBJECT,), required=True),
        "contact.name": _Rule((STRING,), required=True, most=CONTACT_NAME_LIMIT),
        "contact.phone_number": _Rule((STRING,), required=True, most=CONTACT_NUMBER_LIMIT),
        "contact.avatar": _PREVIEW,
    },
    "location": {
        "location": _Rule((OBJECT,), required=True),
        "location.lat": _Rule(_PLACE, required=True),
        "location.lon": _Rule(_PLACE, required=True),
    },
    "url": {"media": _ADDRESS},
    "sticker": {"sticker_id": _Rule((INTEGER,), required=True)},
    "rich_media": {"rich_media": _Rule((OBJECT,), required=True), "alt_text": _Rule((STRING,), most=wire.TEXT_LIMIT)},
}
_ENVELOPE: Final = {
    "min_api_version": _Rule((INTEGER,)),
    "tracking_data": _Rule((STRING,), most=wire.TRACKING_DATA_LIMIT),
}
_SENDER: Final = {
    "sender": _Rule((OBJECT,), required=True),
    "sender.name": _Rule((STRING,), required=True, most=wire.SENDER_NAME_LIMIT),
    "sender.avatar": _Rule((STRING,)),
}
_READABLE: Final[Mapping[str, Callable[[Mapping[str, Any]], Any]]] = {
    "picture": lambda message: message.get("text") or message["media"],
    "video": lambda message: message.get("text") or message["media"],
    "file": lambda message: message["file_name"],
    "contact": lambda message: f"{message['contact']['name']} {message['contact']['phone_number']}",
    "location": lambda message: f"{message['location']['lat']},{message['location']['lon']}",
    "url": lambda message: message["media"],
    "sticker": lambda message: f"sticker {message['sticker_id']}",
    "rich_media": lambda message: message.get("alt_text") or "",
    "text": lambda message: message["text"],
}


def checked(message: Mapping[str, Any], *, sender: bool = True) -> Checked:
    """What can be said of a message before it is sent; Fault where it is refused. A welcome may lack its `sender`."""
    if sender or message.get("sender") is not None:
        _demand(message, _SENDER)
    _demand(message, _ENVELOPE)
    kind, keyboard = message.get("type"), message.get("keyboard")
    if kind is None and keyboard is None:
        raise Fault(wire.MISSING_DATA, "type")
    if kind is not None and (not isinstance(kind, str) or kind not in TYPES):
        raise Fault(wire.BAD_DATA, "type")
    version = message.get("min_api_version")
    if version is not None and version < 1:
        raise Fault(wire.BAD_DATA, "min_api_version")
    if kind is not None:
        demand(kind, message)
    needs, fails = _panels(message, version or 1)
    return Checked(readable(message), max(needs, version or 1), fails, kind or "keyboard")


def demand(kind: str, content: Mapping[str, Any]) -> None:
    """Fault where a message of the type cannot have this content."""
    _demand(content, TYPES[kind])
    if kind == "location":
        _place(content["location"])


def readable(message: Mapping[str, Any]) -> str:
    """What of a valid message can be read."""
    return str(_READABLE[message["type"]](message)) if message.get("type") else ""


def _panels(message: Mapping[str, Any], version: int) -> tuple[int, str | None]:
    """The version that the keyboard and the rich media need, which the message must ask for, and why they fail."""
    fails = None
    for name in ("rich_media", "keyboard"):
        panel = message.get(name)
        if panel is None or (name == "rich_media" and message.get("type") != name):
            continue
        if words := keyboards.server_fault(name, panel):
            raise Fault(wire.BAD_DATA, name, words)
        if keyboards.version_of(name, panel) > version:
            raise Fault(wire.INCOMPATIBLE, f"min_api_version must be {keyboards.version_of(name, panel)} for {name}")
        fails = fails or keyboards.device_fault(name, panel)
    return version, fails


def _demand(message: Mapping[str, Any], rules: Mapping[str, _Rule]) -> None:
    """Fault for the first field that breaks its rule."""
    for path, rule in rules.items():
        value: Any = message
        for name in _split(path):
            value = value.get(name) if isinstance(value, dict) else None
        if value is None or (value == "" and rule.required):
            if rule.required:
                raise Fault(wire.MISSING_DATA, path)
            continue
        if value == "" and STRING in rule.kinds:
            continue
        if kind_of(value) not in rule.kinds or (rule.address and not is_address(value)):
            raise Fault(wire.BAD_DATA, path)
        size = len(value) if isinstance(value, str) else value
        if rule.most is not None and not 0 <= size <= rule.most:
            raise Fault(wire.BAD_DATA, path)


@cache
def _split(path: str) -> tuple[str, ...]:
    return tuple(path.split("."))


def _place(location: Mapping[str, Any]) -> None:
    for name, most in (("lat", 90), ("lon", 180)):
        try:
            fits = -most <= float(location[name]) <= most
        except ValueError:
            fits = False
        if not fits:
            raise Fault(wire.BAD_DATA, f"location.{name}")


def is_address(url: str) -> bool:
    """Whether it is an absolute HTTP address."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)
