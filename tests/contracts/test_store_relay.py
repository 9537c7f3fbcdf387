"""What a store gives to a relay and to workers that are told ids: everything due, once, to one at a time."""

import asyncio

from tests.contracts.stores import Desk, claim_one, exam, order, put_off, taken
from vestnik.domain.delivery import Backlog, Claim, Due, Waiting
from vestnik.domain.priority import Priority


async def look(
    desk: Desk, now: int, *held: str, limit: int = 10, suspects: bool = False, messenger: str = "telegram"
) -> Due:
    return await desk.store.due(messenger, suspects=suspects, limit=limit, held=held, now=now)


async def take(desk: Desk, now: int, *ids: str, messenger: str = "telegram") -> list[Claim]:
    return await desk.store.claim_these(messenger, ids, lease_until=now + 60, now=now)


def ids(due: Due) -> list[list[str]]:
    return [[waiting.delivery_id for waiting in queue] for queue in due.queues]


@exam
async def test_what_is_due_is_told_by_priority_and_is_not_leased(desk: Desk) -> None:
    await desk.store.accept(order(1, "ann", priority=Priority.BULK), 100)
    await desk.store.accept(order(2, "bob", "cid", priority=Priority.HIGH), 101)
    await desk.store.accept(order(3, "dan", messengers=("viber",)), 100)
    expected = Due(
        [[Waiting("M0002-0", "bob"), Waiting("M0002-1", "cid")], [], [Waiting("M0001-0", "ann")]], set(), None
    )
    assert await look(desk, 110) == expected
    assert await look(desk, 110) == expected
    assert ids(await look(desk, 110, limit=1)) == [["M0002-0"], [], ["M0001-0"]]


@exam
async def test_what_is_held_is_not_told_again_and_it_is_told_what_of_it_still_waits(desk: Desk) -> None:
    await desk.store.accept(order(1, "ann", "bob", "cid"), 100)
    assert len(await take(desk, 110, "M0001-0")) == 1
    found = await look(desk, 110, "M0001-0", "M0001-1", "no such delivery", "M0009-0")
    assert ids(found) == [[], ["M0001-2"], []]
    assert found.held == {"M0001-1"}


@exam
async def test_what_is_held_and_still_waits_counts_among_what_may_be_told(desk: Desk) -> None:
    await desk.store.accept(order(1, *(f"r{number}" for number in range(6))), 100)
    await take(desk, 110, "M0001-0")
    found = await look(desk, 110, "M0001-0", "M0001-1", "M0001-2", limit=4)
    assert ids(found) == [[], ["M0001-3", "M0001-4"], []]
    assert found.held == {"M0001-1", "M0001-2"}
    assert ids(await look(desk, 110, "M0001-1", "M0001-2", limit=2)) == [[], [], []]


@exam
async def test_the_deferred_are_told_when_their_time_has_come(desk: Desk) -> None:
    await desk.store.accept(order(1, send_at=500), 100)
    assert await look(desk, 110) == Due([[], [], []], set(), 500)
    assert await take(desk, 110, "M0001-0") == []
    assert ids(await look(desk, 500)) == [[], ["M0001-0"], []]
    assert [claim.attempt for claim in await take(desk, 500, "M0001-0")] == [1]


@exam
async def test_an_id_is_claimed_once_however_often_and_by_whomever_it_is_named(desk: Desk) -> None:
    await desk.store.accept(order(1, *(f"r{number}" for number in range(50))), 100)
    names = [f"M0001-{number}" for number in range(50)]
    shares = await asyncio.gather(*(take(desk, 110, *names, *names) for _ in range(8)))
    assert sorted(claim.delivery_id for share in shares for claim in share) == sorted(names)
    assert await take(desk, 110, *names) == []


@exam
async def test_a_claim_by_id_holds_what_any_claim_holds(desk: Desk) -> None:
    await desk.store.accept(order(1, "ann", text="Привет", max_attempts=3), 100)
    assert await take(desk, 110, "M0001-0") == [
        Claim("M0001-0", "telegram", "ann", "Привет", "acme", "Acme", 1, 3, 110, doubt=False)
    ]


