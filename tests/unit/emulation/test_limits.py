"""How fast a bot may send, second by second."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestnik.emulation import limits
from vestnik.emulation.limits import Bucket, Limits, Named, Window
from vestnik.emulation.when import SECOND

NOW = 1_800_000_000 * SECOND


def sent(bucket: Bucket, key: str, now: int) -> bool:
    if bucket.wait(key, now):
        return False
    bucket.spend(key, now)
    return True


def test_a_bucket_lets_a_burst_through_and_then_one_at_a_time() -> None:
    bucket = Bucket(rate=1, burst=3)
    assert [sent(bucket, "john", NOW) for _ in range(4)] == [True, True, True, False]
    assert bucket.wait("john", NOW) == SECOND
    assert not sent(bucket, "john", NOW + SECOND - 1)
    assert sent(bucket, "john", NOW + SECOND)
    assert not sent(bucket, "john", NOW + SECOND)


def test_a_bucket_keeps_one_person_s_pace_from_another() -> None:
    bucket = Bucket(rate=1, burst=1)
    assert sent(bucket, "john", NOW)
    assert not sent(bucket, "john", NOW)
    assert sent(bucket, "jane", NOW)


def test_a_bucket_is_full_again_after_a_quiet_time() -> None:
    bucket = Bucket(rate=2, burst=2)
    assert [sent(bucket, "john", NOW) for _ in range(3)] == [True, True, False]
    assert [sent(bucket, "john", NOW + SECOND) for _ in range(3)] == [True, True, False]


@given(
    st.lists(st.integers(0, 3 * SECOND), max_size=200),
    st.sampled_from([0.5, 1.0, 30.0]),
    st.sampled_from([1, 3, 30]),
)
def test_a_bucket_never_lets_more_through_than_burst_and_rate_allow(pauses: list[int], rate: float, burst: int) -> None:
    bucket, now, passed = Bucket(rate, burst), NOW, []
    for pause in pauses:
        now += pause
        if sent(bucket, "john", now):
            passed.append(now)
    for first in range(len(passed)):
        for last in range(first, len(passed)):
            allowed = burst + (passed[last] - passed[first]) / SECOND * rate
            assert last - first + 1 <= allowed + 1e-3


@given(st.lists(st.integers(0, 3 * SECOND), max_size=100))
def test_whoever_waits_as_long_as_a_bucket_says_gets_through(pauses: list[int]) -> None:
    bucket, now = Bucket(rate=1 / 6, burst=4), NOW
    for pause in pauses:
        now += pause
        now += bucket.wait("john", now)
        assert sent(bucket, "john", now)


def test_a_clock_that_was_set_back_closes_no_bucket() -> None:
    bucket = Bucket(rate=1, burst=1)
    assert sent(bucket, "john", NOW)
    assert sent(bucket, "john", NOW - 3600 * SECOND)
    assert not sent(bucket, "john", NOW - 3600 * SECOND)


def test_a_window_counts_from_its_first_message() -> None:
    window = Window(most=2, seconds=60)
    for _ in range(2):
        assert window.wait("john", NOW) == 0
        window.spend("john", NOW)
    assert window.wait("john", NOW + 10 * SECOND) == 50 * SECOND
    assert window.wait("john", NOW + 60 * SECOND) == 0
    assert window.wait("john", NOW - SECOND) == 0


def test_a_limit_forgets_whoever_it_has_known_longest_when_it_knows_too_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "MOST", 2)
    bucket, window = Bucket(rate=1, burst=1), Window(most=1, seconds=60)
    for key in ("john", "jane", "jim"):
        bucket.spend(key, NOW)
        window.spend(key, NOW)
    assert [bucket.wait(key, NOW) > 0 for key in ("john", "jane", "jim")] == [False, True, True]
    assert [window.wait(key, NOW) > 0 for key in ("john", "jane", "jim")] == [False, True, True]


def test_the_limit_that_asks_for_the_longest_wait_is_named_and_nothing_is_counted() -> None:
    pair, number = Bucket(rate=1, burst=1), Bucket(rate=10, burst=1)
    both = Limits([Named("number", number), Named("pair", pair, each_recipient=True)])
    assert both.spend("bot", "john", NOW) is None
    exceeded = both.spend("bot", "john", NOW)
    assert exceeded is not None
    assert (exceeded.name, exceeded.retry_after) == ("pair", 1.0)
    exceeded = both.spend("bot", "jane", NOW)
    assert exceeded is not None
    assert (exceeded.name, exceeded.retry_after) == ("number", 0.1)
    assert both.spend("bot", "jane", NOW + SECOND // 10) is None
    assert both.spend("other", "john", NOW) is None


def test_a_reply_lifts_the_limits_that_it_lifts_and_no_others() -> None:
    silent, always = Window(most=1, seconds=60), Window(most=2, seconds=60)
    both = Limits(
        [
            Named("silent", silent, each_recipient=True, lifted_by_reply=True),
            Named("always", always, each_recipient=True),
        ]
    )
    assert both.spend("bot", "john", NOW) is None
    both.heard("bot", "jane", NOW)
    assert both.spend("bot", "john", NOW) is not None
    both.heard("bot", "john", NOW)
    assert both.spend("bot", "john", NOW) is None
    both.heard("bot", "john", NOW)
    exceeded = both.spend("bot", "john", NOW)
    assert exceeded is not None
    assert exceeded.name == "always"
    both.clear()
    assert both.spend("bot", "john", NOW) is None


def test_what_is_heard_counts_where_both_ways_do_and_is_never_held_up() -> None:
    number = Limits([Named("number", Window(most=2, seconds=60), both_ways=True)])
    for _ in range(3):
        number.heard("bot", "john", NOW)
    assert number.spend("bot", "jane", NOW) is not None
    assert number.spend("other", "jane", NOW) is None
