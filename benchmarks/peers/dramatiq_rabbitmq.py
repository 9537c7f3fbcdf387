"""Decides how the work is done with Dramatiq, RabbitMQ and PostgreSQL: durable queues, confirms, acks after the work.

Those are its defaults but for the confirms, which are asked for. It runs its usual eight threads in each of two
processes; BENCH_CONCURRENCY tries another number of threads.
"""

import os
import threading
from typing import Final

import dramatiq
import psycopg
import requests
from dramatiq.brokers.rabbitmq import RabbitmqBroker

from benchmarks.peers import rows, virtual_host
from benchmarks.peers.commands import Commands

_THREADS: Final = os.environ.get("BENCH_CONCURRENCY", "8")

broker = RabbitmqBroker(url=virtual_host.URL, confirm_delivery=True)
dramatiq.set_broker(broker)
_mine = threading.local()


def _deliver(delivery: int) -> None:
    if not hasattr(_mine, "connection"):
        _mine.connection = psycopg.connect(rows.HERE, autocommit=True)
        _mine.session = requests.Session()
    rows.deliver(_mine.connection, _mine.session, delivery)


deliver = dramatiq.actor(_deliver, actor_name="deliver")


def _prepare(count: int) -> None:
    virtual_host.make()
    rows.make(count)
    for number in range(count):
        deliver.send(number)


def _clean() -> None:
    virtual_host.drop()
    rows.drop()


_WORKER: Final = ("dramatiq", "benchmarks.peers.dramatiq_rabbitmq", "--processes", "2", "--threads", _THREADS)

COMMANDS: Final = Commands(_prepare, _WORKER, rows.left, _clean)
