"""Decides which keyboards can be sent along with a message, and how they look on the wire.

It has never heard of who presses their keys.
"""

from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

import msgspec

from vestnik.messengers.telegram.emulator.calls import Json, bad
from vestnik.messengers.telegram.facts import fields

MOST_KEYS: Final = 100
DATA_LIMIT: Final = 64
"""Bytes of a callback button's data."""
MARKUP_LIMIT: Final = 10_000
"""Bytes of a keyboard."""

_INLINE: Final = tuple(field.name for field in fields("InlineKeyboardButton"))
_ACTIONS: Final = frozenset(_INLINE) - {"text", "icon_custom_emoji_id", "style"}
_SCHEMES: Final = frozenset({"http", "https", "tg", "ton", ""})


class Markup(NamedTuple):
    """A message's keyboard: inline, under the message, or another, in place of the phone's own."""

    inline: Json | None = None
    other: Json | None = None


NONE: Final = Markup()


def read_markup(value: Any) -> Markup:
    """The keyboard in a decoded reply_markup; Failed where it cannot be shown."""
    if not isinstance(value, dict):
        return NONE
    if len(msgspec.json.encode(value)) > MARKUP_LIMIT:
        raise bad("reply markup is too long")
    if isinstance(value.get("inline_keyboard"), list):
        rows = [[_inline(button) for button in row] for row in value["inline_keyboard"] if row]
        if sum(map(len, rows)) > MOST_KEYS:
            raise bad("reply markup is too long")
        return Markup(inline={"inline_keyboard": rows}) if rows else NONE
    if isinstance(value.get("keyboard"), list):
        rows = [[_key(button) for button in row] for row in value["keyboard"] if row]
        return Markup(other={**value, "keyboard": rows}) if rows else NONE
    if value.get("remove_keyboard") is True or value.get("force_reply") is True:
        return Markup(other=value)
    return NONE


def _inline(button: Json) -> Json:
    shown = {name: button[name] for name in _INLINE if name in button}
    if not shown.get("text"):
        raise bad('Can\'t parse inline keyboard button: Field "text" must be non-empty')
    actions = _ACTIONS & shown.keys()
    if not actions:
        raise bad("Can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
    if "callback_data" in shown and not 0 < len(shown["callback_data"].encode()) <= DATA_LIMIT:
        raise bad("BUTTON_DATA_INVALID")
    if "url" in shown:
        shown["url"] = _url(shown["url"])
    return shown


def _url(url: str) -> str:
    """The button's address as the server writes it."""
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        host = parts.hostname or ""
    except ValueError:
        parts, host = urlsplit(""), ""
    if parts.scheme.lower() not in _SCHEMES or not host or " " in host:
        raise bad(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")
    if parts.scheme in ("http", "https") and "." not in host and host != "localhost":
        raise bad(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")
    whole = url if "://" in url else f"http://{url}"
    return whole if parts.path or parts.query or parts.scheme == "tg" else f"{whole}/"


def _key(button: Any) -> Json:
    key: Json = {"text": button} if isinstance(button, str) else dict(button)
    if not key.get("text"):
        raise bad('Can\'t parse keyboard button: Field "text" must be non-empty')
    return key
