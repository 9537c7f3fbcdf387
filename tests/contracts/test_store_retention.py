"""What a store lets go of when its time is over, and what it keeps."""

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
from vestnik.domain.errors import Conflict
from vestnik.domain.lifecycle import Event, State
from vestnik.domain.outcomes import ReceiptKind
from vestnik.domain.requests import KEPT_FOR, Fresh
from vestnik.ports import Store
from vestnik.store.rows import REPORTED_WITHIN, unfinished_replay

WINDOW = 1_000


async def finish(store: Store, number: int, now: int) -> str:
    """A message that was delivered and read; its delivery's id."""
    await store.accept(order(number), now)
    claimed = await claim_one(store, now)
    await store.record([taken(claimed)], now)
    await store.apply([report(ReceiptKind.READ, f"x{claimed.delivery_id}", now)], now)
    return claimed.delivery_id


async def retired(store: Store, before: int, now: int) -> int:
    """Lets go of all that there is to let go of; how many messages."""
    total = 0
    while count := await store.retire(before, now):
        total += count
    return total


@exam
async def test_text_and_history_go_and_states_counters_and_slots_stay(desk: Desk) -> None:
    store = desk.store
    old, new = await finish(store, 1, 100), await finish(store, 2, 200)
    assert await retired(store, 150, 300) == 1
    assert (await message(store, "M0001")).text == ""
    assert (await message(store, "M0001")).counts == {State.READ: 1}
    assert await store.history(old) == ([], [])
    assert (await delivery(store, old)).external_id == f"x{old}"
    again = await store.accept(order(3, content_key="content 1"), 300)
    assert [duplicate.delivery_id for duplicate in again.duplicates] == [old], "its slot still blocks a repetition"
    assert (await message(store, "M0002")).text == "text 2"
    attempts, receipts = await store.history(new)
    assert len(attempts) == len(receipts) == 1
    assert await retired(store, 150, 300) == 0


@exam
async def test_a_message_of_the_very_moment_is_over(desk: Desk) -> None:
    await finish(desk.store, 1, 100)
    assert await retired(desk.store, 99, 300) == 0
    assert await retired(desk.store, 100, 300) == 1


@exam
async def test_what_is_not_finished_keeps_everything(desk: Desk) -> None:
    store = desk.store
    await store.accept(order(1, "ann", "bob"), 100)
    first, _ = await claim(store, 110)
    await store.record([failed(first)], 110)
    assert await retired(store, 1_000, 1_000) == 0
    assert len((await store.history(first.delivery_id))[0]) == 1


@exam
async def test_a_deferred_message_is_as_old_as_the_time_it_was_deferred_for(desk: Desk) -> None:
    store = desk.store
    await store.accept(order(1, send_at=500), 100)
    await store.record([taken(await claim_one(store, 500))], 500)
    assert await retired(store, 499, 1_000) == 0
    assert await retired(store, 500, 1_000) == 1


@exam
async def test_what_stood_before_something_unfinished_and_what_stands_behind_it_both_go(desk: Desk) -> None:
    store = desk.store
    await finish(store, 1, 100)
    await store.accept(order(2, send_at=900), 100)
    await store.accept(order(3, messengers=("owl",)), 100)
    await finish(store, 4, 101)
    assert await retired(store, 200, 200) == 2
    assert [bool((await message(store, f"M000{number}")).text) for number in (1, 2, 3, 4)] == [False, True, True, False]


@exam
async def test_without_its_text_nothing_is_sent_again(desk: Desk) -> None:
    store = desk.store
    await store.accept(order(1, "ann", "bob"), 100)
    one, other = await claim(store, 100)
    await store.record([failed(one), doubted(other)], 110)
    assert await retired(store, 200, 200) == 1
    for each in (one, other):
        with pytest.raises(Conflict, match="no longer kept"):
            await store.retry(each.delivery_id, 300)
    assert await state(store, one.delivery_id) is State.FAILED
    assert (await store.resolve(other.delivery_id, Event.RESOLVE_DELIVERED, 300)).state is State.DELIVERED


@exam
async def test_a_report_may_come_after_all_else_went(desk: Desk) -> None:
    store = desk.store
    await store.accept(order(1), 100)
    claimed = await claim_one(store, 100)
    await store.record([taken(claimed)], 100)
    assert await retired(store, 200, 200) == 1
    await store.apply([report(ReceiptKind.DELIVERED, f"x{claimed.delivery_id}", 300)], 300)
    assert await state(store, claimed.delivery_id) is State.DELIVERED


