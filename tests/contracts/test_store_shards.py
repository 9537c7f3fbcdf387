"""Two stores that share the recipients between them do what one store does: a delivery needs nothing of another's.

What docs/scale.md says of sharding rests on this, and what is not so is said there too.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Final, TypeAlias
from zlib import crc32

from tests.contracts.stores import audit, failed, order, put_off, taken
from vestnik.domain.delivery import Claim
from vestnik.domain.lifecycle import State
from vestnik.domain.message import Order
from vestnik.domain.outcomes import Receipt, ReceiptKind
from vestnik.store.memory import MemoryStore

SHARDS: Final = 2
PEOPLE: Final = [f"person {number}" for number in range(12)]
MESSENGERS: Final = ("telegram", "viber")
Told: TypeAlias = tuple[str, str, str]
"""Message, messenger, recipient."""


def shard_of(recipient: str) -> int:
    """Whose a recipient is, the same for ever."""
    return crc32(recipient.encode()) % SHARDS


class Sharded:
    """Stores behind which whoever asks sees one."""

    def __init__(self, count: int) -> None:
        self.stores = [MemoryStore() for _ in range(count)]

    def of(self, recipient: str) -> MemoryStore:
        return self.stores[shard_of(recipient) % len(self.stores)]

    async def accept(self, whole: Order, now: int) -> list[tuple[str, str]]:
        """Each store gets its recipients; for whom it was a duplicate."""
        duplicates = []
        for store in self.stores:
            part = replace(whole, deliveries=[each for each in whole.deliveries if self.of(each.recipient) is store])
            if part.deliveries:
                accepted = await store.accept(part, now)
                duplicates += [
                    (part.deliveries[each.index].messenger, part.deliveries[each.index].recipient)
                    for each in accepted.duplicates
                ]
        return sorted(duplicates)

    async def claim(self, messenger: str, now: int, *, alone: bool) -> list[Claim]:
        found = [
            await store.claim(messenger, suspects=False, limit=100, lease_until=now + 10, now=now, alone=alone)
            for store in self.stores
        ]
        return sorted(
            (each for claimed in found for each in claimed.claims), key=lambda each: (each.message_id, each.recipient)
        )

    async def counts(self, message_id: str) -> Counter[State]:
        """The counters of a message are added up."""
        total: Counter[State] = Counter()
        for store in self.stores:
            found = await store.message(message_id)
            total.update({} if found is None else found.counts)
        return total


def told(claims: Sequence[Claim]) -> list[Told]:
    return [(claim.message_id, claim.messenger, claim.recipient) for claim in claims]


def test_two_stores_that_share_the_recipients_accept_send_and_count_as_one() -> None:
    async def run(seed: int) -> None:
        luck, one, two = Random(seed), Sharded(1), Sharded(SHARDS)
        for number in range(1, 40):
            now = number * 100
            whole = order(
                number, *luck.sample(PEOPLE, 4), messengers=MESSENGERS, content_key=luck.choice(["k1", "k2", None])
            )
            assert await one.accept(whole, now) == await two.accept(whole, now)
            messenger, alone = luck.choice(MESSENGERS), luck.random() < 0.5
            pairs = [await each.claim(messenger, now + 1, alone=alone) for each in (one, two)]
            assert told(pairs[0]) == told(pairs[1])
            for claims in zip(*pairs, strict=True):
                chosen = luck.random()
                for sharded, claim in zip((one, two), claims, strict=True):
                    name = f"{claim.message_id} {claim.recipient}"
                    verdict = (
                        taken(claim, name)
                        if chosen < 0.5
                        else failed(claim)
                        if chosen < 0.7
                        else put_off(claim, now + 50)
                    )
                    assert await sharded.of(claim.recipient).record([verdict], now + 2) == [True]
                    receipt = Receipt(messenger, ReceiptKind.DELIVERED, name, now + 3, recipient=claim.recipient)
                    await sharded.of(claim.recipient).apply([receipt], now + 3)
            for seen in range(1, number + 1):
                assert await one.counts(f"M{seen:04}") == await two.counts(f"M{seen:04}")
        for store in (*one.stores, *two.stores):
            await audit(store)
        assert all([await store.messages(status=None, sender=None, limit=1, before=None) for store in two.stores])

    for seed in range(5):
        asyncio.run(run(seed))
