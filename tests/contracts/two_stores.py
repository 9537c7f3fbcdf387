"""Decides how the store in memory and another live one random life side by side, and that all answers are compared.

It has never heard of what may happen in that life beyond orders, time and death.
"""

import asyncio
import tempfile
from collections.abc import Awaitable
from itertools import count
from pathlib import Path
from typing import Any, ClassVar, Final, TypeAlias

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.contracts.stores import STORES, audit
from vestnik.domain.errors import VestnikError
from vestnik.domain.message import Address, Order, Sender
from vestnik.domain.moment import SECOND
from vestnik.domain.priority import Priority
from vestnik.ports import Store
from vestnik.store.memory import MemoryStore
from vestnik.store.sqlite import SqliteStore

Call: TypeAlias = tuple[tuple[Any, ...], dict[str, Any]]

MESSENGERS: Final = ("telegram", "viber")
PEOPLE: Final = ("ann", "bob", "cid")

messengers = st.sampled_from(MESSENGERS)
people = st.sampled_from(PEOPLE)
names = st.sampled_from(["one", "two", "three"])
numbers = st.integers(0, 1_000)
"""Chooses one of what is there."""
later = st.sampled_from([None, None, None, None, None, 0, 5, 30])
"""So many seconds from now."""
orders = st.fixed_dictionaries(
    {
        "sender": st.builds(Sender, people, st.sampled_from(["", "Somebody"])),
        "deliveries": st.lists(st.builds(Address, messengers, people, st.none()), min_size=1, max_size=4),
        "priority": st.sampled_from(Priority),
        "max_attempts": st.integers(1, 3),
        "content_key": st.sampled_from([None, "k1", "k2", "k3"]),
        "send_at": later,
        "expires_at": later,
        "request_key": st.none() | names,
    }
)


class TwoStores(RuleBasedStateMachine):
    """A store in memory and one of another kind; what is asked of one is asked of the other."""

    kind: ClassVar = "sqlite"

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.now = 1_000 * SECOND
        self.ids = count()
        self.messages: list[str] = []
        self.deliveries: list[str] = []
        self.stores: list[Store] = []

    @initialize(window=st.sampled_from([None, None, 0, 10]))
    def open(self, window: int | None) -> None:
        self.window = None if window is None else window * SECOND
        self.data = STORES[self.kind](Path(self.folder.name))
        self.stores = [MemoryStore(self.window), self._open_other()]

    def _open_other(self) -> Store:
        store = self.runner.run(self.data.open(self.window))
        if isinstance(store, SqliteStore):
            store._rows._writing.execute("PRAGMA synchronous = OFF")  # A life is short and nobody pulls its plug.
        return store

    def teardown(self) -> None:
        for store in self.stores:
            self.runner.run(audit(store))
            self.runner.run(store.close())
        self.runner.close()
        self.folder.cleanup()

    def both(self, method: str, *arguments: Any, **options: Any) -> Any:
        """The answer that both give."""
        return self.at_once(method, (arguments, options))[0]

    def at_once(self, method: str, *calls: Call) -> list[Any]:
        """The answers that both give to calls that come at the same time."""
        expected, got = (
            self.runner.run(_answers([getattr(store, method)(*args, **options) for args, options in calls]))
            for store in self.stores
        )
        assert got == expected
        return expected

    @rule(given=st.lists(orders, min_size=1, max_size=3))
    def accept(self, given: list[dict[str, Any]]) -> None:
        calls: list[Call] = []
        for each in given:
            times = {
                name: None if each[name] is None else self.now + each[name] * SECOND
                for name in ("send_at", "expires_at")
            }
            order = Order(id=f"M{next(self.ids):04}", text="text", **{**each, **times})
            calls.append(((order, self.now), {}))
            self.messages.append(order.id)
            self.deliveries += [f"{order.id}-{n}" for n in range(len(order.deliveries))]
        self.at_once("accept", *calls)

    @rule(seconds=st.integers(1, 20))
    def pass_time(self, seconds: int) -> None:
        self.now += seconds * SECOND

    @rule()
    def pass_half_a_day(self) -> None:
        self.now += 12 * 3_600 * SECOND
        self.both("forget", self.now)

    @rule()
    def begin_a_new_life(self) -> None:
        memory, other = self.stores
        assert isinstance(memory, MemoryStore)
        self.runner.run(other.close())
        self.stores = [MemoryStore(self.window, memory.remains), self._open_other()]

    @invariant()
    def everything_is_the_same(self) -> None:
        if self.stores:
            expected, got = (self.runner.run(self._all_of(store)) for store in self.stores)
            assert got == expected

    async def _all_of(self, store: Store) -> list[Any]:
        """What can be asked of the latest messages."""
        return [
            await store.messages(status=None, sender=None, limit=100, before=None),
            *[await store.deliveries(message_id, state=None, limit=100) for message_id in self.messages[-4:]],
            *[await store.progress(message_id) for message_id in self.messages[-2:]],
            *[await store.history(delivery_id) for delivery_id in self.deliveries[-3:]],
        ]

    def pick(self, ids: list[str], number: int) -> str:
        """One of the ids, the latest first, or now and then one that nothing has."""
        return ids[-1 - number % len(ids)] if ids and number % 20 else "nothing"


async def _answer(asking: Awaitable[Any]) -> Any:
    """The answer, or the error that stands for it."""
    try:
        return await asking
    except VestnikError as refusal:
        return type(refusal), str(refusal)


async def _answers(asking: list[Awaitable[Any]]) -> list[Any]:
    return list(await asyncio.gather(*(_answer(each) for each in asking)))


def lives(number: int) -> settings:
    """So many lives, each of at most 40 events."""
    return settings(max_examples=number, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck))
