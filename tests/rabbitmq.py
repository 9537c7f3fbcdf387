"""Decides which RabbitMQ the tests use: the one that runs here, and a virtual host for this run.

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

HOW: Final = "needs a running RabbitMQ and the right to use rabbitmqctl: apt-get install rabbitmq-server, as root"
_PREFIX: Final = "vestnik_test_"
_WITHIN: Final = 60.0


def url() -> str:
    """The address of this run's virtual host; skips the test where there is no RabbitMQ."""
    found = _virtual_host()
    if found is None:
        pytest.skip(HOW)
    return found


@contextmanager
def channel(address: str) -> Iterator[Any]:
    """A channel, as a person at the broker has one."""
    with Connection(address, connect_timeout=10) as connection:
        yield connection.default_channel


def break_connections() -> None:
    """Closes every connection to this run's virtual host, as a broker that goes away does."""
    assert _control("close_all_connections", "--vhost", url().rpartition("/")[2], "a test") is not None


@cache
def _virtual_host() -> str | None:
    if shutil.which("rabbitmqctl") is None or os.geteuid() != 0:
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
    return f"amqp://guest:guest@127.0.0.1:5672/{name}"


def _control(*words: str) -> str | None:
    """What rabbitmqctl says; None where it cannot do it."""
    try:
        done = subprocess.run(
            ["rabbitmqctl", "--quiet", *words], capture_output=True, text=True, timeout=_WITHIN, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
