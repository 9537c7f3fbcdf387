"""The simulation finds mistakes: each of these is made on purpose, and a life notices within a stated number."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final

import pytest

from tests.simulation.life import live_out
from tests.simulation.mutants import MUTANTS
from tests.simulation.plan import Plan, Troubles, contested
from tests.simulation.stage import stage


def calm(seed: int, store: str) -> Plan:
    """A life of one dispatcher in which nothing but the messengers is in trouble."""
    return replace(Plan.draw(seed, store), troubles=Troubles(faults=3.0), peers=())


def drawn(seed: int, store: str) -> Plan:
    return Plan.draw(seed, store)


NOTICED_WITHIN: Final[dict[str, tuple[int, Callable[[int], Plan]]]] = {
    "no_fence": (20, partial(contested, store="memory")),
    "lost_batch": (10, partial(calm, store="memory")),
    "no_doubt": (40, partial(drawn, store="memory")),
    "one_more": (30, partial(drawn, store="memory")),
    "early": (20, partial(drawn, store="memory")),
    "deaf": (10, partial(drawn, store="memory")),
    "counted": (20, partial(drawn, store="memory")),
    "forgetful_of_requests": (40, partial(drawn, store="memory")),
    "credulous": (15, partial(contested, store="memory")),
    "hasty": (10, partial(drawn, store="sqlite")),
}
"""How many lives it takes at most, and of which kind."""


@pytest.mark.parametrize(("mutant", "lives", "plan"), [(name, *how) for name, how in NOTICED_WITHIN.items()])
def test_a_mistake_is_noticed(mutant: str, lives: int, plan: Callable[[int], Plan]) -> None:
    with stage(told=False), MUTANTS[mutant]():
        for seed in range(lives):
            if live_out(plan(seed)).faults:
                return
    pytest.fail(f"{mutant} went unnoticed for {lives} lives")


def test_where_no_mistake_is_made_a_calm_life_is_faultless() -> None:
    with stage(told=False):
        assert not any(live_out(calm(seed, "memory")).faults for seed in range(10))
