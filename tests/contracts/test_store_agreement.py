"""The stores live the same random life, and every answer of one is compared with the other's."""

import asyncio
import tempfile
from collections.abc import Awaitable
from itertools import count
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.contracts.stores import audit
from vestnik.domain.account import Account, Key
from vestnik.domain.delivery import Claim, Ending, Return, Verdict
from vestnik.domain.errors import VestnikError
from vestnik.domain.lifecycle import Event, State
from vestnik.domain.message import Address, Order, Sender
from vestnik.domain.outcomes import Receipt, ReceiptKind
from vestnik.domain.priority import Priority
from vestnik.domain.summary import message_status
from vestnik.ports import Store
from vestnik.store.memory import MemoryStore
from vestnik.store.sqlite import SqliteStore

MESSENGERS = ("telegram", "viber")
PEOPLE = ("ann", "bob", "cid")
HOUR = 3_600_000_000

messengers = st.sampled_from(MESSENGERS)
people = st.sampled_from(PEOPLE)
moments = st.none() | st.integers(0, 40)
"""Later than now by so many seconds."""
addresses = st.lists(st.builds(Address, messengers, people, st.none() | people), min_size=1, max_size=5)
external_ids = st.sampled_from([f"x{n}" for n in range(6)])
names = st.sampled_from(["one", "two", "three"])
endings = st.sampled_from(
    [
        (Event.TAKE, Ending.TAKEN),
        (Event.TAKE, Ending.TAKEN),
        (Event.TAKE_FOR_GOOD, Ending.TAKEN),
        (Event.PUT_OFF, Ending.PUT_OFF),
        (Event.PUT_OFF, Ending.UNCLEAR),
        (Event.PUT_OFF, Ending.UNCLEAR),
        (Event.FAIL, Ending.REFUSED),
        (Event.DOUBT, Ending.UNCLEAR),
    ]
)
orders = st.fixed_dictionaries(
    {
        "sender": st.builds(Sender, people, st.sampled_from(["", "Somebody"])),
        "deliveries": addresses,
        "priority": st.sampled_from(Priority),
        "max_attempts": st.integers(1, 3),
        "content_key": st.none() | st.sampled_from(["k1", "k2", "k3"]),
        "send_at": moments,
        "expires_at": moments,
        "request_key": st.none() | names,
    }
)
numbers = st.integers(0, 1_000)
"""Chooses one of what is there."""


