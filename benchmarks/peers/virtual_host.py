"""Decides where in RabbitMQ the benchmark's queues live: a virtual host of its own that goes away with it.

It has never heard of what is queued.
"""

import os
import subprocess
from typing import Final

NAME: Final = "vestnik_bench"
URL: Final = os.environ.get("BENCH_RABBITMQ", "amqp://guest:guest@127.0.0.1:5672") + f"/{NAME}"
_BOUND: Final = 60


def make() -> None:
    """An empty virtual host that the guest may use."""
    drop()
    _control("add_vhost", NAME)
    _control("set_permissions", "--vhost", NAME, "guest", ".*", ".*", ".*")


def drop() -> None:
    """Takes it away with all its queues; it need not be there."""
    if NAME in _control("list_vhosts", "--silent").split():
        _control("delete_vhost", NAME)


def _control(*arguments: str) -> str:
    command = ["rabbitmqctl", *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=_BOUND)  # noqa: S603 - its own words
    return done.stdout
