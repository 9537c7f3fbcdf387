"""Which rule strikes a message."""

import asyncio
from collections.abc import Sequence
from typing import Any, cast

from tests.virtual import VirtualClock, run
from vestnik.emulation.faults import Fault, Faults, Rule, Step
from vestnik.emulation.when import SECOND
from vestnik.groupcommit import GroupCommit

ANYBODY = "1001"


class Paper:
    """Stands for the file: what is written is accepted."""

    async def write(self, operation: Any, item: Any) -> None:
        """Keeps nothing."""


def struck(rules: Sequence[Rule], messages: Sequence[tuple[str, str]], step: Step = Step.ARRIVAL) -> list[Any]:
    """The faults that strike the messages, given as messenger and recipient."""

    async def life() -> list[Any]:
        faults = Faults(cast("GroupCommit", Paper()), VirtualClock())
        await faults.put(rules)
        rule = [await faults.strike(step, *message) for message in messages]
        return [one and one.fault for one in rule]

    return run(life())


def test_a_rule_strikes_the_messages_of_its_messenger_to_recipients_that_it_matches() -> None:
    rule = Rule(messenger="pigeon", recipient="10?1*", fault=Fault.ERROR)
    messages = [("pigeon", "1001"), ("pigeon", "10x1=="), ("pigeon", "101"), ("semaphore", "1001")]
    assert struck([rule], messages) == ["error", "error", None, None]


def test_a_recipient_matches_as_a_whole_and_in_its_case() -> None:
    rule = Rule(recipient="Ab", fault=Fault.ERROR)
    assert struck([rule], [("pigeon", "Ab"), ("pigeon", "ab"), ("pigeon", "xAb"), ("pigeon", "Abx")]) == [
        "error",
        None,
        None,
        None,
    ]


def test_the_first_rule_that_matches_acts_and_the_next_when_it_is_spent() -> None:
    rules = [Rule(fault=Fault.ERROR, times=2), Rule(fault=Fault.THROTTLE, times=1)]
    assert struck(rules, [("pigeon", ANYBODY)] * 4) == ["error", "error", "throttle", None]


def test_rules_for_another_step_are_left_alone() -> None:
    rules = [Rule(fault=Fault.LOSE_REPLY), Rule(fault=Fault.RECEIPT_LOST), Rule(fault=Fault.SLOW)]
    messages = [("pigeon", ANYBODY)]
    assert [struck(rules, messages, step) for step in Step] == [["slow"], ["lose_reply"], ["receipt_lost"]]


def test_a_seed_makes_chance_come_out_the_same_each_time_and_about_as_often_as_asked() -> None:
    rule = Rule(fault=Fault.ERROR, probability=0.3, seed=7)
    messages = [("pigeon", ANYBODY)] * 1000
    first, second = struck([rule], messages), struck([rule], messages)
    assert first == second
    assert 250 < first.count("error") < 350
    other = Rule(fault=Fault.ERROR, probability=0.3, seed=8)
    assert struck([other], messages) != first


def test_without_a_seed_the_clock_s_luck_decides() -> None:
    rule = Rule(fault=Fault.ERROR, probability=0.5)
    assert 400 < struck([rule], [("pigeon", ANYBODY)] * 1000).count("error") < 600


def test_probability_0_never_strikes() -> None:
    assert struck([Rule(fault=Fault.ERROR, probability=0.0, seed=1)], [("pigeon", ANYBODY)] * 100) == [None] * 100


def test_a_list_shows_how_often_each_rule_still_acts() -> None:
    async def life() -> list[Rule]:
        faults = Faults(cast("GroupCommit", Paper()), VirtualClock())
        await faults.put([Rule(fault=Fault.ERROR, times=3), Rule(fault=Fault.SLOW)])
        await faults.strike(Step.ARRIVAL, "pigeon", ANYBODY)
        return faults.listed()

    assert run(life()) == [Rule(fault=Fault.ERROR, times=2), Rule(fault=Fault.SLOW)]


def test_a_world_without_rules_is_quiet() -> None:
    async def life() -> list[bool]:
        faults = Faults(cast("GroupCommit", Paper()), VirtualClock())
        quiet = [faults.quiet]
        await faults.put([Rule(fault=Fault.HANG)])
        quiet.append(faults.quiet)
        faults.forget()
        return [*quiet, faults.quiet]

    assert run(life()) == [True, False, True]


def test_what_hangs_is_released_when_the_rules_change_or_its_time_is_up() -> None:
    async def life() -> tuple[float, float]:
        clock = VirtualClock()
        faults, began = Faults(cast("GroupCommit", Paper()), clock), clock.now()
        await faults.put([Rule(fault=Fault.HANG)])
        await faults.hang(began + 5 * SECOND)
        timed_out = clock.now() - began
        hanging = asyncio.ensure_future(faults.hang(began + 500 * SECOND))
        await asyncio.sleep(1)
        assert not hanging.done()
        await faults.put([])
        await hanging
        return timed_out, clock.now() - began

    timed_out, released = run(life())
    assert timed_out == 5 * SECOND
    assert released < 7 * SECOND
