"""What a store does with orders: all or nothing, once to each, for now or for later."""

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
    taken,
    unheard,
)
from vestnik.domain.account import Account
from vestnik.domain.delivery import Delivery
from vestnik.domain.errors import StoreUnavailable
from vestnik.domain.lifecycle import State
from vestnik.domain.message import Acceptance, Address, Duplicate, Message, Order, Sender
from vestnik.domain.moment import seconds
from vestnik.domain.priority import Priority
from vestnik.domain.requests import Fresh, OtherBody, Replay, Running


@exam
async def test_what_was_ordered_can_be_asked_for(desk: Desk) -> None:
    ordered = Order(
        "M1",
        Sender("acme", "Acme & Сыновья"),
        'Line one\nline "two" 👋🏽 \\ \u2028 end',
        [Address("telegram", "1001", "john"), Address("viber", "EGAZ3SZRi6zW1D0uNYhQHg==", None)],
        Priority.HIGH,
        3,
        "1:abc",
        expires_at=5_000,
    )
    assert await desk.store.accept(ordered, 100) == Acceptance("M1", ())
    assert await desk.store.message("M1") == Message(
        "M1", ordered.sender, ordered.text, 100, None, 5_000, 3, Priority.HIGH, {State.WAITING: 2}
    )
    assert await desk.store.delivery("M1-1") == Delivery(
        "M1-1", "M1", "viber", "EGAZ3SZRi6zW1D0uNYhQHg==", None, State.WAITING, 0, 3, 100, None, None, None
    )
    assert (await delivery(desk.store, "M1-0")).account == "john"


@exam
async def test_a_message_for_later_is_deferred_and_one_whose_time_has_come_waits(desk: Desk) -> None:
    await desk.store.accept(order(1, send_at=200), 100)
    await desk.store.accept(order(2, send_at=100), 100)
    await desk.store.accept(order(3, send_at=99), 100)
    found = [await delivery(desk.store, f"M000{n}-0") for n in (1, 2, 3)]
    assert [(each.state, each.due_at) for each in found] == [
        (State.DEFERRED, 200),
        (State.WAITING, 100),
        (State.WAITING, 100),
    ]
    assert (await message(desk.store, "M0001")).send_at == 200


@exam
async def test_a_repetition_is_answered_with_its_original_and_nothing_of_it_is_stored(desk: Desk) -> None:
    await desk.store.accept(order(1, "ann", "bob", content_key="same"), 100)
    again = await desk.store.accept(order(2, "bob", "ann", content_key="same"), 200)
    assert again == Acceptance("M0001", (Duplicate(0, "M0001-1"), Duplicate(1, "M0001-0")))
    assert await desk.store.message("M0002") is None
    assert await desk.store.delivery("M0002-0") is None
    assert len(await claim(desk.store, 300)) == 2


@exam
async def test_of_a_partial_repetition_only_what_is_new_is_stored(desk: Desk) -> None:
    await desk.store.accept(order(1, "ann", "bob", content_key="same"), 100)
    again = await desk.store.accept(order(2, "cid", "ann", "dot", content_key="same"), 200)
    assert again == Acceptance("M0002", (Duplicate(1, "M0001-0"),))
    found = await desk.store.deliveries("M0002", state=None, limit=10)
    assert [(each.id, each.recipient) for each in found] == [("M0002-0", "cid"), ("M0002-2", "dot")]
    assert (await message(desk.store, "M0002")).counts == {State.WAITING: 2}


@exam
async def test_a_recipient_named_twice_in_one_order_is_reached_once(desk: Desk) -> None:
    got = await desk.store.accept(order(1, "ann", "bob", "ann", "ann"), 100)
    assert got == Acceptance("M0001", (Duplicate(2, "M0001-0"), Duplicate(3, "M0001-0")))
    assert (await message(desk.store, "M0001")).counts == {State.WAITING: 2}


