"""Decides whether every outside library has been through every situation: the matrix of witnesses has no empty cell.

It has never heard of what happens in a situation. It reads the mark `cell` of the tests beside it, and that each of
them opens the library that it names and says what it expects.
"""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

HERE: Final = Path(__file__).parent
LIBRARIES: Final = {
    "python-telegram-bot": "from telegram ",
    "aiogram": "from aiogram ",
    "viberbot": "from viberbot ",
    "pywa": "from pywa.client import WhatsApp",
    "telegraf": 'library("telegraf"',
    "viber-bot": 'library("viber-bot"',
}
"""The witnesses, and how a module of tests that speaks with one begins to."""
SITUATIONS: Final = ("text", "markup", "file", "receive", "press", "400", "403", "429", "5xx", "lost reply")
FAILURES: Final = frozenset(SITUATIONS[5:])
"""Situations in which the library must raise something."""


class Claim(NamedTuple):
    """A test that claims a cell."""

    test: str
    module: str
    """The source of the module that it is in."""
    body: str
    """Its own source."""
    client: str
    situation: str


def claims() -> Iterator[Claim]:
    for path in sorted(HERE.glob("test_*.py")):
        source = path.read_text(encoding="utf-8")
        for test in ast.parse(source).body:
            if isinstance(test, ast.FunctionDef):
                for mark in test.decorator_list:
                    if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.cell":
                        library, *situations = [ast.literal_eval(argument) for argument in mark.args]
                        for situation in situations:
                            name = f"{path.name}::{test.name}"
                            yield Claim(name, source, ast.unparse(test), library, situation)


def test_every_library_has_been_through_every_situation() -> None:
    filled = {(claim.client, claim.situation) for claim in claims()}
    empty = [
        (library, situation) for library in LIBRARIES for situation in SITUATIONS if (library, situation) not in filled
    ]
    assert not empty, f"no test shows what these make of these: {empty}"
    assert filled <= {(library, situation) for library in LIBRARIES for situation in SITUATIONS}


def test_whoever_claims_a_cell_opens_the_library_and_expects_something_of_it() -> None:
    for claim in claims():
        assert LIBRARIES[claim.client] in claim.module, claim.test
        expects = ("raises(", ".thrown(") if claim.situation in FAILURES else ("assert ", "customer(")
        assert any(word in claim.body for word in expects), (claim.test, claim.situation)
