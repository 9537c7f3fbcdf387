"""Decides how a RabbitMQ of our own is made, started, stopped gently or not, and started again.

It has never heard of what is queued. Its node, its ports, its files and its epmd are its own, so it knows of no other.
"""

import atexit
import os
import shutil
import socket
import subprocess
from contextlib import suppress
from typing import Final

from kombu import Connection

from tests.acceptance.process import eventually, lasting_port
from tests.servers.child import folder_for, run, start

PLACES: Final = ["/usr/lib/rabbitmq/bin"]
"""Where the programs are beside the path; those that Debian has on the path want to be run by one of two users."""
_START_WITHIN: Final = 90.0
_STOP_WITHIN: Final = 60.0


def program(name: str) -> str | None:
    """Where one of the server's programs is; None if it is not here."""
    return shutil.which(name, path=os.pathsep.join([*PLACES, os.environ.get("PATH", "")]))


def can_be_started() -> bool:
    """Whether the programs are here."""
    return all(map(program, ("rabbitmq-server", "rabbitmqctl", "epmd", "erl")))


class OwnRabbitMQ:
    """A broker on a free port of loopback, and of `address` too where one is given; guest is trusted everywhere."""

    def __init__(self, virtual_host: str, address: str | None = None) -> None:
        self._folder = folder_for("rabbitmq")
        self._log = self._folder / "log"
        self._virtual_host = virtual_host
        self._port, names_port, peers_port = lasting_port(), lasting_port(), lasting_port()
        self._process: subprocess.Popen[bytes] | None = None
        places = ["127.0.0.1"] if address is None else ["127.0.0.1", address]
        conf = [f"listeners.tcp.{number} = {host}:{self._port}" for number, host in enumerate(places, 1)]
        conf += [f"default_vhost = {virtual_host}", "loopback_users = none", "log.file = false", "log.console = true"]
        conf += ["log.console.level = warning"]
        (self._folder / "rabbitmq.conf").write_text("\n".join(conf) + "\n")
        (self._folder / "plugins").write_text("[].\n")
        (self._folder / "environment").touch()
        self.environment = {
            "PATH": os.environ.get("PATH", ""),
            "HOME": str(self._folder),
            "LC_ALL": "C.UTF-8",
            "ERL_EPMD_PORT": str(names_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_FLAGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            "RABBITMQ_NODENAME": f"vestnik{self._port}@localhost",
            "RABBITMQ_DIST_PORT": str(peers_port),
            "RABBITMQ_CONF_ENV_FILE": str(self._folder / "environment"),
            "RABBITMQ_CONFIG_FILE": str(self._folder / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self._folder / "plugins"),
            "RABBITMQ_MNESIA_BASE": str(self._folder / "data"),
            "RABBITMQ_LOG_BASE": str(self._folder / "logs"),
            "RABBITMQ_PID_FILE": str(self._folder / "pid"),
            # One process in place of a shell with one: the server is what is signalled, and what dies with us.
            "RUNNING_UNDER_SYSTEMD": "true",
        }
        names = [program("epmd") or "epmd", "-address", "127.0.0.1", "-port", str(names_port)]
        self._names = start(names, self._log, self.environment)
        eventually(lambda: _answers(names_port), "epmd answers", 10)
        atexit.register(self._end)

    def url(self, host: str = "127.0.0.1") -> str:
        """Its address as seen from this machine, or from one that sees it as `host`."""
        return f"amqp://guest:guest@{host}:{self._port}/{self._virtual_host}"

    def start(self) -> None:
        """Returns when it answers."""
        self.launch()
        self.wait()

    def launch(self) -> None:
        """Starts it and does not wait."""
        self._process = start([program("rabbitmq-server") or "rabbitmq-server"], self._log, self.environment)

    def wait(self) -> None:
        """Returns when it answers."""
        eventually(self._is_ready, "RabbitMQ answers", _START_WITHIN, every=0.1)

    def stop(self) -> None:
        """Asks it to end, and returns when it has."""
        self._finish(kill=False)

    def kill9(self) -> None:
        """Kills it where it stands."""
        self._finish(kill=True)

    @property
    def control_command(self) -> list[str]:
        """Speaks with this broker, in its environment."""
        return [program("rabbitmqctl") or "rabbitmqctl", "--quiet"]

    def control(self, *words: str) -> str:
        """What rabbitmqctl says."""
        said: str = run([*self.control_command, *words], self.environment)
        return said

    def _finish(self, *, kill: bool) -> None:
        if self._process is not None:
            self._process.kill() if kill else self._process.terminate()
            self._process.wait(_STOP_WITHIN)
            self._process = None

    def _end(self) -> None:
        self._finish(kill=True)
        self._names.kill()
        self._names.wait(_STOP_WITHIN)

    def _is_ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self._log.read_text(errors="replace")[-3000:]
        with suppress(Exception), Connection(self.url(), connect_timeout=5) as connection:  # It is not there yet.
            connection.connect()
            return True
        return False


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False
