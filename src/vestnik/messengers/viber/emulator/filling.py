"""Decides what stands in a broadcast where it has placeholders: each receiver's own id and name.

It has never heard of who receives; Viber puts them into every text of a message, its tracking data too.
"""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

MARK: Final = "replace_me_with_"
_RECEIVER_ID: Final = f"{MARK}receiver_id"
_ENCODED_ID: Final = f"{MARK}url_encoded_receiver_id"
_USER_NAME: Final = f"{MARK}user_name"


def filled(message: Mapping[str, Any], person: str, name: str) -> dict[str, Any]:
    """The message as this person gets it."""
    values = {_RECEIVER_ID: person, _ENCODED_ID: quote(person, safe=""), _USER_NAME: name}
    return {key: _filled(value, values) for key, value in message.items()}


def _filled(value: Any, values: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        if MARK in value:
            for placeholder, text in values.items():
                value = value.replace(placeholder, text)
        return value
    if isinstance(value, Mapping):
        return {key: _filled(one, values) for key, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, values) for one in value]
    return value
