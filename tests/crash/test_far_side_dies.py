"""The messengers in a process of their own, over real sockets, which dies and returns while the service sends."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.acceptance.people import MESSENGERS
from tests.acceptance.service import Service
from tests.crash.load import Tell, load_on

RETRIES = {"retry_base": 0.05, "retry_cap": 0.5}


class Apart(Service):
    """A service whose emulators are another process; their control API is asked there."""

    def __init__(self, folder: Path, emulators: Service, **settings: Any) -> None:
        for messenger in MESSENGERS:
            settings[f"{messenger}_base_url"] = f"{emulators.address}/{messenger}"
            settings[f"{messenger}_honours_key"] = 1
        super().__init__(folder, "--no-emulators", **settings)
        self.emulators = emulators
        self.control = emulators.client


@contextmanager
def apart(folder: Path, **settings: Any) -> Iterator[Apart]:
    """Both processes."""
    with (
        Service(folder / "emulators", command="emulate") as emulators,
        Apart(folder / "service", emulators, **RETRIES, **settings) as service,
    ):
        yield service


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
