"""Decides which RabbitMQ the tests use: the one that runs here, else one of their own, and a virtual host for this run.

It has never heard of what is queued. A run's virtual host is dropped at its end, and what a killed run left behind at
the start of the next.
"""

import atexit
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
from kombu import Connection

from tests.servers import rabbitmq as own

HOW: Final = "needs RabbitMQ: apt-get install rabbitmq-server, running or not"
CONTROL: Final = ["rabbitmqctl", "--quiet"]
"""Speaks with the broker that runs here, if we may."""
RUNNING: Final = "amqp://guest:guest@127.0.0.1:5672"
_PREFIX: Final = "vestnik_test_"
_WITHIN: Final = 60.0


def url() -> str:
    """The address of this run's virtual host; skips the test where there is no RabbitMQ."""
    found = _running() or _own()
    if found is None:
        pytest.skip(HOW)
    return found


@contextmanager
def channel(address: str) -> Iterator[Any]:
    """A channel, as a person at the broker has one."""
    with Connection(address, connect_timeout=10) as connection:
        yield connection.default_channel


@cache
def _running() -> str | None:
    """A virtual host of the broker that runs here; None where none does or we may not make one."""
    if shutil.which(CONTROL[0]) is None or os.geteuid() != 0:
        return None
    known = _control("list_vhosts", "name")
    if known is None:
        return None
    for name in known.split():
        if name.startswith(_PREFIX) and not Path(f"/proc/{name.removeprefix(_PREFIX)}").exists():
            _control("delete_vhost", name)
    name = f"{_PREFIX}{os.getpid()}"
    _control("add_vhost", name)
    _control("set_permissions", "-p", name, "guest", ".*", ".*", ".*")
    atexit.register(_control, "delete_vhost", name)
    return f"{RUNNING}/{name}"


@cache
def _own() -> str | None:
    """A virtual host of a broker of our own, ended with this process."""
    if not own.can_be_started():
        return None
    started = own.OwnRabbitMQ(f"{_PREFIX}{os.getpid()}")
    started.start()
    return started.url()


def _control(*words: str) -> str | None:
    """What rabbitmqctl says; None where it cannot do it."""
    try:
        done = subprocess.run([*CONTROL, *words], capture_output=True, text=True, timeout=_WITHIN, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
