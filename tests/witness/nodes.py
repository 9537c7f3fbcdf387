"""Decides how a test speaks with a client library of node: in a process of its own, one call at a time.

It has never heard of any library. Packages are installed as `node/package-lock.json` says, once for a checkout.
"""

import fcntl
import json
import queue
import shutil
import subprocess
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

HERE: Final = Path(__file__).parent / "node"
PATIENCE: Final = 20.0
"""Seconds for one call or one event."""
INSTALL_WITHIN: Final = 300.0
HOW: Final = "apt-get install nodejs npm"
needs_node = pytest.mark.needs("npm", HOW)


class Thrown(Exception):
    """What a library threw, as far as it says: `name`, `message`, `code`, HTTP `status`, `answer` and `retryAfter`."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(json.dumps(error))
        self.error = error


class Library:
    """A library at work."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self._results: queue.Queue[dict[str, Any]] = queue.Queue()
        self._events: queue.Queue[dict[str, Any]] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self._result()

    def call(self, name: str, *args: Any) -> Any:
        """What the call returns; Thrown for what it throws."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([name, *args]) + "\n")
        self._process.stdin.flush()
        return self._result()

    def event(self) -> dict[str, Any]:
        """The next event that the library told its user."""
        return self._events.get(timeout=PATIENCE)

    def thrown(self, name: str, *args: Any) -> dict[str, Any]:
        """What the call throws."""
        with pytest.raises(Thrown) as raised:
            self.call(name, *args)
        return raised.value.error

    def _result(self) -> Any:
        found = self._results.get(timeout=PATIENCE)
        if "error" in found:
            raise Thrown(found["error"])
        return found["result"]

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            told = json.loads(line) if line.startswith("{") else {}
            if "event" in told:
                self._events.put(told["event"])
            elif told:
                self._results.put(told)


def installed() -> None:
    """Installs the packages unless they are there; a test that cannot have them says so and is not run.

    One process of the tests does, and the others wait for it: npm empties the folder before it fills it.
    """
    done, lock = HERE / "node_modules" / ".package-lock.json", HERE / "package-lock.json"
    with lock.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if done.exists() and done.stat().st_mtime >= lock.stat().st_mtime:
            return
        npm = shutil.which("npm")
        assert npm is not None
        command = [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
        try:
            subprocess.run(command, cwd=HERE, capture_output=True, timeout=INSTALL_WITHIN, check=True)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            pytest.skip(f"needs the packages of tests/witness/node: npm ci answered {error}")


@contextmanager
def library(name: str, **options: Any) -> Generator[Library]:
    """The library of the module `node/<name>.mjs`, opened with these options, until the block ends."""
    installed()
    command = ["node", "--no-warnings", "drive.mjs", name, json.dumps(options)]
    with subprocess.Popen(
        command, cwd=HERE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        try:
            yield Library(process)
        finally:
            process.kill()
