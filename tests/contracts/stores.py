"""Decides which stores sit the exam, how a test opens one, and what must be true of its counters when a test ends.

It has never heard of what the tests ask. Another store joins by one line in STORES.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final, Protocol
from unittest.mock import patch

import pytest

from tests import postgres
from vestnik.domain.delivery import Claim, Delivery, Ending, Verdict
from vestnik.domain.errors import StoreUnavailable
from vestnik.domain.lifecycle import Event, State
from vestnik.domain.message import Address, Message, Order, Sender
from vestnik.domain.moment import Moment
from vestnik.domain.outcomes import Receipt, ReceiptKind
from vestnik.domain.priority import Priority
from vestnik.domain.summary import message_status
from vestnik.ports import Store
from vestnik.store.memory import MemoryStore
from vestnik.store.postgres import PostgresStore
from vestnik.store.sqlite import SqliteStore


class Data(Protocol):
    """What a store leaves behind when it is closed: opening it again is its next life."""

    async def open(self, dedupe_window: Moment | None) -> Store: ...


class MemoryData:
    def __init__(self, folder: Path) -> None:
        self._remains = MemoryStore().remains

    async def open(self, dedupe_window: Moment | None) -> Store:
        return MemoryStore(dedupe_window, self._remains)


class SqliteData:
    def __init__(self, folder: Path) -> None:
        self._path = folder / "vestnik.db"

    async def open(self, dedupe_window: Moment | None) -> Store:
        return await SqliteStore.open(self._path, dedupe_window=dedupe_window)


class PostgresData:
    def __init__(self, folder: Path) -> None:
        self._url = postgres.url()
        postgres.wipe()

    async def open(self, dedupe_window: Moment | None) -> Store:
        return await PostgresStore.open(self._url, dedupe_window=dedupe_window)


STORES: Final[dict[str, Callable[[Path], Data]]] = {
    "memory": MemoryData,
    "sqlite": SqliteData,
    "postgres": PostgresData,
}


class Desk:
    """Where a test sits: the store under examination, and the way to its next life."""

    def __init__(self, data: Data, store: Store) -> None:
        self._data = data
        self.store = store

    async def reopen(self, dedupe_window: Moment | None = None) -> Store:
        await self.store.close()
        self.store = await self._data.open(dedupe_window)
        return self.store


def exam(question: Callable[[Desk], Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Puts the question to every store, and audits it afterwards."""

    @pytest.mark.parametrize("kind", STORES)
    def test(kind: str, tmp_path: Path) -> None:
        data = STORES[kind](tmp_path)

        async def sit() -> None:
            desk = Desk(data, await data.open(None))
            try:
                await question(desk)
                await audit(desk.store)
            finally:
                await desk.store.close()

        asyncio.run(sit())

    test.__name__ = test.__qualname__ = question.__name__
    test.__module__ = question.__module__
    return test


async def audit(store: Store) -> None:
    """The counters of every message equal its deliveries, and it is found under its status and under no other."""
    by_status: dict[State, list[str]] = {state: [] for state in State}
    for message in await store.messages(status=None, sender=None, limit=1_000, before=None):
        deliveries = await store.deliveries(message.id, state=None, limit=100_000)
        assert message.counts == Counter(delivery.state for delivery in deliveries)
        by_status[message_status(message.counts)].append(message.id)
    for status, ids in by_status.items():
        found = await store.messages(status=status, sender=None, limit=1_000, before=None)
        assert [message.id for message in found] == ids


