"""Decides at which moments things die, from one seed, and which troubles there are besides.

It has never heard of what dies; CRASH_SEED in the environment repeats a run and CRASH_KILLS makes it longer.
"""

import os
from random import SystemRandom
from typing import Any, Final

SEED: Final = int(os.environ.get("CRASH_SEED") or SystemRandom().randrange(10**6))
KILLS: Final = int(os.environ.get("CRASH_KILLS") or 10)
LONG_RUN: Final = any(os.environ.get(name) for name in ("CRASH_KILLS", "CRASH_ROUNDS"))
"""Somebody asks for more than belongs in a run of all tests."""

TROUBLES: Final[list[dict[str, Any]]] = [
    {"fault": "slow", "delay": 0.1, "probability": 0.3},
    {"fault": "lose_reply", "probability": 0.05},
    {"fault": "receipt_late", "delay": 0.5, "probability": 0.1},
]
"""So that at any moment something is under way, whether attempts, retries or reports."""
