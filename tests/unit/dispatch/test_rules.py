"""The dispatcher's small rules: pace, breaker, suspects, turns and alarm."""

import asyncio

import pytest

from tests.virtual import VirtualClock, run
from vestnik.dispatch.alarm import Alarm
from vestnik.dispatch.breaker import Breaker
from vestnik.dispatch.pace import Pace
from vestnik.dispatch.suspects import Suspects
from vestnik.dispatch.turns import Turns
from vestnik.domain.delivery import Claim
from vestnik.domain.moment import SECOND, Moment, seconds

NOW: Moment = 1_800_000_000 * SECOND


def claim(number: int, recipient: str = "1") -> Claim:
    return Claim(f"m-{number}", "toy", recipient, "text", "acme", "Acme", 1, 5, NOW)


def test_a_pace_without_limits_allows_everything() -> None:
    pace = Pace()
    pace.spend(1_000_000, NOW)
    assert pace.allowance(NOW) is None
    assert pace.hold_until("1", NOW) is None


def test_a_pace_of_thirty_a_second_allows_thirty_in_any_second_after_the_first_burst() -> None:
    pace, sent, now = Pace(per_second=30), [], NOW
    while now < NOW + 10 * SECOND:
        count = pace.allowance(now)
        assert count is not None
        pace.spend(count, now)
        sent += [now] * count
        now = max(pace.next_allowance(), now + 1)
    assert 299 <= len(sent) <= 306
    for begin in range(NOW + SECOND, NOW + 9 * SECOND, SECOND // 4):
        assert sum(begin <= when < begin + SECOND for when in sent) <= 31


def test_unused_allowance_does_not_pile_up() -> None:
    pace = Pace(per_second=100)
    allowance = pace.allowance(NOW + 3600 * SECOND)
    assert allowance is not None
    assert allowance <= 11


def test_a_recipient_waits_for_its_own_gap_only() -> None:
    pace = Pace(gap=6)
    assert pace.hold_until("1", NOW) is None
    assert pace.hold_until("2", NOW) is None
    assert pace.hold_until("1", NOW + SECOND) == NOW + 6 * SECOND
    assert pace.hold_until("1", NOW + 6 * SECOND) is None


def test_gaps_of_the_past_are_forgotten() -> None:
    pace = Pace(gap=1)
    for number in range(10_001):
        pace.hold_until(str(number), NOW + number * SECOND)
    assert len(pace._not_before) < 10


def test_a_breaker_opens_only_after_failures_without_a_success_between() -> None:
    breaker = Breaker(threshold=3)
    for _ in range(10):
        breaker.failed(NOW)
        breaker.failed(NOW)
        breaker.succeeded()
    assert breaker.closed_at(NOW) is None
    assert not breaker.probing
    for _ in range(3):
        breaker.failed(NOW)
    assert breaker.closed_at(NOW) == NOW + SECOND


def test_an_open_breaker_probes_after_its_pause_and_pauses_longer_each_time_up_to_ten_seconds() -> None:
    breaker, now, pauses = Breaker(threshold=1), NOW, []
    for _ in range(6):
        breaker.failed(now)
        closed_at = breaker.closed_at(now)
        assert closed_at is not None
        pauses.append((closed_at - now) // SECOND)
        now = closed_at
        assert breaker.closed_at(now) is None
        assert breaker.probing
    assert pauses == [1, 2, 4, 8, 10, 10]


def test_one_success_closes_a_breaker_for_good() -> None:
    breaker = Breaker(threshold=2)
    breaker.failed(NOW)
    breaker.failed(NOW)
    breaker.succeeded()
    breaker.failed(NOW)
    assert breaker.closed_at(NOW) is None


def test_a_breaker_honours_the_wait_that_the_messenger_asked_for() -> None:
    breaker = Breaker(threshold=1)
    breaker.failed(NOW, retry_after=42)
    assert breaker.closed_at(NOW) == NOW + 42 * SECOND


def test_suspicion_ends_with_a_good_answer_or_after_five_minutes() -> None:
    suspects = Suspects()
    suspects.add("1", NOW)
    suspects.add("2", NOW)
    suspects.clear("1")
    assert not suspects.include("1", NOW)
    assert suspects.include("2", NOW + seconds(299))
    assert not suspects.include("2", NOW + seconds(300))


def test_the_memory_of_suspects_is_bounded_and_drops_the_oldest() -> None:
    suspects = Suspects()
    for number in range(100_001):
        suspects.add(str(number), NOW)
    assert not suspects.include("0", NOW)
    assert suspects.include("1", NOW)
    assert suspects.include("100000", NOW)


def test_claims_for_one_recipient_take_turns() -> None:
    started: list[Claim] = []
    turns = Turns(started.append)
    turns.enter("1")
    turns.wait(claim(2))
    turns.wait(claim(3))
    turns.leave("1")
    assert started == [claim(2)]
    assert turns.busy("1")
    turns.leave("1")
    turns.leave("1")
    assert started == [claim(2), claim(3)]
    assert not turns.busy("1")


def test_claims_behind_a_slow_attempt_are_sent_home_and_the_recipient_stays_busy() -> None:
    turns = Turns(lambda _: pytest.fail("nobody may start"))
    turns.enter("1")
    turns.wait(claim(2))
    assert turns.send_home("1") == [claim(2)]
    assert turns.busy("1")
    assert turns.send_all_home() == []


def test_an_alarm_ends_the_wait_at_the_earliest_time_it_was_set_for() -> None:
    async def wait() -> float:
        clock = VirtualClock()
        alarm = Alarm(clock)
        alarm.set_for(clock.now() + seconds(20))
        alarm.set_for(clock.now() + seconds(7))
        alarm.set_for(None)
        alarm.set_for(clock.now() + seconds(30))
        await alarm.wait()
        return asyncio.get_running_loop().time()

    assert run(wait()) == pytest.approx(7, abs=0.001)


def test_an_alarm_that_rang_before_the_wait_ends_it_at_once_and_only_once() -> None:
    async def wait() -> tuple[float, float]:
        clock, loop = VirtualClock(), asyncio.get_running_loop()
        alarm = Alarm(clock)
        alarm.ring()
        await alarm.wait()
        first = loop.time()
        loop.call_later(5, alarm.ring)
        await alarm.wait()
        return first, loop.time()

    assert run(wait()) == pytest.approx((0, 5))


def test_an_alarm_set_earlier_during_the_wait_ends_it_earlier() -> None:
    async def wait() -> float:
        clock, loop = VirtualClock(), asyncio.get_running_loop()
        alarm = Alarm(clock)
        alarm.set_for(clock.now() + seconds(100))
        sooner = clock.now() + seconds(3)
        loop.call_later(1, lambda: alarm.set_for(sooner))
        await alarm.wait()
        return loop.time()

    assert run(wait()) == pytest.approx(3, abs=0.001)


def test_an_alarm_forgets_the_time_of_a_wait_that_was_rung_out_of() -> None:
    async def wait() -> float:
        clock, loop = VirtualClock(), asyncio.get_running_loop()
        alarm = Alarm(clock)
        alarm.set_for(clock.now() + seconds(3))
        alarm.ring()
        await alarm.wait()
        loop.call_later(50, alarm.ring)
        await alarm.wait()
        return loop.time()

    assert run(wait()) == pytest.approx(50)


def test_an_alarm_waits_in_one_turn_of_the_loop_and_wakes_in_another() -> None:
    async def turns() -> int:
        clock, loop, count = VirtualClock(), asyncio.get_running_loop(), 0
        alarm = Alarm(clock)
        alarm.set_for(clock.now() + seconds(3))
        waiter = loop.create_task(alarm.wait())
        await asyncio.sleep(0)
        alarm.ring()
        while not waiter.done() and count < 10:
            count += 1
            await asyncio.sleep(0)
        return count

    assert run(turns()) == 1
