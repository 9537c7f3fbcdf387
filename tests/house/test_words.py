"""Decides whether the package keeps every word in its room, and whether the rules would notice if it did not.

It has never heard of what the modules do.
"""

import pytest

from tests.house import words
from tests.house.source import Source, modules, package


@pytest.mark.parametrize("rule", words.RULES, ids=lambda rule: rule.__name__)
def test_the_package_keeps_the_rule(rule: words.Rule) -> None:
    assert [finding for source in package() for finding in rule(source)] == []


@pytest.mark.parametrize(
    ("rule", "path", "text"),
    [
        (words.sql_lives_in_files, "store/sqlite.py", 'QUERY = """SELECT id\nFROM messages"""'),
        (words.sql_lives_in_files, "api/messages.py", 'db.execute("insert into messages values (1)")'),
        (words.sql_lives_in_files, "api/messages.sql", "SELECT 1"),
        (words.sqlite_is_the_stores, "api/messages.py", "import sqlite3"),
        (words.sqlite_is_the_stores, "dispatch/loop.py", "def f() -> None:\n    from sqlite3 import connect"),
        (words.telegrams_word_is_telegrams, "messengers/viber/wire.py", 'BODY = {"chat_id": 1}'),
        (words.telegrams_word_is_telegrams, "emulation/journal.sql", "CREATE TABLE journal (chat_id)"),
        (words.shared_rooms_know_no_messenger, "store/schema.sql", "-- for WhatsApp"),
        (words.shared_rooms_know_no_messenger, "api/messages.py", 'ALIASES = ["Telegramm"]'),
        (words.environment_is_the_settings, "cli.py", 'import os\nos.environ["HOME"]'),
        (words.environment_is_the_settings, "cli.py", "from os import getenv"),
        (words.time_and_chance_are_the_clocks, "dispatch/loop.py", "import time"),
        (words.time_and_chance_are_the_clocks, "dispatch/loop.py", "from random import random"),
        (words.time_and_chance_are_the_clocks, "api/times.py", "from datetime import datetime\ndatetime.now()"),
        (words.time_and_chance_are_the_clocks, "dispatch/loop.py", "def f() -> None:\n    import uuid"),
        (words.domain_is_plain_python, "domain/account.py", "import msgspec"),
        (words.names_say_something, "api/helpers.py", ""),
        (words.names_say_something, "utils/text.py", ""),
    ],
)
def test_the_rule_notices_a_word_outside_its_room(rule: words.Rule, path: str, text: str) -> None:
    assert len(list(rule(Source(path, text)))) == 1


def test_every_module_opens_with_what_it_decides_and_what_it_has_never_heard_of() -> None:
    silent = [source.path for source in modules() if not _opens_well(source)]
    assert silent == []


def _opens_well(source: Source) -> bool:
    opening = " ".join((source.docstring or "").split())
    if source.path.endswith("__init__.py"):
        return bool(opening)
    return opening.count(". ") + opening.endswith(".") >= 2 and "never heard of" in opening