@contextmanager
def unheard(store: Store) -> Iterator[None]:
    """Writes are made, and whoever asked for them is told that the store cannot be used."""

    def deaf(write: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def asked(*args: Any, **options: Any) -> None:
            await write(*args, **options)
            raise StoreUnavailable("the connection broke at a commit")

        return asked

    inside: dict[type[Any], tuple[str, str]] = {SqliteStore: ("_rows", "write"), PostgresStore: ("_line", "write")}
    with ExitStack() as patches:
        if isinstance(store, MemoryStore):
            for name in ("_begin", "_finish", "accept", "give_back"):
                patches.enter_context(patch.object(store, name, deaf(getattr(store, name))))
        else:
            where, name = inside[type(store)]
            owner = getattr(store, where)
            patches.enter_context(patch.object(owner, name, deaf(getattr(owner, name))))
        yield


def order(
    number: int,
    *recipients: str,
    text: str | None = None,
    messengers: tuple[str, ...] = ("telegram",),
    content_key: str | None = "its own",
    priority: Priority = Priority.NORMAL,
    max_attempts: int = 5,
    sender: Sender = Sender("acme", "Acme"),  # noqa: B008 - it is frozen
    send_at: Moment | None = None,
    expires_at: Moment | None = None,
    request_key: str | None = None,
) -> Order:
    """Message `M0007` for number 7, to `ann` if to nobody else; its content is its own unless it has a key."""
    return Order(
        f"M{number:04}",
        sender,
        f"text {number}" if text is None else text,
        [Address(messenger, recipient, None) for recipient in recipients or ("ann",) for messenger in messengers],
        priority,
        max_attempts,
        f"content {number}" if content_key == "its own" else content_key,
        send_at,
        expires_at,
        request_key,
    )


async def claim(
    store: Store, now: Moment, messenger: str = "telegram", *, limit: int = 100, suspects: bool = False
) -> list[Claim]:
    """What is due, leased for 60."""
    claimed = await store.claim(messenger, suspects=suspects, limit=limit, lease_until=now + 60, now=now)
    return claimed.claims


async def claim_one(store: Store, now: Moment, messenger: str = "telegram") -> Claim:
    (only,) = await claim(store, now, messenger)
    return only


def taken(claimed: Claim, external_id: str | None = None, *, for_good: bool = False) -> Verdict:
    """The messenger took it and calls it by the delivery's id with an x before it, or as given."""
    return Verdict(
        claimed.delivery_id,
        claimed.attempt,
        Event.TAKE_FOR_GOOD if for_good else Event.TAKE,
        Ending.TAKEN,
        claimed.claimed_at,
        external_id=external_id or f"x{claimed.delivery_id}",
        doubt=claimed.doubt,
    )


def failed(claimed: Claim) -> Verdict:
    return Verdict(
        claimed.delivery_id,
        claimed.attempt,
        Event.FAIL,
        Ending.REFUSED,
        claimed.claimed_at,
        code="403",
        detail="blocked",
        doubt=claimed.doubt,
    )


def put_off(claimed: Claim, due_at: Moment, *, doubt: bool = False, suspect: bool = False) -> Verdict:
    return Verdict(
        claimed.delivery_id,
        claimed.attempt,
        Event.PUT_OFF,
        Ending.UNCLEAR if doubt else Ending.PUT_OFF,
        claimed.claimed_at,
        due_at=due_at,
        code="timeout" if doubt else "500",
        detail="try later",
        doubt=doubt or claimed.doubt,
        suspect=suspect,
    )


def doubted(claimed: Claim) -> Verdict:
    return Verdict(
        claimed.delivery_id,
        claimed.attempt,
        Event.DOUBT,
        Ending.UNCLEAR,
        claimed.claimed_at,
        code="timeout",
        detail="no answer",
        doubt=True,
    )


def report(
    kind: ReceiptKind,
    external_id: str,
    at: Moment,
    messenger: str = "telegram",
    *,
    reference: str | None = None,
    recipient: str | None = None,
) -> Receipt:
    bad = kind is ReceiptKind.FAILED
    return Receipt(
        messenger,
        kind,
        external_id,
        at,
        reference,
        recipient,
        "131026" if bad else None,
        "undeliverable" if bad else None,
    )


async def delivery(store: Store, delivery_id: str) -> Delivery:
    found = await store.delivery(delivery_id)
    assert found is not None
    return found


async def message(store: Store, message_id: str) -> Message:
    found = await store.message(message_id)
    assert found is not None
    return found


async def state(store: Store, delivery_id: str) -> State:
    return (await delivery(store, delivery_id)).state