@exam
async def test_the_same_recipient_on_another_messenger_is_no_repetition(desk: Desk) -> None:
    await desk.store.accept(order(1, messengers=("telegram",), content_key="same"), 100)
    got = await desk.store.accept(order(2, messengers=("telegram", "viber"), content_key="same"), 100)
    assert got == Acceptance("M0002", (Duplicate(0, "M0001-0"),))


@exam
async def test_what_is_left_out_is_told_in_the_order_of_the_request_whoever_named_it(desk: Desk) -> None:
    await desk.store.accept(order(1, "ann", "bob", messengers=("telegram", "viber"), content_key="same"), 100)
    addresses = [
        Address("viber", "bob", "bob:b"),
        Address("telegram", "cid", "cid"),
        Address("viber", "cid", None),
        Address("telegram", "cid", None),
        Address("viber", "ann", None),
        Address("telegram", "ann", "ann"),
        Address("viber", "cid", "cid"),
    ]
    ordered = Order("M2", Sender("acme", "Acme"), "text", addresses, Priority.NORMAL, 5, "same")
    got = await desk.store.accept(ordered, 200)
    assert [(each.index, each.delivery_id) for each in got.duplicates] == [
        (0, "M0001-3"),
        (3, "M2-1"),
        (4, "M0001-1"),
        (5, "M0001-0"),
        (6, "M2-2"),
    ]
    found = await desk.store.deliveries("M2", state=None, limit=10)
    assert [(each.id, each.messenger, each.recipient, each.account) for each in found] == [
        ("M2-1", "telegram", "cid", "cid"),
        ("M2-2", "viber", "cid", None),
    ]


@exam
async def test_without_a_content_key_everything_may_repeat(desk: Desk) -> None:
    for number in (1, 2):
        assert not (await desk.store.accept(order(number, "ann", "ann", content_key=None), 100)).duplicates
    assert len(await claim(desk.store, 100)) == 4


@exam
async def test_concurrent_repetitions_leave_exactly_one(desk: Desk) -> None:
    got = await asyncio.gather(*(desk.store.accept(order(n, content_key="same"), 100) for n in range(50)))
    originals = {acceptance.message_id for acceptance in got}
    assert len(originals) == 1
    assert sum(not acceptance.duplicates for acceptance in got) == 1
    assert len(await desk.store.messages(status=None, sender=None, limit=100, before=None)) == 1


@exam
async def test_concurrent_orders_are_all_accepted(desk: Desk) -> None:
    got = await asyncio.gather(*(desk.store.accept(order(n, f"r{n}", "all"), 100) for n in range(100)))
    assert [acceptance.message_id for acceptance in got] == [f"M{n:04}" for n in range(100)]
    assert len(await claim(desk.store, 100, limit=1_000)) == 200


@exam
async def test_the_slot_is_given_back_by_what_surely_did_not_arrive_and_by_nothing_else(desk: Desk) -> None:
    store = desk.store
    for number, verdict in enumerate((taken, failed, doubted)):
        await store.accept(order(number, content_key=f"same {number}"), 100)
        await store.record([verdict(await claim_one(store, 100))], 110)
    await store.accept(order(3, content_key="same 3"), 120)
    await store.cancel("M0003", 130)
    await store.accept(order(4, content_key="same 4", expires_at=140), 120)
    await store.expire(10, 150)
    again = [await store.accept(order(10 + n, content_key=f"same {n}"), 200) for n in range(5)]
    assert [acceptance.message_id for acceptance in again] == ["M0000", "M0011", "M0002", "M0013", "M0014"]


@exam
async def test_a_window_lets_go_of_what_is_finished_and_was_accepted_longer_ago(desk: Desk) -> None:
    store = await desk.reopen(dedupe_window=100)
    await store.accept(order(1, "done", content_key="same"), 1_000)
    await store.record([taken(await claim_one(store, 1_000))], 1_001)
    await store.accept(order(2, "waiting", content_key="same"), 1_000)
    both = order(3, "done", "waiting", content_key="same")
    assert (await store.accept(both, 1_099)).message_id == "M0001"
    got = await store.accept(both, 1_100)
    assert got == Acceptance("M0003", (Duplicate(1, "M0002-0"),))
    assert (await store.accept(order(4, "done", content_key="same"), 1_100)).message_id == "M0003"


