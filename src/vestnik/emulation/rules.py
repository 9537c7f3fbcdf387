"""Decides whether a list of fault rules can be used, and names everything in it that cannot.

It has never heard of messages; what the rules do is written where they are enforced.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

import msgspec

from vestnik.emulation.faults import ANY, Fault, Rule
from vestnik.emulation.problems import Refusal, Wrong, pointer

MOST: Final = 1_000
"""Rules in one list."""
_LONGEST_SPAN: Final = 10 * 366 * 86400.0
_LARGEST_STATUS: Final = 999_999
_LONGEST_GLOB: Final = 256


def _text(value: Any) -> str | None:
    fits = isinstance(value, str) and 0 < len(value) <= _LONGEST_GLOB
    return None if fits else f"must be a text of 1 to {_LONGEST_GLOB} characters"


def _fault(value: Any) -> str | None:
    return None if value in list(Fault) else f"must be one of {', '.join(Fault)}"


def _whole(least: int, most: int) -> Callable[[Any], str | None]:
    def check(value: Any) -> str | None:
        fits = value is None or (isinstance(value, int) and not isinstance(value, bool) and least <= value <= most)
        return None if fits else f"must be a whole number from {least} to {most}, or null"

    return check


def _number(least: float, most: float, *, optional: bool) -> Callable[[Any], str | None]:
    def check(value: Any) -> str | None:
        if value is None and optional:
            return None
        fits = isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most
        return None if fits else f"must be a number from {least:g} to {most:g}{', or null' if optional else ''}"

    return check


_CHECKS: Final[Mapping[str, Callable[[Any], str | None]]] = {
    "messenger": _text,
    "recipient": _text,
    "fault": _fault,
    "times": _whole(0, 2**53),
    "probability": _number(0.0, 1.0, optional=False),
    "seed": _whole(-(2**53), 2**53),
    "status": _whole(0, _LARGEST_STATUS),
    "retry_after": _number(0.0, _LONGEST_SPAN, optional=True),
    "delay": _number(0.0, _LONGEST_SPAN, optional=True),
}


def read_rules(value: Any, messengers: Collection[str]) -> list[Rule]:
    """The rules of a decoded JSON body, an array or `{"faults": array}`; Refusal names every wrong field."""
    path: tuple[str, ...] = ()
    if isinstance(value, dict) and set(value) == {"faults"}:
        value, path = value["faults"], ("faults",)
    if not isinstance(value, list):
        raise Refusal([Wrong(pointer(*path), "must be an array of fault rules")])
    if len(value) > MOST:
        raise Refusal([Wrong(pointer(*path), f"must have at most {MOST} rules")])
    wrongs = [
        Wrong(pointer(*path, str(index), *field), detail)
        for index, rule in enumerate(value)
        for field, detail in _faults_of(rule, messengers)
    ]
    if wrongs:
        raise Refusal(wrongs)
    return msgspec.convert(value, list[Rule])


def _faults_of(rule: Any, messengers: Collection[str]) -> list[tuple[tuple[str, ...], str]]:
    if not isinstance(rule, dict):
        return [((), "must be an object")]
    found: list[tuple[tuple[str, ...], str]] = []
    if "fault" not in rule:
        found.append((("fault",), "is required"))
    for name, value in rule.items():
        if name not in _CHECKS:
            found.append(((name,), "is no field of a fault rule"))
        elif detail := _CHECKS[name](value):
            found.append(((name,), detail))
        elif name == "messenger" and value != ANY and value not in messengers:
            found.append(((name,), f"must be one of {', '.join(sorted(messengers))}, or {ANY} for all"))
    return found
