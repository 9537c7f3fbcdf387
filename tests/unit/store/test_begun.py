"""Who is let in under an Idempotency-Key while the store's answers come late, or not at all."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from vestnik.domain.errors import StoreUnavailable
from vestnik.domain.requests import Fresh, Known, OtherBody, Replay, Running
from vestnik.store.begun import Beginning, Reply, UnderWay

FRESH, RUNNING = Fresh(), Running()


class Far:
    """A store whose answers are given by the test, in any order."""

    def __init__(self) -> None:
        self.under_way = UnderWay(life=1)
        self.asked: list[tuple[Beginning | Reply, asyncio.Future[Any]]] = []

    async def begin(self) -> "asyncio.Task[Known]":
        """A request comes in, and the store is asked."""
        task = asyncio.ensure_future(self.under_way.begin("key", "print", 100, self._ask))
        await asyncio.sleep(0)
        return task

    async def finish(self) -> "asyncio.Task[None]":
        """A request ends, and the store is told."""
        task = asyncio.ensure_future(self.under_way.finish(Reply("key", 500, b"", None), self._ask))
        await asyncio.sleep(0)
        return task

    def answer(self, place: int, answer: Known | Exception | None) -> None:
        """The store answers the question of this number."""
        future = self.asked[place][1]
        if isinstance(answer, Exception):
            future.set_exception(answer)
        else:
            future.set_result(answer)

    @property
    def abandoned(self) -> list[bool]:
        """Of each beginning, whether the store was told that nobody works on what it knows under the key."""
        return [item.abandoned for item, _ in self.asked if isinstance(item, Beginning)]

    async def _ask(self, item: Any) -> Any:
        self.asked.append((item, asyncio.get_running_loop().create_future()))
        return await self.asked[-1][1]


def living(life: Callable[[Far], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    def test() -> None:
        asyncio.run(life(Far()))

    test.__name__ = test.__qualname__ = life.__name__
    return test


GONE = StoreUnavailable("the connection broke at a commit")


@living
async def test_after_a_beginning_that_nobody_heard_of_the_next_one_begins(far: Far) -> None:
    first = await far.begin()
    far.answer(0, GONE)
    with pytest.raises(StoreUnavailable):
        await first
    second = await far.begin()
    far.answer(1, FRESH)
    assert await second == FRESH
    await far.begin()
    assert far.abandoned == [True, True, False]


@living
async def test_while_one_works_the_failure_of_another_beginning_lets_no_third_in(far: Far) -> None:
    first = await far.begin()
    second = await far.begin()
    far.answer(0, FRESH)
    far.answer(1, GONE)
    assert await first == FRESH
    with pytest.raises(StoreUnavailable):
        await second
    third = await far.begin()
    assert far.abandoned == [True, False, False]
    far.answer(2, FRESH)
    assert await third == RUNNING


@living
async def test_a_failure_heard_before_the_answer_of_the_one_let_in_lets_no_third_in(far: Far) -> None:
    first = await far.begin()
    second = await far.begin()
    far.answer(1, GONE)
    with pytest.raises(StoreUnavailable):
        await second
    third = await far.begin()
    assert far.abandoned == [True, False, False]
    far.answer(2, FRESH)
    assert await third == FRESH
    far.answer(0, FRESH)
    assert await first == RUNNING


@living
async def test_a_beginning_that_is_cancelled_leaves_its_key_to_the_next(far: Far) -> None:
    first = await far.begin()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    second = await far.begin()
    assert far.abandoned == [True, True]
    far.answer(1, FRESH)
    assert await second == FRESH


@living
async def test_while_an_ending_is_not_stored_nothing_is_begun_over_it(far: Far) -> None:
    first = await far.begin()
    far.answer(0, FRESH)
    await first
    ending = await far.finish()
    second = await far.begin()
    assert far.abandoned == [True, False]
    far.answer(2, RUNNING)
    assert await second == RUNNING
    far.answer(1, GONE)
    with pytest.raises(StoreUnavailable):
        await ending
    third = await far.begin()
    assert far.abandoned == [True, False, True]
    far.answer(3, FRESH)
    assert await third == FRESH


@living
async def test_one_who_is_let_in_before_the_last_ending_is_heard_stays_the_only_one(far: Far) -> None:
    first = await far.begin()
    far.answer(0, FRESH)
    await first
    ending = await far.finish()
    second = await far.begin()
    far.answer(2, FRESH)
    assert await second == FRESH
    far.answer(1, None)
    await ending
    third = await far.begin()
    assert far.abandoned == [True, False, False]
    far.answer(3, FRESH)
    assert await third == RUNNING


@living
async def test_an_answer_that_lets_nobody_in_leaves_the_key_abandoned(far: Far) -> None:
    answers: list[Known] = [OtherBody(), Replay(202, b"", None, "M0001")]
    for place, known in enumerate(answers):
        asked = await far.begin()
        far.answer(place, known)
        assert await asked == known
    await far.begin()
    assert far.abandoned == [True, True, True]


@living
async def test_who_hears_after_the_end_of_another_what_was_true_before_it_is_not_let_in(far: Far) -> None:
    first, second = await far.begin(), await far.begin()
    far.answer(1, FRESH)
    assert await second == FRESH
    ending = await far.finish()
    far.answer(2, None)
    await ending
    far.answer(0, FRESH)
    assert await first == RUNNING
