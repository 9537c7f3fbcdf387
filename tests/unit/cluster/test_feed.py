"""How ids from tasks become claims: as many as a lane has room for, each once, and nobody waits in vain."""

import asyncio
from collections.abc import Awaitable, Callable

from tests.contracts.stores import order
from vestnik.cluster.feed import Feed
from vestnik.domain.delivery import Claim
from vestnik.domain.errors import StoreUnavailable
from vestnik.domain.moment import Moment
from vestnik.store.memory import MemoryStore

Work = Callable[[Feed, MemoryStore], Awaitable[None]]


def fed(work: Work) -> None:
    async def run() -> None:
        store = MemoryStore()
        await store.accept(order(1, "ann", "bob", "cid"), 100)
        await work(Feed(store), store)

    asyncio.run(run())


async def claim(feed: Feed, limit: int = 10) -> list[str]:
    claimed = await feed.claim("telegram", suspects=False, limit=limit, lease_until=170, now=110)
    return [each.delivery_id for each in claimed.claims]


async def offered(feed: Feed, *ids: str, patience: float = 60.0) -> "asyncio.Task[list[str]]":
    task = asyncio.create_task(feed.offer("telegram", ids, suspects=False, patience=patience))
    await asyncio.sleep(0)
    return task


def test_a_lane_gets_what_was_offered_in_shares_that_fit_and_the_task_ends_with_the_last() -> None:
    async def work(feed: Feed, _: MemoryStore) -> None:
        woken: list[str] = []
        feed.wake = woken.append
        task = await offered(feed, "M0001-0", "M0001-1", "M0001-2")
        assert woken == ["telegram"]
        first = await feed.claim("telegram", suspects=False, limit=2, lease_until=170, now=110)
        assert ([each.delivery_id for each in first.claims], first.next_due) == (["M0001-0", "M0001-1"], 110)
        assert not task.done()
        assert await claim(feed) == ["M0001-2"]
        assert await task == []
        assert await claim(feed) == []

    fed(work)


def test_a_doubled_task_claims_nothing_the_second_time_and_ends_all_the_same() -> None:
    async def work(feed: Feed, _: MemoryStore) -> None:
        first, second = await offered(feed, "M0001-0"), await offered(feed, "M0001-0")
        assert await claim(feed) == ["M0001-0"]
        assert await claim(feed) == []
        assert (await first, await second) == ([], [])

    fed(work)


def test_what_finds_no_room_in_time_is_told_and_never_claimed_later() -> None:
    async def work(feed: Feed, _: MemoryStore) -> None:
        task = await offered(feed, "M0001-0", "M0001-1", patience=0.0)
        assert await task == ["M0001-0", "M0001-1"]
        assert await claim(feed) == []

    fed(work)


def test_nothing_waits_for_a_messenger_that_is_down_or_in_a_worker_that_ends() -> None:
    async def work(feed: Feed, _: MemoryStore) -> None:
        waiting = await offered(feed, "M0001-0")
        feed.is_down = lambda _: True
        assert await (await offered(feed, "M0001-1")) == ["M0001-1"]
        feed.close()
        assert await waiting == ["M0001-0"]
        feed.is_down = lambda _: False
        assert await (await offered(feed, "M0001-2")) == ["M0001-2"]

    fed(work)


def test_a_store_that_cannot_answer_lets_the_task_go_because_the_relay_names_its_ids_again() -> None:
    class Unwilling(MemoryStore):
        async def claim_these(self, *_: object, lease_until: Moment, now: Moment, alone: bool = False) -> list[Claim]:
            raise StoreUnavailable("not now")

    async def run() -> None:
        feed = Feed(Unwilling())
        task = await offered(feed, "M0001-0")
        try:
            await claim(feed)
        except StoreUnavailable:
            assert await task == []
        else:
            raise AssertionError("the lane has to know")

    asyncio.run(run())
