"""Decides how a program is started, found ready, weighed by CPU seconds and peak memory, and ended.

It has never heard of what the program does; everything is read from /proc, so it needs Linux.
"""

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

ROOT: Final = Path(__file__).resolve().parents[1]
_PROC: Final = Path("/proc")
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_START_WITHIN: Final = 60.0
_STOP_WITHIN: Final = 20.0


class Failed(Exception):
    """A program ended or kept silent although it should work."""


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the state on; empty for a process that is gone."""
    try:
        return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def parent(pid: int) -> int:
    """The process that started this one."""
    return int(_stat(pid)[1])


def family(pid: int) -> list[int]:
    """The process and all its living descendants."""
    children: dict[int, list[int]] = {}
    for entry in _PROC.iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))):
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found, ahead = [], [pid]
    while ahead:
        one = ahead.pop()
        found.append(one)
        ahead += children.get(one, [])
    return found


def cpu(pid: int) -> float:
    """CPU seconds of a process, its descendants, and those of them that have ended and were waited for."""
    return sum(sum(map(int, fields[11:15])) for one in family(pid) if (fields := _stat(one))) / _TICKS


def cpu_by_thread(pid: int) -> dict[int, float]:
    """CPU seconds of each living thread of a process, by its number."""
    found = {}
    for entry in (_PROC / str(pid) / "task").iterdir():
        try:
            found[int(entry.name)] = int((entry / "schedstat").read_text().split()[0]) / 1e9
        except OSError:
            continue
    return found


def peak_memory(pid: int) -> float:
    """Peak resident MiB of a process and its descendants, added up: pages that they share count for each of them."""
    return sum(_memory(one, "VmHWM") for one in family(pid))


def memory(pid: int) -> float:
    """Resident MiB now, added up in the same way."""
    return sum(_memory(one, "VmRSS") for one in family(pid))


def _memory(pid: int, field: str) -> float:
    try:
        status = (_PROC / str(pid) / "status").read_text()
    except OSError:
        return 0.0
    found = re.search(rf"^{field}:\s+(\d+) kB", status, re.MULTILINE)
    return int(found[1]) / 1024 if found else 0.0


def find_server(name: str) -> int | None:
    """The oldest process of that name, such as `postgres`: the one that started the others."""
    running = [int(entry.name) for entry in _PROC.iterdir() if entry.name.isdigit() and _named(entry, name)]
    return min(running, key=lambda pid: int((_stat(pid) or ["0"] * 20)[19]), default=None)


def _named(entry: Path, name: str) -> bool:
    try:
        return (entry / "comm").read_text().strip() == name
    except OSError:
        return False


class Program:
    """A running program in a process group of its own; its output goes to `log`."""

    def __init__(
        self,
        arguments: Sequence[str],
        log: Path,
        *,
        settings: Mapping[str, str] | None = None,
        ready: str | None = None,
    ) -> None:
        self._log = log
        self._begin = log.stat().st_size if log.exists() else 0
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("VESTNIK_")}
        with log.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603 - the commands are the benchmark's own
                arguments,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**inherited, "PYTHONUNBUFFERED": "1", "PYTHONPATH": f"{ROOT}:{ROOT / 'src'}", **(settings or {})},
                start_new_session=True,
            )
        self.pid = self._process.pid
        self.said = self._wait_for(ready) if ready else ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def output(self) -> str:
        """The end of what it has said."""
        return self._log.read_text(encoding="utf-8", errors="replace")[-3000:]

    def interrupt(self) -> None:
        """Ends it as Ctrl-C would, so that it can finish what it writes."""
        if self.alive:
            os.killpg(self.pid, signal.SIGINT)
            self._process.wait(_STOP_WITHIN)

    def stop(self) -> None:
        """Asks it to end, and insists after a while."""
        for number, within in ((signal.SIGTERM, _STOP_WITHIN), (signal.SIGKILL, _STOP_WITHIN)):
            if not self.alive:
                break
            os.killpg(self.pid, number)
            try:
                self._process.wait(within)
            except subprocess.TimeoutExpired:
                continue
        self._process.wait(_STOP_WITHIN)

    def _wait_for(self, ready: str) -> str:
        """What the first group of the pattern `ready` matched in its output."""
        for _ in every(0.02, _START_WITHIN):
            if found := re.search(ready, self._log.read_bytes()[self._begin :].decode(errors="replace"), re.MULTILINE):
                return found[1]
            if not self.alive:
                break
        said = self.output()
        self.stop()
        raise Failed(f"it did not say that it was ready: {said}")


def every(pause: float, within: float) -> Iterator[float]:
    """Turns of a bounded wait, `pause` seconds apart, each with the seconds that have passed."""
    began = time.monotonic()
    while (passed := time.monotonic() - began) < within:
        yield passed
        time.sleep(pause)


class Meter:
    """CPU seconds that processes used since they were put on it, and their peak memory, by name."""

    def __init__(self, pids: Mapping[str, int]) -> None:
        self._pids = dict(pids)
        self._began = {name: cpu(pid) for name, pid in pids.items()}

    def cpu(self) -> dict[str, float]:
        """Seconds by name."""
        return {name: cpu(pid) - self._began[name] for name, pid in self._pids.items()}

    def memory(self) -> dict[str, float]:
        """Peak MiB by name."""
        return {name: peak_memory(pid) for name, pid in self._pids.items()}
