"""What is copied when a database is copied as a whole is what its schema has, on either side."""

import asyncio
import sqlite3
from pathlib import Path
from typing import Any, Final

import asyncpg

from tests import postgres
from vestnik.store.postgres_schema import bring_up_to_date
from vestnik.store.sqlite import SqliteStore
from vestnik.store.tables import TABLES

COLUMNS: Final = """
    SELECT table_name, column_name, data_type, collation_name, is_identity = 'YES' AS counted
    FROM information_schema.columns
    WHERE table_schema = 'public' AND is_generated = 'NEVER' AND table_name <> 'schema_version'
"""
KEYS: Final = """
    SELECT table_name, array_agg(column_name::text ORDER BY ordinal_position) AS key
    FROM information_schema.key_column_usage
    WHERE table_schema = 'public'
    GROUP BY table_name
"""
KINDS: Final = {"boolean": "flags", "bytea": "binary", "ARRAY": "words"}


def test_each_table_of_a_file_is_known_with_its_key_and_its_columns(tmp_path: Path) -> None:
    path = tmp_path / "vestnik.db"

    async def make() -> None:
        await (await SqliteStore.open(path)).close()

    asyncio.run(make())
    file = sqlite3.connect(path)
    names = [name for (name,) in file.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    found = {}
    for name in names:
        columns = [row for row in file.execute(f"PRAGMA table_xinfo({name})") if row[6] == 0]
        key = sorted((place, column) for _, column, _, _, _, place, _ in columns if place)
        found[name] = [column for _, column in key], {column for _, column, *_ in columns}
    file.close()
    assert found == {table.name: (list(table.key), set(table.columns)) for table in TABLES}


def test_each_table_on_a_server_is_known_and_sorts_by_its_key_as_a_file_does() -> None:
    columns, keys = asyncio.run(_on_the_server(postgres.url()))
    known = {table.name: table for table in TABLES}
    every = {(table.name, column) for table in TABLES for column in table.columns}
    assert {(row["table_name"], row["column_name"]) for row in columns} == every
    assert {row["table_name"]: tuple(row["key"]) for row in keys} == {name: table.key for name, table in known.items()}
    for row in columns:
        table, column, kind = known[row["table_name"]], row["column_name"], row["data_type"]
        looks = [each for each in KINDS.values() if column in getattr(table, each)]
        assert looks == ([KINDS[kind]] if kind in KINDS else [])
        if column in table.key:
            assert kind in ("bigint", "integer") or row["collation_name"] == "C"
            assert row["counted"] == table.counted


async def _on_the_server(url: str) -> tuple[list[Any], list[Any]]:
    await bring_up_to_date(url)
    server = await asyncpg.connect(url)
    try:
        return await server.fetch(COLUMNS), await server.fetch(KEYS)
    finally:
        await server.close()
