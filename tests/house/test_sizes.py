"""Decides whether files and functions stay small enough to be read in one go.

It has never heard of what is in them.
"""

import ast
from collections.abc import Iterator
from typing import Final

from tests.house.source import Source, package, python

LONGEST_FILE: Final = 350
LONGEST_FUNCTION: Final = 50


def test_no_file_is_longer_than_350_lines() -> None:
    lengths = {source.path: source.text.count("\n") for source in (*python(), *package())}
    assert {path: length for path, length in lengths.items() if length > LONGEST_FILE} == {}


def test_no_function_is_longer_than_50_lines() -> None:
    assert [finding for source in python() for finding in _long_functions(source)] == []


def test_a_function_of_51_lines_is_noticed() -> None:
    body = "async def f() -> None:\n" + "    pass\n" * 50
    assert list(_long_functions(Source("x.py", body))) == ["x.py:1: f has 51 lines"]


def _long_functions(source: Source) -> Iterator[str]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > LONGEST_FUNCTION:
                yield source.at(node, f"{node.name} has {length} lines")
