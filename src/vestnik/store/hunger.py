"""Decides how the lanes that ask for work at the same time are served in rounds.

It has never heard of how work is found.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from vestnik.domain.moment import Moment


class Hunger(NamedTuple):
    """What one lane wants to claim."""

    messenger: str
    suspects: bool
    limit: int
    lease_until: Moment
    now: Moment


def rounds(hungers: Sequence[Hunger]) -> Iterator[list[Hunger]]:
    """The hungers in order, each lane once in a round: who asks twice gets a second share from what the first left."""
    round_: dict[tuple[str, bool], Hunger] = {}
    for hunger in hungers:
        lane = hunger.messenger, hunger.suspects
        if lane in round_:
            yield list(round_.values())
            round_.clear()
        round_[lane] = hunger
    if round_:
        yield list(round_.values())


def ripening(hungers: Sequence[Hunger]) -> dict[str, Moment]:
    """Each messenger once, with the latest of its times.

    The tracks of a lane look microseconds apart; asked for twice, a delivery would be counted twice.
    """
    lanes: dict[str, Moment] = {}
    for hunger in hungers:
        lanes[hunger.messenger] = max(hunger.now, lanes.get(hunger.messenger, hunger.now))
    return lanes
