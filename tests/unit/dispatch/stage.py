"""Decides what dispatching is tested on: a dispatcher on virtual time over the store in memory, and scripted gateways.

It has never heard of what any test expects.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry

from tests.virtual import EPOCH, VirtualClock
from vestnik.dispatch.lane import Lane
from vestnik.dispatch.loop import Dispatcher
from vestnik.dispatch.metrics import DispatchMetrics
from vestnik.dispatch.sweep import Sweep
from vestnik.dispatch.terms import LaneSettings
from vestnik.domain.delivery import Claim
from vestnik.domain.judge import Policy
from vestnik.domain.lifecycle import State
from vestnik.domain.message import Address, Order, Sender
from vestnik.domain.moment import Moment, seconds
from vestnik.domain.outcomes import Outcome, Taken, Unclear
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
        self.lanes = {
            name: Lane(name, self.settings, self.store, gateway, self.clock, metrics.lane(name))
            for name, gateway in gateways.items()
        }
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
        now = self.clock.now()
        await self.store.accept(order, now)
        self.dispatcher.expect(order, now)
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
