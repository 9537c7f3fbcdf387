"""Decides how a test runs the real command: a process group of its own, a clean environment, and a log that is kept.

It has never heard of HTTP or of what the command is good for.
"""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from random import SystemRandom
from typing import Final, TypeVar

T = TypeVar("T")

COMMAND: Final = (sys.executable, "-m", "vestnik")
DIES_WITH_US: Final = (
    "import ctypes, os, sys; prctl = getattr(ctypes.CDLL(None), 'prctl', None); prctl and prctl(1, 9);"
    " os.execv(sys.argv[1], sys.argv[1:])"
)
"""Asks Linux to kill the process when the tests are killed themselves (PR_SET_PDEATHSIG), then becomes the command."""
START_WITHIN: Final = 30.0
STOP_WITHIN: Final = 30.0
"""Seconds; generous, because the machine may be busy with other tests."""

_READY: Final = re.compile(r"^vestnik ready on (http://\S+)$", re.MULTILINE)
_LOG_SHOWN: Final = 20_000
_LASTING_PORTS: Final = range(20_000, 32_000)
"""Below the ports that Linux lends to outgoing connections."""


class Ended(AssertionError):
    """The process ended although it should serve."""


class Process:
    """A running command; its output is appended to `log`, so that a restart goes on in the same file.

    `enter` is a command that makes the place in which the command is to run.
    """

    def __init__(
        self, arguments: Sequence[str], log: Path, settings: Mapping[str, str], enter: Sequence[str] = ()
    ) -> None:
        self._log = log
        self._begin = log.stat().st_size if log.exists() else 0
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-S", "-c", DIES_WITH_US, *enter, *COMMAND, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=environment(settings),
                start_new_session=True,
            )

    @property
    def number(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def output(self) -> str:
        """What it has said so far."""
        with self._log.open("rb") as log:
            log.seek(self._begin)
            return log.read().decode(errors="replace")

    def address(self) -> str:
        """Where it serves, as soon as it says so; Ended if it ends before."""

        def said() -> str | None:
            if found := _READY.search(self.output()):
                return found[1]
            if not self.alive:
                raise Ended(f"the command ended with {self._process.returncode} before it was ready: {self.output()}")
            return None

        return eventually(said, "it says that it is ready", START_WITHIN)

    def signal(self, number: signal.Signals) -> None:
        """Sends a signal to the whole group; to one that is gone already it does nothing."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    def kill9(self) -> None:
        """Ends the whole group where it stands, as a power cut would, and returns when it is gone."""
        self.signal(signal.SIGKILL)
        self._process.wait(STOP_WITHIN)

    def wait(self, within: float = STOP_WITHIN) -> int:
        """The exit status, negative for a signal; AssertionError if it goes on for longer than `within` seconds."""
        try:
            return self._process.wait(within)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the process still runs after {within:g} s: {self.output()[-_LOG_SHOWN:]}") from None


def run(*arguments: str, within: float = 60.0, **settings: object) -> subprocess.CompletedProcess[str]:
    """Runs a command to its end; settings are given as `retry_base=0.1` for VESTNIK_RETRY_BASE."""
    return subprocess.run(
        [*COMMAND, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=environment(variables(settings)),
        timeout=within,
        check=False,
    )


def variables(settings: Mapping[str, object]) -> dict[str, str]:
    """Settings by the names of their environment variables."""
    return {f"VESTNIK_{name.upper()}": str(value) for name, value in settings.items()}


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """The environment of a command: this one, without the settings of whoever runs the tests."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("VESTNIK_")}
    return {**inherited, "COLUMNS": "120", **settings}


def lasting_port() -> int:
    """A free port that stays free while its process is dead.

    A port that the system lends to outgoing connections would not: a client that knocks at the dead port could be lent
    that very port, be connected with itself and keep the restarted process from listening.
    """
    for port in SystemRandom().sample(_LASTING_PORTS, 100):
        with closing(socket.socket()) as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port is free")


def eventually(look: Callable[[], T | None], what: str, within: float, *, every: float = 0.02) -> T:
    """What `look` finds as soon as it finds something; AssertionError says `what` did not come true in time.

    `within` and `every` are seconds.
    """
    end = time.monotonic() + within
    while True:
        if (found := look()) is not None and found is not False:
            return found
        if time.monotonic() >= end:
            raise AssertionError(f"waited {within:g} s in vain until {what}")
        time.sleep(every)
