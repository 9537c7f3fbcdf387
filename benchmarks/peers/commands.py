"""Decides what every peer can do for a benchmark: prepare so many deliveries, work, tell what is left, clean up.

It has never heard of how a peer does any of it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Commands:
    """One peer. `worker` is the command of its own worker, a program of the peers' virtualenv and its arguments."""

    prepare: Callable[[int], None]
    worker: Sequence[str]
    left: Callable[[], int]
    clean: Callable[[], None]
