"""Processes that are frozen and thawed, and storms of signals that ask for the end, under load."""

import signal
import time
from pathlib import Path
from random import Random
from typing import Any, Final

import pytest

from tests.acceptance.service import Service
from tests.crash.load import Tell, load_on

LEASE: Final = 2.0
ASK_FOR_THE_END: Final = (signal.SIGTERM, signal.SIGINT)


@pytest.mark.timeout(180)
def test_frozen_for_longer_than_its_leases_it_loses_nothing_and_doubles_nothing(
    tmp_path: Path, tell: Tell, luck: Random
) -> None:
    settings: dict[str, Any] = {"retry_base": 0.05, "retry_cap": 0.5, "lease": LEASE, "send_timeout": 1}
    with Service(tmp_path, **settings) as service, load_on(service, tell):
        for frozen_for in (0.1, 0.5, LEASE, LEASE + 1, 1.0):
            time.sleep(luck.uniform(0.2, 1.0))
            service.process.signal(signal.SIGSTOP)
            time.sleep(frozen_for)
            service.process.signal(signal.SIGCONT)


@pytest.mark.timeout(180)
def test_asked_to_stop_again_and_again_it_always_ends_well_and_loses_nothing(
    tmp_path: Path, tell: Tell, luck: Random
) -> None:
    with Service(tmp_path, retry_base=0.05, retry_cap=0.5) as service, load_on(service, tell):
        for _ in range(8):
            time.sleep(luck.uniform(0.0, 1.0))
            assert service.terminate(within=15) == 0
            service.start()


@pytest.mark.timeout(180)
def test_a_storm_of_signals_ends_it_at_once_and_it_loses_nothing(tmp_path: Path, tell: Tell, luck: Random) -> None:
    with Service(tmp_path, retry_base=0.05, retry_cap=0.5) as service, load_on(service, tell):
        for _ in range(8):
            time.sleep(luck.uniform(0.0, 0.8))
            for _ in range(20):
                service.process.signal(luck.choice(ASK_FOR_THE_END))
                time.sleep(luck.choice((0.0, 0.0, 0.01)))
            assert service.process.wait(5) in (0, 1)
            service.start()
