"""What only a store on a server can get wrong: other processes, lost connections, a newer schema, a plan that scans."""

import asyncio
import re
from collections.abc import Callable, Coroutine
from importlib.resources import files
from typing import Any, Final

import asyncpg
import pytest

from tests import postgres
from tests.contracts.stores import audit, claim, message, order, report, state, taken
from vestnik.domain.account import Account, Key
from vestnik.domain.errors import Conflict, SchemaTooNew, StoreUnavailable
from vestnik.domain.lifecycle import State
from vestnik.domain.message import Acceptance
from vestnik.domain.moment import seconds
from vestnik.domain.outcomes import Receipt, ReceiptKind
from vestnik.domain.requests import Fresh, Replay, Running
from vestnik.sqlfiles import queries
from vestnik.store import postgres_line
from vestnik.store.postgres import PostgresStore
from vestnik.store.postgres_line import SETTINGS


def live(life: Callable[..., Coroutine[Any, Any, None]], processes: int = 1) -> None:
    """So many stores on one database, as in as many processes."""
    postgres.wipe()

    async def whole() -> None:
        stores = [await PostgresStore.open(postgres.url()) for _ in range(processes)]
        try:
            await life(*stores)
            await audit(stores[0])
        finally:
            for store in stores:
                await store.close()

    asyncio.run(whole())


async def ask(statement: str) -> Any:
    connection = await asyncpg.connect(postgres.url())
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def break_connections() -> None:
    """What a restart of the server does to those who are connected."""
    others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    await ask(f"SELECT count(pg_terminate_backend(pid)) {others}")


def test_processes_that_claim_at_once_share_the_work_and_nothing_is_claimed_twice() -> None:
    async def life(*stores: PostgresStore) -> None:
        await stores[0].accept(order(1, *(f"r{n}" for n in range(600)), messengers=("telegram", "viber")), 100)

        async def work(store: PostgresStore, messenger: str) -> list[str]:
            got = []
            while claims := await claim(store, 100, messenger, limit=20):
                got += [each.delivery_id for each in claims]
                assert all(await store.record([taken(each) for each in claims], 110))
            return got

        shares = await asyncio.gather(*(work(store, name) for store in stores for name in ("telegram", "viber")))
        ids = [name for share in shares for name in share]
        assert len(ids) == len(set(ids)) == 1_200
        assert all(shares)
        assert (await message(stores[0], "M0001")).counts == {State.SENT: 1_200}

    live(life, processes=3)


def test_a_crowd_accepted_by_two_processes_at_once_is_accepted_once() -> None:
    async def life(*stores: PostgresStore) -> None:
        people = [f"r{n:03}" for n in range(300)]
        crowds = [
            (stores[0], order(1, *people, content_key="same")),
            (stores[1], order(2, *reversed(people), content_key="same")),
            (stores[0], order(3, *people[100:], "new", content_key="same")),
        ]
        got = await asyncio.gather(*(store.accept(crowd, 100) for store, crowd in crowds))
        assert len({each.delivery_id for given in got for each in given.duplicates}) <= 301
        assert len(await claim(stores[0], 100, limit=1_000)) == 301

    live(life, processes=2)


def test_processes_that_touch_the_same_rows_in_every_order_never_lock_each_other_out() -> None:
    async def life(*stores: PostgresStore) -> None:
        for number in range(6):
            await stores[0].accept(order(number, *(f"r{n}" for n in range(30))), 100)
        claims = await claim(stores[0], 100, limit=1_000)

        async def report_all(store: PostgresStore, kind: ReceiptKind, order_: int) -> None:
            receipts = [report(kind, f"x{each.delivery_id}", 120) for each in claims][::order_]
            for start in range(0, len(receipts), 45):
                await store.apply(receipts[start : start + 45], 120)

        await asyncio.gather(
            *(stores[n % 3].record([taken(each) for each in claims[n::4]], 110) for n in range(4)),
            *(report_all(stores[n], kind, turn) for n in range(3) for kind in ReceiptKind for turn in (1, -1)),
            *(stores[n % 3].expire(100, 130) for n in range(6)),
            return_exceptions=False,
        )
        counts = [(await message(stores[0], f"M{number:04}")).counts for number in range(6)]
        assert all(sum(each.values()) == 30 and State.SENDING not in each for each in counts)

    live(life, processes=3)


