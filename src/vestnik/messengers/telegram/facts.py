"""Decides what the Bot API's methods take and return and of what fields its types consist.

It has never heard of what a method does. The table facts.json is derived from aiogram by tools/telegram_facts.py.
"""

from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

import msgspec

BASIC: Final = frozenset({"integer", "float", "boolean", "true", "string", "file"})
TABLE: Final = Path(__file__).with_name("facts.json")


class Named(NamedTuple):
    """A basic type or one with fields."""

    name: str


class Constant(NamedTuple):
    """A value that stands for itself, such as the kind of an object."""

    value: Any


class ArrayOf(NamedTuple):
    """An array whose items have one type."""

    item: "Shape"


class OneOf(NamedTuple):
    """A value of one of several types; `name` is empty where the Bot API has none for it."""

    options: "tuple[Shape, ...]"
    name: str = ""


Shape: TypeAlias = Named | Constant | ArrayOf | OneOf


class Field(NamedTuple):
    """A parameter of a method or a field of a type."""

    name: str
    shape: Shape
    required: bool


class Method(NamedTuple):
    """A method of the Bot API."""

    name: str
    takes: tuple[Field, ...]
    returns: Shape


class _Method(msgspec.Struct):
    returns: str
    takes: dict[str, str]


class _Table(msgspec.Struct):
    version: str
    methods: dict[str, _Method]
    unions: dict[str, list[str]]
    types: dict[str, dict[str, str]]


def is_basic(expected: Shape) -> bool:
    """Whether it is a type without fields and items."""
    return isinstance(expected, Named) and expected.name in BASIC


def version() -> str:
    """The version of the Bot API that the table describes."""
    return _table().version


def method_names() -> tuple[str, ...]:
    """Every method by the name that the documentation gives it."""
    return tuple(_table().methods)


def type_names() -> tuple[str, ...]:
    """Every type that has fields."""
    return tuple(_table().types)


def method(name: str) -> Method | None:
    """The method of that name in any case, or None."""
    known = _names().get(name.lower())
    return None if known is None else _method(known)


@cache
def fields(type_name: str) -> tuple[Field, ...]:
    """The fields of a type, in the documentation's order; KeyError where there is no such type."""
    return tuple(_fields(_table().types[type_name]))


@cache
def shape(expression: str) -> Shape:
    """What an expression of the table stands for: a name, `[x]`, `x|y`, a quoted or a whole number."""
    options = _options(expression)
    if len(options) > 1:
        return OneOf(tuple(shape(option) for option in options))
    if expression.startswith("["):
        return ArrayOf(shape(expression[1:-1]))
    if expression.startswith("'"):
        return Constant(expression[1:-1])
    if expression.isdigit():
        return Constant(int(expression))
    members = _table().unions.get(expression)
    # A union is spelled out one level deep: those that hold themselves, such as RichText, name themselves again.
    return Named(expression) if members is None else OneOf(tuple(_member(member) for member in members), expression)


def _member(expression: str) -> Shape:
    return ArrayOf(Named(expression[1:-1])) if expression.startswith("[") else Named(expression)


def _options(expression: str) -> list[str]:
    options, depth, begin = [], 0, 0
    for index, character in enumerate(expression):
        depth += (character == "[") - (character == "]")
        if character == "|" and depth == 0:
            options.append(expression[begin:index])
            begin = index + 1
    return [*options, expression[begin:]]


def _fields(described: dict[str, str]) -> list[Field]:
    return [
        Field(name.removesuffix("?"), shape(expression), not name.endswith("?"))
        for name, expression in described.items()
    ]


@cache
def _method(name: str) -> Method:
    described = _table().methods[name]
    return Method(name, tuple(_fields(described.takes)), shape(described.returns))


@cache
def _names() -> dict[str, str]:
    return {name.lower(): name for name in _table().methods}


@cache
def _table() -> _Table:
    return msgspec.json.decode(TABLE.read_bytes(), type=_Table)
