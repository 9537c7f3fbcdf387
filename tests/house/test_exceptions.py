"""Decides whether every exception to a lint or type rule tells its reason beside it.

It has never heard of the rules themselves.
"""

import re
import tomllib
from collections.abc import Iterator
from typing import Any, Final

import pytest

from tests.house.source import ROOT, Source, python

_NOQA: Final = re.compile(r"#\s*noqa\b(?P<codes>:[ A-Z0-9,]*)?(?P<reason>.*)")
_TYPE_IGNORE: Final = re.compile(r"#\s*type:\s*ignore(?P<codes>\[[^\]]*\])?(?P<reason>.*)")
_CODE: Final = re.compile(r'"([A-Z]+[0-9]*)"')


def test_every_exception_names_its_rule_and_its_reason() -> None:
    assert [finding for source in python() for finding in _unexplained(source)] == []


@pytest.mark.parametrize(
    "line",
    [
        "x = 1  # noqa",
        "x = 1  # noqa: S608",
        "x = 1  # type: ignore",
        "x = 1  # type: ignore[arg-type]",
        "x = 1  # noqa - nobody knows which rule",
    ],
)
def test_an_exception_without_rule_or_reason_is_noticed(line: str) -> None:
    assert len(list(_unexplained(Source("x.py", line)))) == 1


@pytest.mark.parametrize(
    "line",
    ["x = 1  # noqa: S608 - the names are constants", "x = f()  # type: ignore[misc]  # the library has no types"],
)
def test_an_exception_with_rule_and_reason_is_accepted(line: str) -> None:
    assert list(_unexplained(Source("x.py", line))) == []


def test_every_rule_switched_off_for_the_project_has_its_reason_beside_it() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    lint = tomllib.loads(text)["tool"]["ruff"]["lint"]
    switched_off = set(lint["ignore"]).union(*lint["per-file-ignores"].values())
    lines = [line.partition("#") for line in text.splitlines()]
    explained = {code for line, _, reason in lines if _words(reason) for code in _CODE.findall(line)}
    assert switched_off - explained == set()


def test_every_module_that_mypy_treats_differently_has_its_reason() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    overrides: list[dict[str, Any]] = tomllib.loads(text)["tool"]["mypy"].get("overrides", [])
    assert len(re.findall(r"^# .+\n\[\[tool\.mypy\.overrides\]\]", text, re.MULTILINE)) == len(overrides)


def _unexplained(source: Source) -> Iterator[str]:
    for number, line in enumerate(source.text.splitlines(), 1):
        if source.path == "tests/house/test_exceptions.py":
            return
        for pattern in (_NOQA, _TYPE_IGNORE):
            found = pattern.search(line)
            if found and not (found["codes"] and found["codes"].strip(": []") and _words(found["reason"])):
                yield f"{source.path}:{number}: {line.strip()[:100]}"


def _words(text: str) -> bool:
    return len(re.findall(r"[A-Za-z']{2,}", text)) >= 2