def test_a_report_and_its_record_find_each_other_whichever_process_gets_them_first() -> None:
    async def life(*stores: PostgresStore) -> None:
        numbers = range(60)
        for number in numbers:
            await stores[0].accept(order(number), 100)
        claims = await claim(stores[0], 100, limit=100)
        for each in claims:
            receipt = report(ReceiptKind.READ, f"x{each.delivery_id}", 120)
            await asyncio.gather(stores[0].record([taken(each)], 110), stores[1].apply([receipt], 120))
        assert {await state(stores[0], f"M{number:04}-0") for number in numbers} == {State.READ}
        assert await ask("SELECT count(*) FROM early_receipts") == 0

    live(life, processes=2)


def test_a_request_that_a_living_process_works_on_is_under_way_for_all_others() -> None:
    async def life(*stores: PostgresStore) -> None:
        one, other = stores
        assert await one.begin_request("key", "print", 100) == Fresh()
        assert await other.begin_request("key", "print", 110) == Running()
        await one.accept(order(1, request_key="key"), 120)
        assert await other.begin_request("key", "print", 130) == Running()
        assert await other.begin_request("key", "print", seconds(600)) == Replay(202, b"", None, "M0001")
        await one.finish_request("key", 202, b"{}", None)
        assert await other.begin_request("key", "print", 140) == Replay(202, b"{}", None)

    live(life, processes=2)


def test_of_requests_that_come_to_all_processes_at_once_one_is_fresh() -> None:
    async def life(*stores: PostgresStore) -> None:
        known = await asyncio.gather(*(stores[n % 3].begin_request("key", "print", 100) for n in range(30)))
        assert sorted(type(each).__name__ for each in known) == ["Fresh"] + ["Running"] * 29

    live(life, processes=3)


def test_two_processes_cannot_make_a_key_of_the_same_name() -> None:
    async def life(*stores: PostgresStore) -> None:
        made = await asyncio.gather(
            *(store.add_key(Key("name", f"digest {n}", (), 100)) for n, store in enumerate(stores)),
            return_exceptions=True,
        )
        assert sorted(type(each).__name__ for each in made) == [Conflict.__name__, "NoneType"]

    live(life, processes=2)


def test_work_goes_on_through_broken_connections_and_nothing_is_lost_or_done_twice() -> None:
    async def life(store: PostgresStore) -> None:
        async def work(number: int) -> None:
            assert await store.accept(order(number, f"r{number}", "all"), 100) == Acceptance(f"M{number:04}", ())
            await store.put_account(Account(f"a{number}", "name", {"telegram": str(number)}))

        for start in range(0, 200, 40):
            under_way = [asyncio.ensure_future(work(number)) for number in range(start, start + 40)]
            await asyncio.sleep(0.002 * (start // 40))
            await break_connections()
            await asyncio.gather(*under_way)
        claims = await claim(store, 100, limit=1_000)
        recording = asyncio.ensure_future(store.record([taken(each) for each in claims], 110))
        await asyncio.sleep(0.005)
        await break_connections()
        assert await recording == [True] * 400

    live(life)


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


def test_a_process_hears_of_work_that_another_has_made_and_not_of_its_own() -> None:
    async def life(*stores: PostgresStore) -> None:
        heard = [asyncio.Event() for _ in stores]
        watching = [asyncio.ensure_future(s.watch(e.set)) for s, e in zip(stores, heard, strict=True)]
        await asyncio.sleep(0.05)  # Every watch looks once at its beginning.
        for event in heard:
            event.clear()
        await stores[0].accept(order(1), 100)
        async with asyncio.timeout(2):
            await heard[1].wait()
        assert not heard[0].is_set()
        await break_connections()
        heard[1].clear()
        async with asyncio.timeout(10):
            await heard[1].wait()
        for task in watching:
            task.cancel()

    live(life, processes=2)


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
    assert postgres.ask(fresh, "SELECT count(*) FROM schema_version") == 1
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


# The statements.

PLACES: Final = ("asks", "intake", "lanes", "page", "people")
ONLY_HERE: Final = {
    "page_at_once": "rows that join a page late are not waited for",
    "look": "SQLite needs no locks, so one statement reads for all purposes",
    "said": "a lock forbids to read it with the page",
    "early": "a lock forbids to read it with the page",
    "one_by_one": "in SQLite one thread chooses",
    "lease_keys": "in SQLite every lease is one of keys",
    "next_expiry": "a lock forbids to read it with what expires",
    "count_up": "in SQLite nobody else counts",
}
ONLY_THERE: Final = {
    "update_moved": "an index is not spared by leaving out a column here",
    "update_named": "an index is not spared by leaving out a column here",
}


@pytest.mark.parametrize("place", PLACES)
def test_twins_have_the_same_statements_in_the_same_order(place: str) -> None:
    store = files("vestnik.store")
    there = [name for name in queries(store / f"sqlite_{place}.sql") if name not in ONLY_THERE]
    assert [name for name in queries(store / f"postgres_{place}.sql") if name not in ONLY_HERE] == there


BIG_TABLES: Final = (
    "messages",
    "tallies",
    "deliveries",
    "attempts",
    "receipts",
    "early_receipts",
    "accounts",
    "requests",
)
_ANYTHING: Final[dict[str, Any]] = {"text": "x", "bool": True, "bytea": b""}
STATEMENTS: Final = {
    (place, name): statement
    for place in PLACES
    for name, statement in queries(files("vestnik.store") / f"postgres_{place}.sql").items()
}


def plans(statements: dict[tuple[str, str], str]) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """Every node of the plan of each statement, the way that the store's own connections plan."""
    live(_nothing)

    async def explain() -> dict[tuple[str, str], list[dict[str, Any]]]:
        connection = await asyncpg.connect(postgres.url(), server_settings=SETTINGS)
        found = {}
        for key, statement in statements.items():
            prepared = await connection.prepare(statement)
            kinds = [(each.name.removesuffix("[]"), each.kind) for each in prepared.get_parameters()]
            given = [[] if kind == "array" else _ANYTHING.get(name, 1) for name, kind in kinds]
            found[key] = list(_nodes((await prepared.explain(*given))[0]["Plan"]))
        await connection.close()
        return found

    return asyncio.run(explain())


def _nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for child in plan.get("Plans", []) for node in _nodes(child))]


