"""What a store gives to lanes and takes back from them: each delivery to one at a time, and never an old answer."""

import asyncio

import pytest

from tests.contracts.stores import (
    Desk,
    claim,
    claim_one,
    delivery,
    doubted,
    exam,
    failed,
    message,
    order,
    put_off,
    state,
    taken,
    unheard,
)
from vestnik.domain.delivery import AttemptMade, Claim, Claimed, Ending
from vestnik.domain.errors import IllegalStep, StoreUnavailable
from vestnik.domain.lifecycle import Event, State
from vestnik.domain.message import Sender
from vestnik.domain.priority import Priority
from vestnik.ports import Store


@exam
async def test_a_claim_holds_all_that_a_gateway_needs(desk: Desk) -> None:
    await desk.store.accept(order(1, "ann", text="Привет", max_attempts=3, sender=Sender("acme", "Acme")), 100)
    claimed = await desk.store.claim("telegram", suspects=False, limit=10, lease_until=170, now=110)
    assert claimed == Claimed(
        [Claim("M0001-0", "telegram", "ann", "Привет", "acme", "Acme", 1, 3, 110, doubt=False)], next_due=None
    )
    assert (await message(desk.store, "M0001")).counts == {State.SENDING: 1}
    found = await delivery(desk.store, "M0001-0")
    assert (found.state, found.attempts, found.due_at) == (State.SENDING, 1, 100)


@exam
async def test_nothing_is_claimed_twice_however_many_ask(desk: Desk) -> None:
    await desk.store.accept(order(1, *(f"r{n}" for n in range(100)), messengers=("telegram", "viber")), 100)
    shares = await asyncio.gather(
        *(claim(desk.store, 100, messenger, limit=7) for _ in range(20) for messenger in ("telegram", "viber"))
    )
    ids = [each.delivery_id for share in shares for each in share]
    assert len(ids) == len(set(ids)) == 200
    assert max(len(share) for share in shares) == 7


@exam
async def test_a_lane_gets_only_its_own_messengers_work_in_order_of_time(desk: Desk) -> None:
    await desk.store.accept(order(2, "late", "late too"), 102)
    await desk.store.accept(order(3, "other", messengers=("viber",)), 100)
    await desk.store.accept(order(1, "early"), 101)
    assert [each.recipient for each in await claim(desk.store, 200)] == ["early", "late", "late too"]
    assert [each.recipient for each in await claim(desk.store, 200, "viber")] == ["other"]
    assert await claim(desk.store, 200, "no such messenger") == []


@exam
async def test_the_urgent_go_first_and_nobody_starves(desk: Desk) -> None:
    for number, priority in enumerate((Priority.BULK, Priority.NORMAL, Priority.HIGH)):
        people = (f"{priority.word} {n:02}" for n in range(30))
        await desk.store.accept(order(number, *people, priority=priority), 100 + number)
    first = [each.recipient for each in await claim(desk.store, 200, limit=20)]
    assert first == [
        *(f"high {n:02}" for n in range(16)),
        *(f"normal {n:02}" for n in range(2)),
        *(f"bulk {n:02}" for n in range(2)),
    ]
    assert len(await claim(desk.store, 200, limit=1_000)) == 70


@exam
async def test_a_lane_is_told_when_to_ask_again(desk: Desk) -> None:
    async def next_due(now: int, limit: int = 10, *, suspects: bool = False) -> int | None:
        claimed = await store.claim("telegram", suspects=suspects, limit=limit, lease_until=now + 60, now=now)
        return claimed.next_due

    store = desk.store
    assert await next_due(100) is None
    await store.accept(order(1, "ann", "bob", "cid"), 100)
    assert await next_due(100, limit=0) == 100
    assert await next_due(100, limit=2) == 100
    (third,) = await claim(store, 100)
    assert await next_due(100) is None
    await store.record([put_off(third, 150)], 110)
    await store.accept(order(2, send_at=140), 110)
    await store.accept(order(3, messengers=("viber",), send_at=120), 110)
    assert await next_due(120) == 140
    assert await next_due(120, suspects=True) == 140
    assert [each.recipient for each in await claim(store, 140)] == ["ann"]
    assert await next_due(140) == 150
    assert await next_due(140, suspects=True) is None
    await store.record([put_off(await claim_one(store, 150), 190)], 160)
    await store.accept(order(4, "dot", priority=Priority.BULK), 160)
    await store.record([put_off(each, 180) for each in await claim(store, 160)], 160)
    assert await next_due(160) == 180


