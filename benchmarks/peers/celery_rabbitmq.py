"""Decides how the work is done with Celery, RabbitMQ and PostgreSQL, with the settings that its guide names for safety.

Quorum queue, publisher confirms, late acknowledgement, and a task that is given back when its worker is lost. It runs
its usual pool of processes, eight of them because they mostly wait; BENCH_CONCURRENCY tries another number.
"""

import os
from typing import Any, Final

import psycopg
import requests
from celery import Celery
from celery.signals import worker_process_init

from benchmarks.peers import rows, virtual_host
from benchmarks.peers.commands import Commands

_CONCURRENCY: Final = os.environ.get("BENCH_CONCURRENCY", "8")

app = Celery("benchmarks.peers.celery_rabbitmq", broker=virtual_host.URL)
app.conf.update(
    broker_transport_options={"confirm_publish": True},
    broker_connection_retry_on_startup=True,
    task_acks_late=True,
    task_default_queue_type="quorum",
    task_ignore_result=True,
    task_reject_on_worker_lost=True,
    worker_detect_quorum_queues=True,
    worker_prefetch_multiplier=8,
)
_mine: dict[str, Any] = {}


def _open(**_: object) -> None:
    _mine["connection"] = psycopg.connect(rows.HERE, autocommit=True)
    _mine["session"] = requests.Session()


worker_process_init.connect(_open)


def _deliver(delivery: int) -> None:
    rows.deliver(_mine["connection"], _mine["session"], delivery)


deliver = app.task(_deliver, name="deliver")


def _prepare(count: int) -> None:
    virtual_host.make()
    rows.make(count)
    with app.producer_pool.acquire(block=True) as producer:
        for number in range(count):
            deliver.apply_async((number,), producer=producer)


def _clean() -> None:
    virtual_host.drop()
    rows.drop()


_WORKER: Final = (
    "celery",
    "--app=benchmarks.peers.celery_rabbitmq",
    "worker",
    f"--concurrency={_CONCURRENCY}",
    "--loglevel=WARNING",
    "--without-gossip",
    "--without-mingle",
)

COMMANDS: Final = Commands(_prepare, _WORKER, rows.left, _clean)
