"""Small rules of the domain: identity of contents, waits, turns, summaries, ids, moments and keys."""

from collections import Counter
from datetime import UTC, datetime, timedelta, timezone

import hypothesis.strategies as st
import pytest
from hypothesis import given

from vestnik.domain.delivery import delivery_id, split_delivery_id
from vestnik.domain.errors import NotFound
from vestnik.domain.identity import content_key, normalise
from vestnik.domain.lifecycle import State
from vestnik.domain.moment import EARLIEST, LATEST, SECOND, from_datetime, seconds, to_datetime, to_rfc3339
from vestnik.domain.priority import BULK_FROM, Priority, default_priority, take_turns
from vestnik.domain.retry import RetrySchedule
from vestnik.domain.summary import is_sent, message_status

# Identity


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("caf\u00e9", "cafe\u0301"),
        ("a\r\nb", "a\nb"),
        ("a\rb", "a\nb"),
        ("a  \nb\t", "a\nb"),
        ("a\n\n", "a"),
    ],
)
def test_differences_that_no_reader_sees_make_no_other_content(one: str, other: str) -> None:
    assert content_key("acme", one) == content_key("acme", other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("a", "A"), ("a b", "a  b"), (" a", "a"), ("a\n\nb", "a\nb"), ("", "."), ("й", "и"), ("👍", "👍🏽")],
)
def test_differences_that_a_reader_sees_make_another_content(one: str, other: str) -> None:
    assert content_key("acme", one) != content_key("acme", other)


def test_the_identity_belongs_to_a_sender_and_a_key_is_never_a_text() -> None:
    keys = [
        content_key("acme", "a"),
        content_key("other", "a"),
        content_key("acme", "b", "a"),
        content_key("acm", "ea"),
        content_key("acme", "x", ""),
    ]
    assert len(set(keys)) == len(keys)
    assert content_key("acme", "one text", "key") == content_key("acme", "another", "key")
    assert all(key.startswith("1:") and len(key) == 45 for key in keys)


def test_the_identity_of_a_content_does_not_change_between_versions() -> None:
    assert content_key("acme", "hello") == "1:VIk8f52jj2r1jRTADtrQHBVdIBwccqhud+tf6yXo6qs"


@given(st.text())
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


# Retries


@given(
    attempt=st.integers(1, 10_000),
    luck=st.floats(0, 1, exclude_max=True),
    retry_after=st.none() | st.floats(0, 86_400),
)
def test_a_wait_stays_between_what_the_messenger_asked_and_the_cap_on_top(
    attempt: int, luck: float, retry_after: float | None
) -> None:
    schedule = RetrySchedule(base=2, cap=300)
    asked = seconds(retry_after or 0)
    wait = schedule.next_due(1_000, attempt, luck, retry_after) - 1_000
    assert asked <= wait <= asked + 300 * SECOND + 1


def test_waits_double_up_to_the_cap_and_jitter_is_full() -> None:
    schedule = RetrySchedule(base=2, cap=300)
    assert [schedule.next_due(0, attempt, 0.5) / SECOND for attempt in (1, 2, 3, 8, 9, 100)] == [1, 2, 4, 128, 150, 150]
    assert schedule.next_due(0, 5, 0.0) == 0


# Turns


