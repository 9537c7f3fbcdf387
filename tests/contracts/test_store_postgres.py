"""What only a store that several processes share can get wrong: the same work, row, key or report at once."""

import asyncio

import pytest

from tests.contracts.processes import ask, break_connections, live
from tests.contracts.stores import claim, message, order, report, state, taken
from vestnik.domain.account import Key
from vestnik.domain.errors import Conflict
from vestnik.domain.lifecycle import State
from vestnik.domain.moment import seconds
from vestnik.domain.outcomes import ReceiptKind
from vestnik.domain.requests import Fresh, Replay, Running
from vestnik.store.postgres import PostgresStore


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


def test_a_process_hears_of_work_that_another_has_made_and_not_of_its_own() -> None:
    async def life(*stores: PostgresStore) -> None:
        heard = [asyncio.Event() for _ in stores]
        watching = [asyncio.ensure_future(s.watch(e.set)) for s, e in zip(stores, heard, strict=True)]
        async with asyncio.timeout(10):
            for event in heard:
                await event.wait()  # Every watch looks once at its beginning.
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


def test_a_report_that_nobody_looked_for_after_its_record_is_settled_by_the_sweep(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def life(*stores: PostgresStore) -> None:
        recording, sweeping = stores
        await recording.accept(order(1, "ann", "bob"), 100)
        named, referred = await claim(recording, 100)
        await sweeping.apply([report(ReceiptKind.DELIVERED, f"x{named.delivery_id}", 120)], 120)
        known = report(ReceiptKind.READ, "unknown", 120)._replace(reference=referred.delivery_id)
        await sweeping.apply([known], 120)

        async def nothing(*_: object, **__: object) -> list[object]:
            return []

        with monkeypatch.context() as blind:
            blind.setattr("vestnik.store.postgres_reports.read_early", nothing)
            assert await recording.record([taken(named), taken(referred)], 130) == [True, True]
        assert await state(sweeping, named.delivery_id) is State.SENT
        assert await sweeping.orphans(10, 140) == []
        assert await state(sweeping, named.delivery_id) is State.DELIVERED
        assert await state(sweeping, referred.delivery_id) is State.READ

    live(life, processes=2)