@exam
async def test_without_a_window_a_slot_is_held_for_good(desk: Desk) -> None:
    await desk.store.accept(order(1, content_key="same"), 0)
    await desk.store.record([taken(await claim_one(desk.store, 0))], 1)
    got = await desk.store.accept(order(2, content_key="same"), seconds(100 * 365 * 24 * 3600))
    assert got.message_id == "M0001"


@exam
async def test_a_new_sender_becomes_an_account_and_a_known_one_keeps_its_name(desk: Desk) -> None:
    store = desk.store
    await store.put_account(Account("known", "Known Ltd", {"telegram": "1"}))
    for number, sender in enumerate(
        (Sender("known", "Other"), Sender("new", "New"), Sender("known", ""), Sender("x", ""))
    ):
        await store.accept(order(number, sender=sender), 100)
    assert await store.accounts(["known", "new", "x"]) == {
        "known": Account("known", "Known Ltd", {"telegram": "1"}),
        "new": Account("new", "New", {}),
        "x": Account("x", "x", {}),
    }
    names = [(await message(store, f"M{number:04}")).sender.name for number in range(4)]
    assert names == ["Other", "New", "Known Ltd", "x"]


@exam
async def test_an_order_that_says_nothing_new_makes_no_account(desk: Desk) -> None:
    await desk.store.accept(order(1, content_key="same"), 100)
    await desk.store.delete_account("acme")
    await desk.store.accept(order(2, content_key="same"), 100)
    assert await desk.store.accounts(["acme"]) == {}


@exam
async def test_a_crowd_is_accepted_whole(desk: Desk) -> None:
    crowd = order(1, *(f"r{n}" for n in range(3_000)), messengers=("telegram", "viber"), priority=Priority.BULK)
    assert not (await desk.store.accept(crowd, 100)).duplicates
    assert (await message(desk.store, "M0001")).counts == {State.WAITING: 6_000}
    again = await desk.store.accept(
        Order("M2", crowd.sender, "", crowd.deliveries, Priority.BULK, 5, crowd.content_key), 1
    )
    assert again.duplicates == tuple(Duplicate(n, f"M0001-{n}") for n in range(6_000))


@exam
async def test_an_order_to_nobody_is_kept_and_has_nothing_to_do(desk: Desk) -> None:
    nobody = Order("M1", Sender("acme", ""), "text", [], Priority.NORMAL, 5, "key")
    assert await desk.store.accept(nobody, 100) == Acceptance("M1", ())
    assert (await message(desk.store, "M1")).counts == {}


# Requests under an Idempotency-Key.


@exam
async def test_a_request_is_begun_once_and_its_reply_is_replayed(desk: Desk) -> None:
    store = desk.store
    assert await store.begin_request("key", "print", 100) == Fresh()
    assert await store.begin_request("key", "print", 101) == Running()
    assert await store.begin_request("key", "other", 102) == OtherBody()
    await store.accept(order(1, request_key="key"), 103)
    assert await store.begin_request("key", "print", 104) == Running()
    await store.finish_request("key", 202, b'{"id": "\xd0\x96"}\x00\xff', "/api/messages/M0001")
    replay = Replay(202, b'{"id": "\xd0\x96"}\x00\xff', "/api/messages/M0001")
    assert await store.begin_request("key", "print", 105) == replay
    assert await store.begin_request("key", "other", 106) == OtherBody()
    assert await (await desk.reopen()).begin_request("key", "print", 107) == replay


@exam
async def test_of_requests_that_come_at_once_under_one_key_one_is_fresh(desk: Desk) -> None:
    known = await asyncio.gather(*(desk.store.begin_request("key", "print", 100) for _ in range(20)))
    assert sorted(type(each).__name__ for each in known) == ["Fresh"] + ["Running"] * 19


