"""Decides whether a decoded JSON value is of the type that the Bot API expects, and what the server says if it is not.

It has never heard of methods. Rules: td JsonBuilder.cpp and the readers of objects in telegram-bot-api Client.cpp.
"""

from collections.abc import Mapping
from typing import Any

from vestnik.messengers.telegram import words
from vestnik.messengers.telegram.facts import (
    BASIC,
    ArrayOf,
    Constant,
    Field,
    Named,
    OneOf,
    Shape,
    fields,
    is_basic,
    shape,
)
from vestnik.messengers.telegram.numerals import LARGEST_INT64, Number, exact_integer


class Fault(Exception):
    """A value that is missing or of a wrong type; the text says so in the server's words."""


def checked(name: str, value: Any, expected: Shape) -> Any:
    """The value of the field, or Fault where it is not as expected; entities are left alone.

    Numbers are `Number`. A text that is one where a whole number is expected is as good, and becomes one.
    """
    match expected:
        case Named(type_name) if type_name in BASIC:
            return _basic(name, value, type_name)
        case Named("MessageEntity") | ArrayOf(Named("MessageEntity")):
            return value
        case Named(type_name):
            return _named(name, value, type_name)
        case Constant(constant):
            if value != str(constant):
                raise Fault("Unsupported type specified")
            return value
        case ArrayOf(item):
            return _array(name, value, item)
        case OneOf():
            return _union(name, value, expected)


def _basic(name: str, value: Any, type_name: str) -> Any:
    is_text = isinstance(value, str)
    match type_name:
        case "integer" if not is_text:
            raise Fault(f'Field "{name}" must be a Number')
        case "integer" if exact_integer(value, LARGEST_INT64) is None:
            raise Fault(f'Field "{name}" must be a valid Number')
        case "float" if not isinstance(value, Number):
            raise Fault(f'Field "{name}" must be of type Number')
        case "boolean" | "true" if not isinstance(value, bool):
            raise Fault(f'Field "{name}" must be of type Boolean')
        case "string" | "file" if not is_text:
            raise Fault(f'Field "{name}" must be of type String')
    return Number(value) if type_name == "integer" else value


def _named(name: str, value: Any, type_name: str) -> Any:
    resolved = shape(type_name)
    if isinstance(resolved, OneOf):
        return _union(name, value, resolved)
    return _object(type_name, type_name, value)


def _array(name: str, value: Any, item: Shape) -> list[Any]:
    if not isinstance(value, list):
        raise Fault(f'Field "{name}" must be of type Array')
    return [checked(name, entry, item) for entry in value]


def _object(type_name: str, spoken: str, value: Any) -> Any:
    """An object with its fields checked; `spoken` is the type's name in what the server says."""
    if type_name == "KeyboardButton" and isinstance(value, str) and not isinstance(value, Number):
        return value
    if not isinstance(value, dict):
        raise Fault(words.wrapped(spoken, words.not_an_object(spoken)))
    found = dict(value)
    for field in fields(type_name):
        try:
            found |= _field(field, value)
        except Fault as fault:
            raise Fault(words.wrapped(spoken, str(fault))) from fault
    return found


def _field(field: Field, value: Mapping[str, Any]) -> dict[str, Any]:
    if field.name in value:
        return {field.name: checked(field.name, value[field.name], field.shape)}
    if field.required:
        raise Fault(f'Can\'t find field "{field.name}"')
    return {}


def _union(name: str, value: Any, union: OneOf) -> Any:
    models = [option.name for option in union.options if isinstance(option, Named) and option.name not in BASIC]
    if not isinstance(value, dict):
        return _bare(name, value, union, models)
    tag = _tag(models)
    if tag is None:
        # Without a tag, as in reply markup, an object that fits nothing counts as nothing.
        fitting = [model for model in models if _has_required(model, value)]
        return _object(fitting[0], fitting[0], value) if fitting else value
    kind = value.get(tag)
    if not isinstance(kind, str):
        missing = f'Field "{tag}" must be of type String' if tag in value else f'Can\'t find field "{tag}"'
        raise Fault(words.wrapped(union.name, missing))
    candidates = [model for model in models if _constant(model, tag) == kind]
    if not candidates:
        raise Fault(words.wrapped(union.name, words.unknown_kind(union.name, kind)))
    fitting = [model for model in candidates if _has_required(model, value)]
    return _object((fitting or candidates)[0], union.name, value)


def _bare(name: str, value: Any, union: OneOf, models: list[str]) -> Any:
    """A value that is no object, checked against those options that are none either."""
    if isinstance(value, str) and any(is_basic(option) for option in union.options):
        return value
    arrays = [option for option in union.options if isinstance(option, ArrayOf)]
    if isinstance(value, list) and arrays:
        return checked(name, value, arrays[0])
    if not models:
        raise Fault(f'Field "{name}" must be of type String')
    raise Fault(words.wrapped(union.name, words.not_an_object(union.name)))


def _tag(models: list[str]) -> str | None:
    """The field by which the models of a union are told apart."""
    tags = [field.name for field in fields(models[0]) if isinstance(field.shape, Constant)] if models else []
    return next((tag for tag in tags if all(_constant(model, tag) is not None for model in models)), None)


def _constant(model: str, tag: str) -> Any:
    return next((f.shape.value for f in fields(model) if f.name == tag and isinstance(f.shape, Constant)), None)


def _has_required(model: str, value: Mapping[str, Any]) -> bool:
    return all(field.name in value for field in fields(model) if field.required)
