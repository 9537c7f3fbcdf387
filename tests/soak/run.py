"""Decides how the real command is kept under a steady load with faults, and how it is watched meanwhile.

It has never heard of how much growth is too much.
"""

import resource
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Final

from tests.acceptance.client import NoAnswer
from tests.acceptance.journal import Arrival, Audit, audit, expected
from tests.acceptance.people import MESSENGERS, people
from tests.acceptance.process import eventually, run
from tests.acceptance.service import Service
from tests.crash.chance import TROUBLES
from tests.soak.judgement import Sample

PER_SECOND: Final = 5
"""Requests."""
PEOPLE: Final = 10
"""In each of them, on every messenger."""
CROWD: Final = 10_000
"""People who get a message before the watch begins: more than any cache holds, so that none fills while it lasts."""
SAMPLES: Final = 60
DRAIN: Final = 120.0
"""Seconds in which everything accepted must have arrived after the load has ended."""


@dataclass
class Load(Thread):
    """One client that sends at a steady pace, each request with a text of its own, until it is told to stop."""

    service: Service
    accepted: list[Arrival] = field(default_factory=list)
    deliveries: int = 0
    _slowest: float = 0.0
    _over: Event = field(default_factory=Event)
    _lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        super().__init__(daemon=True)
        self.trouble: Exception | None = None

    __hash__ = Thread.__hash__

    def run(self) -> None:
        try:
            number = 0
            due = time.monotonic()
            while not self._over.wait(max(0.0, due - time.monotonic())):
                due += 1 / PER_SECOND
                self._send(number)
                number += 1
        except (AssertionError, NoAnswer) as trouble:
            self.trouble = trouble

    def _send(self, number: int) -> None:
        whom, text = people(PEOPLE, number * PEOPLE % 9_000_000), f"Soak {number}." + " Text to be let go of." * 20
        began = time.monotonic()
        self.service.send(text, whom, max_attempts=100)
        taken = time.monotonic() - began
        with self._lock:
            self._slowest = max(self._slowest, taken)
            self.accepted += expected(text, whom, MESSENGERS)
            self.deliveries += PEOPLE * len(MESSENGERS)

    def slowest(self) -> float:
        """Seconds of the slowest request since this was asked for the last time."""
        with self._lock:
            slowest, self._slowest = self._slowest, 0.0
        return slowest

    @contextmanager
    def going(self) -> Iterator[None]:
        self.start()
        try:
            yield
        finally:
            self._over.set()
            self.join()
        if self.trouble is not None:
            raise self.trouble


def soak(folder: Path, minutes: float) -> tuple[list[Sample], Audit]:
    """The samples of a run of so many minutes, and what came of all that was accepted in it.

    AssertionError where the databases are not sound in the end, or the service has logged an exception.
    """
    span = max(1.0, minutes * 60 / 20)
    with Service(folder, retention=span, dedupe_window=span, retry_base=0.05, retry_cap=1) as service:
        service.faults(*TROUBLES)
        load = Load(service)
        load.accepted += _warmed(service)
        samples = []
        with load.going():
            for _ in range(SAMPLES):
                time.sleep(minutes * 60 / SAMPLES)
                samples.append(_sample(service, load))
        wanted = len(load.accepted)
        eventually(lambda: _taken(service) >= wanted, "everything has arrived", DRAIN, every=0.5)
        result = audit(load.accepted, service.journal())
        assert service.terminate() == 0
        checked = run("check", str(service.data))
        assert checked.returncode == 0, checked
    return samples, result


def _warmed(service: Service) -> list[Arrival]:
    """Everybody of the crowd gets a message on every messenger; returns when all are settled."""
    crowd, text = people(CROWD, 9_000_000), "To the crowd"
    service.wait_until_settled(service.send(text, crowd, max_attempts=100)["id"], within=DRAIN)
    return expected(text, crowd, MESSENGERS)


def _sample(service: Service, load: Load) -> Sample:
    process = Path(f"/proc/{service.process.number}")
    return Sample(
        int((process / "statm").read_text("ascii").split()[1]) * resource.getpagesize(),
        len(list((process / "fd").iterdir())),
        load.slowest(),
        _size(service.data / "vestnik.db"),
        _size(service.data / "emulator.db"),
        load.deliveries,
    )


def _size(path: Path) -> int:
    """Without the pages that are free for what comes: the crowd has left many."""
    with closing(sqlite3.connect(path, timeout=30)) as connection:
        pages, free, bytes_each = (
            connection.execute(f"PRAGMA {what}").fetchone()[0] for what in ("page_count", "freelist_count", "page_size")
        )
    return int((pages - free) * bytes_each)


def _taken(service: Service) -> int:
    counts = service.control.call("GET", "/emulator/stats").expect(200)
    return sum(one["taken"] for one in counts.values())
