"""Decides which arguments are valid for the methods of the Bot API, so that tests can generate them from the table.

It has never heard of how arguments are read.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from hypothesis import strategies as st

from vestnik.messengers.telegram.facts import (
    ArrayOf,
    Constant,
    Field,
    Method,
    Named,
    OneOf,
    Shape,
    fields,
    is_basic,
    shape,
)

DEPTH: Final = 3
_BASIC: Final[Mapping[str, st.SearchStrategy[Any]]] = {
    "integer": st.integers(1, 2**31 - 1),
    "float": st.floats(-90, 90, allow_nan=False),
    "boolean": st.booleans(),
    "true": st.just(value=True),
    "string": st.text("abc é😀", min_size=1, max_size=6),
    "file": st.just("attach://file"),
}


def values(expected: Shape, depth: int = DEPTH) -> st.SearchStrategy[Any]:
    """Valid JSON values of a type; optional fields and items of arrays stop at the depth."""
    match expected:
        case Named(name) if name in _BASIC:
            return _BASIC[name]
        case Named(name):
            resolved = shape(name)
            return values(resolved, depth) if isinstance(resolved, OneOf) else objects(name, depth)
        case Constant(value):
            return st.just(value)
        case ArrayOf(item):
            return st.lists(values(item, depth - 1), max_size=2) if depth > 0 else st.just([])
        case OneOf(options):
            simple = [option for option in options if is_basic(option)]
            return st.one_of([values(option, depth) for option in (simple if depth <= 0 and simple else options)])
    raise AssertionError(expected)


def objects(name: str, depth: int) -> st.SearchStrategy[Any]:
    """Objects of a type with all that must be there and, above the depth, some of what may be."""
    needed = {field.name: values(field.shape, depth - 1) for field in fields(name) if field.required}
    may_be = [field for field in fields(name) if not field.required] if depth > 0 else []
    return st.fixed_dictionaries(needed, optional={field.name: values(field.shape, depth - 2) for field in may_be[:6]})


def arguments(method: Method) -> st.SearchStrategy[dict[str, str]]:
    """Valid calls of a method: every argument as the text that goes over the wire."""
    needed = {field.name: _text(field) for field in method.takes if field.required}
    optional = {field.name: _text(field) for field in method.takes if not field.required}
    return st.fixed_dictionaries(needed, optional=optional)


def _text(field: Field) -> st.SearchStrategy[str]:
    return values(field.shape).map(lambda value: value if isinstance(value, str) else json.dumps(value))
