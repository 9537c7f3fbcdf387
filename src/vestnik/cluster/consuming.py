"""Decides how a worker reads its queues: a few tasks of each, and no more of Celery than it needs.

It has never heard of what the tasks are about.
"""

from typing import Any, Final

import structlog
from celery import bootsteps
from celery.worker.consumer import Consumer as CeleryConsumer
from celery.worker.state import maybe_shutdown

from vestnik.cluster.celery_app import TASKS_PER_QUEUE
from vestnik.cluster.queues import dead_queue

log = structlog.get_logger()

_ACKNOWLEDGE_EVERY: Final = 0.02
"""Seconds. A thread hands its acknowledgement to Celery's loop without waking it; so the loop looks for itself."""
_KNOCK_EVERY: Final = 1.0
"""Seconds between two tries to reach a broker that is away."""
_NOT_NEEDED: Final = ("mingle:Mingle", "gossip:Gossip", "delayed_delivery:DelayedDelivery")
"""Workers need not know each other, and nothing waits for its time in the broker: 28 queues less."""


class Promptness(bootsteps.StartStopStep):
    """Wakes the worker's loop often enough to acknowledge."""

    requires = ("celery.worker.consumer.connection:Connection",)

    def __init__(self, consumer: Any, **more: Any) -> None:
        super().__init__(consumer, **more)
        self._entry: Any = None

    def start(self, consumer: Any) -> None:
        """Begins to, on each new connection."""
        dead_queue()(consumer.connection.default_channel).declare()
        self.stop(consumer)
        self._entry = consumer.timer.call_repeatedly(_ACKNOWLEDGE_EVERY, _nothing)

    def stop(self, consumer: Any) -> None:  # noqa: ARG002 - Celery hands it over
        """Ends it."""
        if self._entry is not None:
            self._entry.cancel()
            self._entry = None


def _nothing() -> None:
    """That the loop turns is all that is wanted."""


class Consumer(CeleryConsumer):
    """Celery's consumer, with the same small prefetch for each queue."""

    class Blueprint(CeleryConsumer.Blueprint):
        """Its parts."""

        default_steps = [  # noqa: RUF012 - Celery's own way to say it
            *(step for step in CeleryConsumer.Blueprint.default_steps if not step.endswith(_NOT_NEEDED)),
            Promptness,
        ]

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        # RabbitMQ counts it for each consumer, and each queue has a consumer of its own.
        self.initial_prefetch_count = TASKS_PER_QUEUE

    def ensure_connected(self, conn: Any) -> Any:
        """The connection, as soon as there is one; Celery itself would come to wait half a minute between two tries."""
        return conn.ensure_connection(
            _not_reached,
            interval_start=_KNOCK_EVERY,
            interval_step=0,
            interval_max=_KNOCK_EVERY,
            callback=maybe_shutdown,
        )


def _not_reached(trouble: Exception, _pause: float) -> None:
    log.warning("the broker is not reached", reason=str(trouble) or type(trouble).__name__)
