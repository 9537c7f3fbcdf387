"""What a store makes of messengers' reports, in whatever order, number and time they come."""

from itertools import permutations

from tests.contracts.stores import (
    Desk,
    claim,
    claim_one,
    delivery,
    doubted,
    exam,
    message,
    order,
    put_off,
    report,
    state,
    taken,
)
from vestnik.domain.lifecycle import Event, State
from vestnik.domain.moment import SECOND, seconds
from vestnik.domain.outcomes import ReceiptKind
from vestnik.ports import Store

SENT, DELIVERED, READ, FAILED = ReceiptKind


async def send(store: Store, number: int, *recipients: str) -> None:
    """The messenger takes `M0007-0` and calls it `xM0007-0`."""
    await store.accept(order(number, *recipients), 100)
    assert all(await store.record([taken(each) for each in await claim(store, 100)], 110))


@exam
async def test_reports_move_a_delivery_on(desk: Desk) -> None:
    await send(desk.store, 1)
    for at, (kind, expected) in enumerate(
        [(SENT, State.SENT), (DELIVERED, State.DELIVERED), (READ, State.READ)], start=200
    ):
        await desk.store.apply([report(kind, "xM0001-0", at)], 300)
        assert await state(desk.store, "M0001-0") is expected
    _, receipts = await desk.store.history("M0001-0")
    assert [(got.kind, got.at) for got in receipts] == [("sent", 200), ("delivered", 201), ("read", 202)]


@exam
async def test_reports_come_to_the_same_in_any_order_and_number(desk: Desk) -> None:
    orders = list(permutations([SENT, DELIVERED, READ]))
    await send(desk.store, 1, *(f"r{n}" for n in range(len(orders))))
    for place in range(3):
        await desk.store.apply(
            [report(kinds[place], f"xM0001-{n}", 200) for n, kinds in enumerate(orders) for _ in range(2)], 300
        )
    assert (await message(desk.store, "M0001")).counts == {State.READ: 6}
    histories = [await desk.store.history(f"M0001-{n}") for n in range(6)]
    assert all([got.kind for got in receipts] == ["sent", "delivered", "read"] for _, receipts in histories)


@exam
async def test_a_failed_report_tells_why_and_frees_the_slot(desk: Desk) -> None:
    await send(desk.store, 1)
    await desk.store.apply([report(FAILED, "xM0001-0", 200)], 300)
    found = await delivery(desk.store, "M0001-0")
    assert (found.state, found.code, found.detail) == (State.FAILED, "131026", "undeliverable")
    assert not (await desk.store.accept(order(2, content_key="content 1"), 400)).duplicates


@exam
async def test_what_was_delivered_does_not_fail_any_more(desk: Desk) -> None:
    await send(desk.store, 1)
    await desk.store.apply([report(DELIVERED, "xM0001-0", 200), report(FAILED, "xM0001-0", 201)], 300)
    assert await state(desk.store, "M0001-0") is State.DELIVERED
    assert [got.kind for got in (await desk.store.history("M0001-0"))[1]] == ["delivered", "failed"]


@exam
async def test_a_report_finds_its_delivery_by_reference_before_external_id(desk: Desk) -> None:
    await send(desk.store, 1, "ann", "bob")
    await desk.store.apply([report(DELIVERED, "xM0001-1", 200, reference="M0001-0")], 300)
    assert [await state(desk.store, f"M0001-{n}") for n in (0, 1)] == [State.DELIVERED, State.SENT]


@exam
async def test_a_report_of_another_messenger_moves_nothing(desk: Desk) -> None:
    await send(desk.store, 1)
    await desk.store.apply(
        [
            report(READ, "xM0001-0", 200, "viber"),
            report(READ, "other", 200, "viber", reference="M0001-0"),
            report(READ, "xM0001-0", 200, "viber", reference="no id of ours"),
        ],
        300,
    )
    assert await state(desk.store, "M0001-0") is State.SENT


@exam
async def test_of_two_deliveries_of_one_external_id_the_younger_is_meant(desk: Desk) -> None:
    for number in (1, 2):
        await desk.store.accept(order(number), 100)
        await desk.store.record([taken(await claim_one(desk.store, 100), "same")], 110)
    await desk.store.apply([report(DELIVERED, "same", 200)], 300)
    assert [await state(desk.store, f"M000{n}-0") for n in (1, 2)] == [State.SENT, State.DELIVERED]


