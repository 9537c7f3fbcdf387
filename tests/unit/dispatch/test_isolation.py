"""Who never waits for whom: messengers, recipients, crowds, gaps, turns."""

import asyncio
import itertools
from collections.abc import Sequence
from typing import Any

import pytest

from tests.unit.dispatch.stage import NOTHING_LOST, House, Script, ScriptedGateway, hang, take, take_in_a_moment
from tests.virtual import run
from vestnik.dispatch.terms import LaneSettings
from vestnik.domain.delivery import Claim, Claimed, Verdict
from vestnik.domain.judge import Policy
from vestnik.domain.lifecycle import State
from vestnik.domain.moment import Moment
from vestnik.domain.outcomes import Outcome, PutOff
from vestnik.domain.priority import Priority
from vestnik.domain.retry import RetrySchedule
from vestnik.ports import Traits


def test_a_messenger_that_hangs_changes_nothing_for_another() -> None:
    async def life(sick: Script) -> list[float]:
        toy, other = ScriptedGateway(take_in_a_moment), ScriptedGateway(sick)
        house = House(toy=toy, other=other)
        await house.accept([str(n) for n in range(500)], on="other")
        await house.accept([str(n) for n in range(500)], on="toy")
        await house.live(100)
        return toy.times()

    assert run(life(hang)) == run(life(take_in_a_moment))


@pytest.mark.parametrize("sick", [10, 40, 400])
def test_recipients_that_hang_do_not_keep_the_healthy_waiting_however_many_they_are(sick: int) -> None:
    async def life(hanging: int) -> float:
        async def script(claim: Claim) -> Outcome:
            return await (hang if claim.recipient.startswith("sick") else take_in_a_moment)(claim)

        toy = ScriptedGateway(script)
        house = House(LaneSettings(NOTHING_LOST, slots=32, patience=0.1), toy=toy)
        recipients = [f"{'sick' if n % 1000 < hanging else 'well'}-{n}" for n in range(1000)]
        await house.accept(recipients)
        await house.live(60)
        return max(when for when, claim in toy.sends if claim.recipient.startswith("well"))

    # What is left is one patience for every slots-full of sick ones that are met for the first time.
    assert run(life(sick)) <= run(life(0)) + 0.1 * (sick / 32 + 1) + 0.05


def test_recipients_known_to_hang_share_the_small_part_of_the_lane() -> None:
    async def life() -> tuple[int, float]:
        async def script(claim: Claim) -> Outcome:
            return await (hang if claim.recipient.startswith("sick") else take)(claim)

        toy = ScriptedGateway(script)
        house = House(LaneSettings(NOTHING_LOST, slots=16, patience=0.1), toy=toy)
        async with asyncio.TaskGroup() as group:
            group.create_task(house.live(60))
            await house.accept([f"sick-{n}" for n in range(16)])
            await asyncio.sleep(20)
            begin = asyncio.get_running_loop().time()
            await house.accept([f"sick-{n}" for n in range(16)])
            await house.accept([f"well-{n}" for n in range(16)])
            await asyncio.sleep(0.05)
            at_once = [claim for when, claim in toy.sends if when >= begin]
        well = [claim for claim in at_once if claim.recipient.startswith("well")]
        return len(well), len(at_once) - len(well)

    well, sick = run(life())
    assert well == 16
    assert sick <= 2


def test_a_large_message_does_not_hold_up_a_small_one_accepted_after_it() -> None:
    async def life() -> tuple[float, float]:
        toy = ScriptedGateway(take_in_a_moment)
        house = House(toy=toy)
        async with asyncio.TaskGroup() as group:
            group.create_task(house.live(60))
            await house.accept([f"crowd-{n}" for n in range(10_000)], priority=Priority.BULK)
            await asyncio.sleep(0.1)
            await house.accept(["small"])
        small = next(when for when, claim in toy.sends if claim.recipient == "small")
        return small, toy.times()[-1]

    small, last = run(life())
    assert small < 0.2
    assert last > 1


def test_a_store_with_one_writer_is_never_kept_for_long_by_what_a_crowd_has_to_write() -> None:
    writing = asyncio.Lock()

    async def life() -> tuple[float, int]:
        toy = ScriptedGateway(take)
        house = House(toy=toy)
        claim, record, small = house.store.claim, house.store.record, "not accepted yet"
        small_done, crowd_done = 0.0, 0

        async def claimed(*which: Any, limit: int, **how: Any) -> Claimed:
            async with writing:
                found = await claim(*which, limit=limit, **how)
                await asyncio.sleep(0.001 * len(found.claims))
                return found

        async def recorded(verdicts: Sequence[Verdict], now: Moment) -> list[bool]:
            nonlocal small_done, crowd_done
            async with writing:
                await asyncio.sleep(0.001 * len(verdicts))
                if any(verdict.delivery_id.startswith(small) for verdict in verdicts):
                    small_done = asyncio.get_running_loop().time()
                crowd_done += len(verdicts) if not small_done else 0
                return await record(verdicts, now)

        house.store.claim, house.store.record = claimed, recorded  # type: ignore[method-assign] # one writer, in its time
        async with asyncio.TaskGroup() as group:
            group.create_task(house.live(60))
            await house.accept([f"crowd-{n}" for n in range(5_000)], priority=Priority.BULK)
            await asyncio.sleep(1)
            small = await house.accept(["small"])
        return small_done - 1, crowd_done

    late, before = run(life())
    assert late < 0.4
    assert before > 200


