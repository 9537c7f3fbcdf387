"""Decides how the Bot API's server reads numbers and JSON from texts, and what it makes of a wrong spelling.

It has never heard of any method or field. Rules: td misc.h (to_integer, to_integer_safe) and JsonBuilder.cpp.
"""

import json
import re
from collections.abc import Iterable
from typing import Any, Final

LARGEST_INT32: Final = 2**31 - 1
LARGEST_INT64: Final = 2**63 - 1

DEEPEST_JSON: Final = 100
"""Arrays and objects that may lie in one another below the outermost value."""

_EXACT: Final = re.compile(r"-?[1-9][0-9]*|0")
_LEADING: Final = re.compile(r"-?([0-9]*)")
_LEADING_FLOAT: Final = re.compile(r"\s*([-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)")
_DIGITS_THAT_COUNT: Final = 64
"""Higher digits stand for multiples of 2**64."""


class Number(str):
    """A number of a JSON text as it is spelled there: whole numbers are taken in one spelling only."""

    __slots__ = ()


class NotJson(ValueError):
    """A text that is no JSON."""


def exact_integer(text: str, largest: int) -> int | None:
    """The number that a text is in its only spelling, or None; numbers reach from -largest - 1 to largest."""
    if _EXACT.fullmatch(text) is None or len(text) > len(str(largest)) + 1:
        return None
    value = int(text)
    return value if -largest - 1 <= value <= largest else None


def leading_integer(text: str, largest: int) -> int:
    """The number that a text begins with, 0 where there is none; too large ones wrap around as in the server."""
    match = _LEADING.match(text)
    value = int((match[1] if match is not None else "")[-_DIGITS_THAT_COUNT:] or "0")
    span = 2 * (largest + 1)
    return ((-value if text.startswith("-") else value) + largest + 1) % span - largest - 1


def leading_float(text: str) -> float:
    """The number that a text begins with, 0 where there is none or where it is too large."""
    match = _LEADING_FLOAT.match(text)
    value = float(match[1]) if match is not None else 0.0
    return value if abs(value) < float("inf") else 0.0


def decode(text: str | bytes) -> Any:
    """What a JSON text says, with its numbers as `Number`; of a name that is there twice the first counts. NotJson."""
    try:
        value = json.loads(
            text, parse_int=Number, parse_float=Number, parse_constant=_refuse, object_pairs_hook=_first_wins
        )
    except (ValueError, RecursionError) as error:
        raise NotJson(str(error)) from error
    if _is_deep(value):
        raise NotJson("Too big object depth")
    return value


def plain(value: Any) -> Any:
    """The same with its numbers as Python has them; a number that no Python number holds is 0."""
    if isinstance(value, Number):
        whole = exact_integer(value, LARGEST_INT64)
        return leading_float(value) if whole is None else whole
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    return value


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(DEEPEST_JSON + 1):
        arrays = [item for item in level if isinstance(item, list)]
        objects = [item for item in level if isinstance(item, dict)]
        level = [item for array in arrays for item in array]
        level += [item for fields in objects for item in fields.values()]
    return bool(level)


def _refuse(constant: str) -> Any:
    raise ValueError(constant)


def _first_wins(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, value in pairs:
        fields.setdefault(name, value)
    return fields
