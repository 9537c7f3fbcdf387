"""What only a store in a file can get wrong: a full disk, a bad neighbour, a newer schema, a query without an index."""

import asyncio
import re
import sqlite3
from collections.abc import Callable, Coroutine
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from tests.contracts.stores import audit, claim, message, order, report, state, taken
from vestnik.domain.account import Account
from vestnik.domain.errors import SchemaTooNew, StoreFull, StoreUnavailable
from vestnik.domain.lifecycle import State
from vestnik.domain.message import Acceptance
from vestnik.domain.outcomes import ReceiptKind
from vestnik.domain.requests import Fresh, Replay
from vestnik.sqlfiles import queries
from vestnik.store.sqlite import SqliteStore


def live(path: Path, life: Callable[[SqliteStore], Coroutine[Any, Any, None]]) -> None:
    async def whole() -> None:
        store = await SqliteStore.open(path / "vestnik.db")
        try:
            await life(store)
            await audit(store)
        finally:
            await store.close()

    asyncio.run(whole())


def fill_up(store: SqliteStore, spare: int) -> None:
    """Leaves room for so many pages only."""
    connection = store._rows._writing
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages + spare}")


def make_room(store: SqliteStore) -> None:
    store._rows._writing.execute("PRAGMA max_page_count = 1000000")


def test_a_full_disk_leaves_nothing_half_stored_and_work_goes_on_when_there_is_room(tmp_path: Path) -> None:
    async def life(store: SqliteStore) -> None:
        await store.accept(order(0), 100)
        fill_up(store, 8)
        crowd = order(1, *(f"r{n}" for n in range(5_000)))
        with pytest.raises(StoreFull):
            await store.accept(crowd, 100)
        assert await store.message("M0001") is None
        assert await store.deliveries("M0001", state=None, limit=10) == []
        make_room(store)
        assert await store.accept(crowd, 100) == Acceptance("M0001", ())
        assert len(await claim(store, 100, limit=10_000)) == 5_001

    live(tmp_path, life)


def test_on_a_full_disk_every_waiting_request_is_told_so_and_none_is_stored(tmp_path: Path) -> None:
    async def life(store: SqliteStore) -> None:
        long = "x" * 3_000
        accepted: set[int] = set()
        fill_up(store, 20)
        for start in range(0, 100, 20):
            numbers = range(start, start + 20)
            got = await asyncio.gather(
                *(store.accept(order(n, text=f"{n} {long}"), 100) for n in numbers), return_exceptions=True
            )
            assert all(isinstance(each, Acceptance | StoreFull) for each in got)
            accepted |= {n for n, each in zip(numbers, got, strict=True) if isinstance(each, Acceptance)}
        assert len(accepted) < 50
        found = await store.messages(status=None, sender=None, limit=200, before=None)
        assert {each.id for each in found} == {f"M{n:04}" for n in accepted}
        make_room(store)
        assert len(await claim(store, 100, limit=200)) == len(accepted)

    live(tmp_path, life)


def test_a_request_whose_reply_could_not_be_kept_is_answered_from_what_it_accepted(tmp_path: Path) -> None:
    async def life(store: SqliteStore) -> None:
        for key in ("accepted", "nothing"):
            assert await store.begin_request(key, "print", 100) == Fresh()
        await store.accept(order(1, request_key="accepted"), 100)
        fill_up(store, 0)
        for key in ("accepted", "nothing"):
            with pytest.raises(StoreFull):
                await store.finish_request(key, 202, b"x" * 100_000, None)
        make_room(store)
        known = await store.begin_request("accepted", "print", 110)
        assert isinstance(known, Replay)
        assert known.message_id == "M0001"
        assert await store.begin_request("nothing", "print", 110) == Fresh()

    live(tmp_path, life)


def test_a_poisoned_order_fails_alone(tmp_path: Path) -> None:
    async def life(store: SqliteStore) -> None:
        await store.accept(order(7, "somebody"), 100)
        got = await asyncio.gather(*(store.accept(order(n), 100) for n in range(20)), return_exceptions=True)
        failures = [n for n, each in enumerate(got) if not isinstance(each, Acceptance)]
        assert failures == [7]  # Its id is in use: a fault that no caller should be able to commit.
        assert len(await store.messages(status=None, sender=None, limit=100, before=None)) == 20

    live(tmp_path, life)


def test_a_closed_store_takes_nothing_and_keeps_what_it_took(tmp_path: Path) -> None:
    async def life(store: SqliteStore) -> None:
        under_way = [asyncio.ensure_future(store.accept(order(n), 100)) for n in range(20)]
        await asyncio.sleep(0)
        await store.close()
        assert [(await each).message_id for each in under_way] == [f"M{n:04}" for n in range(20)]
        with pytest.raises(StoreUnavailable):
            await store.accept(order(99), 100)
        again = await SqliteStore.open(tmp_path / "vestnik.db")
        assert len(await claim(again, 100)) == 20
        await again.close()

    asyncio.run(_without_audit(tmp_path, life))


async def _without_audit(path: Path, life: Callable[[SqliteStore], Coroutine[Any, Any, None]]) -> None:
    await life(await SqliteStore.open(path / "vestnik.db"))


def test_a_database_of_a_newer_version_is_refused_with_one_line(tmp_path: Path) -> None:
    async def life(store: SqliteStore) -> None:
        store._rows._writing.execute("PRAGMA user_version = 999")
        with pytest.raises(SchemaTooNew, match=r"vestnik\.db has schema version 999") as refused:
            await SqliteStore.open(tmp_path / "vestnik.db")
        assert "\n" not in str(refused.value)

    live(tmp_path, life)


