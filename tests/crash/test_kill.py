"""`kill -9` of the whole process group, again and again, at moments that a seed decides, under load."""

import time
from pathlib import Path
from random import Random
from typing import Final

import pytest

from tests.acceptance.service import Service
from tests.crash.chance import KILLS, chance
from tests.crash.load import Tell, load_on

WHILE_STARTING: Final = 0.2
"""The share of the kills that fall before the service is ready."""


@pytest.mark.timeout(120 + 6 * KILLS)
def test_killed_at_random_moments_it_loses_nothing_and_doubles_nothing(tmp_path: Path, tell: Tell) -> None:
    luck = chance()
    tell(f"kills = {KILLS}")
    with Service(tmp_path, retry_base=0.05, retry_cap=0.5) as service:
        with load_on(service, tell) as load:
            for _ in range(KILLS):
                live_for_a_while(service, luck)
                service.kill9()
            service.start()
        assert load.accepted.repeated, "no client noticed that anything died"
        assert "interrupted" in service.log(), "no kill fell into an attempt"


def live_for_a_while(service: Service, luck: Random) -> None:
    """Starts the service unless it runs, and returns at a random moment of its life."""
    if service.process.alive:
        time.sleep(luck.uniform(0.0, 1.0))
    elif luck.random() < WHILE_STARTING:
        service.launch()
        time.sleep(luck.uniform(0.0, 0.7))
    else:
        service.start()
        time.sleep(luck.uniform(0.0, 1.0))
