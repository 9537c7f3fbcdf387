"""Decides how ids get into RabbitMQ for certain: persistent, mandatory, confirmed, each wait bounded.

It has never heard of what is due; one thread speaks with the broker, because Celery's connections are not for several.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, Final, TypeVar

import structlog
from amqp.exceptions import AMQPError
from celery import Celery
from kombu.exceptions import KombuError, OperationalError

from vestnik.cluster.celery_app import TASK
from vestnik.cluster.queues import dead_queue, lane_queue, queues
from vestnik.cluster.relay import NotPublished

R = TypeVar("R")
log = structlog.get_logger()

_CONNECT_WITHIN: Final = 3.0
_ANSWER_WITHIN: Final = 5.0
"""Seconds. A broker that is short of memory or disk confirms late or never; what it was told counts as not told."""
_HANG_UP_WITHIN: Final = 1.0
_TROUBLE: Final = (OSError, AMQPError, KombuError, OperationalError)


class CeleryPublisher:
    """Publishes tasks of a Celery application."""

    def __init__(self, app: Celery, messengers: Iterable[str]) -> None:
        self._app = app
        self._queues = queues(messengers)
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="publisher")
        self._connection: Any = None
        self._producer: Any = None

    async def publish(self, messenger: str, ids: Sequence[str], *, suspects: bool) -> None:
        """As the relay wants it."""
        await self._do(lambda: self._publish(messenger, list(ids), suspects))

    async def depth(self, messenger: str, *, suspects: bool) -> int:
        """As the relay wants it."""
        return await self._do(lambda: self._depth(lane_queue(messenger, suspects=suspects)))

    async def close(self) -> None:
        """Ends the connection."""
        await asyncio.get_running_loop().run_in_executor(self._executor, self._hang_up)
        self._executor.shutdown(wait=False)

    async def _do(self, work: Callable[[], R]) -> R:
        return await asyncio.get_running_loop().run_in_executor(self._executor, self._carefully, work)

    def _carefully(self, work: Callable[[], R]) -> R:
        """The work's result. After any trouble the next one has a new connection, and so declares its queue anew."""
        try:
            if self._producer is None:
                self._connect()
            return work()
        except _TROUBLE as trouble:
            self._hang_up()
            raise NotPublished(f"the broker: {trouble or type(trouble).__name__}") from trouble

    def _connect(self) -> None:
        options = {"confirm_publish": True, "read_timeout": _ANSWER_WITHIN, "write_timeout": _ANSWER_WITHIN}
        connection = self._connection = self._app.connection_for_write(
            connect_timeout=_CONNECT_WITHIN, transport_options=options
        )
        connection.ensure_connection(max_retries=1, timeout=_CONNECT_WITHIN)
        channel = connection.default_channel
        for queue in (*self._queues.values(), dead_queue()):
            queue(channel).declare()
        log.info("the broker is reached", at=connection.as_uri())
        self._producer = connection.Producer()

    def _publish(self, messenger: str, ids: list[str], suspects: bool) -> None:
        queue = self._queues[lane_queue(messenger, suspects=suspects)]
        self._app.send_task(
            TASK,
            args=[messenger, suspects, ids],
            producer=self._producer,
            queue=queue,
            mandatory=True,
            confirm_timeout=_ANSWER_WITHIN,
            retry=False,
            argsrepr=f"{messenger}, {len(ids)} ids",
        )

    def _depth(self, name: str) -> int:
        waiting: int = self._producer.channel.queue_declare(name, passive=True).message_count
        return waiting

    def _hang_up(self) -> None:
        connection, self._connection, self._producer = self._connection, None, None
        if connection is not None:
            with suppress(Exception):  # It is given up, whatever it says.
                connection.collect(socket_timeout=_HANG_UP_WITHIN)
