"""Decides how a crash test tells its seed and its counts: at the end of the run, whether it passed or failed.

It has never heard of what they mean.
"""

from collections.abc import Callable

import pytest

from tests.crash.chance import SEED
from tests.crash.load import Tell


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Tell:
    """Says something at the end of the run; tests/conftest.py gathers it from all processes that run tests."""
    record_property("told", f"CRASH_SEED={SEED}")
    return lambda line: record_property("told", line)