def test_every_commit_is_on_disk_before_it_is_told(tmp_path: Path) -> None:
    async def life(store: SqliteStore) -> None:
        ask = store._rows._writing.execute
        assert ask("PRAGMA journal_mode").fetchone() == ("wal",)
        assert ask("PRAGMA synchronous").fetchone() == (2,)

    live(tmp_path, life)


def test_another_process_may_look_and_change_while_the_store_is_served(tmp_path: Path) -> None:
    async def life(store: SqliteStore) -> None:
        other = await SqliteStore.open(tmp_path / "vestnik.db")
        await store.begin_request("key", "print", 100)
        await other.put_account(Account("john", "John", {}))
        await other.close()
        assert "john" in await store.accounts(["john"])
        await store.accept(order(1, request_key="key"), 100)
        await store.finish_request("key", 202, b"{}", None)
        assert isinstance(await store.begin_request("key", "print", 110), Replay)

    live(tmp_path, life)


def test_a_delivery_that_a_lane_takes_while_orphans_are_counted_is_none(tmp_path: Path) -> None:
    async def life(store: SqliteStore) -> None:
        await store.accept(order(1, *(f"r{n}" for n in range(200))), 100)
        claims = await claim(store, 100, limit=200)
        recording = asyncio.ensure_future(store.record([taken(each) for each in claims], 110))
        found = await asyncio.gather(*(store.orphans(1_000, 500) for _ in range(20)))
        assert all(await recording)
        assert {len(each) for each in found} <= {0, 200}
        await store.apply([report(ReceiptKind.READ, "xM0001-0", 120)], 120)
        assert await state(store, "M0001-0") is State.READ
        assert (await message(store, "M0001")).counts == {State.READ: 1, State.SENT: 199}

    live(tmp_path, life)


# A check of the whole database and a copy of it read all of it on purpose.
STORE_FILES = sorted({file.name for file in files("vestnik.store").iterdir() if file.name.startswith("sqlite_")})
STORE_FILES = [
    name for name in STORE_FILES if name.endswith(".sql") and name not in ("sqlite_check.sql", "sqlite_copy.sql")
]
BIG_TABLES = ("messages", "tallies", "deliveries", "attempts", "receipts", "early_receipts", "accounts", "requests")


@pytest.mark.parametrize("file", STORE_FILES)
def test_no_statement_reads_a_big_table_from_end_to_end(file: str, tmp_path: Path) -> None:
    """Even where a table is empty or a statistic is missing, the plan is one that history does not make slower."""
    live(tmp_path, _nothing)
    connection = sqlite3.connect(tmp_path / "vestnik.db")
    statements = queries(files("vestnik.store") / file)
    assert statements
    scans = [
        f"{name}: {detail}"
        for name, statement in statements.items()
        for *_, detail in connection.execute(f"EXPLAIN QUERY PLAN {statement}", _anything(statement))
        if _is_scan(detail, statement)
    ]
    connection.close()
    assert scans == []


@pytest.mark.parametrize(
    ("file", "name", "index"),
    [
        ("sqlite_lanes.sql", "due", "deliveries_waiting (messenger=? AND suspect=? AND priority=? AND due_at<?)"),
        ("sqlite_lanes.sql", "due", "deliveries_deferred (messenger=?)"),
        ("sqlite_lanes.sql", "ripe", "deliveries_deferred (messenger=? AND due_at<?)"),
        ("sqlite_lanes.sql", "orphans", "INDEX deliveries_sending"),
        ("sqlite_lanes.sql", "expiring", "INDEX deliveries_mortal"),
        ("sqlite_lanes.sql", "lease", "PRIMARY KEY (message_id=? AND ordinal=?)"),
        ("sqlite_page.sql", "keys_about", "INDEX deliveries_external"),
        ("sqlite_page.sql", "keys_about", "INDEX deliveries_doubtful"),
        ("sqlite_page.sql", "keys_being_sent_to", "INDEX deliveries_sending"),
        ("sqlite_page.sql", "update_moved", "PRIMARY KEY (message_id=? AND ordinal=?)"),
        ("sqlite_page.sql", "page", "INDEX early_receipts_reference"),
        ("sqlite_page.sql", "page", "INDEX early_receipts_recipient"),
        ("sqlite_intake.sql", "left_out", "INDEX deliveries_slot"),
        ("sqlite_intake.sql", "release_slots", "INDEX deliveries_slot"),
    ],
)
def test_work_is_found_by_its_index(file: str, name: str, index: str, tmp_path: Path) -> None:
    live(tmp_path, _nothing)
    connection = sqlite3.connect(tmp_path / "vestnik.db")
    statement = queries(files("vestnik.store") / file)[name]
    plan = [row[-1] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", _anything(statement))]
    connection.close()
    assert any(index in step for step in plan), plan
    assert not any("TEMP B-TREE FOR ORDER BY" in step for step in plan), plan


async def _nothing(store: SqliteStore) -> None:
    del store


def _anything(statement: str) -> dict[str, Any]:
    """A value for every parameter; it makes no difference to a plan."""
    return dict.fromkeys(re.findall(r":([a-z_]+)", statement), "[]")


def _is_scan(detail: str, statement: str) -> bool:
    """A full scan of a big table; one through a partial index reads only the work that is left."""
    scanned = re.match(r"SCAN (\w+)(?: USING (?:COVERING )?INDEX (\w+))?", detail)
    if scanned is None:
        return False
    aliases = dict(re.findall(r"(\w+) AS (\w+)", statement))
    names = {alias: table for table, alias in aliases.items()}
    table = names.get(scanned[1], scanned[1])
    return table in BIG_TABLES and scanned[2] not in ("deliveries_sending", "deliveries_mortal")
