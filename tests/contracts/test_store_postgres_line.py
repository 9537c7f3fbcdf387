"""What only a store on a server can get wrong: lost connections and commits, a newer schema, words that do not fit."""

import asyncio
import re
from typing import Any

import asyncpg
import pytest

from tests import postgres
from tests.contracts.processes import ask, break_connections, live
from tests.contracts.stores import claim, order, state, taken
from tests.servers import postgres as own
from vestnik.domain.account import Account
from vestnik.domain.errors import SchemaTooNew, StoreUnavailable
from vestnik.domain.lifecycle import State
from vestnik.domain.message import Acceptance
from vestnik.domain.outcomes import Receipt, ReceiptKind
from vestnik.store import postgres_line
from vestnik.store.postgres import PostgresStore


def test_work_goes_on_through_broken_connections_and_nothing_is_lost_or_done_twice() -> None:
    async def life(store: PostgresStore) -> None:
        async def work(number: int) -> None:
            assert await store.accept(order(number, f"r{number}", "all"), 100) == Acceptance(f"M{number:04}", ())
            await store.put_account(Account(f"a{number}", "name", {"telegram": str(number)}))

        for turn, transactions in enumerate((0, 1, 2, 10, 40)):
            under_way = [asyncio.ensure_future(work(number)) for number in range(turn * 40, turn * 40 + 40)]
            await begun(transactions)
            await break_connections()
            await asyncio.gather(*under_way)
        claims = await claim(store, 100, limit=1_000)
        recording = asyncio.ensure_future(store.record([taken(each) for each in claims], 110))
        await begun(1)
        await break_connections()
        assert await recording == [True] * 400

    live(life)


async def begun(transactions: int) -> None:
    """Returns when so many transactions have begun from now on."""
    start, left, enough = asyncpg.transaction.Transaction.start, transactions, asyncio.Event()

    async def starting(self: Any) -> None:
        nonlocal left
        await start(self)
        left -= 1
        if left == 0:
            enough.set()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asyncpg.transaction.Transaction, "start", starting)
        async with asyncio.timeout(20):
            await asyncio.sleep(0)
            if transactions:
                await enough.wait()


