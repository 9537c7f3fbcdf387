"""Decides what a Celery worker does with a task: its ids go to the lanes, and it is done when they are claimed.

It has never heard of how attempts are made or recorded.
"""

import sys
from typing import Any

import structlog
from celery import Celery, bootsteps
from celery.exceptions import Reject

from vestnik.cluster.celery_app import TASK
from vestnik.cluster.engine import Engine
from vestnik.domain.errors import BadSetting, VestnikError

log = structlog.get_logger()


def put_to_work(app: Celery, engine: Engine, messengers: frozenset[str]) -> None:
    """Teaches the application its one task, and lets the engine live as long as the worker."""

    class Lanes(bootsteps.StartStopStep):
        """Starts before anything is consumed, and ends when nothing is any more."""

        requires = ("celery.worker.components:Pool",)

        def start(self, worker: Any) -> None:  # noqa: ARG002 - Celery hands it over
            try:
                engine.start()
            except VestnikError as reason:
                print(f"vestnik: {reason}", file=sys.stderr)  # noqa: T201 - the one line that a person is told
                raise SystemExit(2 if isinstance(reason, BadSetting) else 1) from None

        def stop(self, worker: Any) -> None:  # noqa: ARG002 - Celery hands it over
            engine.stop()

    class Reading(bootsteps.StartStopStep):
        """Tells the engine whether tasks come in."""

        requires = ("celery.worker.consumer.tasks:Tasks",)

        def start(self, consumer: Any) -> None:  # noqa: ARG002 - Celery hands it over
            engine.connected = True
            log.info("this worker takes tasks")

        def stop(self, consumer: Any) -> None:  # noqa: ARG002 - Celery hands it over
            engine.connected = False

        def shutdown(self, consumer: Any) -> None:
            self.stop(consumer)

    def attempt(messenger: Any = None, suspects: Any = None, ids: Any = None) -> None:
        """Has the deliveries attempted; where this worker ends before that, another one gets the task."""
        if not _makes_sense(messenger, suspects, ids, messengers):
            log.error("a task makes no sense and goes to the dead ones", messenger=messenger)
            raise Reject("it makes no sense", requeue=False)
        left = engine.attempt(messenger, ids, suspects=suspects)
        if left and engine.stopping:
            raise Reject("this worker ends", requeue=True)

    app.steps["worker"].add(Lanes)
    app.steps["consumer"].add(Reading)
    app.task(name=TASK, ignore_result=True, acks_late=True, reject_on_worker_lost=True)(attempt)


def _makes_sense(messenger: Any, suspects: Any, ids: Any, messengers: frozenset[str]) -> bool:
    return (
        isinstance(messenger, str)
        and messenger in messengers
        and isinstance(suspects, bool)
        and isinstance(ids, list)
        and all(isinstance(name, str) for name in ids)
    )
