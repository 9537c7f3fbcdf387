"""Decides where the witnesses find the emulators: one set for each module, over a real socket.

It has never heard of which library asks.
"""

from collections.abc import Generator
from pathlib import Path

import pytest

from tests.emulated import Steering, emulated


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    """The emulators' address."""
    folder: Path = tmp_path_factory.mktemp("far")
    with emulated(folder) as at:
        yield at


@pytest.fixture
def steering(address: str) -> Generator[Steering]:
    """The emulators' control API; no fault outlives the test."""
    control = Steering(address)
    yield control
    control.faults()