@exam
async def test_a_report_that_beats_its_record_is_kept_until_then(desk: Desk) -> None:
    store = desk.store
    await store.accept(order(1, "ann", "bob"), 100)
    ann, bob = await claim(store, 100)
    early = [report(READ, "xM0001-0", 105), report(DELIVERED, "y", 105, reference="M0001-1")]
    await store.apply([*early, *early], 106)
    assert await state(store, "M0001-0") is State.SENDING
    store = await desk.reopen()
    await store.record([taken(ann)], 110)
    assert [await state(store, f"M0001-{n}") for n in (0, 1)] == [State.READ, State.SENDING]
    await store.record([taken(bob, "y")], 111)
    assert await state(store, "M0001-1") is State.DELIVERED
    assert [got.at for got in (await store.history("M0001-1"))[1]] == [105]


@exam
async def test_early_reports_are_applied_in_the_order_in_which_they_came(desk: Desk) -> None:
    await desk.store.accept(order(1), 100)
    claimed = await claim_one(desk.store, 100)
    await desk.store.apply([report(FAILED, "xM0001-0", 105)], 106)
    await desk.store.apply([report(DELIVERED, "xM0001-0", 104)], 107)
    await desk.store.record([taken(claimed)], 110)
    assert await state(desk.store, "M0001-0") is State.FAILED


@exam
async def test_an_early_report_is_kept_for_a_day(desk: Desk) -> None:
    store, day = desk.store, seconds(24 * 3600)
    await store.accept(order(1, "ann", "bob"), 100)
    ann, bob = await claim(store, 100)
    await store.apply([report(DELIVERED, "xM0001-0", 105)], 106)
    await store.apply([report(DELIVERED, "xM0001-1", 105)], 107)
    await store.forget(day + 106)
    await store.record([taken(ann), taken(bob)], 110)
    assert [await state(store, f"M0001-{n}") for n in (0, 1)] == [State.SENT, State.DELIVERED]


@exam
async def test_a_report_about_an_attempt_that_was_not_taken_moves_nothing(desk: Desk) -> None:
    await desk.store.accept(order(1), 100)
    await desk.store.record([put_off(await claim_one(desk.store, 100), 200)], 110)
    await desk.store.apply([report(DELIVERED, "y", 120, reference="M0001-0")], 130)
    assert await state(desk.store, "M0001-0") is State.WAITING
    assert [got.kind for got in (await desk.store.history("M0001-0"))[1]] == ["delivered"]


@exam
async def test_a_report_settles_what_is_in_doubt(desk: Desk) -> None:
    store = desk.store
    await store.accept(order(1, "ann", "bob", "cid"), 100)
    ann, bob, cid = await claim(store, 100)
    await store.record([put_off(ann, 200, doubt=True), doubted(bob), doubted(cid)], 110)
    await store.apply(
        [report(kind, f"y{n}", 120, reference=f"M0001-{n}") for n, kind in enumerate([SENT, READ, FAILED])], 130
    )
    found = [await delivery(store, f"M0001-{n}") for n in range(3)]
    assert [(each.state, each.external_id, each.due_at, each.code) for each in found] == [
        (State.SENT, "y0", None, None),
        (State.READ, "y1", None, None),
        (State.FAILED, "y2", None, "131026"),
    ]
    assert await claim(store, 300) == []
    await store.apply([report(DELIVERED, "y0", 140)], 150)
    assert await state(store, "M0001-0") is State.DELIVERED
    assert len((await store.accept(order(2, "ann", "bob", "cid", content_key="content 1"), 400)).duplicates) == 2


@exam
async def test_a_report_that_comes_while_it_is_sent_again_waits_for_the_answer(desk: Desk) -> None:
    store = desk.store
    await store.accept(order(1, "ann", "bob"), 100)
    ann, bob = await claim(store, 100)
    await store.record([put_off(ann, 120, doubt=True), put_off(bob, 120, doubt=True)], 110)
    ann, bob = await claim(store, 120)
    await store.apply([report(DELIVERED, f"y{n}", 125, reference=f"M0001-{n}") for n in (0, 1)], 126)
    assert (await message(store, "M0001")).counts == {State.SENDING: 2}
    await store.give_back([ann.back(130)], 127)
    await store.record([put_off(bob, 200)], 128)
    found = [await delivery(store, f"M0001-{n}") for n in (0, 1)]
    assert [(each.state, each.external_id) for each in found] == [(State.DELIVERED, "y0"), (State.DELIVERED, "y1")]