@exam
async def test_only_what_is_due_and_the_messengers_own_is_claimed_by_id(desk: Desk) -> None:
    await desk.store.accept(order(1, "ann", expires_at=120), 100)
    await desk.store.accept(order(2, "bob"), 100)
    await desk.store.cancel("M0002", 105)
    await desk.store.accept(order(3, "cid", messengers=("viber",)), 100)
    assert await take(desk, 110, "M0003-0", "M0002-0", "", "x", "M0001-99") == []
    assert await take(desk, 120, "M0001-0") == []
    assert len(await take(desk, 119, "M0001-0")) == 1


@exam
async def test_an_attempt_that_was_put_off_is_told_again_with_the_next_fence(desk: Desk) -> None:
    await desk.store.accept(order(1), 100)
    (claimed,) = await take(desk, 110, "M0001-0")
    assert await desk.store.record([put_off(claimed, 200)], 120) == [True]
    assert await take(desk, 130, "M0001-0") == []
    assert (await look(desk, 130)).next_due == 200
    (again,) = await take(desk, 200, "M0001-0")
    assert again.attempt == 2
    assert await desk.store.record([taken(claimed), taken(again)], 210) == [False, True]


@exam
async def test_those_who_kept_us_waiting_are_looked_for_apart(desk: Desk) -> None:
    await desk.store.accept(order(1, "ann"), 100)
    claimed = await claim_one(desk.store, 110)
    await desk.store.give_back([claimed.back(110, suspect=True)], 110)
    assert ids(await look(desk, 120)) == [[], [], []]
    assert ids(await look(desk, 120, suspects=True)) == [[], ["M0001-0"], []]


@exam
async def test_where_one_at_a_time_may_be_under_way_a_recipient_gets_one(desk: Desk) -> None:
    async def take_alone(now: int, *names: str) -> list[str]:
        claims = await desk.store.claim_these("telegram", names, lease_until=now + 60, now=now, alone=True)
        return [claim.delivery_id for claim in claims]

    for number in (1, 2, 3):
        await desk.store.accept(order(number, "ann", "bob"), 100 + number)
    shares = await asyncio.gather(*(take_alone(110, f"M000{number}-0") for number in (1, 2, 3)))
    assert sum(len(share) for share in shares) == 1
    assert await take_alone(120, "M0002-1", "M0003-0", "M0001-1") == ["M0001-1"]
    found = await desk.store.due("telegram", suspects=False, limit=10, held=(), now=120, alone=True)
    assert ids(found) == [[], [], []]
    assert len(ids(await look(desk, 120))[1]) == 4


@exam
async def test_the_leader_works_and_returns(desk: Desk) -> None:
    done = []

    async def work() -> None:
        done.append("work")

    await desk.store.lead(work)
    assert done == ["work"]


@exam
async def test_how_work_stands_is_told_for_each_messenger(desk: Desk) -> None:
    asked = ["telegram", "viber", "owl"]
    assert await desk.store.backlog(asked) == [Backlog(name, None, 0) for name in asked]
    await desk.store.accept(order(1, "ann", "bob", priority=Priority.BULK), 100)
    await desk.store.accept(order(2, "ann", messengers=("viber",), send_at=500), 100)
    await desk.store.accept(order(3, "cid", priority=Priority.HIGH), 105)
    assert await desk.store.backlog(asked) == [Backlog("telegram", 100, 0), *(Backlog(n, None, 0) for n in asked[1:])]
    (first, *_) = await take(desk, 110, "M0001-0", "M0001-1")
    assert (await desk.store.backlog(asked))[0] == Backlog("telegram", 105, 2)
    await desk.store.record([put_off(first, 90, suspect=True)], 111)
    assert await desk.store.backlog(asked) == [Backlog("telegram", 90, 1), *(Backlog(n, None, 0) for n in asked[1:])]
