"""What waits together is committed together, and nobody suffers for a neighbour."""

import asyncio
import sqlite3
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

import pytest

from vestnik.groupcommit import GroupCommit, SchemaTooNew, StoreFull, StoreUnavailable

SCHEMA = [(1, "CREATE TABLE things (name TEXT PRIMARY KEY, body TEXT NOT NULL DEFAULT '');")]


def add(connection: sqlite3.Connection, names: list[str]) -> list[int]:
    """Refuses the bad ones and answers with the size of the group."""
    for name in names:
        connection.execute("INSERT INTO things (name) VALUES (?)", (name,))
        if name.startswith("bad"):
            raise ValueError(name)
    return [len(names)] * len(names)


def add_body(connection: sqlite3.Connection, bodies: list[str]) -> list[None]:
    for body in bodies:
        connection.execute("INSERT INTO things (name, body) VALUES (?, ?)", (f"body {len(body)} {id(body)}", body))
    return [None] * len(bodies)


def names(connection: sqlite3.Connection) -> list[str]:
    return [row[0] for row in connection.execute("SELECT name FROM things ORDER BY name")]


async def outcomes(*writes: Awaitable[Any]) -> list[Any]:
    return await asyncio.gather(*writes, return_exceptions=True)


def test_what_waits_together_is_one_group(tmp_path: Path) -> None:
    async def life() -> None:
        group = await GroupCommit.open(tmp_path / "a.db", SCHEMA)
        sizes = await outcomes(*(group.write(add, f"{n:03}") for n in range(200)))
        assert len(sizes) == 200
        assert max(sizes) >= 100  # The first may have gone alone; the rest waited for its commit.
        assert await group.read(names) == [f"{n:03}" for n in range(200)]
        await group.close()

    asyncio.run(life())


def test_a_failing_item_fails_alone(tmp_path: Path) -> None:
    async def life() -> None:
        group = await GroupCommit.open(tmp_path / "a.db", SCHEMA)
        items = [f"good {n:02}" for n in range(40)]
        items[7:7], items[30:30] = ["bad one"], ["bad two", "good 00"]
        got = await outcomes(*(group.write(add, item) for item in items))
        failed = {item: error for item, error in zip(items, got, strict=True) if isinstance(error, Exception)}
        assert {type(error) for error in failed.values()} == {ValueError, sqlite3.IntegrityError}
        assert set(failed) == {"bad one", "bad two", "good 00"}
        assert sum(isinstance(error, Exception) for error in got) == 3
        assert await group.read(names) == [f"good {n:02}" for n in range(40)]
        await group.close()

    asyncio.run(life())


def test_a_full_disk_fails_everything_that_waited_and_work_goes_on_when_there_is_room(tmp_path: Path) -> None:
    async def life() -> None:
        group = await GroupCommit.open(tmp_path / "a.db", SCHEMA)
        await group.write(add, "before")
        pages = group._writing.execute("PRAGMA page_count").fetchone()[0]
        group._writing.execute(f"PRAGMA max_page_count = {pages + 4}")
        got = await outcomes(group.write(add, "beside"), group.write(add_body, "x" * 100_000), group.write(add, "bad"))
        assert isinstance(got[1], StoreFull)
        stored = await group.read(names)
        assert [name for name in stored if name.startswith("body")] == []
        assert ("beside" in stored) == (not isinstance(got[0], Exception))
        group._writing.execute("PRAGMA max_page_count = 100000")
        await group.write(add_body, "x" * 100_000)
        assert len(await group.read(names)) == len(stored) + 1
        await group.close()

    asyncio.run(life())


def test_a_cancelled_caller_disturbs_nobody(tmp_path: Path) -> None:
    async def life() -> None:
        group = await GroupCommit.open(tmp_path / "a.db", SCHEMA)
        leaving = asyncio.ensure_future(group.write(add, "leaving"))
        staying = asyncio.ensure_future(group.write(add, "staying"))
        await asyncio.sleep(0)
        leaving.cancel()
        await staying
        assert leaving.cancelled()
        await group.close()

    asyncio.run(life())


