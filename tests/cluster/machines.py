"""Decides what a small cluster is made of: emulators, two API nodes, two relays and two workers, all real processes.

It has never heard of what happens to them.
"""

import signal
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from itertools import cycle
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from tests.acceptance.client import Reply
from tests.acceptance.people import MESSENGERS
from tests.acceptance.process import Process, eventually, variables
from tests.acceptance.service import Service
from tests.cluster.servers import Servers

LEADS, LEADS_NO_MORE = "this process leads", "the lead may be lost"
SETTINGS: Final[dict[str, Any]] = {
    "lease": 6,
    "send_timeout": 3,
    "retry_base": 0.1,
    "retry_cap": 1,
    "repeat_after": 1,
    "stop_grace": 4,
    "task_size": 10,
}
_FORESEEN: Final = (
    "Couldn't ack",
    "Error cleaning up after event loop: ConnectionReset",
    "Error cleaning up after event loop: BrokenPipe",
    "it makes no sense",
)
"""What Celery makes a fuss of: a broker that went away or was reset, and a task that goes to the dead ones."""
_SAID_SHOWN: Final = 5_000
_TAKEOVER_BOUND: Final = 30.0


class Role:
    """A command without an address that can be killed and started again; its log outlives its processes."""

    def __init__(self, log: Path, settings: Mapping[str, object], *command: str, enter: Sequence[str] = ()) -> None:
        self.name = log.stem
        self._log = log
        self._settings = variables(settings)
        self._command = command
        self._enter = enter
        self.process: Process | None = None

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.alive

    def start(self) -> None:
        """Starts a process."""
        self.process = Process(self._command, self._log, self._settings, self._enter)

    def kill9(self) -> None:
        """Kills it where it stands."""
        if self.process is not None:
            self.process.kill9()

    def terminate(self) -> int:
        """Asks it to stop; the exit status."""
        assert self.process is not None
        self.process.signal(signal.SIGTERM)
        return self.process.wait()

    @property
    def leads(self) -> bool:
        """Whether the present process has said so, and has not taken it back."""
        if self.process is None or not self.process.alive:
            return False
        said = self.process.output()
        return said.rfind(LEADS) > said.rfind(LEADS_NO_MORE)

    def log(self) -> str:
        """What all its processes have said."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""


class Nodes:
    """The API nodes as one service, as behind a load balancer: each request goes to the next."""

    def __init__(self, nodes: Sequence[Service]) -> None:
        self._turns = cycle(nodes)
        self._lock = threading.Lock()

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> Reply:
        """One request; see Client.call."""
        with self._lock:
            node = next(self._turns)
        return node.call(method, path, body, **more)


class Cluster:
    """All of it over servers that are its own; it begins without workers, which `mend` starts."""

    def __init__(self, folder: Path, servers: Servers) -> None:
        self.servers = servers
        database = servers.make_database("vestnik")
        elsewhere = servers.elsewhere
        host = "127.0.0.1" if elsewhere is None else elsewhere.emulators
        options = ["--host", host] if elsewhere is None else ["--host", host, "--insecure"]
        self.emulators = Service(folder / "emulators", *options, command="emulate")
        far = self.emulators.address.replace("127.0.0.1", host)

        def settings(host: str) -> dict[str, Any]:
            shared: dict[str, Any] = {
                **SETTINGS,
                "database_url": servers.postgres.url(host, database),
                "broker_url": servers.rabbitmq.url(host),
            }
            for name in MESSENGERS:
                shared[f"{name}_base_url"] = f"{far}/{name}"
                shared[f"{name}_honours_key"] = 1
            return shared

        def worker(name: str, host: str = "127.0.0.1", enter: Sequence[str] = ()) -> Role:
            return Role(folder / f"{name}.log", settings(host), "worker", "--", "-n", name, enter=enter)

        def relay(name: str, host: str = "127.0.0.1", enter: Sequence[str] = ()) -> Role:
            return Role(folder / f"{name}.log", settings(host), "relay", enter=enter)

        self.nodes = [
            Service(folder / f"node{number}", "--no-dispatch", "--no-emulators", **settings("127.0.0.1"))
            for number in (1, 2)
        ]
        self.api = Nodes(self.nodes)
        self.relays = [relay("relay1"), relay("relay2")]
        self.workers = [worker("worker1"), worker("worker2")]
        self.distant: list[Role] = []
        """A worker and a relay that reach the servers over a cable that can be pulled."""
        if elsewhere is not None:
            self.distant = [
                make(name, elsewhere.servers, elsewhere.enter) for make, name in ((worker, "far"), (relay, "aloof"))
            ]
        self._stack = ExitStack()

    @property
    def broker(self) -> str:
        """The address of the broker."""
        return self.servers.rabbitmq.url()

    @property
    def roles(self) -> list[Service | Role]:
        """Every process that may die at any moment."""
        return [self.emulators, *self.nodes, *self.relays, *self.workers]

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            for service in (self.emulators, *self.nodes):
                service.launch()
                stack.push(service)
                service.control = self.emulators.client
            for role in (*self.relays, *self.workers, *self.distant):
                stack.callback(role.kill9)
            for relay in self.relays:
                relay.start()
            for service in (self.emulators, *self.nodes):
                service.client.address = service.process.address()
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, traceback)
        for role in (*self.relays, *self.workers, *self.distant):
            broken = [
                line
                for line in role.log().splitlines()
                if "exception=Traceback" in line and not any(word in line for word in _FORESEEN)
            ]
            assert not broken, f"{role.name}: {broken}"

    def mend(self) -> None:
        """Whatever is dead is started, faults are taken away; returns when a relay leads."""
        for service in (self.emulators, *self.nodes):
            if not service.process.alive:
                service.start()
        for role in (*self.relays, *self.workers):
            if not role.alive:
                role.start()
        for role in self.distant:
            role.kill9()
        self.nodes[0].faults()
        self.leader()

    def leader(self) -> Role:
        """The relay that leads, as soon as one does."""
        relays = [role for role in (*self.relays, *self.distant) if role.name != "far"]
        return eventually(
            lambda: next((relay for relay in relays if relay.leads), None), "a relay leads", _TAKEOVER_BOUND
        )

    def takeover(self) -> float:
        """Seconds until another relay says that it leads, from the moment at which the one that does is killed."""
        leader = self.leader()
        leader.kill9()
        died = time.monotonic()
        assert self.leader() is not leader
        return time.monotonic() - died

    def receipts(self) -> int:
        """How many reports of what became of messages the emulators have told, and the service has taken."""
        stats = self.emulators.call("GET", "/emulator/stats").expect(200)
        return sum(each["receipts_sent"] for each in stats.values())

    def tell(self) -> None:
        """Prints the end of what each process has said."""
        for node in self.nodes:
            print(f"--- a node\n{node.log()[-_SAID_SHOWN:]}")  # noqa: T201 - for whoever reads why
        for role in (*self.relays, *self.workers, *self.distant):
            print(f"--- {role.name}\n{role.log()[-_SAID_SHOWN:]}")  # noqa: T201 - for whoever reads why
