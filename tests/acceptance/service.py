"""Decides how a test drives the service from outside: the real command, the HTTP contract, the emulators' journal.

It has never heard of the service's modules; whatever is true here is true for every user.
"""

import signal
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from tests.acceptance.client import Client, Reply
from tests.acceptance.journal import Entry
from tests.acceptance.process import Process, eventually, lasting_port, variables

UNFINISHED: Final = ("deferred", "waiting", "sending")
"""States of a delivery that the service itself will still move on."""
UNSETTLED: Final = (*UNFINISHED, "sent")
"""The same, and the state in which a messenger that reports has not reported yet."""

_JOURNAL_PAGE: Final = 1_000
_LOG_SHOWN: Final = 20_000


class Service:
    """`vestnik serve` (or another serving command) with a data folder and a port that outlive its processes.

        with Service(tmp_path, "--test-clock", retry_base=0.1) as service:
            sent = service.send("Hello", [person(1)])
            service.kill9()
            service.start()
            service.wait_until_settled(sent["id"])
            assert len(service.journal()) == 3

    Settings are environment variables: `retry_base=0.1` is VESTNIK_RETRY_BASE. If the test fails, the log is printed;
    if it does not, an exception in the log fails it.
    """

    def __init__(
        self, folder: Path, *options: str, command: str = "serve", data: Path | None = None, **settings: object
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.data = folder / "data" if data is None else data
        self.options = options
        self.settings = settings
        self._command = command
        self._log = folder / "log"
        self._port = lasting_port()
        self._process: Process | None = None
        self.client = Client(f"http://127.0.0.1:{self._port}")
        self.control = self.client
        """Where the emulators' control API is asked."""

    # The process

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.kill9()
        if kind is not None:
            print(f"--- log of vestnik {self._command}, its end ---\n{self.log()[-_LOG_SHOWN:]}")  # noqa: T201 - for whoever reads why
        else:
            assert "Traceback" not in self.log(), self.log()[-_LOG_SHOWN:]

    @property
    def process(self) -> Process:
        """The process that runs now or ran last."""
        assert self._process is not None, "it was never started"
        return self._process

    @property
    def address(self) -> str:
        return self.client.address

    def log(self) -> str:
        """What all its processes have said."""
        return self._log.read_text(encoding="utf-8", errors="replace") if self._log.exists() else ""

    def launch(self) -> None:
        """Starts a process and does not wait until it is ready; options and settings may have changed."""
        arguments = [self._command, "--port", str(self._port), "--data", str(self.data), *self.options]
        self._process = Process(arguments, self._log, variables(self.settings))

    def start(self) -> None:
        """Starts a process and returns when it is ready."""
        self.launch()
        self.client.address = self.process.address()

    def kill9(self) -> None:
        """Kills the whole process group where it stands."""
        self.process.kill9()

    def terminate(self, within: float = 30.0) -> int:
        """Asks it to stop; the exit status."""
        self.process.signal(signal.SIGTERM)
        return self.process.wait(within)

    # The service's API

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> Reply:
        """One request to the service; see Client.call."""
        return self.client.call(method, path, body, **more)

    def send(
        self, text: str, recipients: Iterable[Any], messengers: Iterable[str] | None = None, **more: Any
    ) -> dict[str, Any]:
        """Sends as `acme` and expects 202; the reply. Without `messengers` those of the first recipient are used."""
        whom = list(recipients)
        body = {
            "sender": "acme",
            "text": text,
            "messengers": list(whom[0] if messengers is None else messengers),
            "recipients": whom,
            **more,
        }
        reply: dict[str, Any] = self.call("POST", "/api/messages", body).expect(202)
        return reply

    def message(self, message_id: str) -> dict[str, Any]:
        """The message as it stands."""
        reply: dict[str, Any] = self.call("GET", f"/api/messages/{message_id}").expect(200)
        return reply

    def deliveries(self, message_id: str, **query: object) -> Iterator[dict[str, Any]]:
        """All deliveries of a message, page by page."""
        cursor = None
        while True:
            path = f"/api/messages/{message_id}/deliveries"
            page = self.call("GET", path, cursor=cursor, **query).expect(200)
            yield from page["deliveries"]
            cursor = page["next"]
            if cursor is None:
                return

    def wait_until_finished(self, *message_ids: str, within: float = 30.0) -> None:
        """Returns when nothing of these messages is left for the service to do."""
        self._wait_until_none_is(UNFINISHED, message_ids, within)

    def wait_until_settled(self, *message_ids: str, within: float = 30.0) -> None:
        """Returns when the messengers have also reported what became of everything that they took."""
        self._wait_until_none_is(UNSETTLED, message_ids, within)

    def _wait_until_none_is(self, states: Iterable[str], message_ids: Iterable[str], within: float) -> None:
        for message_id in message_ids:
            last: dict[str, int] = {}

            def done(message_id: str = message_id, last: dict[str, int] = last) -> bool:
                last.clear()
                last.update(self.message(message_id)["counts"])
                return not any(last.get(state) for state in states)

            try:
                eventually(done, f"no delivery of {message_id} is {', '.join(states)}", within)
            except AssertionError as reason:
                raise AssertionError(f"{reason}; its deliveries are {last}") from None

    # The emulators' control API

    def faults(self, *rules: dict[str, Any]) -> None:
        """Puts these fault rules in force, in place of those that were; none for good health."""
        self.control.call("PUT", "/emulator/faults", list(rules)).expect(200)

    def phone(self, messenger: str, recipient: str, **changes: Any) -> None:
        """Changes a phone: `online`, `blocked`, `reads_after`."""
        self.control.call("PATCH", f"/emulator/phones/{messenger}/{recipient}", changes).expect(200)

    def journal(self, messenger: str | None = None, recipient: str | None = None) -> list[Entry]:
        """Everything that phones got, in order."""
        entries: list[Entry] = []
        after: int | None = 0
        while after is not None:
            page = self.control.call(
                "GET",
                "/emulator/journal",
                messenger=messenger,
                recipient=recipient,
                after=after,
                limit=_JOURNAL_PAGE,
            ).expect(200)
            entries += [Entry.read(line) for line in page["entries"]]
            after = page["next"]
        return entries