@exam
async def test_all_of_a_message_goes_when_its_slots_block_nothing_any_more(desk: Desk) -> None:
    store = await desk.reopen(dedupe_window=WINDOW)
    old = await finish(store, 1, 100)
    await finish(store, 2, 101)
    assert await retired(store, 500, 600) == 2
    assert await store.message("M0001") is not None, "its slot still blocks"
    assert await retired(store, 500 + WINDOW, 100 + WINDOW) == 1
    assert await store.message("M0001") is None
    assert await store.delivery(old) is None
    assert await store.history(old) == ([], [])
    assert (await message(store, "M0002")).counts == {State.READ: 1}
    assert not (await store.accept(order(3, content_key="content 1"), 100 + WINDOW)).duplicates
    await store.apply([report(ReceiptKind.READ, f"x{old}", 2_000)], 2_000)


@exam
async def test_what_is_not_reported_yet_stays_in_outline_as_long_as_messengers_keep_it(desk: Desk) -> None:
    """Its report would be taken for that of another message to the same person."""
    store = await desk.reopen(dedupe_window=WINDOW)
    await store.accept(order(1), 100)
    sent = await claim_one(store, 100)
    await store.record([taken(sent)], 100)
    await finish(store, 2, 101)
    after = 102 + 2 * WINDOW
    assert await retired(store, after, after) == 3, "two texts and one outline"
    assert await state(store, sent.delivery_id) is State.SENT
    assert await store.message("M0002") is None
    after += REPORTED_WITHIN
    assert await retired(store, after, after) == 1
    assert await store.message("M0001") is None


@exam
async def test_what_may_have_arrived_under_an_id_that_nobody_knows_stays_in_outline_as_long(desk: Desk) -> None:
    """The report of the attempt without an answer would be taken for that of a later one without an answer."""
    store = await desk.reopen(dedupe_window=WINDOW)
    await store.accept(order(1), 100)
    await store.record([put_off(await claim_one(store, 100), 110, doubt=True)], 105)
    await store.record([taken(await claim_one(store, 110), "second id")], 115)
    await store.apply([report(ReceiptKind.DELIVERED, "second id", 120, recipient="ann")], 120)
    after = 121 + 2 * WINDOW
    assert await retired(store, after, after) == 1, "its text"
    await store.accept(order(2), after)
    lost = await claim_one(store, after)
    await store.record([doubted(lost)], after)
    await store.apply([report(ReceiptKind.DELIVERED, "first id", after + 1, recipient="ann")], after + 1)
    assert await state(store, lost.delivery_id) is State.UNKNOWN
    assert await store.message("M0001") is not None
    after += REPORTED_WITHIN
    assert await retired(store, after, after) == 2, "its outline and the text of the other"
    assert await store.message("M0001") is None


@exam
async def test_what_was_accepted_under_a_key_stays_in_outline_until_its_reply_is_kept_or_its_key_forgotten(
    desk: Desk,
) -> None:
    """Whoever asks again under the key is told what became of it, also where the first process died before."""
    store = await desk.reopen(dedupe_window=WINDOW)
    for number in (1, 2):
        assert await store.begin_request(f"key {number}", "print", 100) == Fresh()
        await store.accept(order(number, request_key=f"key {number}"), 100)
        await store.record([taken(await claim_one(store, 100))], 100)
    await store.apply([report(ReceiptKind.READ, f"xM000{number}-0", 101) for number in (1, 2)], 101)
    store = await desk.reopen(dedupe_window=WINDOW)
    after = 102 + 2 * WINDOW
    assert await retired(store, after, after) == 2, "two texts"
    assert await store.begin_request("key 1", "print", after) == unfinished_replay("M0001")
    await store.finish_request("key 1", 202, b"told", None)
    assert await retired(store, after, after) == 1
    assert await store.message("M0001") is None
    assert (await message(store, "M0002")).counts == {State.READ: 1}
    await store.forget(101 + KEPT_FOR)
    assert await retired(store, after, after) == 1
    assert await store.message("M0002") is None


@exam
async def test_without_a_window_the_outline_stays_for_ever(desk: Desk) -> None:
    await finish(desk.store, 1, 100)
    assert await retired(desk.store, 10**15, 10**15) == 1
    assert await desk.store.message("M0001") is not None


@exam
async def test_one_call_lets_go_of_a_bounded_number_and_of_the_oldest_first(desk: Desk) -> None:
    store = desk.store
    for number in range(5):
        await store.accept(order(number, *(f"person {each}" for each in range(900))), 100 + number)
        claims = await claim(store, 200, limit=900)
        await store.record([taken(each) for each in claims], 200)
    assert await store.retire(1_000, 1_000) == 3
    assert [bool((await message(store, f"M000{number}")).text) for number in range(5)] == [False] * 3 + [True] * 2
    assert await store.retire(1_000, 1_000) == 2
    assert await store.retire(1_000, 1_000) == 0