@pytest.mark.parametrize("done", [True, False])
def test_after_a_connection_that_broke_at_the_commit_the_server_is_asked_what_it_did(
    done: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = asyncpg.transaction.Transaction.commit
    broken: list[bool] = []

    async def breaking(self: Any) -> None:
        if broken:
            await commit(self)
            return
        broken.append(True)
        if done:
            await commit(self)
        self._connection.terminate()
        raise asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation")

    async def life(store: PostgresStore) -> None:
        monkeypatch.setattr(asyncpg.transaction.Transaction, "commit", breaking)
        assert await store.accept(order(1, "ann", "bob"), 100) == Acceptance("M0001", ())
        assert len(broken) == 1
        assert len(await claim(store, 100)) == 2

    live(life)


@pytest.mark.parametrize("given_away", [True, False])
def test_after_a_crash_in_the_moment_of_a_commit_nothing_is_taken_for_done_that_may_not_be(*, given_away: bool) -> None:
    if not own.can_be_started():
        pytest.skip(postgres.HOW)
    server = own.OwnPostgres()
    server.start()
    url = server.url()
    postgres.ask(url, "CREATE TABLE kept (number int)", "CHECKPOINT")

    async def crash(connection: postgres_line.Connection) -> None:
        """The server forgets this transaction, and may give its number to another one, which is committed."""
        insert = "INSERT INTO kept VALUES (1) RETURNING pg_current_xact_id()::text"
        connection.own = await connection.fetchval(insert)
        server.stop("immediate")
        server.start()
        if given_away:
            other = await asyncpg.connect(url)
            assert await other.fetchval(insert) == connection.own
            await other.close()

    async def life() -> None:
        line = await postgres_line.Line.open(url, 2)
        try:
            with pytest.raises(StoreUnavailable, match="crashed in the very moment of a commit"):
                await line.write(crash)
        finally:
            await line.close()

    try:
        asyncio.run(life())
    finally:
        server.stop("fast")


def test_a_store_whose_server_is_gone_says_so_within_seconds_and_works_again_when_it_is_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def gone(*_arguments: Any, **_options: Any) -> Any:
        raise ConnectionRefusedError("nobody listens")

    async def life(store: PostgresStore) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(asyncpg.connect_utils, "_connect_addr", gone)
            await break_connections_of(store)
            async with asyncio.timeout(10):
                with pytest.raises(StoreUnavailable):
                    await store.accept(order(1), 100)
                with pytest.raises(StoreUnavailable):
                    await store.message("M0001")
        await store.accept(order(1), 100)

    live(life)


async def break_connections_of(store: PostgresStore) -> None:
    for holder in store._line._pool._holders:
        if holder._con is not None:
            holder._con.terminate()


def test_a_poisoned_order_fails_alone() -> None:
    async def life(store: PostgresStore) -> None:
        await store.accept(order(7, "somebody"), 100)
        got = await asyncio.gather(*(store.accept(order(n), 100) for n in range(20)), return_exceptions=True)
        assert [n for n, each in enumerate(got) if not isinstance(each, Acceptance)] == [7]
        assert len(await store.messages(status=None, sender=None, limit=100, before=None)) == 20

    live(life)


def test_strangers_words_that_no_column_can_hold_are_kept_as_far_as_possible() -> None:
    async def life(store: PostgresStore) -> None:
        await store.accept(order(1), 100)
        (only,) = await claim(store, 100)
        await store.record([taken(only, "x\0y")], 110)
        await store.apply([Receipt("telegram", ReceiptKind.FAILED, "x\0y", 120, None, None, "\ud800", "why\0")], 120)
        assert await state(store, "M0001-0") is State.FAILED
        for nothing in ("\0", "\ud800-1", "M\0-0"):
            assert await store.message(nothing) is None
            assert await store.delivery(nothing) is None
            assert await store.accounts([nothing]) == {}
            assert await store.messages(status=None, sender=nothing, limit=1, before=nothing) == []

    live(life)


def test_a_closed_store_takes_nothing_and_keeps_what_it_took() -> None:
    async def life(store: PostgresStore) -> None:
        other = await PostgresStore.open(postgres.url())
        under_way = [asyncio.ensure_future(other.accept(order(n), 100)) for n in range(20)]
        await asyncio.sleep(0)
        await other.close()
        assert [(await each).message_id for each in under_way] == [f"M{n:04}" for n in range(20)]
        with pytest.raises(StoreUnavailable):
            await other.accept(order(99), 100)
        assert len(await claim(store, 100)) == 20

    live(life)


def test_every_commit_is_on_disk_before_it_is_told() -> None:
    async def life(store: PostgresStore) -> None:
        async def settings(connection: Any) -> list[str]:
            return [await connection.fetchval(f"SHOW {name}") for name in ("synchronous_commit", "statement_timeout")]

        assert await store._line.read(settings) == ["on", "20s"]

    live(life)


# The schema.


def test_dead_rows_are_cleared_away_before_they_are_a_fiftieth_of_the_history() -> None:
    async def life(_store: PostgresStore) -> None:
        options = await ask("SELECT array_to_string(reloptions, ' ') FROM pg_class WHERE relname = 'deliveries'")
        assert "autovacuum_vacuum_scale_factor=0.02" in options

    live(life)


def fresh_database() -> str:
    """Another database of this run, empty; dropped with the run's own."""
    name = postgres.url() + "_fresh"
    postgres.ask(postgres.url(), f"DROP DATABASE IF EXISTS {name.rpartition('/')[2]} WITH (FORCE)")
    postgres.ask(postgres.url(), f"CREATE DATABASE {name.rpartition('/')[2]} ENCODING 'UTF8' TEMPLATE template0")
    return name


def test_processes_that_start_at_once_bring_the_schema_up_to_date_once() -> None:
    fresh = fresh_database()

    async def start() -> None:
        stores = await asyncio.gather(*(PostgresStore.open(fresh) for _ in range(4)))
        assert len({store._life for store in stores}) == 4
        for store in stores:
            await store.close()

    asyncio.run(start())
    assert postgres.ask(fresh, "SELECT max(version) FROM schema_version") > 0
    assert postgres.ask(fresh, "SELECT count(*) - max(version) FROM schema_version") == 0
    postgres.ask(postgres.url(), f"DROP DATABASE {fresh.rpartition('/')[2]} WITH (FORCE)")


def test_a_database_of_a_newer_version_is_refused_with_one_line() -> None:
    async def life(_store: PostgresStore) -> None:
        await ask("INSERT INTO schema_version VALUES (999) RETURNING 1")
        try:
            with pytest.raises(SchemaTooNew, match=r"has schema version 999") as refused:
                await PostgresStore.open(postgres.url())
            assert "\n" not in str(refused.value)
        finally:
            await ask("DELETE FROM schema_version WHERE version = 999 RETURNING 1")

    live(life)


def test_a_line_is_refused_what_is_no_trouble_of_its_own() -> None:
    assert postgres_line.unavailable(ValueError("no")) is None
    assert postgres_line.unavailable(asyncpg.UniqueViolationError("no")) is None
    assert re.match("the database cannot be used now", str(postgres_line.unavailable(OSError("gone"))))
