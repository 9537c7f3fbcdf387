"""Decides whether JSON keeps the rules of a table, and says in the Cloud API's manner which rule it breaks.

It has never heard of messages. A rule's path leads through objects (`a.b`) and every element of arrays (`a[].b`), none
of which may be null.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Final, NamedTuple, TypeAlias
from urllib.parse import urlsplit

INVALID: Final = 100
MISSING: Final = 131008
WRONG_VALUE: Final = 131009

OBJECT, LIST, TEXT, NUMBER, WHOLE, FLAG = (dict,), (list,), (str,), (int, float, str), (int, str), (bool,)
_NAMES: Final = {dict: "a JSON object", list: "an array", str: "a string", int: "a number", bool: "a boolean"}


Place: TypeAlias = tuple[str | int, ...]
"""The names and the numbers of elements that lead to a value."""


class Broken(Exception):
    """A rule that is broken: the error code and its details."""

    def __init__(self, code: int, details: str) -> None:
        super().__init__(details)
        self.code = code
        self.details = details


class Rule(NamedTuple):
    """What stands at a path. `most` counts characters of a text or elements of an array.

    With a `name` a length that does not fit is told in the words of interactive messages.
    """

    path: str
    kinds: tuple[type, ...] = TEXT
    required: bool = False
    most: int | None = None
    name: str = ""
    choices: tuple[str, ...] = ()
    empty: bool = False
    """Whether a text or an array may be empty although it is required."""
    address: bool = False


def demand(value: Mapping[str, Any], rules: Iterable[Rule]) -> None:
    """Broken for the first rule that the value breaks. An absent field is empty, and so is one that is null."""
    for rule in rules:
        for place, found in _found(value, _split(rule.path)):
            _demand(place, found, rule)


@cache
def _split(path: str) -> tuple[str, ...]:
    return tuple(path.split("."))


def _demand(place: Place, value: Any, rule: Rule) -> None:
    if value is None or (value in ("", []) and (value == "" or list in rule.kinds) and not rule.empty):
        if rule.required or rule.path.endswith("[]"):
            raise Broken(MISSING, f"The parameter {_named(place)} is required.")
        return
    if not isinstance(value, rule.kinds) or (isinstance(value, bool) and bool not in rule.kinds):
        raise Broken(INVALID, f"Param {_named(place)} must be {_NAMES[rule.kinds[0]]}.")
    if rule.choices and str(value).lower() not in rule.choices:
        among = ", ".join(rule.choices)
        raise Broken(INVALID, f"Param {_named(place)} must be one of {{{among}}} - got {str(value)[:64]!r}.")
    if rule.address and not is_address(str(value)):
        raise Broken(INVALID, f"Param {_named(place)} is not a valid URI.")
    if rule.most is not None and isinstance(value, str | list) and len(value) > rule.most:
        if rule.name:
            raise Broken(WRONG_VALUE, f"{rule.name} length invalid. Min length: 1, Max length: {rule.most}")
        what = "characters long" if isinstance(value, str) else "elements"
        raise Broken(INVALID, f"Param {_named(place)} must be at most {rule.most} {what}.")


def _found(value: Any, path: tuple[str, ...]) -> Sequence[tuple[Place, Any]]:
    """What stands at the path, once for each element of the arrays on its way; None where nothing does."""
    for at, step in enumerate(path):
        if not isinstance(value, dict):
            return ()
        if step.endswith("[]"):
            name, rest = step.removesuffix("[]"), path[at + 1 :]
            elements = value.get(name)
            return [
                ((*path[:at], name, index, *place), found)
                for index, one in enumerate(elements if isinstance(elements, list) else ())
                for place, found in (_found(one, rest) if rest else [((), one)])
            ]
        value = value.get(step)
    return ((path, value),)


def _named(place: Place) -> str:
    first, *rest = place
    return str(first) + "".join(f"[{step!r}]" for step in rest)


def is_address(url: str) -> bool:
    """Whether it is an absolute HTTP address."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)
