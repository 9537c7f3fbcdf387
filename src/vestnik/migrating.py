"""Decides how the schema of a SQLite file is brought up to date: one transaction, whoever else has it open.

It has never heard of what is kept in the file.
"""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from vestnik.domain.errors import SchemaTooNew


def migrate(connection: sqlite3.Connection, path: Path, migrations: Sequence[tuple[int, str]]) -> None:
    """Brings the schema up to the last of `migrations`; SchemaTooNew if a newer version wrote the file at `path`."""
    known = max((number for number, _ in migrations), default=0)
    if _version(connection, path, known) == known:
        return
    connection.execute("BEGIN EXCLUSIVE")
    try:
        version = _version(connection, path, known)
        for number, text in migrations:
            if number > version:
                for statement in _statements(text):
                    connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {known:d}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _version(connection: sqlite3.Connection, path: Path, known: int) -> int:
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > known:
        raise SchemaTooNew(f"{path} has schema version {version} and this program knows up to {known}: use a newer one")
    return version


def _statements(script: str) -> list[str]:
    """The statements of a script; executescript is no use here because it commits first and would lose the lock."""
    statements, current = [], ""
    for line in script.splitlines(keepends=True):
        current += line
        if sqlite3.complete_statement(current):
            statements.append(current)
            current = ""
    return [*statements, current] if current.strip() else statements
