"""What a store hands out where only one delivery at a time may be on its way to a recipient, whoever sends it."""

import asyncio

from tests.contracts.stores import Desk, exam, order, put_off, taken
from vestnik.domain.delivery import Claimed
from vestnik.domain.priority import Priority
from vestnik.ports import Store


async def claim_alone(store: Store, now: int, *, limit: int = 100, suspects: bool = False) -> Claimed:
    return await store.claim("telegram", suspects=suspects, limit=limit, lease_until=now + 60, now=now, alone=True)


def names(claimed: Claimed) -> list[str]:
    return [each.delivery_id for each in claimed.claims]


@exam
async def test_a_recipient_gets_the_next_one_only_after_the_last_was_recorded(desk: Desk) -> None:
    for number in (1, 2, 3):
        await desk.store.accept(order(number, "ann"), 100 + number)
    await desk.store.accept(order(4, "bob"), 200)
    first = await claim_alone(desk.store, 300)
    assert names(first) == ["M0001-0", "M0004-0"]
    assert await claim_alone(desk.store, 300) == Claimed([], None)
    await desk.store.record([taken(first.claims[0])], 310)
    second = await claim_alone(desk.store, 310)
    assert names(second) == ["M0002-0"]
    await desk.store.give_back([second.claims[0].back(400)], 320)
    assert names(await claim_alone(desk.store, 330)) == ["M0003-0"]


@exam
async def test_the_more_urgent_goes_first_and_the_others_wait_for_it_in_every_lane(desk: Desk) -> None:
    await desk.store.accept(order(1, "ann", "bob", priority=Priority.BULK), 100)
    await desk.store.accept(order(2, "ann", priority=Priority.HIGH), 200)
    first = await claim_alone(desk.store, 300)
    assert names(first) == ["M0002-0", "M0001-1"]
    await desk.store.record([put_off(first.claims[1], 310, suspect=True)], 305)
    await desk.store.accept(order(3, "bob"), 306)
    assert names(await claim_alone(desk.store, 310, suspects=True)) == ["M0001-1"]
    assert names(await claim_alone(desk.store, 310)) == []


@exam
async def test_another_messenger_is_another_matter(desk: Desk) -> None:
    await desk.store.accept(order(1, "ann", messengers=("viber", "telegram")), 100)
    await desk.store.claim("viber", suspects=False, limit=5, lease_until=200, now=100)
    assert names(await claim_alone(desk.store, 100)) == ["M0001-1"]


@exam
async def test_a_crowd_for_one_recipient_does_not_hide_the_others(desk: Desk) -> None:
    for number in range(20):
        await desk.store.accept(order(number, "ann"), 100)
    await desk.store.accept(order(50, "bob"), 200)
    first = await claim_alone(desk.store, 300, limit=5)
    assert (names(first), first.next_due) == (["M0000-0"], 300)
    assert names(await claim_alone(desk.store, 300, limit=5)) == ["M0050-0"]
    assert await claim_alone(desk.store, 300, limit=5) == Claimed([], None)


@exam
async def test_what_is_due_later_is_told_of_and_the_deferred_ripen(desk: Desk) -> None:
    await desk.store.accept(order(1, "ann", send_at=200), 100)
    await desk.store.accept(order(2, "bob", send_at=300), 100)
    first = await claim_alone(desk.store, 200)
    assert (names(first), first.next_due) == (["M0001-0"], 300)


@exam
async def test_of_many_who_claim_at_once_no_two_send_to_the_same_recipient(desk: Desk) -> None:
    for number in range(12):
        await desk.store.accept(order(number, "ann", "bob", "cid"), 100)
    shares = await asyncio.gather(*(claim_alone(desk.store, 200, limit=2, suspects=n % 2 == 1) for n in range(12)))
    recipients = [each.recipient for share in shares for each in share.claims]
    assert sorted(recipients) == ["ann", "bob", "cid"]