@exam
async def test_a_reply_that_tells_of_our_own_trouble_is_not_kept(desk: Desk) -> None:
    await desk.store.begin_request("key", "print", 100)
    await desk.store.finish_request("key", 503, b"{}", None)
    assert await desk.store.begin_request("key", "another", 101) == Fresh()


@exam
async def test_finishing_what_was_never_begun_is_ignored(desk: Desk) -> None:
    await desk.store.finish_request("key", 200, b"{}", None)
    assert await desk.store.begin_request("key", "print", 101) == Fresh()


@exam
async def test_after_a_crash_a_request_is_known_by_the_message_it_accepted_or_begun_anew(desk: Desk) -> None:
    for key in ("accepted", "repeated", "interrupted"):
        await desk.store.begin_request(key, "print", 100)
    await desk.store.accept(order(1, request_key="accepted", content_key="same"), 100)
    await desk.store.accept(order(2, request_key="repeated", content_key="same"), 100)
    store = await desk.reopen()
    for key in ("accepted", "repeated"):
        known = await store.begin_request(key, "print", 200)
        assert isinstance(known, Replay)
        assert known.message_id == "M0001"
    assert await store.begin_request("interrupted", "other", 200) == OtherBody()
    assert await store.begin_request("interrupted", "print", 200) == Fresh()
    assert await store.begin_request("interrupted", "print", 200) == Running()


@exam
async def test_a_request_that_began_unheard_is_begun_by_the_next_who_asks(desk: Desk) -> None:
    store = desk.store
    with unheard(store):
        for _ in range(2):
            with pytest.raises(StoreUnavailable):
                await store.begin_request("key", "print", 100)
    assert await store.begin_request("key", "other", 101) == OtherBody()
    assert await store.begin_request("key", "print", 102) == Fresh()
    assert await store.begin_request("key", "print", 103) == Running()


@exam
async def test_a_beginning_that_fails_lets_nobody_in_beside_the_one_who_works(desk: Desk) -> None:
    store = desk.store
    assert await store.begin_request("key", "print", 100) == Fresh()
    with unheard(store), pytest.raises(StoreUnavailable):
        await store.begin_request("key", "print", 101)
    assert await store.begin_request("key", "print", 102) == Running()
    await store.finish_request("key", 503, b"{}", None)
    known = await asyncio.gather(*(store.begin_request("key", "print", 103) for _ in range(9)))
    assert sorted(type(each).__name__ for each in known) == ["Fresh"] + ["Running"] * 8


@exam
async def test_a_request_that_ended_unheard_is_known_by_its_reply_or_forgotten(desk: Desk) -> None:
    store = desk.store
    for key, status in (("kept", 202), ("forgotten", 500)):
        assert await store.begin_request(key, "print", 100) == Fresh()
        with unheard(store), pytest.raises(StoreUnavailable):
            await store.finish_request(key, status, b"{}", None)
    assert await store.begin_request("kept", "print", 101) == Replay(202, b"{}", None)
    assert await store.begin_request("forgotten", "print", 101) == Fresh()


@exam
async def test_a_request_whose_message_was_accepted_unheard_is_known_by_it_however_it_ended(desk: Desk) -> None:
    store = desk.store
    assert await store.begin_request("key", "print", 100) == Fresh()
    with unheard(store), pytest.raises(StoreUnavailable):
        await store.accept(order(1, request_key="key"), 101)
    await store.finish_request("key", 500, b"", None)
    for _ in range(2):
        assert await store.begin_request("key", "print", 102) == Replay(202, b"", None, "M0001")


@exam
async def test_replies_are_kept_for_a_day(desk: Desk) -> None:
    store, day = desk.store, seconds(24 * 3600)
    for key in ("old", "young"):
        await store.begin_request(key, "print", 0 if key == "old" else 1)
        await store.finish_request(key, 202, b"{}", None)
    assert isinstance(await store.begin_request("old", "print", day - 1), Replay)
    await store.forget(day)
    assert isinstance(await store.begin_request("young", "print", day), Replay)
    assert await store.begin_request("old", "anything", day) == Fresh()
    assert await store.begin_request("young", "anything", day + 1) == Fresh()
