"""Decides what JSON must be like where Viber's server looks at it closely, and names the first thing that is not.

It has never heard of messages. The words are those of the JSON schema validator that the server uses, as its clients
have met them: `object has missing required properties (["Type"])`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

STRING: Final = "string"
INTEGER: Final = "integer"
NUMBER: Final = "number"
BOOLEAN: Final = "boolean"
OBJECT: Final = "object"
ARRAY: Final = "array"
_KINDS: Final = {bool: BOOLEAN, str: STRING, int: INTEGER, float: NUMBER, list: ARRAY, dict: OBJECT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What a value must be. `since` is the API version that brought it, `choices` compare without regard to case."""

    kind: str = STRING
    required: bool = False
    choices: tuple[str, ...] = ()
    fields: Mapping[str, "Shape"] | None = None
    items: "Shape | None" = None
    fewest: int = 0
    """Elements of an array."""
    since: int = 1


def first_fault(value: Any, shape: Shape) -> str | None:
    """The first thing that is wrong with the value, or None. An absent field is empty, and so is one that is null."""
    found = kind_of(value)
    if found != shape.kind and not (shape.kind == NUMBER and found == INTEGER):
        return f"instance type ({found}) does not match any allowed primitive type (allowed: {_listed([shape.kind])})"
    if shape.choices and value.lower() not in shape.choices:
        return f"instance value ({_listed(value)}) not found in enum (possible values: {_listed(shape.choices)})"
    if shape.fields is not None:
        return _fields_fault(value, shape.fields)
    if shape.items is not None:
        if len(value) < shape.fewest:
            return (
                f"array is too short: must have at least {shape.fewest} elements but instance has {len(value)} elements"
            )
        return next((fault for one in value if (fault := first_fault(one, shape.items))), None)
    return None


def needed_version(value: Any, shape: Shape) -> int:
    """The API version that a device must have for a value of this shape."""
    if shape.fields is not None:
        given = [(value[name], field) for name, field in shape.fields.items() if value.get(name) is not None]
        return max((shape.since, *(max(field.since, needed_version(one, field)) for one, field in given)))
    if shape.items is not None:
        return max((shape.since, *(needed_version(one, shape.items) for one in value)))
    return shape.since


def kind_of(value: Any) -> str:
    """What JSON calls the value."""
    return _KINDS.get(type(value), "null")


def _fields_fault(value: Mapping[str, Any], fields: Mapping[str, Shape]) -> str | None:
    missing = sorted(name for name, field in fields.items() if field.required and value.get(name) is None)
    if missing:
        return f"object has missing required properties ({_listed(missing)})"
    given = ((value[name], field) for name, field in fields.items() if value.get(name) is not None)
    return next((fault for one, field in given if (fault := first_fault(one, field))), None)


def _listed(value: Any) -> str:
    return msgspec.json.encode(value).decode()
