"""A sick messenger changes nothing for the healthy ones: the same life with it and without it, to the moment."""

from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest

from tests.simulation.stage import stage
from tests.simulation.twins import HEALTHY, pace, twin_plan
from vestnik.dispatch import lane
from vestnik.dispatch.breaker import Breaker


@pytest.fixture(autouse=True)
def quiet_stage() -> Iterator[None]:
    with stage(told=False):
        yield


@pytest.mark.parametrize("seed", range(8))
def test_whatever_ails_one_messenger_every_message_of_the_others_arrives_when_it_would_without_it(seed: int) -> None:
    plan = twin_plan(seed, "memory" if seed % 2 else "sqlite")
    with_it, without_it = pace(plan, sick=True), pace(plan, sick=False)
    assert with_it.arrivals == without_it.arrivals
    assert all(with_it.last(messenger) == without_it.last(messenger) for messenger in HEALTHY)


def test_the_comparison_notices_a_lane_that_is_held_up_by_another() -> None:
    plan = twin_plan(1, "memory")
    one_for_all = Breaker(threshold=2)

    def shared(**_: Any) -> Breaker:
        return one_for_all

    with patch.object(lane, "Breaker", shared):
        assert pace(plan, sick=True).arrivals != pace(plan, sick=False).arrivals
