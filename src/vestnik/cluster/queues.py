"""Decides which queues there are and what RabbitMQ promises of them.

It has never heard of what the messages in them say.
"""

from collections.abc import Iterable
from typing import Final

from kombu.entity import Exchange, Queue

DELIVERY_LIMIT: Final = 20
"""So often a task may come back to its queue, because workers died with it, before it goes to the dead ones."""
_DEAD_AT_MOST: Final = 10_000
"""Dead tasks that are kept for a person to look at; each holds ids only, and what they name is published again."""

_DEAD: Final = Exchange("vestnik.dead", type="fanout", durable=True)


def lane_queue(messenger: str, *, suspects: bool) -> str:
    """The queue's name: each messenger has its own, and one for recipients that kept us waiting lately."""
    return f"vestnik.{messenger}.slow" if suspects else f"vestnik.{messenger}"


def queues(messengers: Iterable[str]) -> dict[str, Queue]:
    """Every queue that workers read, by name."""
    names = [lane_queue(name, suspects=suspects) for name in messengers for suspects in (False, True)]
    return {
        name: Queue(
            name,
            Exchange("vestnik", type="direct", durable=True),
            routing_key=name,
            queue_arguments={
                "x-queue-type": "quorum",
                "x-delivery-limit": DELIVERY_LIMIT,
                "x-dead-letter-exchange": _DEAD.name,
            },
        )
        for name in names
    }


def dead_queue() -> Queue:
    """Where tasks end that no worker can make sense of."""
    return Queue("vestnik.dead", _DEAD, queue_arguments={"x-queue-type": "quorum", "x-max-length": _DEAD_AT_MOST})
