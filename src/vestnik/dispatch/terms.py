"""Decides what the tracks of one lane hold in common, and how a lane is set.

It has never heard of how a track works.
"""

from dataclasses import dataclass

from vestnik.dispatch.breaker import Breaker
from vestnik.dispatch.pace import Pace
from vestnik.dispatch.recorder import Recorder
from vestnik.dispatch.suspects import Suspects
from vestnik.dispatch.turns import Turns
from vestnik.domain.judge import Policy
from vestnik.ports import Clock, Gateway, LaneStore


@dataclass(frozen=True, slots=True)
class LaneSettings:
    """How one messenger is sent to; all spans are seconds."""

    policy: Policy
    slots: int = 64
    """Attempts under way at once, not counting those that lasted too long and gave their slot away."""
    patience: float = 0.5
    """How long an attempt keeps its slot."""
    slow_limit: int = 4096
    """How many attempts without a slot may be under way; above it a slow one keeps its slot."""
    lease: float = 60.0
    grace: float = 10.0
    """How long attempts under way may take when the lane stops."""
    per_second: float = 0.0
    gap: float = 0.0


@dataclass(frozen=True, slots=True)
class Terms:
    """One messenger's doors and its memory of how sending went lately."""

    messenger: str
    settings: LaneSettings
    store: LaneStore
    gateway: Gateway
    clock: Clock
    suspects: Suspects
    breaker: Breaker
    pace: Pace
    recorder: Recorder
    turns: Turns | None
    """Who goes first where only one attempt to a recipient may be under way and nobody else sends."""
    alone: bool = False
    """Others send to the same recipients, so it is the store that hands out one at a time to each."""
