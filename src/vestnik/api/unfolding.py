"""Decides what a violated JSON schema means in words: one finding for each wrong parameter, unions unfolded.

It has never heard of requests; it is given the errors of a validator and the values that they are about.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple, TypeAlias

from jsonschema_rs import ValidationError
from jsonschema_rs import ValidationErrorKind as Kind

Path: TypeAlias = tuple[str | int, ...]

_NAMES: Final = {
    "string": "a string",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "object": "an object",
    "array": "a list",
    "null": "null",
}
_LONGEST: Final = 200

NO_FIELD: Final = "there is no such field"


class Finding(NamedTuple):
    """A parameter that is wrong, and whether it is wrong because it is not there."""

    path: Path
    detail: str
    missing: bool = False


def unfold(error: ValidationError) -> Iterator[Finding]:
    """The findings behind one error.

    A union is judged by those of its branches that take a value of this type at all; where there are none, by its
    types together.
    """
    path = tuple(error.instance_path)
    match error.kind:
        case Kind.AnyOf(context=branches) | Kind.OneOfNotValid(context=branches):
            yield from _of_union(path, branches)
        case Kind.Required(property=name):
            yield Finding((*path, name), "is required", missing=True)
        case Kind.AdditionalProperties(unexpected=names):
            for name in names:
                yield Finding((*path, name), NO_FIELD)
        case kind:
            yield Finding(path, _words(kind) or error.message[:_LONGEST])


def _words(kind: Kind) -> str | None:
    words = None
    match kind:
        case Kind.Type(types=types):
            words = _must_be(types)
        case Kind.Enum(options=options):
            words = "must be one of " + ", ".join(str(option) for option in options if option)
        case Kind.Minimum(limit=limit):
            words = f"must be at least {limit}"
        case Kind.Maximum(limit=limit):
            words = f"must be at most {limit}"
        case Kind.MinLength(limit=1):
            words = "must not be empty"
        case Kind.MaxLength(limit=limit):
            words = f"must have at most {limit} characters"
    return words


def _of_union(path: Path, branches: list[list[ValidationError]]) -> Iterator[Finding]:
    fitting = [branch for branch in branches if not any(_is_other_type(error, path) for error in branch)]
    if fitting:
        for error in min(fitting, key=len):
            yield from unfold(error)
        return
    types = [kind for branch in branches for error in branch for kind in _types(error, path)]
    yield Finding(path, _must_be(dict.fromkeys(types)))


def _is_other_type(error: ValidationError, path: Path) -> bool:
    return isinstance(error.kind, Kind.Type) and tuple(error.instance_path) == path


def _types(error: ValidationError, path: Path) -> list[str]:
    return list(error.kind.types) if isinstance(error.kind, Kind.Type) and _is_other_type(error, path) else []


def _must_be(types: Iterable[Any]) -> str:
    names = [_NAMES.get(str(kind), str(kind)) for kind in types]
    return "must be " + (" or ".join((", ".join(names[:-1]), names[-1])) if len(names) > 1 else names[0])
