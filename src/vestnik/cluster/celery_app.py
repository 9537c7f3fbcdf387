"""Decides how Celery is set, and why: late acknowledgement, confirms, quorum queues, no results and no waiting tasks.

It has never heard of what a task does.
"""

from collections.abc import Sequence
from typing import Final

from celery import Celery

from vestnik.cluster.queues import lane_queue, queues

TASK: Final = "vestnik.attempt"
TASKS_PER_QUEUE: Final = 4
"""Tasks of one queue that a worker holds at once, unacknowledged."""


def celery_app(broker_url: str, messengers: Sequence[str]) -> Celery:
    """A Celery application over the broker; it reads the queues of all messengers unless told `-Q`."""
    app = Celery("vestnik", broker=broker_url, set_as_current=False)
    names = list(messengers)
    app.conf.update(
        task_queues=list(queues(names).values()),
        task_default_queue=lane_queue(names[0], suspects=False),
        task_create_missing_queues=False,
        task_serializer="json",
        accept_content=["json"],
        # The state of a delivery is in the database; a result backend would be a second, weaker account of it.
        task_ignore_result=True,
        task_store_errors_even_if_ignored=False,
        # A task is acknowledged once its deliveries are claimed; a worker that dies before gives it to another one.
        task_acks_late=True,
        task_acks_on_failure_or_timeout=False,
        task_reject_on_worker_lost=True,
        broker_transport_options={"confirm_publish": True},
        # A task is a thread that waits until the lane has room, while the attempts themselves share one event loop.
        # So a queue whose messenger is dead holds its own few threads and never those of another.
        worker_pool="threads",
        worker_concurrency=TASKS_PER_QUEUE * 2 * len(names),
        worker_consumer="vestnik.cluster.consuming:Consumer",
        worker_prefetch_multiplier=1,
        # With it each queue may take every thread after the broker was away: Celery counts for all of them at once.
        worker_enable_prefetch_count_reduction=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_heartbeat=20,
        worker_hijack_root_logger=False,
        worker_enable_remote_control=True,
        enable_utc=True,
    )
    return app
