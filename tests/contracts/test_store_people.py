"""What a store answers to people and lets them decide, and what it knows of people."""

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
    report,
    state,
    taken,
)
from vestnik.domain.account import Account, Key
from vestnik.domain.errors import Conflict, IllegalStep, NotFound
from vestnik.domain.lifecycle import Event, State
from vestnik.domain.message import Sender
from vestnik.domain.outcomes import ReceiptKind


@exam
async def test_what_is_not_there_is_not_found(desk: Desk) -> None:
    store = desk.store
    await store.accept(order(1), 100)
    assert await store.message("nothing") is None
    assert await store.deliveries("nothing", state=None, limit=10) == []
    for wrong in ("", "M0001", "M0001-", "M0001-1", "M0001-x", "M0001--1", "M0001-99999999999999999999", "-0", "é-0"):
        assert await store.delivery(wrong) is None
        assert await store.history(wrong) == ([], [])
        for deed in (store.retry(wrong, 1), store.resolve(wrong, Event.RESOLVE_FAILED, 1)):
            with pytest.raises(NotFound, match="no delivery has the id"):
                await deed
    for change in (store.cancel("nothing", 1), store.reschedule("nothing", 1, 1)):
        with pytest.raises(NotFound, match="no message has the id 'nothing'"):
            await change


@exam
async def test_messages_are_listed_newest_first_by_status_and_sender(desk: Desk) -> None:
    store = desk.store
    for number in range(6):
        await store.accept(order(number, sender=Sender("acme" if number % 2 else "other", "")), 100)
    await store.cancel("M0003", 110)
    await store.cancel("M0004", 110)

    async def ids(status: State | None, sender: str | None, before: str | None = None, limit: int = 10) -> list[str]:
        found = await store.messages(status=status, sender=sender, limit=limit, before=before)
        return [each.id for each in found]

    assert await ids(None, None) == ["M0005", "M0004", "M0003", "M0002", "M0001", "M0000"]
    assert await ids(None, None, limit=2) == ["M0005", "M0004"]
    assert await ids(None, None, "M0004", limit=2) == ["M0003", "M0002"]
    assert await ids(State.CANCELLED, None) == ["M0004", "M0003"]
    assert await ids(None, "acme") == ["M0005", "M0003", "M0001"]
    assert await ids(State.WAITING, "acme", "M0005") == ["M0001"]
    assert await ids(State.SENT, None) == await ids(None, "nobody") == await ids(None, None, "A") == []
    assert await ids(None, None, "", limit=10) == await ids(None, None, limit=0) == []


@exam
async def test_deliveries_are_listed_page_by_page_and_by_state(desk: Desk) -> None:
    await desk.store.accept(order(1, *(f"r{n}" for n in range(12))), 100)
    await claim(desk.store, 100, limit=3)

    async def ordinals(state: State | None, limit: int, after: int = -1) -> list[int]:
        found = await desk.store.deliveries("M0001", state=state, limit=limit, after=after)
        return [int(each.id.rpartition("-")[2]) for each in found]

    assert await ordinals(None, 5) == [0, 1, 2, 3, 4]
    assert await ordinals(None, 5, 8) == [9, 10, 11]
    assert await ordinals(State.SENDING, 5) == [0, 1, 2]
    assert await ordinals(State.WAITING, 3) == [3, 4, 5]
    assert await ordinals(State.WAITING, 3, 10) == [11]
    assert await ordinals(State.FAILED, 3) == []


@exam
async def test_cancelling_stops_what_has_not_begun(desk: Desk) -> None:
    store = desk.store
    await store.accept(order(1, "sent", "sending", "retrying", "waiting"), 100)
    sent, _, retrying = await claim(store, 100, limit=3)
    await store.record([taken(sent), put_off(retrying, 200)], 110)
    got = await store.cancel("M0001", 120)
    assert got.counts == {State.SENT: 1, State.SENDING: 1, State.CANCELLED: 2}
    assert (await delivery(store, "M0001-3")).due_at is None
    assert await claim(store, 300) == []
    with pytest.raises(Conflict, match="left to cancel"):
        await store.cancel("M0001", 130)


