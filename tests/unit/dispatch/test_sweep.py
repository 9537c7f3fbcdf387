"""What nobody attends to any more is taken up: leases that ran out, and attempts that a dead process left behind."""

import asyncio
from collections import Counter
from collections.abc import Sequence

from tests.unit.dispatch.stage import NOTHING_LOST, House, ScriptedGateway, hang, take
from tests.virtual import run
from vestnik.dispatch.loop import Dispatcher
from vestnik.dispatch.sweep import Sweep
from vestnik.dispatch.terms import LaneSettings
from vestnik.domain.delivery import Claim, Verdict
from vestnik.domain.errors import StoreFull
from vestnik.domain.lifecycle import State
from vestnik.domain.moment import SECOND, Moment
from vestnik.domain.outcomes import Outcome
from vestnik.store.memory import MemoryStore


def test_an_attempt_that_outlasted_its_lease_is_followed_by_another_in_a_lane_that_has_nothing_else_to_do() -> None:
    async def script(claim: Claim) -> Outcome:
        return await (hang if claim.attempt == 1 else take)(claim)

    async def life() -> tuple[int, dict[State, int]]:
        toy = ScriptedGateway(script)
        house = House(LaneSettings(NOTHING_LOST, lease=2), toy=toy)
        message = await house.accept(["1"])
        await house.live(8)
        return len(toy.sends), await house.counts(message)

    assert run(life()) == (2, {State.DELIVERED: 1})


def test_a_start_while_the_store_is_full_waits_for_room_and_goes_on() -> None:
    class Full(MemoryStore):
        full = True

        async def record(self, verdicts: Sequence[Verdict], now: Moment) -> list[bool]:
            if self.full:
                raise StoreFull("no room")
            return await super().record(verdicts, now)

    async def life() -> dict[State, int]:
        house = House(toy=ScriptedGateway(take))
        message = await house.accept(["1"])
        now = house.clock.now()
        await house.store.claim("toy", suspects=False, limit=1, lease_until=now + 60 * SECOND, now=now)
        store = Full(remains=house.store.remains)
        house.dispatcher = Dispatcher(house.lanes, Sweep(store, house.clock, {"toy": NOTHING_LOST}, 60))
        asyncio.get_running_loop().call_later(20, setattr, store, "full", False)
        await house.live(40)
        return await house.counts(message)

    assert run(life()) == {State.DELIVERED: 1}


def test_a_finished_message_lets_go_of_its_text_when_its_retention_is_over_and_no_earlier() -> None:
    async def life() -> list[str]:
        house = House(toy=ScriptedGateway(take))
        house.dispatcher = Dispatcher(house.lanes, Sweep(house.store, house.clock, {"toy": NOTHING_LOST}, 60, 30))
        message = await house.accept(["1"])
        texts = []
        loop = asyncio.get_running_loop()

        async def look() -> None:
            found = await house.store.message(message)
            texts.append(found.text if found else "gone")

        for second in (29, 40):
            loop.call_later(second, lambda: loop.create_task(look()))
        await house.live(50)
        return texts

    before, after = run(life())
    assert before
    assert after == ""


def test_leases_of_others_are_looked_at_four_times_in_each_and_what_expires_unheard_of_once() -> None:
    class Counted(MemoryStore):
        shared = True

        def __init__(self) -> None:
            super().__init__()
            self.looks: Counter[str] = Counter()

        async def orphans(self, limit: int, now: Moment, *, everything: bool = False) -> list[Claim]:
            self.looks["leases"] += 1
            return await super().orphans(limit, now, everything=everything)

        async def expire(self, limit: int, now: Moment) -> tuple[int, Moment | None]:
            self.looks["expiry"] += 1
            return await super().expire(limit, now)

    async def life() -> Counter[str]:
        house, store = House(), Counted()
        sweep = Sweep(store, house.clock, {}, 20)
        asyncio.get_running_loop().call_later(99, sweep.stop)
        await sweep.run()
        return store.looks

    assert run(life()) == {"leases": 19, "expiry": 5}


def test_what_was_given_back_after_its_time_expires_within_a_lease_although_nobody_tells() -> None:
    async def life() -> dict[State, int]:
        house = House(LaneSettings(NOTHING_LOST, lease=20))
        message = await house.accept(["1"], expires_at=5)

        async def claim_and_give_back_late() -> None:
            await asyncio.sleep(1)
            now = house.clock.now()
            claimed = await house.store.claim("toy", suspects=False, limit=1, lease_until=now + 60 * SECOND, now=now)
            await asyncio.sleep(6)
            await house.store.give_back([claim.back(now, suspect=False) for claim in claimed.claims], now)

        async with asyncio.TaskGroup() as group:
            group.create_task(claim_and_give_back_late())
            await house.live(21)
        return await house.counts(message)

    assert run(life()) == {State.EXPIRED: 1}
