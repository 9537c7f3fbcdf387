"""Decides how a benchmark runs Vestnik: the real commands, messages over the real API, the end seen in its database.

It has never heard of what is being compared with it.
"""

import base64
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from benchmarks.client import post
from benchmarks.processes import Failed, Program, every

ALL: Final = ("telegram", "viber", "whatsapp")
TEXT: Final = "Your parcel has arrived. You can collect it until Friday."
FIRST: Final = 1_000_000
"""The first recipient; messages to those from the stub's HANGS_FROM on hang."""

VESTNIK: Final = (sys.executable, "-m", "vestnik")
READY: Final = r"^vestnik ready on (http://\S+)$"
_LEFT: Final = """
    SELECT EXISTS (SELECT 1 FROM deliveries WHERE state = 'waiting')
        OR EXISTS (SELECT 1 FROM deliveries WHERE state = 'sending')
        OR EXISTS (SELECT 1 FROM deliveries WHERE state = 'deferred' AND messenger = 'telegram' AND due_at <= :now)
        OR EXISTS (SELECT 1 FROM deliveries WHERE state = 'deferred' AND messenger = 'viber' AND due_at <= :now)
        OR EXISTS (SELECT 1 FROM deliveries WHERE state = 'deferred' AND messenger = 'whatsapp' AND due_at <= :now)
"""
_STATES: Final = "SELECT state, count(*) FROM deliveries GROUP BY state"
_ARRIVED: Final = "SELECT sum(sent + delivered + read) FROM tallies"
_ACCEPTED: Final = """
    SELECT d.recipient, m.created_at / 1e6 FROM deliveries AS d JOIN messages AS m ON m.id = d.message_id
    WHERE d.state = 'delivered'
"""


@dataclass(frozen=True, slots=True)
class Service:
    """A running service."""

    address: str
    pid: int
    database: Path

    def states(self) -> dict[str, int]:
        """How many deliveries are in each state."""
        with closing(self._reader()) as reader:
            return dict(reader.execute(_STATES).fetchall())

    def arrived(self) -> int:
        """How many deliveries have been taken by their messengers."""
        with closing(self._reader()) as reader:
            return reader.execute(_ARRIVED).fetchone()[0] or 0

    def accepted(self) -> dict[str, float]:
        """When each delivered one was accepted, in seconds since 1970, by recipient."""
        with closing(self._reader()) as reader:
            return dict(reader.execute(_ACCEPTED).fetchall())

    def wait_until_done(self, due: float, within: float = 300.0) -> None:
        """Returns as soon as nothing is left that was due by `due`, at most 10 ms late; Failed if that takes too long.

        `due` is seconds since 1970, `within` is seconds.
        """
        with closing(self._reader()) as reader:
            for _ in every(0.01, within):
                if not reader.execute(_LEFT, {"now": int(due * 1_000_000) + 1}).fetchone()[0]:
                    return
        raise Failed(f"after {within:g} s deliveries are still {self.states()}")

    def _reader(self) -> sqlite3.Connection:
        return sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, isolation_level=None)


@contextmanager
def serving(folder: Path, far: str | None = None, **settings: object) -> Iterator[Service]:
    """`vestnik serve` with its built-in emulators, or with Telegram at the address `far` and no emulators."""
    environment = {f"VESTNIK_{name.upper()}": str(value) for name, value in settings.items()}
    options = ["--port", "0", "--data", str(folder / "vestnik")]
    if far is not None:
        options.append("--no-emulators")
        environment |= directed(far)
    environment = {"VESTNIK_LOG_LEVEL": "warning", **environment}
    with Program([*VESTNIK, "serve", *options], folder / "log", settings=environment, ready=READY) as program:
        yield Service(program.said, program.pid, folder / "vestnik" / "vestnik.db")


def directed(far: str) -> dict[str, str]:
    """Settings that lead every messenger to the address `far`, with few words in the log."""
    return {"VESTNIK_LOG_LEVEL": "warning", **{f"VESTNIK_{name.upper()}_BASE_URL": far for name in ALL}}


@contextmanager
def emulating(folder: Path) -> Iterator[Program]:
    """`vestnik emulate`; its `said` is the address."""
    arguments = [*VESTNIK, "emulate", "--port", "0", "--data", str(folder / "emulators")]
    with Program(arguments, folder / "emulators.log", ready=READY) as program:
        yield program


@contextmanager
def stubbing(folder: Path) -> Iterator[Program]:
    """The stub messenger; its `said` is the address."""
    arguments = [sys.executable, "-m", "benchmarks.stub"]
    with Program(arguments, folder / "stub.log", ready=r"^stub ready on (\S+)$") as program:
        yield program


@contextmanager
def opened(*parts: Any) -> Iterator[list[Any]]:
    """Several of these, closed in the opposite order."""
    with ExitStack() as stack:
        yield [stack.enter_context(part) for part in parts]


def person(number: int, messengers: Sequence[str] = ("telegram",)) -> dict[str, str]:
    """Somebody, always the same for the same number."""
    identifiers = {
        "telegram": str(number),
        "viber": base64.b64encode(number.to_bytes(16, "big")).decode(),
        "whatsapp": f"+7916{number % 10_000_000:07d}",
    }
    return {messenger: identifiers[messenger] for messenger in messengers}


def message(
    numbers: Sequence[int], messengers: Sequence[str] = ("telegram",), at: float | None = None, **more: Any
) -> bytes:
    """A request that sends one text to these people, at `at` seconds since 1970 or at once."""
    body = {
        "sender": "bench",
        "text": TEXT,
        "messengers": messengers,
        "recipients": [person(number, messengers) for number in numbers],
        **more,
    }
    if at is not None:
        body["send_at"] = datetime.fromtimestamp(at, UTC).isoformat()
    return post("/api/messages", body)


def crowds(
    count: int, size: int, at: float, messengers: Sequence[str] = ("telegram",), first: int = FIRST
) -> list[bytes]:
    """Requests for `count` people in messages of `size` each, all due at the same moment."""
    return [
        message(range(begin, min(begin + size, first + count)), messengers, at, priority="normal")
        for begin in range(first, first + count, size)
    ]