@exam
async def test_the_failure_of_an_earlier_attempt_does_not_fail_the_latest(desk: Desk) -> None:
    store = desk.store
    await store.accept(order(1), 100)
    await store.record([put_off(await claim_one(store, 100), 120, doubt=True)], 110)
    await store.record([taken(await claim_one(store, 120), "second")], 130)
    await store.apply([report(FAILED, "first", 140, reference="M0001-0")], 150)
    assert await state(store, "M0001-0") is State.SENT
    await store.apply([report(DELIVERED, "second", 160, reference="M0001-0")], 170)
    assert await state(store, "M0001-0") is State.DELIVERED


@exam
async def test_an_unknown_report_to_a_recipient_settles_the_only_delivery_in_doubt(desk: Desk) -> None:
    store = desk.store
    await store.accept(order(1, "ann", "bob"), SECOND)
    ann, bob = await claim(store, SECOND)
    await store.record([put_off(ann, 200 * SECOND, doubt=True), doubted(bob)], 2 * SECOND)
    await store.apply([report(DELIVERED, f"t-{who}", 1, recipient=who) for who in ("ann", "bob", "cid")], 3 * SECOND)
    found = [await delivery(store, f"M0001-{n}") for n in (0, 1)]
    assert [(each.state, each.external_id) for each in found] == [
        (State.DELIVERED, "t-ann"),
        (State.DELIVERED, "t-bob"),
    ]


@exam
async def test_that_something_unknown_was_read_settles_nothing_since_what_is_read_was_delivered_first(
    desk: Desk,
) -> None:
    store = desk.store
    await store.accept(order(1, "ann"), SECOND)
    await store.record([doubted(await claim_one(store, SECOND))], 2 * SECOND)
    await store.apply([report(READ, "long let go of", 3 * SECOND, recipient="ann")], 3 * SECOND)
    assert await state(store, "M0001-0") is State.UNKNOWN
    await store.apply([report(DELIVERED, "t-ann", 3 * SECOND, recipient="ann")], 4 * SECOND)
    assert await state(store, "M0001-0") is State.DELIVERED


@exam
async def test_an_unknown_report_settles_nothing_where_it_could_mean_something_else(desk: Desk) -> None:
    store, now = desk.store, 100 * SECOND
    for number, people in enumerate((("two", "busy", "old", "calm"), ("two", "busy"))):
        await store.accept(order(number, *people), now)
    two, busy, old, calm, other_two, other_busy = await claim(store, now)
    verdicts = [put_off(each, 2 * now, doubt=True) for each in (two, other_two, busy, old)]
    await store.record([*verdicts, put_off(calm, 2 * now)], now)
    reports = [report(DELIVERED, f"t-{who}", now, recipient=who) for who in ("two", "busy", "calm")]
    reports += [
        report(DELIVERED, "t-old", now - SECOND, recipient="old"),
        report(DELIVERED, "t-ref", now, reference="somebody else's", recipient="old"),
        report(DELIVERED, "t-all", now, "viber", recipient="old"),
        report(DELIVERED, "t-none", now),
    ]
    await store.apply(reports, now)
    assert (await message(store, "M0000")).counts == {State.WAITING: 4}
    assert other_busy.delivery_id == "M0001-1"
    # The one that was being sent turns out to be in doubt too: still nobody knows which of the two is meant.
    await store.record([put_off(other_busy, 2 * now, doubt=True)], now)
    assert (await message(store, "M0001")).counts == {State.WAITING: 2}


@exam
async def test_an_unknown_report_may_be_the_second_of_a_delivery_that_was_sent_again_after_a_lost_answer(
    desk: Desk,
) -> None:
    store, now = desk.store, 100 * SECOND
    await store.accept(order(1), now)
    await store.record([put_off(await claim_one(store, now), now, doubt=True)], now)
    await store.record([taken(await claim_one(store, now), "second")], now)
    await store.accept(order(2), now)
    await store.record([put_off(await claim_one(store, now), 2 * now, doubt=True)], now)
    await store.apply([report(DELIVERED, "first", now, recipient="ann")], now)
    assert await state(store, "M0002-0") is State.WAITING
    long_after = now + 15 * 24 * 3600 * SECOND
    await store.record([put_off(await claim_one(store, long_after), 2 * long_after, doubt=True)], long_after)
    await store.apply([report(DELIVERED, "another", long_after, recipient="ann")], long_after)
    assert await state(store, "M0002-0") is State.DELIVERED