@exam
async def test_a_cancelled_message_never_comes_due_and_may_be_ordered_again(desk: Desk) -> None:
    await desk.store.accept(order(1, send_at=200, content_key="same"), 100)
    await desk.store.cancel("M0001", 110)
    assert await claim(desk.store, 300) == []
    assert not (await desk.store.accept(order(2, content_key="same"), 300)).duplicates


@exam
async def test_what_is_cancelled_or_expires_in_doubt_is_unknown_and_keeps_its_slot(desk: Desk) -> None:
    store = desk.store
    for number, expires_at in ((1, None), (2, 150)):
        await store.accept(order(number, "ann", "bob", content_key=f"same {number}", expires_at=expires_at), 100)
    ann, bob, *others = await claim(store, 100)
    verdicts = [put_off(ann, 200, doubt=True), put_off(bob, 200), put_off(others[0], 200, doubt=True)]
    await store.record([*verdicts, put_off(others[1], 200)], 110)
    assert (await store.cancel("M0001", 120)).counts == {State.UNKNOWN: 1, State.CANCELLED: 1}
    assert await store.expire(10, 160) == (2, None)
    assert (await message(store, "M0002")).counts == {State.UNKNOWN: 1, State.EXPIRED: 1}
    for number in (1, 2):
        again = await store.accept(order(number + 5, "ann", content_key=f"same {number}"), 300)
        assert again.message_id == f"M000{number}"
        assert not (await store.accept(order(number + 7, "bob", content_key=f"same {number}"), 300)).duplicates
    await store.apply([report(ReceiptKind.DELIVERED, "x1", 310, reference="M0001-0")], 320)
    assert await state(store, "M0001-0") is State.DELIVERED


@exam
async def test_rescheduling_moves_what_was_never_attempted(desk: Desk) -> None:
    store = desk.store
    await store.accept(order(1, "tried", "waiting"), 100)
    (tried,) = await claim(store, 100, limit=1)
    await store.record([put_off(tried, 120)], 110)
    got = await store.reschedule("M0001", 500, 115)
    assert (got.send_at, got.counts) == (500, {State.WAITING: 1, State.DEFERRED: 1})
    assert [each.recipient for each in await claim(store, 499)] == ["tried"]
    assert (await store.reschedule("M0001", 600, 499)).send_at == 600
    assert await claim(store, 599) == []
    assert [each.recipient for each in await claim(store, 600)] == ["waiting"]
    with pytest.raises(Conflict, match="left to reschedule"):
        await store.reschedule("M0001", 900, 700)
    assert (await message(store, "M0001")).send_at == 600


@exam
async def test_a_retry_is_another_full_round_of_attempts(desk: Desk) -> None:
    store = desk.store
    await store.accept(order(1, max_attempts=3), 100)
    await store.record([put_off(await claim_one(store, 100), 110)], 105)
    await store.record([taken(await claim_one(store, 110))], 115)
    await store.apply([report(ReceiptKind.FAILED, "xM0001-0", 120)], 120)
    got = await store.retry("M0001-0", 200)
    assert (got.state, got.attempts, got.max_attempts, got.due_at) == (State.WAITING, 2, 5, 200)
    assert (got.code, got.detail, got.external_id) == (None, None, None)
    assert got == await delivery(store, "M0001-0")
    again = await claim_one(store, 200)
    assert (again.attempt, again.max_attempts, again.doubt) == (3, 5, False)
    with pytest.raises(IllegalStep, match="sending cannot retry"):
        await store.retry("M0001-0", 210)


@exam
async def test_what_is_unknown_may_be_tried_again_and_stays_in_doubt(desk: Desk) -> None:
    store = desk.store
    await store.accept(order(1, max_attempts=1), 100)
    await store.record([doubted(await claim_one(store, 100))], 110)
    await store.retry("M0001-0", 200)
    again = await claim_one(store, 200)
    assert (again.attempt, again.max_attempts, again.doubt) == (2, 2, True)


