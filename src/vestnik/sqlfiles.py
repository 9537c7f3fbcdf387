"""Decides how SQL is kept in files: migrations by the number in a file's name, queries by `-- name:` sections.

It has never heard of what any statement says or of the database that will run it.
"""

import re
from importlib.resources.abc import Traversable
from typing import Final

_MIGRATION: Final = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")
_NAME: Final = re.compile(r"^-- name: ([a-z][a-z0-9_]*)$", re.MULTILINE)


def migrations(folder: Traversable) -> list[tuple[int, str]]:
    """Every `0001_words.sql` of the folder as (number, text), in order; ValueError unless they count 1, 2, 3 …"""
    found = sorted(
        (int(match[1]), file.read_text(encoding="utf-8"))
        for file in folder.iterdir()
        if (match := _MIGRATION.fullmatch(file.name))
    )
    if [number for number, _ in found] != list(range(1, len(found) + 1)):
        raise ValueError(f"the migrations in {folder} are not numbered 1, 2, 3 and so on")
    return found


def queries(file: Traversable) -> dict[str, str]:
    """The statements of a file by name; each begins after its line `-- name: words_with_underscores`.

    ValueError where a name is used twice.
    """
    _, *parts = _NAME.split(file.read_text(encoding="utf-8"))
    names, texts = parts[::2], parts[1::2]
    if len(set(names)) != len(names):
        raise ValueError(f"a query name is used twice in {file}")
    return {name: text.strip() for name, text in zip(names, texts, strict=True)}
