"""Decides what the arguments of a call are worth: texts become the types that the method takes, or the server refuses.

It has never heard of what the method does with them, nor of entities, which markup reads.
"""

from collections.abc import Collection, Mapping
from functools import cache
from typing import Any, Final, NamedTuple

from vestnik.messengers.telegram import words
from vestnik.messengers.telegram.checking import Fault, checked
from vestnik.messengers.telegram.facts import ArrayOf, Field, Method, Named, OneOf, Shape, is_basic
from vestnik.messengers.telegram.numerals import (
    LARGEST_INT64,
    NotJson,
    decode,
    exact_integer,
    leading_float,
    leading_integer,
    plain,
)

TRUE: Final = frozenset({"true", "yes", "1"})
_BLANKS: Final = " \t\r\n\v\0"
_TURNS: Final = {"chat_id": 1, "message_id": 2}
"""The server looks at everything else (turn 0) before it looks for the chat and the message."""
_MAY_BE_ABSENT: Final = frozenset(
    {
        ("setWebhook", "url"),
        ("setChatAdministratorCustomTitle", "custom_title"),
        ("setMyCommands", "commands"),
        ("answerInlineQuery", "results"),
        ("setChatPermissions", "permissions"),
        ("restrictChatMember", "permissions"),
    }
)
"""What the documentation asks for and the server does not."""
_TEXTS: Final = frozenset({Named("string"), Named("file")})
_KINDS: Final = "allowed_updates"
_ENTITIES: Final = ArrayOf(Named("MessageEntity"))


class ArgumentError(Exception):
    """An argument that the server refuses; `message` is what it says, before its prefix and small first letter."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def read_arguments_of(method: Method, arguments: Mapping[str, str], files: Collection[str] = ()) -> dict[str, Any]:
    """The arguments by name with their types; those that the method does not take are left out. ArgumentError.

    `files` names the parts of the call that are files. As on the real server whole numbers begin a text and are 0
    where none does, booleans are true, yes or 1, and objects and arrays are JSON texts; entities come as decoded and
    are absent where they are no JSON. A file is the text that stands for it, and absent where it is a part itself.
    """
    values: dict[str, Any] = {}
    turns = _turns(method)
    asked = [turns.places[name] for name in arguments if name in turns.places]
    for place in sorted({*turns.needed, *asked}):
        turn = turns.all[place]
        name = turn.field.name
        text = arguments.get(name, "")
        if text:
            value = text if turn.is_text else _value(method.name.lower(), turn.field, text)
            if value is not None:
                values[name] = value
        elif turn.is_false:
            values[name] = False
        elif turn.is_needed and name not in files:
            raise ArgumentError(words.missing(method.name.lower(), name))
        elif turn.may_be_empty and name in arguments:
            values[name] = ""
    return values


class _Turn(NamedTuple):
    """What is to be done about one parameter; worked out once for each method, because every call asks."""

    field: Field
    is_text: bool
    is_false: bool
    """Whether it is false where it is absent."""
    is_needed: bool
    may_be_empty: bool


class _Turns(NamedTuple):
    """The parameters of a method in the order in which the server looks at them."""

    all: tuple[_Turn, ...]
    places: Mapping[str, int]
    needed: tuple[int, ...]
    """Those to look at although they are absent."""


@cache
def _turns(method: Method) -> _Turns:
    turns = tuple(
        _Turn(
            field,
            is_text=field.shape in _TEXTS or _is_any_text(field.shape),
            is_false=field.shape == Named("boolean") and field.required,
            is_needed=field.required and (method.name, field.name) not in _MAY_BE_ABSENT,
            may_be_empty=field.shape == Named("string"),
        )
        for field in sorted(method.takes, key=lambda field: _TURNS.get(field.name, 0))
    )
    needed = tuple(place for place, turn in enumerate(turns) if turn.is_false or turn.is_needed)
    return _Turns(turns, {turn.field.name: place for place, turn in enumerate(turns)}, needed)


def _is_any_text(shape: Shape) -> bool:
    """Whether a text will do as it is, such as for an identifier or a file."""
    return isinstance(shape, OneOf) and Named("string") in shape.options and all(map(is_basic, shape.options))


def _value(method: str, field: Field, text: str) -> Any:
    match field.shape:
        case Named("integer"):
            return _integer(method, field, text)
        case Named("float"):
            return leading_float(text)
        case Named("boolean" | "true"):
            return text.strip(_BLANKS).lower() in TRUE
        case _:
            return _json(method, field, text)


def _integer(method: str, field: Field, text: str) -> int:
    if field.name == "max_tip_amount":
        amount = exact_integer(text, LARGEST_INT64)
        if amount is None:
            raise ArgumentError('Can\'t parse "max_tip_amount" as Number')
        return amount
    number = leading_integer(text, LARGEST_INT64)
    if number <= 0 and (field.name == "user_id" or (field.name == "message_id" and field.required)):
        raise ArgumentError(words.missing(method, field.name))
    return number


def _json(method: str, field: Field, text: str) -> Any:
    try:
        value = decode(text)
    except NotJson as error:
        if field.shape == _ENTITIES or field.name == _KINDS:
            return None
        raise ArgumentError(words.not_json(method, field.name)) from error
    if field.name == _KINDS:
        return plain(value)  # The server takes no offence at what it cannot use here.
    if isinstance(field.shape, ArrayOf) and field.shape != _ENTITIES and not isinstance(value, list):
        raise ArgumentError(words.not_an_array(method, field.name))
    try:
        return plain(checked(field.name, value, field.shape))
    except Fault as fault:
        raise ArgumentError(str(fault)) from fault
