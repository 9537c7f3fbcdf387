"""Decides what several contract tests are given by name.

It has never heard of what they make of it.
"""

import pytest

from tests.contracts.reported import REPORTING


@pytest.fixture(params=REPORTING)
def reporting(request: pytest.FixtureRequest) -> str:
    """A messenger that reports what becomes of a message."""
    name: str = request.param
    return name
