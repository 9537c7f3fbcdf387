"""Decides how a process gets a network of its own: reached from here by two cables, one of which can be pulled.

It has never heard of what goes over them. The addresses are of 198.18.0.0/15, which no network may use (RFC 2544).
"""

import atexit
import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

HOW: Final = "needs a network namespace: Linux, `ip` of iproute2, and root"
_PREFIX: Final = "vestnik-test-"


class Namespace:
    """A network namespace; OSError where there can be none.

    `servers` is this machine's address on the cable that can be pulled, `near` the namespace's; `emulators` is this
    machine's address on the other one.
    """

    def __init__(self) -> None:
        number = os.getpid() % 16_384 * 8
        first, second = (f"198.{18 + number // 65_536}.{number // 256 % 256}.{number % 256 + pair}" for pair in (0, 4))
        self.servers, self.near = (_next(first, step) for step in (1, 2))
        self.emulators = _next(second, 1)
        self._name = f"{_PREFIX}{os.getpid()}"
        self._cable = f"vts{os.getpid()}"
        self._ways = (first, second)
        if shutil.which("ip") is None or os.geteuid() != 0:
            raise OSError(HOW)
        _drop_leftovers()
        atexit.register(self._end)
        _ip("netns", "add", self._name)
        _ip("-n", self._name, "link", "set", "lo", "up")
        self._lay(self._cable, self.servers, self.near)
        self._lay(f"vte{os.getpid()}", self.emulators, _next(second, 2))
        for way in self._ways:  # Behind a pulled cable nothing leaves this machine by another one.
            _ip("route", "add", "blackhole", f"{way}/30", "metric", "4096")

    @property
    def enter(self) -> tuple[str, ...]:
        """What a command begins with to run there."""
        return (shutil.which("ip") or "ip", "netns", "exec", self._name)

    def cut(self) -> None:
        """Pulls the cable to the servers: what is sent vanishes, and nobody is told."""
        _ip("link", "set", self._cable, "down")

    def join(self) -> None:
        """Plugs it in again."""
        _ip("link", "set", self._cable, "up")

    def _lay(self, name: str, here: str, there: str) -> None:
        _ip("link", "add", name, "type", "veth", "peer", "name", f"{name}x", "netns", self._name)
        _ip("address", "add", f"{here}/30", "dev", name)
        _ip("link", "set", name, "up")
        _ip("-n", self._name, "address", "add", f"{there}/30", "dev", f"{name}x")
        _ip("-n", self._name, "link", "set", f"{name}x", "up")

    def _end(self) -> None:
        _ip("netns", "delete", self._name, fails=True)
        for way in self._ways:
            _ip("route", "delete", "blackhole", f"{way}/30", fails=True)


def _next(address: str, step: int) -> str:
    head, _, last = address.rpartition(".")
    return f"{head}.{int(last) + step}"


def _drop_leftovers() -> None:
    """Those of runs that were killed; their cables go with them."""
    for line in _ip("netns", "list").splitlines():
        name = line.split()[0]
        if name.startswith(_PREFIX) and not Path(f"/proc/{name.removeprefix(_PREFIX)}").exists():
            _ip("netns", "delete", name, fails=True)


def _ip(*words: str, fails: bool = False) -> str:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, timeout=10, check=False)
    if done.returncode and not fails:
        raise OSError(f"ip {' '.join(words)}: {done.stderr.strip()}; {HOW}")
    return done.stdout