@exam
async def test_deferred_work_is_claimed_when_its_time_comes_and_never_before(desk: Desk) -> None:
    await desk.store.accept(order(1, send_at=200), 100)
    assert await claim(desk.store, 199) == []
    assert await state(desk.store, "M0001-0") is State.DEFERRED
    assert await claim(desk.store, 200, limit=0) == []
    assert await state(desk.store, "M0001-0") is State.WAITING
    assert (await claim_one(desk.store, 200)).attempt == 1


@exam
async def test_suspects_are_claimed_apart(desk: Desk) -> None:
    await desk.store.accept(order(1, "slow", "quick"), 100)
    slow, quick = await claim(desk.store, 100)
    await desk.store.record([put_off(slow, 110, suspect=True), put_off(quick, 110)], 105)
    assert [each.recipient for each in await claim(desk.store, 120)] == ["quick"]
    (again,) = await claim(desk.store, 120, suspects=True)
    assert (again.recipient, again.attempt) == ("slow", 2)
    await desk.store.record([put_off(again, 130)], 125)
    assert [each.recipient for each in await claim(desk.store, 130)] == ["slow"]


@exam
async def test_what_has_expired_is_never_handed_out(desk: Desk) -> None:
    for priority in Priority:
        await desk.store.accept(order(priority, priority.word, priority=priority, expires_at=200), 100)
    await desk.store.accept(order(7, "deferred", send_at=150, expires_at=200), 100)
    claimed = await desk.store.claim("telegram", suspects=False, limit=10, lease_until=300, now=200)
    assert claimed == Claimed([], next_due=None)
    assert await state(desk.store, "M0007-0") is State.DEFERRED
    assert [each.recipient for each in await claim(desk.store, 199)] == ["high", "normal", "deferred", "bulk"]


@exam
async def test_taken_for_now_and_for_good(desk: Desk) -> None:
    await desk.store.accept(order(1, "ann", "bob"), 100)
    ann, bob = await claim(desk.store, 100)
    assert await desk.store.record([taken(ann, "a1"), taken(bob, "b1", for_good=True)], 110) == [True, True]
    found = [await delivery(desk.store, f"M0001-{n}") for n in (0, 1)]
    assert [(each.state, each.external_id, each.due_at) for each in found] == [
        (State.SENT, "a1", None),
        (State.DELIVERED, "b1", None),
    ]
    assert await desk.store.history("M0001-0") == ([AttemptMade(1, 100, 110, Ending.TAKEN, None, None)], [])


@exam
async def test_a_failed_attempt_tells_why_and_a_later_success_clears_it(desk: Desk) -> None:
    await desk.store.accept(order(1), 100)
    await desk.store.record([put_off(await claim_one(desk.store, 100), 130)], 110)
    found = await delivery(desk.store, "M0001-0")
    assert (found.state, found.attempts, found.due_at) == (State.WAITING, 1, 130)
    assert (found.code, found.detail) == ("500", "try later")
    assert await claim(desk.store, 129) == []
    await desk.store.record([taken(await claim_one(desk.store, 130))], 140)
    found = await delivery(desk.store, "M0001-0")
    assert (found.state, found.attempts, found.code, found.detail) == (State.SENT, 2, None, None)
    assert (await desk.store.history("M0001-0"))[0] == [
        AttemptMade(1, 100, 110, Ending.PUT_OFF, "500", "try later"),
        AttemptMade(2, 130, 140, Ending.TAKEN, None, None),
    ]


@exam
async def test_an_old_answer_is_refused(desk: Desk) -> None:
    store = desk.store
    await store.accept(order(1), 100)
    first = await claim_one(store, 100)
    assert await store.record([put_off(first, 110)], 105) == [True]
    assert await store.record([failed(first)], 106) == [False]
    second = await claim_one(store, 110)
    assert await store.record([failed(first)], 111) == [False]
    assert await store.record([failed(second._replace(attempt=3))], 112) == [False]
    assert await store.record([taken(second), failed(second)], 113) == [True, False]
    assert (
        await store.record([taken(first._replace(delivery_id=bad)) for bad in ("M0001-9", "M9-0")], 114) == [False] * 2
    )
    assert await state(store, "M0001-0") is State.SENT
    assert len((await store.history("M0001-0"))[0]) == 2


