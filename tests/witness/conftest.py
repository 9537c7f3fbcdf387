"""Decides where the witnesses find the emulators: one set for each module, over a real socket.

It has never heard of which library asks. A test that fills a cell of their matrix says so with the mark `cell`.
"""

from collections.abc import Generator
from pathlib import Path

import pytest

from tests.emulated import Steering, emulated


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "cell(library, *situations): shows what the library makes of these situations; see test_matrix.py"
    )


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
