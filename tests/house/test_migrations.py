"""A migration only adds what the version before can live with; the rules for it stand in CONTRIBUTING.md."""

import re
from collections.abc import Iterator
from typing import Final

import pytest

from tests.house.source import PACKAGE
from vestnik.sqlfiles import migrations

FOLDERS: Final = [PACKAGE / "store" / "migrations", PACKAGE / "store" / "migrations" / "postgres"]
_CREATED: Final = re.compile(r"CREATE TABLE (?:IF NOT EXISTS )?(\w+)", re.IGNORECASE)
_INDEX: Final = re.compile(r"CREATE (UNIQUE )?INDEX \w+ ON (\w+)", re.IGNORECASE)
_COLUMN: Final = re.compile(r"ALTER TABLE \w+ ADD COLUMN \w+ (.*)", re.IGNORECASE | re.DOTALL)
_STORAGE: Final = re.compile(r"ALTER TABLE \w+ SET \(autovacuum_", re.IGNORECASE)
"""How the server keeps house is nothing that a version could notice."""
_CONTRACTS: Final = re.compile(r"^-- contract: ", re.MULTILINE)
"""Begins the line in which a migration that takes something away says since which release nobody reads it."""


def harm(script: str) -> Iterator[str]:
    """The statements of a migration with which the version before could not work."""
    words = "\n".join(line for line in script.splitlines() if not line.lstrip().startswith("--"))
    statements = [" ".join(statement.split()) for statement in words.split(";") if statement.strip()]
    created = {found[1] for statement in statements if (found := _CREATED.match(statement))}
    for statement in statements:
        if _CREATED.match(statement) or _STORAGE.match(statement):
            continue
        if index := _INDEX.match(statement):
            if index[1] and index[2] not in created:
                yield f"{statement}: rows of the version before may break it"
        elif column := _COLUMN.match(statement):
            needed = re.search(r"NOT NULL", column[1], re.IGNORECASE)
            if needed and not re.search(r"DEFAULT", column[1], re.IGNORECASE):
                yield f"{statement}: the version before writes rows without it"
            if re.search(r"UNIQUE|CHECK|REFERENCES", column[1], re.IGNORECASE):
                yield f"{statement}: rows of the version before may break it"
        elif not _CONTRACTS.search(script):
            yield f"{statement}: it does more than add, and does not say since when nobody needs what it takes away"


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_migration_only_adds_or_says_since_when_nobody_needs_what_it_takes_away(folder: object) -> None:
    place = next(each for each in FOLDERS if each == folder)
    found = {number: list(harm(script)) for number, script in migrations(place)}
    assert found == {number: [] for number in found}


def test_both_kinds_of_database_have_the_same_migrations() -> None:
    names = [sorted(path.name for path in folder.glob("*.sql")) for folder in FOLDERS]
    assert names[0] == names[1]


@pytest.mark.parametrize(
    "script",
    [
        "ALTER TABLE messages DROP COLUMN text",
        "ALTER TABLE messages RENAME COLUMN text TO body",
        "DROP TABLE receipts",
        "DROP INDEX deliveries_waiting",
        "ALTER TABLE messages ADD COLUMN tone text NOT NULL",
        "ALTER TABLE messages ADD COLUMN tone text UNIQUE",
        "ALTER TABLE messages ALTER COLUMN text TYPE varchar(10)",
        "CREATE UNIQUE INDEX once ON receipts (code)",
        "UPDATE deliveries SET state = 'sent' WHERE state = 'delivered'",
        "-- DROP TABLE is what we do\nDELETE FROM receipts",
    ],
)
def test_one_that_the_version_before_cannot_live_with_is_noticed(script: str) -> None:
    assert len(list(harm(script))) == 1


@pytest.mark.parametrize(
    "script",
    [
        "CREATE TABLE tones (id text PRIMARY KEY); CREATE UNIQUE INDEX tones_once ON tones (id);",
        "CREATE INDEX messages_by_tone ON messages (tone) WHERE text <> '';",
        "ALTER TABLE messages ADD COLUMN tone text; ALTER TABLE messages ADD COLUMN loud integer NOT NULL DEFAULT 0;",
        "ALTER TABLE deliveries SET (autovacuum_vacuum_threshold = 5000);",
        "-- contract: nobody has read it since 0.2.0\nALTER TABLE messages DROP COLUMN tone;",
    ],
)
def test_one_that_adds_or_that_keeps_its_word_passes(script: str) -> None:
    assert list(harm(script)) == []
