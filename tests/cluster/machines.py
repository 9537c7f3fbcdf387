"""Decides what a small cluster is made of: emulators, two API nodes, two relays and two workers, all real processes.

It has never heard of what happens to them.
"""

import signal
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from tests import postgres, rabbitmq
from tests.acceptance.client import NoAnswer
from tests.acceptance.people import MESSENGERS
from tests.acceptance.process import Process, eventually, variables
from tests.acceptance.service import Service

LEADS: Final = "this process leads"
SETTINGS: Final[dict[str, object]] = {
    "lease": 8,
    "send_timeout": 4,
    "retry_base": 0.1,
    "retry_cap": 1,
    "repeat_after": 1,
    "stop_grace": 4,
    "task_size": 10,
}


class Role:
    """A command without an address that can be killed and started again; its log outlives its processes."""

    def __init__(self, log: Path, settings: dict[str, object], *command: str) -> None:
        self._log = log
        self._settings = variables(settings)
        self._command = command
        self.process: Process | None = None

    def start(self) -> None:
        """Starts a process."""
        self.process = Process(self._command, self._log, self._settings)

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
        """Whether the present process has said so."""
        return self.process is not None and self.process.alive and LEADS in self.process.output()

    def log(self) -> str:
        """What all its processes have said."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""


class Cluster:
    """All of it; `start` begins everything but the workers, which a test starts when it wants them."""

    def __init__(self, folder: Path) -> None:
        database, self.broker = postgres.url(), rabbitmq.url()
        postgres.wipe()
        with rabbitmq.channel(self.broker) as channel:
            for name in queue_names():
                channel.queue_delete(name)
        self.emulators = Service(folder / "emulators", command="emulate")
        shared: dict[str, Any] = {**SETTINGS, "database_url": database, "broker_url": self.broker}
        for name in MESSENGERS:
            shared[f"{name}_base_url"] = f"{self.emulators.address}/{name}"
            shared[f"{name}_honours_key"] = 1
        self.nodes = [
            Service(folder / f"node{number}", "--no-dispatch", "--no-emulators", **shared) for number in (1, 2)
        ]
        for node in self.nodes:
            node.control = self.emulators.client
        self.relays = [Role(folder / f"relay{number}.log", shared, "relay") for number in (1, 2)]
        self.workers = [
            Role(folder / f"worker{number}.log", shared, "worker", "--", "-n", f"worker{number}") for number in (1, 2)
        ]
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._stack.enter_context(self.emulators)
        for node in self.nodes:
            self._stack.enter_context(node)
        for role in (*self.relays, *self.workers):
            self._stack.callback(role.kill9)
        for relay in self.relays:
            relay.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, traceback)
        if kind is not None:
            for role in (*self.relays, *self.workers):
                print(role.log()[-5_000:])  # noqa: T201 - for whoever reads why

    def leader(self) -> Role:
        """The relay that leads, as soon as one does."""
        return eventually(lambda: next((relay for relay in self.relays if relay.leads), None), "a relay leads", 30)

    def accept(self, number: int, text: str, recipients: Iterable[Any]) -> str:
        """Sends through one node or the other until one of them takes it; the message's id."""
        body = {
            "sender": "acme",
            "text": text,
            "messengers": list(MESSENGERS),
            "recipients": list(recipients),
            "max_attempts": 100,
        }

        def accepted() -> str | None:
            node = self.nodes[number % 2]
            try:
                reply = node.call("POST", "/api/messages", body, headers={"idempotency-key": text}, timeout=10)
            except NoAnswer:
                return None
            return None if reply.status in {409, 503} else str(reply.expect(202)["id"])

        return eventually(accepted, f"{text} is accepted", 60, every=0.2)


def queue_names() -> list[str]:
    """The queues of all messengers."""
    return [f"vestnik.{name}{tail}" for name in MESSENGERS for tail in ("", ".slow")]
