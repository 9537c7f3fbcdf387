"""The messengers in a process of their own, over real sockets, which dies and returns while the service sends."""

import signal
import time
from pathlib import Path
from random import Random

import pytest

from tests.crash.load import Tell, load_on
from tests.crash.two_processes import apart


@pytest.mark.timeout(180)
def test_messengers_that_die_and_return_lose_nothing_and_double_nothing(
    tmp_path: Path, tell: Tell, luck: Random
) -> None:
    with apart(tmp_path, send_timeout=2) as service, load_on(service, tell):
        for _ in range(6):
            time.sleep(luck.uniform(0.2, 1.0))
            service.emulators.kill9()
            time.sleep(luck.uniform(0.0, 1.5))
            service.emulators.start()


@pytest.mark.timeout(180)
def test_messengers_that_freeze_and_thaw_lose_nothing_and_double_nothing(
    tmp_path: Path, tell: Tell, luck: Random
) -> None:
    with apart(tmp_path, send_timeout=0.5) as service, load_on(service, tell):
        for frozen_for in (0.2, 1.0, 2.0):
            time.sleep(luck.uniform(0.2, 1.0))
            service.emulators.process.signal(signal.SIGSTOP)
            time.sleep(frozen_for)
            service.emulators.process.signal(signal.SIGCONT)


@pytest.mark.timeout(180)
def test_both_sides_killed_in_turn_lose_nothing_and_double_nothing(tmp_path: Path, tell: Tell, luck: Random) -> None:
    with apart(tmp_path, send_timeout=2) as service, load_on(service, tell):
        for _ in range(8):
            time.sleep(luck.uniform(0.0, 1.0))
            victim = luck.choice((service, service.emulators))
            victim.kill9()
            victim.start()