async def _nothing(_store: PostgresStore) -> None:
    """Opening it has made the tables."""


def test_no_statement_reads_a_big_table_from_end_to_end() -> None:
    """Even where a table is empty or a statistic is missing, the plan is one that history does not make slower."""
    scans = [
        f"{place} {name}: {node['Relation Name']}"
        for (place, name), nodes in plans(STATEMENTS).items()
        for node in nodes
        if node["Node Type"] == "Seq Scan" and node["Relation Name"] in BIG_TABLES
    ]
    assert scans == []


def test_work_is_found_by_its_index_and_what_is_due_is_never_sorted() -> None:
    wanted = {
        ("lanes", "due"): {"deliveries_waiting", "deliveries_deferred"},
        ("lanes", "due_alone"): {"deliveries_waiting", "deliveries_sending"},
        ("lanes", "ripe"): {"deliveries_deferred"},
        ("lanes", "lease"): {"deliveries_waiting", "deliveries_pkey"},
        ("lanes", "orphans"): {"deliveries_leased"},
        ("lanes", "expiring"): {"deliveries_mortal"},
        ("page", "page"): {"deliveries_pkey"},
        ("page", "keys_about"): {"deliveries_pkey", "deliveries_external", "deliveries_doubtful"},
        ("page", "keys_being_sent_to"): {"deliveries_sending"},
        ("page", "early"): {"early_receipts_reference", "early_receipts_recipient", "early_receipts_once"},
        ("page", "update_whole"): {"deliveries_pkey"},
        ("intake", "left_out"): {"deliveries_slot"},
        ("intake", "release_slots"): {"deliveries_slot"},
    }
    for key, nodes in plans({key: STATEMENTS[key] for key in wanted}).items():
        used = {node.get("Index Name") for node in nodes}
        assert wanted[key] <= used, key
        if key[0] == "lanes" and key[1] != "due_alone":
            assert "Sort" not in {node["Node Type"] for node in nodes}, key


def test_a_line_is_refused_what_is_no_trouble_of_its_own() -> None:
    assert postgres_line.unavailable(ValueError("no")) is None
    assert postgres_line.unavailable(asyncpg.UniqueViolationError("no")) is None
    assert re.match("the database cannot be used now", str(postgres_line.unavailable(OSError("gone"))))
