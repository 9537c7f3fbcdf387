"""The clock: ids that sort, and time that can be moved under those who sleep."""

import asyncio
from types import SimpleNamespace

import pytest

from tests.virtual import run
from vestnik.clock import SystemClock
from vestnik.domain.moment import SECOND

HOUR = 3600 * SECOND


def test_ids_have_26_characters_and_only_grow_also_when_the_clock_is_moved_back() -> None:
    async def make() -> list[str]:
        clock = SystemClock()
        ids = [clock.new_id() for _ in range(1000)]
        clock.move(-1000 * HOUR)
        return ids + [clock.new_id() for _ in range(1000)]

    ids = asyncio.run(make())
    assert all(len(made) == 26 for made in ids)
    assert ids == sorted(set(ids))


def test_ids_made_later_by_another_process_sort_after() -> None:
    async def make() -> tuple[str, str]:
        return SystemClock().new_id(), SystemClock(offset=SECOND).new_id()

    earlier, later = asyncio.run(make())
    assert earlier < later


def test_moving_the_clock_past_a_sleepers_time_wakes_it_at_once() -> None:
    async def sleep() -> None:
        clock = SystemClock()
        async with asyncio.timeout(5), asyncio.TaskGroup() as group:
            sleeper = group.create_task(clock.sleep_until(clock.now() + 3 * HOUR))
            await asyncio.sleep(0)
            clock.move(2 * HOUR)
            await asyncio.sleep(0)
            assert not sleeper.done()
            clock.move(4 * HOUR)

    asyncio.run(sleep())


def test_a_moved_clock_keeps_each_appointment_that_has_come_due_once_and_no_other() -> None:
    async def keep() -> tuple[list[str], list[str]]:
        clock, kept = SystemClock(), []
        clock.call_at(clock.now() + HOUR, lambda: kept.append("one hour"))
        clock.call_at(clock.now() + 5 * HOUR, lambda: kept.append("five hours"))
        clock.call_at(clock.now() + HOUR, lambda: kept.append("cancelled")).cancel()
        clock.call_at(clock.now(), lambda: kept.append("now"))
        at_once = list(kept)
        clock.move(2 * HOUR)
        clock.move(3 * HOUR)
        return at_once, kept

    assert asyncio.run(keep()) == (["now"], ["now", "one hour"])


def test_a_clock_that_was_set_back_is_waited_for_until_it_shows_the_time_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def sleep() -> None:
        loop = asyncio.get_running_loop()
        monkeypatch.setattr("vestnik.clock.time", SimpleNamespace(time_ns=lambda: round(loop.time() * 1e9)))
        clock = SystemClock()
        moment = clock.now() + SECOND // 100
        async with asyncio.timeout(5), asyncio.TaskGroup() as group:
            sleeper = group.create_task(clock.sleep_until(moment))
            await asyncio.sleep(0)
            clock.move(-HOUR)
            await asyncio.sleep(0.02)
            assert not sleeper.done()
            clock.move(0)

    run(sleep())


def test_the_offset_moves_the_present() -> None:
    async def look() -> tuple[int, int]:
        clock = SystemClock()
        before = clock.now()
        clock.move(HOUR)
        return clock.offset, clock.now() - before

    offset, gone = asyncio.run(look())
    assert offset == HOUR
    assert gone >= HOUR


def test_a_time_that_has_passed_is_not_waited_for() -> None:
    async def sleep() -> None:
        clock = SystemClock()
        async with asyncio.timeout(5):
            await clock.sleep_until(clock.now() - HOUR)

    asyncio.run(sleep())


def test_luck_stays_below_one() -> None:
    async def draw() -> list[float]:
        clock = SystemClock(seed=1)
        return [clock.luck() for _ in range(1000)]

    drawn = asyncio.run(draw())
    assert all(0 <= luck < 1 for luck in drawn)
    assert len(set(drawn)) == 1000