@given(
    sizes=st.lists(st.integers(0, 60), min_size=3, max_size=3),
    limit=st.integers(-1, 60),
)
def test_turns_waste_no_place_starve_nobody_and_keep_the_order(sizes: list[int], limit: int) -> None:
    due = [[(place, n) for n in range(size)] for place, size in enumerate(sizes)]
    taken = take_turns(due, limit)
    assert len(taken) == max(0, min(limit, sum(sizes)))
    assert taken == sorted(taken)
    assert all(taken.count(item) == 1 for item in taken)
    counts = Counter(place for place, _ in taken)
    if limit >= 3:
        assert all(counts[place] for place, size in enumerate(sizes) if size)
    assert counts[0] >= min(sizes[0], limit - 2 * max(1, limit // 10)) or limit < 3


def test_the_first_queue_leaves_each_later_one_a_tenth() -> None:
    due = [["high"] * 100, ["normal"] * 100, ["bulk"] * 100]
    assert Counter(take_turns(due, 50)) == {"high": 40, "normal": 5, "bulk": 5}
    assert take_turns(due, 1) == ["high"]
    assert Counter(take_turns([[], ["normal"] * 100, ["bulk"] * 3], 50)) == {"normal": 47, "bulk": 3}


def test_a_crowd_is_bulk_unless_it_says_otherwise() -> None:
    assert default_priority(BULK_FROM - 1) is Priority.NORMAL
    assert default_priority(BULK_FROM) is Priority.BULK
    assert [priority.word for priority in sorted(Priority)] == ["high", "normal", "bulk"]


# Summaries


@pytest.mark.parametrize(
    ("counts", "status", "sent"),
    [
        ({}, State.CANCELLED, False),
        ({State.WAITING: 3}, State.WAITING, False),
        ({State.DEFERRED: 3}, State.DEFERRED, False),
        ({State.WAITING: 1, State.DEFERRED: 1}, State.WAITING, False),
        ({State.SENDING: 1, State.DELIVERED: 9}, State.SENDING, False),
        ({State.WAITING: 1, State.SENT: 1}, State.SENDING, False),
        ({State.WAITING: 1, State.CANCELLED: 1}, State.WAITING, False),
        ({State.DELIVERED: 2}, State.DELIVERED, True),
        ({State.DELIVERED: 1, State.READ: 5}, State.DELIVERED, True),
        ({State.READ: 5}, State.READ, True),
        ({State.SENT: 1, State.READ: 5}, State.SENT, True),
        ({State.READ: 5, State.CANCELLED: 1}, State.READ, True),
        ({State.FAILED: 1, State.READ: 5}, State.FAILED, False),
        ({State.UNKNOWN: 1, State.EXPIRED: 1, State.READ: 5}, State.UNKNOWN, False),
        ({State.EXPIRED: 1, State.READ: 5}, State.EXPIRED, False),
        ({State.CANCELLED: 4}, State.CANCELLED, False),
    ],
)
def test_one_word_stands_for_a_message(counts: dict[State, int], status: State, sent: bool) -> None:
    assert message_status(counts) is status
    assert is_sent(counts) is sent


@given(st.dictionaries(st.sampled_from(State), st.integers(0, 5)))
def test_the_word_never_depends_on_states_that_nothing_is_in(counts: dict[State, int]) -> None:
    present = {state: count for state, count in counts.items() if count}
    assert message_status(counts) is message_status(present)
    assert is_sent(counts) is is_sent(present)


# Ids and moments


@given(message_id=st.text(min_size=1), ordinal=st.integers(0, 999_999_999))
def test_a_deliverys_id_leads_back_to_its_message(message_id: str, ordinal: int) -> None:
    assert split_delivery_id(delivery_id(message_id, ordinal)) == (message_id, ordinal)


@pytest.mark.parametrize("wrong", ["", "-", "M1", "M1-", "-1", "M1-x", "M1-\uff11", "M1-1234567890", "M1- 1"])
def test_what_cannot_be_a_deliverys_id_is_not_found(wrong: str) -> None:
    with pytest.raises(NotFound, match="no delivery has the id"):
        split_delivery_id(wrong)


@given(st.integers(EARLIEST, LATEST))
def test_a_moment_survives_being_a_datetime(moment: int) -> None:
    assert from_datetime(to_datetime(moment)) == moment
    assert from_datetime(datetime.fromisoformat(to_rfc3339(moment))) == moment


def test_a_moment_is_written_in_utc() -> None:
    assert to_rfc3339(0) == "1970-01-01T00:00:00Z"
    assert to_rfc3339(1_500_000) == "1970-01-01T00:00:01.500000Z"
    moscow = datetime(2026, 11, 23, 12, 30, tzinfo=timezone(timedelta(hours=3)))
    assert to_rfc3339(from_datetime(moscow)) == "2026-11-23T09:30:00Z"
    assert to_datetime(LATEST + 1) == datetime.max.replace(tzinfo=UTC)
    with pytest.raises(ValueError, match="offset"):
        from_datetime(datetime(2026, 11, 23))  # noqa: DTZ001 - what it lacks is the point