class Lives(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.now = 1_000_000_000
        self.ids = count()
        self.claims: list[Claim] = []
        self.messages: list[str] = []
        self.deliveries: list[str] = []
        self.stores: list[Store] = []

    @initialize(window=st.none() | st.integers(0, 20))
    def open(self, window: int | None) -> None:
        self.window = None if window is None else window * 1_000_000
        self.stores = [MemoryStore(self.window), self._sqlite()]

    def _sqlite(self) -> SqliteStore:
        opening = SqliteStore.open(Path(self.folder.name) / "vestnik.db", dedupe_window=self.window)
        store = self.runner.run(opening)
        store._rows._writing.execute("PRAGMA synchronous = OFF")  # A life is short; nobody pulls its plug.
        return store

    def teardown(self) -> None:
        for store in self.stores:
            self.runner.run(audit(store))
            self.runner.run(store.close())
        self.runner.close()
        self.folder.cleanup()

    def both(self, method: str, *arguments: Any, **options: Any) -> Any:
        """The answer that both give."""
        expected, got = (
            self.runner.run(_answer(getattr(store, method)(*arguments, **options))) for store in self.stores
        )
        assert got == expected
        return expected

    def at_once(self, method: str, *calls: tuple[tuple[Any, ...], dict[str, Any]]) -> list[Any]:
        """The answers that both give to calls that come at the same time."""
        expected, got = (
            self.runner.run(_answers([getattr(store, method)(*args, **options) for args, options in calls]))
            for store in self.stores
        )
        assert got == expected
        return expected

    @rule(given=st.lists(orders, min_size=1, max_size=3))
    def accept(self, given: list[dict[str, Any]]) -> None:
        calls: list[tuple[tuple[Any, ...], dict[str, Any]]] = []
        for each in given:
            later = {
                name: None if each[name] is None else self.now + each[name] * 1_000_000
                for name in ("send_at", "expires_at")
            }
            order = Order(id=f"M{next(self.ids):04}", text="text", **{**each, **later})
            calls.append(((order, self.now), {}))
            self.messages.append(order.id)
            self.deliveries += [f"{order.id}-{n}" for n in range(len(order.deliveries))]
        self.at_once("accept", *calls)

    @rule(limit=st.integers(0, 4), lease=st.integers(1, 20))
    def claim(self, limit: int, lease: int) -> None:
        options = {"limit": limit, "lease_until": self.now + lease * 1_000_000, "now": self.now}
        lanes = [(messenger, suspects) for messenger in MESSENGERS for suspects in (False, True)]
        calls = [((messenger,), {"suspects": suspects, **options}) for messenger, suspects in [*lanes, lanes[0]]]
        for claimed in self.at_once("claim", *calls):
            self.claims += claimed.claims

    @precondition(lambda self: self.claims)
    @rule(
        which=st.lists(st.tuples(numbers, endings), min_size=1, max_size=4),
        external_id=external_ids,
        wait=st.integers(0, 5),
        suspect=st.booleans(),
    )
    def record(self, which: list[tuple[int, tuple[Event, Ending]]], external_id: str, wait: int, suspect: bool) -> None:
        verdicts = []
        for number, (event, ending) in which:
            claim = self.claims[-1 - number % len(self.claims)]
            took = ending is Ending.TAKEN
            verdicts.append(
                Verdict(
                    claim.delivery_id,
                    claim.attempt,
                    event,
                    ending,
                    claim.claimed_at,
                    due_at=self.now + wait * 1_000_000 if event is Event.PUT_OFF else None,
                    external_id=external_id if took else None,
                    code=None if took else "500",
                    detail=None if took else "why",
                    doubt=claim.doubt or ending is Ending.UNCLEAR,
                    suspect=suspect,
                )
            )
        self.both("record", verdicts, self.now)

    @precondition(lambda self: self.claims)
    @rule(number=numbers, wait=st.integers(0, 5), suspect=st.booleans())
    def give_back(self, number: int, wait: int, suspect: bool) -> None:
        claim = self.claims[-1 - number % len(self.claims)]
        back = Return(claim.delivery_id, claim.attempt, self.now + wait * 1_000_000, suspect)
        self.both("give_back", [back], self.now)

    @rule(
        given=st.lists(
            st.tuples(messengers, st.sampled_from(ReceiptKind), external_ids, st.none() | numbers, st.none() | people),
            min_size=1,
            max_size=4,
        ),
        age=st.integers(0, 5),
    )
    def apply(self, given: list[tuple[str, ReceiptKind, str, int | None, str | None]], age: int) -> None:
        receipts = [
            Receipt(
                messenger,
                kind,
                external_id,
                self.now - age * 1_000_000,
                None if number is None else self._pick(self.deliveries, number),
                recipient,
                "code",
                "detail",
            )
            for messenger, kind, external_id, number, recipient in given
        ]
        self.both("apply", receipts, self.now)

    @rule(limit=st.integers(0, 3), everything=st.booleans())
    def look_for_orphans(self, limit: int, everything: bool) -> None:
        self.both("orphans", limit, self.now, everything=everything)

    @rule(limit=st.integers(0, 3))
    def expire(self, limit: int) -> None:
        self.both("expire", limit, self.now)

    @rule()
    def forget(self) -> None:
        self.both("forget", self.now)

    @rule(seconds=st.integers(0, 20))
    def pass_time(self, seconds: int) -> None:
        self.now += seconds * 1_000_000

    @rule()
    def pass_half_a_day(self) -> None:
        self.now += 12 * HOUR

    @rule(number=numbers)
    def cancel(self, number: int) -> None:
        self.both("cancel", self._pick(self.messages, number), self.now)

    @rule(number=numbers, wait=st.integers(0, 20))
    def reschedule(self, number: int, wait: int) -> None:
        self.both("reschedule", self._pick(self.messages, number), self.now + wait * 1_000_000, self.now)

    @rule(number=numbers)
    def retry(self, number: int) -> None:
        self.both("retry", self._pick(self.deliveries, number), self.now)

    @rule(number=numbers, event=st.sampled_from([Event.RESOLVE_DELIVERED, Event.RESOLVE_FAILED]))
    def resolve(self, number: int, event: Event) -> None:
        self.both("resolve", self._pick(self.deliveries, number), event, self.now)

    @rule(key=names, fingerprint=st.sampled_from(["print", "other"]))
    def begin_request(self, key: str, fingerprint: str) -> None:
        self.both("begin_request", key, fingerprint, self.now)

    @rule(key=names, status=st.sampled_from([202, 422, 503]), body=st.binary(max_size=5))
    def finish_request(self, key: str, status: int, body: bytes) -> None:
        self.both("finish_request", key, status, body, None)

    @rule(account_id=people, name=names, identifiers=st.dictionaries(messengers, names))
    def put_account(self, account_id: str, name: str, identifiers: dict[str, str]) -> None:
        self.both("put_account", Account(account_id, name, identifiers))

    @rule(account_id=people)
    def delete_account(self, account_id: str) -> None:
        self.both("delete_account", account_id)

    @rule(name=names, add=st.booleans())
    def change_keys(self, name: str, add: bool) -> None:
        if add:
            self.both("add_key", Key(name, f"digest {self.now}", (name,), self.now))
        else:
            self.both("revoke_key", name, self.now)

    @rule()
    def begin_a_new_life(self) -> None:
        memory, sqlite = self.stores
        assert isinstance(memory, MemoryStore)
        self.runner.run(sqlite.close())
        self.stores = [MemoryStore(self.window, memory.remains), self._sqlite()]

    @rule(status=st.none() | st.sampled_from(State), sender=st.none() | people, limit=st.integers(0, 5), before=numbers)
    def list_messages(self, status: State | None, sender: str | None, limit: int, before: int) -> None:
        found = self.both(
            "messages", status=status, sender=sender, limit=limit, before=self._pick(self.messages, before)
        )
        assert all(status in (None, message_status(message.counts)) for message in found)

    @rule()
    def look_at_people(self) -> None:
        self.both("accounts", list(PEOPLE))
        self.both("list_accounts", limit=2, after="ann")
        self.both("keys")

    @invariant()
    def everything_is_the_same(self) -> None:
        if not self.stores:
            return
        expected, got = (self.runner.run(self._all_of(store)) for store in self.stores)
        assert got == expected

    async def _all_of(self, store: Store) -> list[Any]:
        """What can be asked of the latest messages."""
        return [
            await store.messages(status=None, sender=None, limit=100, before=None),
            *[await store.deliveries(message_id, state=None, limit=100) for message_id in self.messages[-4:]],
            *[await store.history(delivery_id) for delivery_id in self.deliveries[-2:]],
        ]

    def _pick(self, ids: list[str], number: int) -> str:
        """One of the ids, the latest first, or one that nothing has."""
        return ids[-1 - number % len(ids)] if ids and number % 10 else "nothing"


async def _answer(asking: Awaitable[Any]) -> Any:
    """The answer, or the error that stands for it."""
    try:
        return await asking
    except VestnikError as refusal:
        return type(refusal), str(refusal)


async def _answers(asking: list[Awaitable[Any]]) -> list[Any]:
    return list(await asyncio.gather(*(_answer(each) for each in asking)))


# A life that goes wrong is cut down to its essence, which takes minutes.
TestLives = pytest.mark.timeout(900)(Lives.TestCase)
TestLives.settings = settings(
    max_examples=30, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
