"""Decides what of an order's acceptance is the same for every store: when it says nothing new, and what is counted.

It has never heard of how rows are added.
"""

from typing import NamedTuple

from vestnik.domain.message import Acceptance, Duplicate, Order
from vestnik.domain.moment import Moment


class Intake(NamedTuple):
    """One order to accept; what was accepted at `window_start` or before, and is finished, blocks no repetition."""

    order: Order
    now: Moment
    window_start: Moment | None


def accepted(order: Order, duplicates: list[Duplicate]) -> Acceptance:
    """What became of the order, of which these were not new."""
    nothing_new = duplicates and len(duplicates) == len(order.deliveries)
    return Acceptance(
        duplicates[0].delivery_id.rpartition("-")[0] if nothing_new else order.id,
        tuple(duplicates),
    )


def tally(intake: Intake, given: Acceptance) -> tuple[str, str, int, int]:
    """The message, its sender, and how many of its deliveries are deferred and waiting."""
    order = intake.order
    count = len(order.deliveries) - len(given.duplicates)
    later = order.send_at is not None and order.send_at > intake.now
    return order.id, order.sender.id, count if later else 0, 0 if later else count
