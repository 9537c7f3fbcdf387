"""Decides how a PostgreSQL of our own is made, started, stopped in each of its ways, and started again.

It has never heard of what is stored. Its disk may lie to it (`fsync=off`): the tests kill processes, not machines. It
looks every 5 s in place of every minute for what is to be vacuumed, because no test lasts long enough for more looks.
"""

import atexit
import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Final, Literal

from tests.acceptance.process import eventually, lasting_port
from tests.servers.child import folder_for, run, somebody, start

PLACES: Final = [str(path) for path in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]
"""Where the server's programs are beside the path; Debian keeps them off it."""
_ENVIRONMENT: Final = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
_WAYS: Final = {"fast": signal.SIGINT, "immediate": signal.SIGQUIT}
_WITHIN: Final = 30.0


def program(name: str) -> str | None:
    """Where one of the server's programs is; None if it is not here."""
    return shutil.which(name, path=os.pathsep.join([*PLACES, os.environ.get("PATH", "")]))


def can_be_started() -> bool:
    """Whether the programs are here."""
    return program("initdb") is not None and program("postgres") is not None


class OwnPostgres:
    """A server on a free port of loopback, and of `address` too where one is given; everybody there is trusted."""

    def __init__(self, address: str | None = None, trusts: str | None = None) -> None:
        self._folder = folder_for("postgres")
        self._user = somebody("postgres")
        if self._user is not None:
            shutil.chown(self._folder, self._user)
        self._log = self._folder / "log"
        self._data = self._folder / "data"
        self._port = lasting_port()
        self._listens = "127.0.0.1" if address is None else f"127.0.0.1,{address}"
        self._process: subprocess.Popen[bytes] | None = None
        as_usual = ("-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        run([program("initdb") or "initdb", "-D", str(self._data), *as_usual], _ENVIRONMENT, user=self._user)
        if trusts is not None:
            with (self._data / "pg_hba.conf").open("a") as rules:
                rules.write(f"host all all {trusts}/32 trust\n")
        atexit.register(self.stop, "immediate")

    def url(self, host: str = "127.0.0.1", database: str = "postgres") -> str:
        """Its address as seen from this machine, or from one that sees it as `host`."""
        return f"postgresql://postgres@{host}:{self._port}/{database}"

    def start(self) -> None:
        """Returns when it answers."""
        options = [f"-cport={self._port}", f"-cunix_socket_directories={self._folder}", "-cfsync=off"]
        options += [f"-clisten_addresses={self._listens}", "-cmax_connections=200", "-cautovacuum_naptime=5s"]
        command = [program("postgres") or "postgres", "-D", str(self._data), *options]
        self._process = start(command, self._log, _ENVIRONMENT, user=self._user)
        eventually(self._is_ready, "PostgreSQL answers", _WITHIN)

    def stop(self, way: Literal["fast", "immediate"]) -> None:
        """Ends it: `fast` rolls back what is open, `immediate` drops everything and recovers at the next start."""
        if self._process is not None:
            self._process.send_signal(_WAYS[way])
            self._process.wait(_WITHIN)
            self._process = None

    def _is_ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self._log.read_text()[-3000:]
        state = self._data / "postmaster.pid"  # Its eighth line says how far the start has come.
        try:
            lines = state.read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) > 7 and lines[0] == str(self._process.pid) and lines[7].strip() == "ready"