@exam
async def test_an_unknown_report_may_be_about_a_delivery_that_was_settled_without_it(desk: Desk) -> None:
    store, now = desk.store, 100 * SECOND
    await store.accept(order(1, "ann", "bob"), now)
    for _ in range(2):
        await store.record([put_off(each, now, doubt=True) for each in await claim(store, now)], now)
    ann, bob = await claim(store, now)
    await store.record([doubted(ann), put_off(bob, 2 * now, doubt=True)], now)
    await store.resolve("M0001-0", Event.RESOLVE_DELIVERED, now)
    await store.apply([report(DELIVERED, "one of three", now, recipient="bob")], now)
    assert await state(store, "M0001-1") is State.DELIVERED
    await store.accept(order(2, "ann", "bob"), now)
    await store.record([put_off(each, 2 * now, doubt=True) for each in await claim(store, now)], now)
    await store.apply([report(DELIVERED, f"another to {who}", now, recipient=who) for who in ("ann", "bob")], now)
    assert (await message(store, "M0002")).counts == {State.WAITING: 2}


@exam
async def test_a_report_kept_for_a_recipient_settles_the_attempt_that_then_ends_in_doubt(desk: Desk) -> None:
    await desk.store.accept(order(1), 100)
    claimed = await claim_one(desk.store, 100)
    await desk.store.apply([report(DELIVERED, "token", 105, recipient="ann")], 106)
    assert await state(desk.store, "M0001-0") is State.SENDING
    await desk.store.record([put_off(claimed, 200, doubt=True)], 110)
    found = await delivery(desk.store, "M0001-0")
    assert (found.state, found.external_id) == (State.DELIVERED, "token")


@exam
async def test_a_report_settles_the_delivery_in_doubt_as_soon_as_nothing_else_to_its_recipient_can_be_meant(
    desk: Desk,
) -> None:
    store = desk.store
    await store.accept(order(1), 100)
    await store.record([put_off(await claim_one(store, 100), 300, doubt=True)], 110)
    await store.accept(order(2), 120)
    other = await claim_one(store, 120)
    await store.apply([report(DELIVERED, "token", 125, recipient="ann")], 130)
    assert await state(store, "M0001-0") is State.WAITING
    await store.record([taken(other)], 140)
    found = await delivery(store, "M0001-0")
    assert (found.state, found.external_id) == (State.DELIVERED, "token")
    assert await state(store, "M0002-0") is State.SENT


@exam
async def test_a_report_kept_for_a_recipient_settles_what_is_in_doubt_when_its_next_attempt_is_given_back(
    desk: Desk,
) -> None:
    store = desk.store
    await store.accept(order(1), 100)
    await store.record([put_off(await claim_one(store, 100), 120, doubt=True)], 110)
    again = await claim_one(store, 120)
    await store.apply([report(DELIVERED, "token", 125, recipient="ann")], 126)
    assert await state(store, "M0001-0") is State.SENDING
    await store.give_back([again.back(130)], 127)
    assert await state(store, "M0001-0") is State.DELIVERED


@exam
async def test_a_report_about_a_message_that_a_late_answer_named_is_heard_after_the_next_attempt(desk: Desk) -> None:
    store = desk.store
    await store.accept(order(1), 100)
    first = await claim_one(store, 100)
    await store.record([put_off(first, 120, doubt=True)], 110)
    second = await claim_one(store, 120)
    await store.record([taken(first, "late")], 125)
    await store.apply([report(DELIVERED, "late", 126)], 127)
    assert await state(store, "M0001-0") is State.SENDING
    await store.record([put_off(second, 200)], 130)
    assert await state(store, "M0001-0") is State.DELIVERED


@exam
async def test_of_reports_of_a_kind_the_first_is_remembered(desk: Desk) -> None:
    await send(desk.store, 1)
    await desk.store.apply([report(DELIVERED, "xM0001-0", at) for at in (201, 202)], 300)
    await desk.store.apply([report(DELIVERED, "xM0001-0", 200)], 300)
    assert [got.at for got in (await desk.store.history("M0001-0"))[1]] == [201]