def test_closing_finishes_what_is_queued_and_refuses_the_rest(tmp_path: Path) -> None:
    async def life() -> None:
        group = await GroupCommit.open(tmp_path / "a.db", SCHEMA)
        writes = [asyncio.ensure_future(group.write(add, f"{n:02}")) for n in range(50)]
        await asyncio.sleep(0)
        await group.close()
        await group.close()
        assert all(write.done() and not write.exception() for write in writes)
        for late in (group.write(add, "late"), group.read(names)):
            with pytest.raises(StoreUnavailable, match="closed"):
                await late
        again = await GroupCommit.open(tmp_path / "a.db", SCHEMA)
        assert len(await again.read(names)) == 50
        await again.close()

    asyncio.run(life())
    assert [file.name for file in tmp_path.iterdir()] == ["a.db"]


def test_a_heavy_item_does_not_hold_up_those_that_came_before_it(tmp_path: Path) -> None:
    async def life() -> None:
        group = await GroupCommit.open(tmp_path / "a.db", SCHEMA)
        sizes = await outcomes(
            *(group.write(add, f"{n:02}") for n in range(20)),
            group.write(add, "heavy", weight=1_000_000),
            *(group.write(add, f"{n:02}") for n in range(20, 40)),
        )
        assert sizes[20] == 1
        assert len(await group.read(names)) == 41
        await group.close()

    asyncio.run(life())


def test_readers_cannot_write(tmp_path: Path) -> None:
    async def life() -> None:
        group = await GroupCommit.open(tmp_path / "a.db", SCHEMA)
        with pytest.raises(StoreUnavailable, match="readonly"):
            await group.read(lambda connection: add(connection, ["sneaky"]))
        await group.close()

    asyncio.run(life())


def test_another_process_that_keeps_the_lock_makes_the_store_unavailable_not_broken(tmp_path: Path) -> None:
    async def life() -> None:
        group = await GroupCommit.open(tmp_path / "a.db", SCHEMA, busy_timeout=0.02)
        other = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable, match="locked"):
            await group.write(add, "waiting")
        other.execute("ROLLBACK")
        other.close()
        assert await group.write(add, "waiting") == 1
        await group.close()

    asyncio.run(life())


def test_migrations_run_once_and_in_order_and_a_newer_file_is_refused_in_one_line(tmp_path: Path) -> None:
    more = [*SCHEMA, (2, "ALTER TABLE things ADD COLUMN age INT;\n-- A remark; with a semicolon.\nDELETE FROM things;")]

    async def life() -> None:
        for migrations, found in ((SCHEMA, []), (SCHEMA, ["kept"]), (more, []), (more, ["kept"])):
            group = await GroupCommit.open(tmp_path / "a.db", migrations)
            assert await group.read(names) == found
            await outcomes(group.write(add, "kept"))
            await group.close()
        with pytest.raises(SchemaTooNew, match="schema version 2 and this program knows up to 1") as refused:
            await GroupCommit.open(tmp_path / "a.db", SCHEMA)
        assert "\n" not in str(refused.value)

    asyncio.run(life())


def test_a_broken_migration_leaves_nothing_behind(tmp_path: Path) -> None:
    broken = [(1, SCHEMA[0][1] + "\nCREATE TABLE more (x);\nINSERT INTO nowhere VALUES (1);\n")]

    async def life() -> None:
        with pytest.raises(StoreUnavailable, match="nowhere"):
            await GroupCommit.open(tmp_path / "a.db", broken)
        group = await GroupCommit.open(tmp_path / "a.db", SCHEMA)
        assert await group.read(names) == []
        await group.close()

    asyncio.run(life())


def test_what_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_text("Dear diary, today I was opened as a database and it hurt." * 50)

    async def life() -> None:
        with pytest.raises(StoreUnavailable, match="not a database"):
            await GroupCommit.open(tmp_path / "a.db", SCHEMA)
        with pytest.raises(StoreUnavailable, match="cannot be opened"):
            await GroupCommit.open(tmp_path / "missing" / "a.db", SCHEMA)

    asyncio.run(life())
