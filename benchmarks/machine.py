"""Decides how the machine is described beside the figures: what decides speed, and nothing that names it.

It has never heard of what is measured on it.
"""

import os
import platform
import shutil
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.figures import quantile

_SYNCS: Final = 50
_BOUND: Final = 20.0


def described() -> list[str]:
    """One line for each thing that a reader has to know."""
    cores = len(os.sched_getaffinity(0))
    return [
        f"{cores} cores, Linux, {platform.python_implementation()} {platform.python_version()}",
        f"uvloop {version('uvloop')}, uvicorn {version('uvicorn')}, aiohttp {version('aiohttp')}",
        f"SQLite {sqlite3.sqlite_version}, journal_mode WAL, synchronous FULL, everywhere",
        _postgres(),
        _rabbitmq(),
        _fsync(),
    ]


def loaded() -> str:
    """How busy the machine is; a benchmark alone keeps it at about as many as there are cores, or a little more."""
    load = os.getloadavg()[0]
    busy = load > 2 * len(os.sched_getaffinity(0))
    return f"load average {load:.1f}" + (": busy with other work, so rates are too low; look at ratios" if busy else "")


def _postgres() -> str:
    names = ("server_version", "fsync", "synchronous_commit")
    found = [_said(["psql", "-h", "127.0.0.1", "-U", "postgres", "-Atc", f"SHOW {name}"]) for name in names]
    if not all(found):
        return "PostgreSQL: none here"
    return f"PostgreSQL {found[0].split()[0]}, fsync {found[1]}, synchronous_commit {found[2]}"


def _rabbitmq() -> str:
    found = _said(["rabbitmqctl", "version"])
    return f"RabbitMQ {found}, publisher confirms" if found else "RabbitMQ: none here"


def _fsync() -> str:
    """How long the disk takes to say that 4 KiB are safe; under a hypervisor it may say so without it being true."""
    spent = []
    with tempfile.TemporaryDirectory(prefix="vestnik-bench-") as folder, Path(folder, "probe").open("wb", 0) as file:
        for _ in range(_SYNCS):
            file.write(b"x" * 4096)
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            spent.append(1_000 * (time.perf_counter() - began))
    return f"fdatasync of 4 KiB: median {median(spent):.2f} ms, p99 {quantile(spent, 0.99):.2f} ms"


def _said(command: Sequence[str]) -> str:
    if shutil.which(command[0]) is None:
        return ""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_BOUND, check=False)  # noqa: S603 - its own words
    except subprocess.TimeoutExpired:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
