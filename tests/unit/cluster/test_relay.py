"""What the relay tells workers: everything due, urgent first, at the pace, and again what the broker lost."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from prometheus_client import CollectorRegistry

from tests import virtual
from tests.contracts.stores import order
from tests.virtual import EPOCH, VirtualClock
from vestnik.cluster.metrics import RelayMetrics
from vestnik.cluster.relay import Courier, NotPublished, RelaySettings
from vestnik.dispatch.pace import Pace
from vestnik.domain.priority import Priority
from vestnik.store.memory import MemoryStore

SETTINGS: Final = RelaySettings(task_size=10, ahead=50, repeat_after=5.0)


@dataclass
class Broker:
    """A publisher that remembers tasks; `down` refuses them, `queued` is the depth that it tells."""

    tasks: list[list[str]] = field(default_factory=list)
    down: bool = False
    queued: int = 0

    async def publish(self, messenger: str, ids: Sequence[str], *, suspects: bool) -> None:
        if self.down:
            raise NotPublished("no")
        self.tasks.append(list(ids))

    async def depth(self, messenger: str, *, suspects: bool) -> int:
        return self.queued

    async def close(self) -> None: ...

    def ids(self) -> list[str]:
        return [name for task in self.tasks for name in task]


@dataclass
class Stage:
    store: MemoryStore
    broker: Broker
    clock: VirtualClock
    courier: Courier

    async def take(self, *names: str) -> None:
        now = self.clock.now()
        assert len(await self.store.claim_these("telegram", names, lease_until=now + 1, now=now)) == len(names)


def staged(
    play: Callable[[Stage], Coroutine[Any, Any, None]],
    *,
    settings: RelaySettings = SETTINGS,
    pace: Callable[[], Pace] = Pace,
) -> None:
    async def run() -> None:
        store, broker, clock = MemoryStore(), Broker(), VirtualClock()
        metrics = RelayMetrics(CollectorRegistry())
        courier = Courier("telegram", settings, pace(), store, broker, clock, metrics, suspects=False)
        async with asyncio.TaskGroup() as group:
            running = group.create_task(courier.run())
            await play(Stage(store, broker, clock, courier))
            running.cancel()

    virtual.run(run())


def test_all_that_is_due_is_published_once_in_tasks_of_bounded_size_urgent_first() -> None:
    async def play(stage: Stage) -> None:
        await stage.store.accept(order(1, *(f"n{n}" for n in range(15))), EPOCH)
        await stage.store.accept(order(2, "urgent", priority=Priority.HIGH), EPOCH)
        await asyncio.sleep(3)
        assert stage.broker.ids() == ["M0002-0", *(f"M0001-{n}" for n in range(15))]
        assert [len(task) for task in stage.broker.tasks] == [10, 6]

    staged(play)


def test_no_more_is_out_than_may_be_until_workers_take_it() -> None:
    async def play(stage: Stage) -> None:
        await stage.store.accept(order(1, *(f"n{n}" for n in range(80))), EPOCH)
        await asyncio.sleep(2)
        assert len(stage.broker.ids()) == 50
        await stage.take(*stage.broker.ids()[:20])
        await asyncio.sleep(0.3)
        assert len(set(stage.broker.ids())) == len(stage.broker.ids()) == 70

    staged(play)


def test_what_the_broker_lost_is_published_again_and_what_it_still_holds_is_not() -> None:
    async def play(stage: Stage) -> None:
        await stage.store.accept(order(1, "ann", "bob"), EPOCH)
        await asyncio.sleep(1)
        stage.broker.queued = 1
        await asyncio.sleep(10)
        assert len(stage.broker.tasks) == 1
        await stage.take("M0001-0")
        stage.broker.queued = 0
        await asyncio.sleep(0.2)
        assert stage.broker.tasks == [["M0001-0", "M0001-1"], ["M0001-1"]]

    staged(play)


def test_a_queue_that_is_never_empty_hides_no_loss_for_ever_and_does_not_grow_for_ever() -> None:
    async def play(stage: Stage) -> None:
        await stage.store.accept(order(1, "ann"), EPOCH)
        await asyncio.sleep(1)
        stage.broker.queued = 3
        await asyncio.sleep(32)
        assert stage.broker.tasks == [["M0001-0"], ["M0001-0"]]
        stage.broker.queued = 11
        await asyncio.sleep(100)
        assert len(stage.broker.tasks) == 2

    staged(play)


def test_what_the_broker_did_not_confirm_is_published_as_soon_as_it_does() -> None:
    async def play(stage: Stage) -> None:
        stage.broker.down = True
        await stage.store.accept(order(1), EPOCH)
        await asyncio.sleep(3)
        stage.broker.down = False
        await asyncio.sleep(1)
        assert stage.broker.tasks == [["M0001-0"]]

    staged(play)


def test_the_pace_holds_for_all_workers_together() -> None:
    async def play(stage: Stage) -> None:
        await stage.store.accept(order(1, *(f"n{n}" for n in range(40))), EPOCH)
        await asyncio.sleep(2)
        assert 19 <= len(stage.broker.ids()) <= 22

    staged(play, pace=lambda: Pace(per_second=10))


def test_a_recipient_is_given_time_between_two_messages() -> None:
    async def play(stage: Stage) -> None:
        for number in (1, 2):
            await stage.store.accept(order(number, "ann"), EPOCH)
        await asyncio.sleep(0.9)
        assert stage.broker.ids() == ["M0001-0"]
        await asyncio.sleep(1.2)
        assert stage.broker.ids() == ["M0001-0", "M0002-0"]

    staged(play, pace=lambda: Pace(gap=1.0))


def test_where_one_at_a_time_may_be_under_way_the_next_one_waits_for_its_record() -> None:
    async def play(stage: Stage) -> None:
        for number in (1, 2):
            await stage.store.accept(order(number, "ann"), EPOCH)
        await asyncio.sleep(1)
        assert stage.broker.ids() == ["M0001-0"]
        await stage.take("M0001-0")
        await asyncio.sleep(1)
        assert stage.broker.ids() == ["M0001-0"]
        await stage.store.cancel("M0002", stage.clock.now())

    staged(play, settings=replace(SETTINGS, alone=True))