@exam
async def test_a_retry_takes_the_slot_again_unless_another_has_it(desk: Desk) -> None:
    store = desk.store
    await store.accept(order(1, content_key="same"), 100)
    await store.record([failed(await claim_one(store, 100))], 110)
    await store.retry("M0001-0", 120)
    assert (await store.accept(order(2, content_key="same"), 130)).message_id == "M0001"
    await store.record([failed(await claim_one(store, 130))], 140)
    await store.accept(order(3, content_key="same"), 150)
    with pytest.raises(Conflict, match="M0003-0 already says the same"):
        await store.retry("M0001-0", 160)
    assert await state(store, "M0001-0") is State.FAILED


@exam
async def test_with_a_window_a_retry_may_take_a_slot_whose_time_has_passed(desk: Desk) -> None:
    store = await desk.reopen(dedupe_window=100)
    await store.accept(order(1, content_key="same"), 1_000)
    await store.record([failed(await claim_one(store, 1_000))], 1_001)
    await store.accept(order(2, content_key="same"), 1_002)
    await store.record([doubted(await claim_one(store, 1_002))], 1_003)
    with pytest.raises(Conflict):
        await store.retry("M0001-0", 1_101)
    await store.retry("M0001-0", 1_102)
    with pytest.raises(Conflict):
        await store.retry("M0002-0", 1_103)
    await store.record([doubted(await claim_one(store, 1_103))], 1_104)
    assert (await store.retry("M0001-0", 2_000)).state is State.WAITING
    assert (await store.accept(order(3, content_key="same"), 9_000)).message_id == "M0001"


@exam
async def test_an_expired_delivery_that_is_retried_does_not_expire_again_at_once(desk: Desk) -> None:
    for number, content_key in ((1, "content"), (2, None)):
        await desk.store.accept(order(number, expires_at=150, content_key=content_key), 100)
    await desk.store.expire(10, 150)
    for number in (1, 2):
        await desk.store.retry(f"M000{number}-0", 200)
    assert await desk.store.expire(10, 200) == (0, None)
    assert [each.attempt for each in await claim(desk.store, 200)] == [1, 1]


@exam
async def test_reports_about_a_round_before_the_retry_mean_nothing_to_the_next(desk: Desk) -> None:
    store = desk.store
    await store.accept(order(1), 100)
    await store.record([taken(await claim_one(store, 100), "first")], 110)
    await store.apply([report(ReceiptKind.FAILED, "first", 120)], 120)
    await store.retry("M0001-0", 130)
    await store.apply([report(ReceiptKind.FAILED, "first", 120, reference="M0001-0")], 140)
    claimed = await claim_one(store, 150)
    await store.apply([report(ReceiptKind.FAILED, "first", 120, reference="M0001-0")], 155)
    await store.record([taken(claimed, "second")], 160)
    assert await state(store, "M0001-0") is State.SENT


@exam
async def test_what_was_taken_and_then_failed_is_tried_again_under_a_key_of_its_own(desk: Desk) -> None:
    store = desk.store
    await store.accept(order(1, "ann", "bob", "cid"), 100)
    ann, bob, cid = await claim(store, 100)
    assert [each.key for each in (ann, bob, cid)] == ["M0001-0", "M0001-1", "M0001-2"]
    await store.record([taken(ann, "first"), failed(bob), doubted(cid)], 110)
    await store.apply([report(ReceiptKind.FAILED, "first", 120)], 120)
    for ordinal in range(3):
        await store.retry(f"M0001-{ordinal}", 130)
    again = await claim(store, 140)
    assert [each.key for each in again] == ["M0001-0.1", "M0001-1", "M0001-2"]
    await store.record([taken(again[0], "second")], 150)
    await store.apply([report(ReceiptKind.FAILED, "second", 160)], 160)
    await store.retry("M0001-0", 170)
    assert (await claim_one(store, 180)).key == "M0001-0.2"


@exam
async def test_a_person_resolves_what_is_unknown(desk: Desk) -> None:
    store = desk.store
    await store.accept(order(1, "ann", "bob", "cid"), 100)
    await store.record([doubted(each) for each in await claim(store, 100)], 110)
    for ordinal, event, expected in (
        (0, Event.RESOLVE_DELIVERED, (State.DELIVERED, None)),
        (1, Event.RESOLVE_FAILED, (State.FAILED, "timeout")),
    ):
        got = await store.resolve(f"M0001-{ordinal}", event, 120)
        assert (got.state, got.code) == expected
        assert got == await delivery(store, got.id)
        with pytest.raises(IllegalStep):
            await store.resolve(f"M0001-{ordinal}", event, 130)
    again = await store.accept(order(2, "ann", "bob", "cid", content_key="content 1"), 200)
    assert [each.delivery_id for each in again.duplicates] == ["M0001-0", "M0001-2"]


