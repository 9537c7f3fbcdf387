"""Decides how a crash test gets its luck and tells its seed and counts: at the end of the run, also where it failed.

It has never heard of what they mean.
"""

from collections.abc import Callable
from random import Random

import pytest

from tests.crash.chance import SEED
from tests.crash.load import Tell


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Tell:
    """Says something at the end of the run; tests/conftest.py gathers it from all processes that run tests."""
    return lambda line: record_property("told", line)


@pytest.fixture
def luck(tell: Tell) -> Random:
    """Decides the moments at which things die; every test of a run has the same."""
    tell(f"CRASH_SEED={SEED}")
    return Random(SEED)