@exam
async def test_a_late_answer_names_the_message_so_that_its_reports_are_understood(desk: Desk) -> None:
    await desk.store.accept(order(1), 100)
    first = await claim_one(desk.store, 100)
    await desk.store.record([put_off(first, 200)], 160)
    assert await desk.store.record([taken(first, "late")], 170) == [False]
    found = await delivery(desk.store, "M0001-0")
    assert (found.state, found.external_id) == (State.WAITING, "late")


@exam
async def test_a_late_answer_leaves_the_attempt_that_is_under_way_its_lease(desk: Desk) -> None:
    await desk.store.accept(order(1), 100)
    first = await claim_one(desk.store, 100)
    await desk.store.record([put_off(first, 200, doubt=True)], 160)
    second = await claim_one(desk.store, 200)
    assert await desk.store.record([taken(first, "late")], 210) == [False]
    assert await desk.store.orphans(10, 260) == [second]
    assert (await delivery(desk.store, "M0001-0")).external_id == "late"


@exam
async def test_a_late_answer_settles_what_is_in_doubt_instead_of_sending_it_again(desk: Desk) -> None:
    await desk.store.accept(order(1, "ann", "bob", "cid"), 100)
    ann, bob, cid = await claim(desk.store, 100)
    await desk.store.record([put_off(ann, 200, doubt=True), doubted(bob), put_off(cid, 200, doubt=True)], 160)
    late = [taken(ann), taken(bob, for_good=True), failed(cid)]
    assert await desk.store.record(late, 170) == [False, False, False]
    assert [await state(desk.store, f"M0001-{n}") for n in range(3)] == [State.SENT, State.DELIVERED, State.WAITING]
    assert [each.recipient for each in await claim(desk.store, 300)] == ["cid"]


@exam
async def test_an_event_that_no_attempt_ends_in_is_refused_whole(desk: Desk) -> None:
    await desk.store.accept(order(1, "ann", "bob"), 100)
    ann, bob = await claim(desk.store, 100)
    with pytest.raises(IllegalStep):
        await desk.store.record([taken(ann), taken(bob)._replace(event=Event.CANCEL)], 110)
    assert await state(desk.store, "M0001-0") is State.SENDING


@exam
async def test_doubt_is_told_to_the_next_attempt_and_holds_the_slot(desk: Desk) -> None:
    await desk.store.accept(order(1, content_key="same"), 100)
    await desk.store.record([put_off(await claim_one(desk.store, 100), 110, doubt=True)], 105)
    second = await claim_one(desk.store, 110)
    assert second.doubt
    await desk.store.record([failed(second)], 115)
    assert (await desk.store.accept(order(2, content_key="same"), 200)).message_id == "M0001"


@exam
async def test_an_attempt_given_back_does_not_count(desk: Desk) -> None:
    await desk.store.accept(order(1, "ann", "bob"), 100)
    ann, bob = await claim(desk.store, 100)
    strange = [bob._replace(attempt=2), bob._replace(claimed_at=99), ann._replace(delivery_id="M9-9")]
    await desk.store.give_back([ann.back(120, suspect=True), *(each.back(120) for each in strange)], 110)
    assert await state(desk.store, "M0001-1") is State.SENDING
    found = await delivery(desk.store, "M0001-0")
    assert (found.state, found.attempts, found.due_at) == (State.WAITING, 0, 120)
    assert await desk.store.record([taken(ann)], 115) == [False]
    assert await claim(desk.store, 120) == []
    (again,) = await claim(desk.store, 120, suspects=True)
    assert again.attempt == 1
    assert (await desk.store.history("M0001-0"))[0] == []


@exam
async def test_an_attempt_given_back_after_the_clock_was_set_back_waits_for_the_time_that_it_had(desk: Desk) -> None:
    await desk.store.accept(order(1, "ann"), 100)
    (ann,) = await claim(desk.store, 100)
    await desk.store.give_back([ann.back(40)], 40)
    assert await claim(desk.store, 99) == []
    assert [again.attempt for again in await claim(desk.store, 100)] == [1]