@exam
async def test_accounts_are_put_listed_and_deleted(desk: Desk) -> None:
    store = desk.store
    john = Account("john", "John McClane", {"telegram": "1001", "viber": "EGAZ3SZRi6zW1D0uNYhQHg=="})
    assert await store.put_account(john)
    assert not await store.put_account(john)
    assert await store.accounts(["john", "nobody", "john"]) == {"john": john}
    moved = Account("john", "John", {"viber": "other", "max": "7"})
    assert not await store.put_account(moved)
    for each in ("anna", "Zoe", "z-9"):
        await store.put_account(Account(each, each.upper(), {}))
    assert [each.id for each in await store.list_accounts(limit=10, after=None)] == ["Zoe", "anna", "john", "z-9"]
    assert await store.list_accounts(limit=1, after="anna") == [moved]
    assert await store.delete_account("john")
    assert not await store.delete_account("john")
    assert await store.accounts(["john"]) == await store.accounts([]) == {}
    await store.put_account(Account("john", "John again", {}))
    assert (await store.accounts(["john"]))["john"].identifiers == {}


@exam
async def test_a_key_is_in_use_under_its_name_until_it_is_revoked(desk: Desk) -> None:
    store = desk.store
    first, second = Key("ci", "aa", ("acme", "other"), 100), Key("ci", "bb", (), 300)
    await store.add_key(first)
    with pytest.raises(Conflict, match="'ci' is in use"):
        await store.add_key(second)
    assert await store.revoke_key("ci", 200)
    assert not await store.revoke_key("ci", 201)
    await store.add_key(second)
    store = await desk.reopen()
    assert await store.keys() == [Key("ci", "aa", ("acme", "other"), 100, 200), second]


@exam
async def test_of_keys_added_at_once_under_one_name_one_is_kept(desk: Desk) -> None:
    keys = [Key("ci", str(n), (), n) for n in range(10)]
    got = await asyncio.gather(*(desk.store.add_key(key) for key in keys), return_exceptions=True)
    assert sum(isinstance(each, Conflict) for each in got) == 9
    assert len(await desk.store.keys()) == 1


@exam
async def test_the_clocks_offset_is_kept(desk: Desk) -> None:
    assert await desk.store.clock_offset() == 0
    await desk.store.keep_clock_offset(-5_000_000)
    await desk.store.keep_clock_offset(10_800_000_000)
    assert await (await desk.reopen()).clock_offset() == 10_800_000_000


@exam
async def test_a_new_life_finds_everything_as_it_was_left(desk: Desk) -> None:
    await desk.store.accept(order(1, "ann", "bob", "cid", send_at=None), 100)
    await desk.store.accept(order(2, send_at=900, content_key="same"), 100)
    ann, bob = await claim(desk.store, 100, limit=2)
    await desk.store.record([taken(ann), put_off(bob, 200, suspect=True)], 110)
    before = [await desk.store.message(f"M000{n}") for n in (1, 2)]
    store = await desk.reopen()
    assert [await store.message(f"M000{n}") for n in (1, 2)] == before
    assert [each.recipient for each in await claim(store, 200, suspects=True)] == ["bob"]
    assert [each.recipient for each in await claim(store, 200)] == ["cid"]
    assert (await store.accept(order(3, content_key="same"), 300)).message_id == "M0002"


@exam
async def test_progress_counts_a_messages_deliveries_by_messenger_and_state(desk: Desk) -> None:
    store = desk.store
    await store.accept(order(1, "ann", "bob", "cat", messengers=("telegram", "viber")), 100)
    await store.accept(order(2), 100)
    await store.claim("viber", suspects=False, limit=2, lease_until=1_000, now=110)
    assert await store.progress("M0001") == {
        "telegram": {State.WAITING: 3},
        "viber": {State.WAITING: 1, State.SENDING: 2},
    }
    assert await store.progress("nothing") == {}
