"""A dispatcher on virtual time, over the store in memory and a messenger that behaves as a script says."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import pytest
from prometheus_client import CollectorRegistry

from tests.virtual import EPOCH, VirtualClock, run
from vestnik.dispatch.lane import Lane, LaneSettings
from vestnik.dispatch.loop import Dispatcher
from vestnik.dispatch.metrics import DispatchMetrics
from vestnik.dispatch.sweep import Sweep
from vestnik.domain.delivery import Claim, Verdict
from vestnik.domain.errors import StoreFull
from vestnik.domain.judge import OnUnclear, Policy
from vestnik.domain.lifecycle import State
from vestnik.domain.message import Address, Order, Sender
from vestnik.domain.moment import SECOND, Moment, seconds
from vestnik.domain.outcomes import Outcome, PutOff, Refused, Taken, Unclear
from vestnik.domain.priority import Priority
from vestnik.domain.retry import RetrySchedule
from vestnik.ports import Inbound, Request, Response, Traits
from vestnik.store.memory import MemoryStore

Script = Callable[[Claim], Awaitable[Outcome]]
NOTHING_LOST = Policy(RetrySchedule(base=2, cap=300), honours_key=True)


@dataclass
class ScriptedGateway:
    """A gateway that does what the script says and writes down when it was asked."""

    script: Script
    traits: Traits = field(default_factory=Traits)
    sends: list[tuple[float, Claim]] = field(default_factory=list)

    async def open(self) -> None:
        """Nothing to open."""

    async def send(self, claim: Claim) -> Outcome:
        self.sends.append((asyncio.get_running_loop().time(), claim))
        return await self.script(claim)

    def receive(self, request: Request, now: Moment) -> Inbound:
        return Inbound(Response(404))

    def times(self) -> list[float]:
        return [when for when, _ in self.sends]


async def take(claim: Claim) -> Outcome:
    return Taken(f"x-{claim.delivery_id}", for_good=True)


async def take_in_a_moment(claim: Claim) -> Outcome:
    await asyncio.sleep(0.01)
    return await take(claim)


async def hang(_claim: Claim) -> Outcome:
    await asyncio.sleep(10)
    return Unclear("timeout", "no answer in time")


class House:
    """A store and a dispatcher with one lane for each scripted gateway."""

    def __init__(self, settings: LaneSettings | None = None, **gateways: ScriptedGateway) -> None:
        self.clock = VirtualClock()
        self.store = MemoryStore()
        self.settings = settings or LaneSettings(NOTHING_LOST)
        metrics = DispatchMetrics(CollectorRegistry())
        self.lanes = [
            Lane(name, self.settings, self.store, gateway, self.clock, metrics.lane(name))
            for name, gateway in gateways.items()
        ]
        policies = dict.fromkeys(gateways, self.settings.policy)
        self.dispatcher = Dispatcher(self.lanes, Sweep(self.store, self.clock, policies, self.settings.lease))

    async def accept(
        self,
        recipients: Sequence[str],
        *,
        on: str = "toy",
        send_at: float | None = None,
        expires_at: float | None = None,
        priority: Priority = Priority.NORMAL,
        max_attempts: int = 5,
    ) -> str:
        order = Order(
            self.clock.new_id(),
            Sender("acme", "Acme"),
            "text",
            [Address(on, recipient, None) for recipient in recipients],
            priority,
            max_attempts,
            None,
            None if send_at is None else EPOCH + seconds(send_at),
            None if expires_at is None else EPOCH + seconds(expires_at),
        )
        await self.store.accept(order, self.clock.now())
        self.dispatcher.wake()
        return order.id

    async def live(self, for_seconds: float) -> None:
        """Runs the dispatcher for so long and stops it."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.dispatcher.run())
            await asyncio.sleep(for_seconds)
            self.dispatcher.stop()

    async def counts(self, message_id: str) -> dict[State, int]:
        message = await self.store.message(message_id)
        assert message is not None
        return {state: count for state, count in message.counts.items() if count}


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
        house.dispatcher = Dispatcher([lane], Sweep(house.store, house.clock, {"toy": NOTHING_LOST}, 60))
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
        house.dispatcher = Dispatcher([lane], Sweep(house.store, house.clock, {}, 60))
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


def test_what_is_not_sent_before_its_end_expires() -> None:
    async def down(_claim: Claim) -> Outcome:
        return PutOff("down", "later")

    async def life() -> dict[State, int]:
        house = House(toy=ScriptedGateway(down))
        message = await house.accept(["1"], expires_at=20, max_attempts=100)
        await house.live(100)
        return await house.counts(message)

    assert run(life()) == {State.EXPIRED: 1}
