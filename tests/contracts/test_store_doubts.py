"""What a store makes of reports about deliveries that are in doubt."""

import asyncio

from tests.contracts.stores import (
    Desk,
    claim,
    doubted,
    exam,
    message,
    order,
    report,
    state,
    taken,
)
from vestnik.domain.delivery import delivery_id
from vestnik.domain.lifecycle import State
from vestnik.domain.outcomes import ReceiptKind
from vestnik.ports import Store

SENT, DELIVERED, READ, FAILED = ReceiptKind


async def send(store: Store, number: int, *recipients: str) -> None:
    """The messenger takes `M0007-0` and calls it `xM0007-0`."""
    await store.accept(order(number, *recipients), 100)
    assert all(await store.record([taken(each) for each in await claim(store, 100)], 110))


@exam
async def test_records_and_reports_that_come_at_once_all_count(desk: Desk) -> None:
    store = desk.store
    await store.accept(order(1, *(f"r{n}" for n in range(200))), 100)
    claims = await claim(store, 100, limit=200)
    await asyncio.gather(
        *(
            work
            for n, each in enumerate(claims)
            for work in (
                store.apply([report(READ, f"x{delivery_id('M0001', n)}", 200)], 200),
                store.record([taken(each)], 200),
                store.apply([report(DELIVERED, f"x{delivery_id('M0001', n)}", 200)], 200),
            )
        )
    )
    assert (await message(store, "M0001")).counts == {State.READ: 200}


@exam
async def test_a_report_by_an_id_that_only_another_report_told_is_found_by_the_sweep(desk: Desk) -> None:
    store = desk.store
    await store.accept(order(1), 100)
    (only,) = await claim(store, 100)
    await store.record([doubted(only)], 110)
    await store.apply([report(DELIVERED, "its id", 120)], 120)
    assert await state(store, only.delivery_id) is State.UNKNOWN
    await store.apply([report(SENT, "its id", 120, reference=only.delivery_id)], 130)
    assert await state(store, only.delivery_id) is State.SENT
    assert await store.orphans(10, 140) == []
    assert await state(store, only.delivery_id) is State.DELIVERED