@exam
async def test_what_was_given_back_unheard_is_not_taken_from_whoever_has_claimed_it_since(desk: Desk) -> None:
    await desk.store.accept(order(1), 100)
    first = await claim_one(desk.store, 100)
    with unheard(desk.store), pytest.raises(StoreUnavailable):
        await desk.store.give_back([first.back(105)], 105)
    second = await claim_one(desk.store, 110)
    assert second.attempt == first.attempt
    await desk.store.give_back([first.back(115)], 115)
    assert await state(desk.store, "M0001-0") is State.SENDING
    assert await desk.store.record([taken(second)], 120) == [True]


@exam
async def test_the_end_of_a_lease_that_was_given_back_does_not_end_the_next_one_of_its_number(desk: Desk) -> None:
    await desk.store.accept(order(1), 100)
    await claim_one(desk.store, 100)
    (orphan,) = await desk.store.orphans(10, 160)
    await desk.store.give_back([orphan.back(161)], 161)
    again = await claim_one(desk.store, 162)
    assert again.attempt == orphan.attempt
    assert await desk.store.record([put_off(orphan, 163, doubt=True)], 163) == [False]
    assert await state(desk.store, "M0001-0") is State.SENDING
    assert await desk.store.record([taken(again)], 164) == [True]


@exam
async def test_forsaken_attempts_are_found_when_their_lease_runs_out_or_all_at_once(desk: Desk) -> None:
    async def found(limit: int, now: int, *, everything: bool = False) -> list[str]:
        return [each.recipient for each in await desk.store.orphans(limit, now, everything=everything)]

    await desk.store.accept(order(1, "ann"), 100)
    await desk.store.accept(order(2, "bob"), 100)
    first = await claim(desk.store, 100, limit=1)
    second = await claim(desk.store, 130, limit=1)
    assert await found(10, 159) == []
    assert await desk.store.orphans(10, 160) == first
    assert await desk.store.orphans(10, 100, everything=True) == first + second
    assert await found(1, 500) == ["ann"]
    await desk.store.record([put_off(first[0], 200, doubt=True)], 160)
    assert await found(10, 500) == ["bob"]
    assert [each.recipient for each in await (await desk.reopen()).orphans(10, 0, everything=True)] == ["bob"]


@exam
async def test_what_has_waited_too_long_expires_in_order(desk: Desk) -> None:
    store = desk.store
    assert await store.expire(10, 1_000) == (0, None)
    for number, (expires_at, send_at) in enumerate([(300, None), (200, 150), (100, None), (None, None)]):
        await store.accept(order(number, expires_at=expires_at, send_at=send_at), 50)
    assert await store.expire(10, 99) == (0, 100)
    assert await store.expire(1, 250) == (1, 200)
    assert await store.expire(10, 250) == (1, 300)
    assert await store.expire(10, 300) == (1, None)
    states = [await state(store, f"M{n:04}-0") for n in range(4)]
    assert states == [State.EXPIRED, State.EXPIRED, State.EXPIRED, State.WAITING]


@exam
async def test_what_is_being_sent_expires_only_after_its_attempt(desk: Desk) -> None:
    await desk.store.accept(order(1, expires_at=110), 100)
    claimed = await claim_one(desk.store, 100)
    assert await desk.store.expire(10, 105) == (0, 110)
    assert await desk.store.expire(10, 200) == (0, None)
    await desk.store.record([put_off(claimed, 300)], 200)
    found = await delivery(desk.store, "M0001-0")
    assert (found.state, found.due_at, found.code) == (State.EXPIRED, None, "500")


async def drain(store: Store, now: int) -> int:
    """How many rounds of claims and records it takes until nothing is left."""
    rounds = 0
    while claims := await claim(store, now, limit=50):
        assert all(await store.record([taken(each) for each in claims], now))
        rounds += 1
    return rounds


@exam
async def test_counters_stay_exact_while_lanes_and_intake_work_at_once(desk: Desk) -> None:
    await desk.store.accept(order(0, *(f"r{n}" for n in range(500)), priority=Priority.BULK), 100)
    lanes = [drain(desk.store, 100) for _ in range(4)]
    intake = [desk.store.accept(order(n, "ann", "bob"), 100) for n in range(1, 50)]
    await asyncio.gather(*lanes, *intake)
    await drain(desk.store, 100)
    assert (await message(desk.store, "M0000")).counts == {State.SENT: 500}
