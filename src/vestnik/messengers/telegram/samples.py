"""Decides how the least result of a method looks that is of the right type: for methods that keep no state.

It has never heard of any conversation; nothing in a sample is true.
"""

from collections.abc import Mapping
from typing import Any, Final

from vestnik.messengers.telegram.facts import BASIC, ArrayOf, Constant, Method, Named, OneOf, Shape, fields, shape

_TEXTS: Final[Mapping[tuple[str, str], str]] = {
    ("Chat", "type"): "private",
    ("ChatFullInfo", "type"): "private",
    ("Poll", "type"): "regular",
    ("Sticker", "type"): "regular",
    ("StickerSet", "sticker_type"): "regular",
    ("MessageEntity", "type"): "bold",
    ("Story", "type"): "story",
}
_TEXTS_BY_FIELD: Final[Mapping[str, str]] = {
    "currency": "XTR",
    "first_name": "Name",
    "url": "https://t.me/",
    "invite_link": "https://t.me/+a",
}
_VALUES: Final[Mapping[str, Any]] = {"integer": 0, "float": 0.0, "boolean": False, "true": True, "file": ""}


def result_of(method: Method) -> Any:
    """The least result of a method as JSON holds it: True where it returns a boolean, else what must be there."""
    if method.returns == Named("boolean"):
        return True
    return sample(method.returns)


def sample(expected: Shape, owner: str = "", field: str = "") -> Any:
    """The least value of a type; `owner` and `field` say where it stands, which decides about texts and identifiers."""
    match expected:
        case Constant(value):
            return value
        case ArrayOf():
            return []
        case OneOf(options):
            return sample(min(options, key=_cost), owner, field)
        case Named(name):
            return _basic(name, owner, field) if name in BASIC else _composed(name)


def _basic(name: str, owner: str, field: str) -> Any:
    is_identifier, is_date = field.endswith("id"), field.endswith("date")
    if name == "string":
        known = _TEXTS.get((owner, field)) or _TEXTS_BY_FIELD.get(field)
        return known or ("1" if is_identifier else "")
    # A date of 0 stands for a message that cannot be seen.
    return 1 if name == "integer" and (is_identifier or is_date) else _VALUES[name]


def _composed(name: str) -> Any:
    resolved = shape(name)
    if isinstance(resolved, OneOf):
        return sample(resolved)
    return {part.name: sample(part.shape, name, part.name) for part in fields(name) if part.required}


def _cost(option: Shape) -> tuple[int, int]:
    """Objects before bare values, because they say more, and of objects those that must hold the least."""
    if isinstance(option, Named) and option.name not in BASIC:
        return 0, sum(part.required for part in fields(option.name))
    return 1, 0