def test_what_is_urgent_overtakes_the_crowd_that_is_claimed_already() -> None:
    durations = itertools.cycle([0.010, 0.013, 0.017])

    async def script(claim: Claim) -> Outcome:
        await asyncio.sleep(next(durations))
        return await take(claim)

    async def life() -> list[int]:
        toy = ScriptedGateway(script)
        house = House(LaneSettings(NOTHING_LOST, slots=8), toy=toy)
        before = []
        async with asyncio.TaskGroup() as group:
            group.create_task(house.live(5))
            await house.accept([f"crowd-{n}" for n in range(2_500)], priority=Priority.BULK)
            for number in range(20):
                await asyncio.sleep(0.1)
                before.append(-len(toy.sends))
                await house.accept([f"small-{number}"])
        for place, (_, claim) in enumerate(toy.sends):
            if claim.recipient.startswith("small"):
                before[int(claim.recipient.removeprefix("small-"))] += place
        return before

    # So many of the crowd are sent until the lane asks for more; all 16 that wait would go first in their order.
    assert max(run(life())) <= 8 + 1


def test_bulk_goes_on_beside_an_endless_stream_of_others() -> None:
    async def life() -> int:
        toy = ScriptedGateway(take_in_a_moment)
        house = House(LaneSettings(NOTHING_LOST, slots=10), toy=toy)
        await house.accept([f"bulk-{n}" for n in range(100)], priority=Priority.BULK)
        await house.accept([f"high-{n}" for n in range(5_000)], priority=Priority.HIGH)
        await house.live(2)
        return sum(claim.recipient.startswith("bulk") for _, claim in toy.sends)

    assert run(life()) >= 90


def test_only_one_attempt_to_a_recipient_is_under_way_where_the_messenger_needs_that() -> None:
    under_way: dict[str, int] = {}

    async def script(claim: Claim) -> Outcome:
        under_way[claim.recipient] = under_way.get(claim.recipient, 0) + 1
        assert under_way[claim.recipient] == 1
        await asyncio.sleep(0.02 if claim.recipient != "slow" else 3)
        under_way[claim.recipient] -= 1
        return await take(claim)

    async def life() -> tuple[dict[State, int], dict[State, int]]:
        house = House(toy=ScriptedGateway(script, Traits(one_at_a_time=True)))
        one = await house.accept([str(n % 3) for n in range(90)])
        slow = await house.accept(["slow"] * 4)
        await house.live(60)
        return await house.counts(one), await house.counts(slow)

    assert run(life()) == ({State.DELIVERED: 90}, {State.DELIVERED: 4})


def test_a_gap_between_two_messages_to_one_recipient_is_kept_without_holding_up_the_others() -> None:
    async def life() -> tuple[list[float], float]:
        toy = ScriptedGateway(take)
        house = House(LaneSettings(NOTHING_LOST, gap=6), toy=toy)
        await house.accept(["1", "1", "1", "2"])
        await house.live(30)
        return [when for when, claim in toy.sends if claim.recipient == "1"], toy.sends[1][0]

    times, other = run(life())
    assert all(b - a >= 6 for a, b in itertools.pairwise(times))
    assert len(times) == 3
    assert other < 0.1


def test_a_messenger_that_is_down_is_left_alone_and_found_when_it_is_back() -> None:
    async def life() -> tuple[int, dict[State, int], float]:
        loop = asyncio.get_running_loop()

        async def script(claim: Claim) -> Outcome:
            return PutOff("unreachable", "no connection") if loop.time() < 100 else await take(claim)

        toy = ScriptedGateway(script)
        house = House(LaneSettings(Policy(RetrySchedule(0.01, 0.01), honours_key=True), slots=8), toy=toy)
        message = await house.accept([str(n) for n in range(500)], max_attempts=100)
        await house.live(200)
        tried_while_down = sum(when < 100 for when in toy.times())
        return tried_while_down, await house.counts(message), toy.times()[-1]

    tried_while_down, counts, last = run(life())
    assert tried_while_down < 100
    assert counts == {State.DELIVERED: 500}
    assert last < 112


def test_a_message_wakes_the_lane_that_it_is_for_and_only_when_it_is_due() -> None:
    async def life() -> list[str]:
        house = House(toy=ScriptedGateway(take), other=ScriptedGateway(take))
        claimed: list[str] = []
        claim_from = house.store.claim

        async def watched(messenger: str, **terms: Any) -> Claimed:
            claimed.append(messenger)
            return await claim_from(messenger, **terms)

        house.store.claim = watched  # type: ignore[method-assign] # so that the looks are counted
        async with asyncio.TaskGroup() as group:
            group.create_task(house.live(60))
            await asyncio.sleep(10)
            claimed.clear()
            for _ in range(100):
                await house.accept(["1"], on="toy", send_at=120)
            assert not claimed
            await house.accept(["1"], on="toy", send_at=30)
            await asyncio.sleep(19)
            assert not claimed
            await asyncio.sleep(2)
        return claimed

    assert set(run(life())) == {"toy"}
