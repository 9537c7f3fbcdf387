"""Decides how the lanes that ask for work at the same time are served in rounds, and whose turn it is with a recipient.

It has never heard of how work is found.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeVar

from vestnik.domain.moment import Moment
from vestnik.domain.priority import take_turns

T = TypeVar("T")


class Hunger(NamedTuple):
    """What one lane wants to claim; `alone` where a recipient may get only one at a time."""

    messenger: str
    suspects: bool
    limit: int
    lease_until: Moment
    now: Moment
    alone: bool = False


def rounds(hungers: Sequence[Hunger]) -> Iterator[list[Hunger]]:
    """The hungers in order, each lane once in a round: who asks twice gets a second share from what the first left.

    One that is alone has a round of its own, because what it may have depends on what all others got.
    """
    round_: dict[tuple[str, bool], Hunger] = {}
    for hunger in hungers:
        lane = hunger.messenger, hunger.suspects
        if round_ and (hunger.alone or lane in round_):
            yield list(round_.values())
            round_.clear()
        round_[lane] = hunger
        if hunger.alone:
            yield list(round_.values())
            round_.clear()
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


def one_each(due: Sequence[Sequence[tuple[T, str]]], limit: int) -> tuple[list[T], bool]:
    """What to take, one for each recipient, and whether more may be left that does not wait for what was taken.

    `due` is by priority, each with its recipient and up to one more than `limit`.
    """
    met: set[str] = set()
    queues: list[list[tuple[T, str]]] = []
    for queue in due:
        firsts = {who: item for item, who in reversed(queue) if who not in met}
        queues.append([(item, who) for item, who in queue if firsts.get(who) is item])
        met.update(firsts)
    picked = take_turns(queues, limit)
    busy = {who for _, who in picked}
    more = any(len(queue) > limit or any(who not in busy for _, who in queue) for queue in due)
    return [item for item, _ in picked], more
