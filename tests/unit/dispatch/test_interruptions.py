"""What stops, crashes, full stores and broken gateways leave behind."""

import asyncio
from collections.abc import Sequence

from prometheus_client import CollectorRegistry

from tests.unit.dispatch.stage import NOTHING_LOST, House, ScriptedGateway, hang, take
from tests.virtual import run
from vestnik.dispatch.lane import Lane
from vestnik.dispatch.loop import Dispatcher
from vestnik.dispatch.metrics import DispatchMetrics
from vestnik.dispatch.sweep import Sweep
from vestnik.dispatch.terms import LaneSettings
from vestnik.domain.delivery import Claim, Verdict
from vestnik.domain.errors import StoreFull
from vestnik.domain.judge import OnUnclear, Policy
from vestnik.domain.lifecycle import State
from vestnik.domain.moment import SECOND, Moment
from vestnik.domain.outcomes import Outcome
from vestnik.domain.retry import RetrySchedule
from vestnik.store.memory import MemoryStore


def test_stopping_finishes_what_is_under_way_and_gives_back_the_rest_untried() -> None:
    async def life() -> tuple[int, dict[State, int]]:
        async def slowly(claim: Claim) -> Outcome:
            await asyncio.sleep(0.4)
            return await take(claim)

        toy = ScriptedGateway(slowly)
        house = House(LaneSettings(NOTHING_LOST, slots=4), toy=toy)
        message = await house.accept([str(n) for n in range(50)])
        await house.live(0.1)
        deliveries = await house.store.deliveries(message, state=State.WAITING, limit=100)
        assert all(delivery.attempts == 0 for delivery in deliveries)
        return len(toy.sends), await house.counts(message)

    assert run(life()) == (4, {State.DELIVERED: 4, State.WAITING: 46})


def test_stopping_cuts_attempts_short_that_outlast_the_grace_and_the_next_start_takes_them_up() -> None:
    async def life() -> tuple[dict[State, int], dict[State, int]]:
        toy = ScriptedGateway(hang)
        house = House(LaneSettings(NOTHING_LOST, grace=1), toy=toy)
        message = await house.accept(["1"])
        await house.live(0.5)
        before = await house.counts(message)
        toy.script = take
        metrics = DispatchMetrics(CollectorRegistry())
        lane = Lane("toy", house.settings, house.store, toy, house.clock, metrics.lane("toy"))
        house.dispatcher = Dispatcher({"toy": lane}, Sweep(house.store, house.clock, {"toy": NOTHING_LOST}, 60))
        await house.live(20)
        return before, await house.counts(message)

    assert run(life()) == ({State.SENDING: 1}, {State.DELIVERED: 1})


def test_after_a_crash_an_unclear_attempt_is_held_where_the_policy_says_so() -> None:
    async def life() -> tuple[int, dict[State, int]]:
        toy = ScriptedGateway(take)
        house = House(LaneSettings(Policy(RetrySchedule(), on_unclear=OnUnclear.HOLD)), toy=toy)
        message = await house.accept(["1"])
        now = house.clock.now()
        await house.store.claim("toy", suspects=False, limit=1, lease_until=now + 60 * SECOND, now=now)
        await house.live(600)
        return len(toy.sends), await house.counts(message)

    assert run(life()) == (0, {State.UNKNOWN: 1})


def test_results_are_kept_while_the_store_is_full_and_stored_when_it_has_room() -> None:
    class Full(MemoryStore):
        full = True

        async def record(self, verdicts: Sequence[Verdict], now: Moment) -> list[bool]:
            if self.full:
                raise StoreFull("no room")
            return await super().record(verdicts, now)

    async def life() -> tuple[int, dict[State, int]]:
        toy = ScriptedGateway(take)
        house = House(toy=toy)
        store = Full(remains=house.store.remains)
        metrics = DispatchMetrics(CollectorRegistry())
        lane = Lane("toy", house.settings, store, toy, house.clock, metrics.lane("toy"))
        house.dispatcher = Dispatcher({"toy": lane}, Sweep(house.store, house.clock, {}, 60))
        message = await house.accept([str(n) for n in range(10)])
        asyncio.get_running_loop().call_later(30, setattr, store, "full", False)
        await house.live(40)
        return len(toy.sends), await house.counts(message)

    assert run(life()) == (10, {State.DELIVERED: 10})


def test_a_gateway_that_breaks_leaves_an_unclear_attempt_and_the_lane_goes_on() -> None:
    async def script(claim: Claim) -> Outcome:
        if claim.attempt == 1:
            raise RuntimeError("a bug")
        return await take(claim)

    async def life() -> tuple[int, dict[State, int]]:
        toy = ScriptedGateway(script)
        house = House(toy=toy)
        message = await house.accept(["1"])
        await house.live(30)
        return len(toy.sends), await house.counts(message)

    assert run(life()) == (2, {State.DELIVERED: 1})
