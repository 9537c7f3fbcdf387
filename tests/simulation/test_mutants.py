"""The simulation finds mistakes: each of these is made on purpose, and a life notices within a stated number."""

import pytest

from tests.simulation.life import live
from tests.simulation.mutants import MUTANTS
from tests.simulation.stage import stage

NOTICED_WITHIN = {
    "lost_batch": 40,
    "no_doubt": 40,
    "one_more": 30,
    "early": 20,
    "deaf": 10,
    "counted": 20,
    "forgetful_of_requests": 40,
}
"""Lives, with the store in memory."""


@pytest.mark.parametrize(("mutant", "lives"), NOTICED_WITHIN.items(), ids=NOTICED_WITHIN)
def test_a_mistake_is_noticed(mutant: str, lives: int) -> None:
    with stage(told=False), MUTANTS[mutant]():
        for seed in range(lives):
            if live(seed, "memory").faults:
                return
    pytest.fail(f"{mutant} went unnoticed for {lives} lives")


def test_a_store_that_speaks_too_soon_is_noticed() -> None:
    with stage(told=False), MUTANTS["hasty"]():
        assert any(live(seed, "sqlite").faults for seed in range(10))
