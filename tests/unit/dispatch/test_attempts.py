"""When attempts are made and how many: due times, retries, waits, expiry."""

import asyncio
import itertools
from collections.abc import Sequence
from typing import Any

import pytest

from tests.unit.dispatch.stage import NOTHING_LOST, House, ScriptedGateway, take, take_in_a_moment
from tests.virtual import run
from vestnik.dispatch.terms import LaneSettings
from vestnik.domain.delivery import Claim, Claimed, Verdict
from vestnik.domain.lifecycle import State
from vestnik.domain.moment import Moment
from vestnik.domain.outcomes import Outcome, PutOff, Refused


def test_what_is_due_is_sent_at_once_and_what_is_deferred_is_sent_at_its_time_and_never_before() -> None:
    async def life() -> list[float]:
        toy = ScriptedGateway(take)
        house = House(toy=toy)
        await house.accept(["1"])
        await house.accept(["2"], send_at=30)
        await house.accept(["3"], send_at=7.5)
        await house.live(60)
        return toy.times()

    assert run(life()) == pytest.approx([0, 7.5, 30], abs=0.01)


def test_a_message_accepted_while_the_lane_sleeps_is_sent_at_once() -> None:
    async def life() -> list[float]:
        toy = ScriptedGateway(take)
        house = House(toy=toy)
        await house.accept(["1"], send_at=50)
        async with asyncio.TaskGroup() as group:
            group.create_task(house.live(60))
            await asyncio.sleep(20)
            await house.accept(["2"])
        return toy.times()

    assert run(life()) == pytest.approx([20, 50], abs=0.01)


def test_exactly_max_attempts_are_made_and_each_wait_is_within_the_schedule() -> None:
    async def refuse_for_now(_claim: Claim) -> Outcome:
        return PutOff("down", "come back later")

    async def life() -> tuple[list[float], dict[State, int]]:
        toy = ScriptedGateway(refuse_for_now)
        house = House(toy=toy)
        message = await house.accept(["1"], max_attempts=4)
        await house.live(1000)
        return toy.times(), await house.counts(message)

    times, counts = run(life())
    assert len(times) == 4
    for wait, longest in zip((b - a for a, b in itertools.pairwise(times)), (2, 4, 8), strict=True):
        assert 0 <= wait <= longest + 0.01
    assert counts == {State.FAILED: 1}


def test_a_refusal_is_final_and_the_next_attempt_never_comes() -> None:
    async def refuse(_claim: Claim) -> Outcome:
        return Refused("blocked", "the user blocked the bot")

    async def life() -> tuple[int, dict[State, int]]:
        toy = ScriptedGateway(refuse)
        house = House(toy=toy)
        message = await house.accept(["1"])
        await house.live(1000)
        return len(toy.sends), await house.counts(message)

    assert run(life()) == (1, {State.FAILED: 1})


def test_the_wait_that_a_messenger_asks_for_is_kept() -> None:
    async def once_throttled(claim: Claim) -> Outcome:
        return PutOff("429", "slower", retry_after=40) if claim.attempt == 1 else await take(claim)

    async def life() -> list[float]:
        toy = ScriptedGateway(once_throttled)
        house = House(toy=toy)
        await house.accept(["1"])
        await house.live(60)
        return toy.times()

    first, second = run(life())
    assert 40 <= second - first <= 42.01


def test_what_is_not_sent_before_its_end_expires() -> None:
    async def down(_claim: Claim) -> Outcome:
        return PutOff("down", "later")

    async def life() -> dict[State, int]:
        house = House(toy=ScriptedGateway(down))
        message = await house.accept(["1"], expires_at=20, max_attempts=100)
        await house.live(100)
        return await house.counts(message)

    assert run(life()) == {State.EXPIRED: 1}


def test_slots_are_seldom_empty_while_a_claim_takes_half_as_long_again_as_an_attempt() -> None:
    async def life() -> float:
        toy = ScriptedGateway(take_in_a_moment)
        house = House(LaneSettings(NOTHING_LOST, slots=8), toy=toy)
        claim = house.store.claim

        async def slow(*which: Any, **how: Any) -> Claimed:
            await asyncio.sleep(0.015)
            return await claim(*which, **how)

        house.store.claim = slow  # type: ignore[method-assign] # so that a claim takes its time
        await house.accept([str(n) for n in range(320)])
        await house.live(10)
        return toy.times()[-1] - toy.times()[0]

    full = 0.01 * (320 / 8 - 1)
    assert run(life()) < full * 1.2


def test_what_comes_due_one_by_one_is_claimed_and_recorded_together_and_hardly_later() -> None:
    async def life() -> tuple[float, int, int]:
        toy = ScriptedGateway(take)
        house = House(toy=toy)
        claim, record, claims, records = house.store.claim, house.store.record, 0, 0

        async def claimed(*which: Any, suspects: bool, **how: Any) -> Claimed:
            nonlocal claims
            claims += not suspects
            return await claim(*which, suspects=suspects, **how)

        async def recorded(verdicts: Sequence[Verdict], now: Moment) -> list[bool]:
            nonlocal records
            records += 1
            return await record(verdicts, now)

        house.store.claim, house.store.record = claimed, recorded  # type: ignore[method-assign] # so that they are counted
        for number in range(1_000):
            await house.accept([str(number)], send_at=1 + number / 1_000)
        await house.live(10)
        late = [when - (1 + int(claim.recipient) / 1_000) for when, claim in toy.sends]
        assert len(late) == 1_000
        return max(late), claims, records

    late, claims, records = run(life())
    assert late <= 0.005 + 0.001
    assert claims <= 1 / 0.005 + 10
    assert records <= 1 / 0.01 + 10
