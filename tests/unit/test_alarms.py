"""Decides whether whoever takes too long is told of it in time, and nobody else.

It has never heard of what they do.
"""

import asyncio

import pytest

from tests.virtual import run
from vestnik.alarms import Alarms


def test_alarms_ring_in_the_order_of_their_times_unless_they_are_off() -> None:
    rung: list[str] = []

    async def wait() -> None:
        alarms = Alarms()
        alarms.set(0.06, lambda: rung.append("late"))
        alarms.set(0.02, lambda: rung.append("first"))
        await asyncio.sleep(0.01)
        alarms.set(0.02, lambda: rung.append("second"))
        off = alarms.set(0.02, lambda: rung.append("off"))
        off.off()
        await asyncio.sleep(0.1)
        off.off()

    run(wait())
    assert rung == ["first", "second", "late"]


def test_an_alarm_that_is_set_when_all_others_are_over_rings_too() -> None:
    rung: list[str] = []

    async def wait() -> None:
        alarms = Alarms()
        alarms.set(0.01, lambda: rung.append("first")).off()
        alarms.set(0.01, lambda: rung.append("second"))
        await asyncio.sleep(0.05)
        alarms.set(0.01, lambda: rung.append("third"))
        await asyncio.sleep(0.05)

    run(wait())
    assert rung == ["second", "third"]


def test_only_whoever_stays_too_long_gets_a_timeout() -> None:
    async def stay(alarms: Alarms, seconds: float) -> str:
        try:
            with alarms.within(0.05):
                await asyncio.sleep(seconds)
        except TimeoutError:
            return "too long"
        return "in time"

    async def all_three() -> list[str]:
        alarms = Alarms()
        return list(await asyncio.gather(stay(alarms, 0.0), stay(alarms, 5.0), stay(alarms, 0.01)))

    assert run(all_three()) == ["in time", "too long", "in time"]


def test_of_two_bounds_the_outer_one_gives_the_timeout_where_both_are_passed_at_once() -> None:
    async def stay() -> None:
        alarms = Alarms()
        with alarms.within(0.02):
            try:
                with alarms.within(0.02):
                    await asyncio.sleep(5.0)
            except TimeoutError:
                pytest.fail("the inner one is not the last that has to end")

    with pytest.raises(TimeoutError):
        run(stay())


def test_whoever_is_cancelled_by_somebody_else_stays_cancelled() -> None:
    async def stay() -> None:
        with Alarms().within(5.0):
            await asyncio.sleep(5.0)

    async def leave() -> None:
        task = asyncio.create_task(stay())
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(leave())
