"""Decides which words belong to which rooms of the package: each rule names what it finds outside the word's own room.

It has never heard of the modules that exist; it is given one source at a time.
"""

import ast
import re
import sys
from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

from tests.house.source import Source, imported

Rule: TypeAlias = Callable[[Source], Iterator[str]]

SQL_ROOMS: Final = ("store/", "emulation/")
NAMELESS_ROOMS: Final = ("api/", "store/", "dispatch/", "domain/", "emulation/", "transport", "clock.", "ports.")
"""Rooms that serve every messenger and know none; the entry names a folder or a module."""
FORBIDDEN_NAMES: Final = ("utils", "util", "helpers", "helper", "common", "base", "manager", "misc")

_STATEMENT: Final = re.compile(
    r"^\s*(SELECT\b.+\bFROM\b|INSERT\s+(OR\s+\w+\s+)?INTO\b|UPDATE\s+\w+\s+SET\b|DELETE\s+FROM\b|WITH\s+\w+.*\bAS\b"
    r"|(CREATE|ALTER|DROP)\s+(UNIQUE\s+)?(TABLE|INDEX|VIEW|TRIGGER)\b)",
    re.IGNORECASE | re.DOTALL,
)
_PRESENT: Final = re.compile(r"(datetime\.)?(datetime|date)\.(now|utcnow|today)")
_MESSENGER: Final = re.compile(r"telegram|viber|whatsapp", re.IGNORECASE)


def sql_lives_in_files(source: Source) -> Iterator[str]:
    """Statements stand in .sql files of the store and the emulation, never in Python."""
    if source.path.endswith(".sql"):
        if not source.path.startswith(SQL_ROOMS):
            yield f"{source.path}: SQL outside {' and '.join(SQL_ROOMS)}"
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _STATEMENT.search(node.value):
            yield source.at(node, f"an SQL statement in Python: {node.value[:40]!r}")


def sqlite_is_the_stores(source: Source) -> Iterator[str]:
    """Only the rooms that keep rows, and the writer, the migrator and the copier that they share, speak to SQLite."""
    if source.path.endswith(".py") and not source.path.startswith(
        (*SQL_ROOMS, "groupcommit.py", "migrating.py", "snapshots.py")
    ):
        for node, name in imported(source.tree):
            if name.split(".")[0] in ("sqlite3", "asyncpg", "psycopg"):
                yield source.at(node, f"imports {name}")


def telegrams_word_is_telegrams(source: Source) -> Iterator[str]:
    """`chat_id` is Telegram's word for a recipient and stays in its folder."""
    if not source.path.startswith("messengers/telegram/"):
        yield from _lines(source, re.compile(r"chat_?id", re.IGNORECASE))


def shared_rooms_know_no_messenger(source: Source) -> Iterator[str]:
    """What serves every messenger names none, not even in a comment."""
    if source.path.startswith(NAMELESS_ROOMS):
        yield from _lines(source, _MESSENGER)


def environment_is_the_settings(source: Source) -> Iterator[str]:
    """Only config.py reads the environment."""
    if source.path.endswith(".py") and source.path != "config.py":
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Attribute) and ast.unparse(node) in ("os.environ", "os.environb", "os.getenv"):
                yield source.at(node, ast.unparse(node))
        for node, name in imported(source.tree):
            if name in ("os.environ", "os.environb", "os.getenv"):
                yield source.at(node, f"imports {name}")


def time_and_chance_are_the_clocks(source: Source) -> Iterator[str]:
    """Only clock.py asks the machine for the time, draws ids or throws dice.

    Waiting on the event loop is nobody's privilege: spans that must pass in real time, such as an exchange's timeout,
    do not follow the movable clock.
    """
    if not source.path.endswith(".py") or source.path == "clock.py":
        return
    for statement, name in imported(source.tree):
        if name.split(".")[0] in ("time", "random", "uuid"):
            yield source.at(statement, f"imports {name}")
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute) and re.fullmatch(_PRESENT, ast.unparse(node)):
            yield source.at(node, ast.unparse(node))


def domain_is_plain_python(source: Source) -> Iterator[str]:
    """The domain and the ports stand on the standard library alone."""
    if source.path.startswith("domain/") or source.path == "ports.py":
        for node, name in imported(source.tree):
            if not name.startswith("vestnik.") and name.split(".")[0] not in sys.stdlib_module_names:
                yield source.at(node, f"imports {name}")


def names_say_something(source: Source) -> Iterator[str]:
    """No module is called after nothing in particular."""
    for part in source.path.replace(".", "/").split("/"):
        if part.strip("_") in FORBIDDEN_NAMES:
            yield f"{source.path}: nobody can say what belongs in {part!r}"


RULES: Final[tuple[Rule, ...]] = (
    sql_lives_in_files,
    sqlite_is_the_stores,
    telegrams_word_is_telegrams,
    shared_rooms_know_no_messenger,
    environment_is_the_settings,
    time_and_chance_are_the_clocks,
    domain_is_plain_python,
    names_say_something,
)


def _lines(source: Source, word: re.Pattern[str]) -> Iterator[str]:
    for number, line in enumerate(source.text.splitlines(), 1):
        if found := word.search(line):
            yield f"{source.path}:{number}: {found[0]!r} in {line.strip()[:80]!r}"
