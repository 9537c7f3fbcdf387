"""Decides how clients behave while everything around them dies: they repeat a request until it is accepted.

It has never heard of how the service is made to die.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event
from types import TracebackType
from typing import Any, Final, Protocol, Self, TypeAlias

from tests.acceptance.client import NoAnswer, Reply
from tests.acceptance.journal import Arrival, Audit, audit, expected
from tests.acceptance.people import MESSENGERS, people
from tests.acceptance.service import Service
from tests.crash.chance import LONG_RUN, TROUBLES

Tell: TypeAlias = Callable[[str], None]
"""Says a line at the end of the run."""

CLIENTS: Final = 4
PEOPLE: Final = 10 if LONG_RUN else 4
"""In each request; in a short run they are few, because most of its time would go into sending, not into dying."""
PAUSE: Final = 0.25
"""Seconds between two requests of one client."""
REPEAT_AFTER: Final = 0.1
"""Seconds before a request that was not accepted is repeated."""
PATIENCE: Final = 60.0
"""Seconds after which a client that is still refused fails the test."""
MAX_ATTEMPTS: Final = 100
"""So many that only a lost delivery is not delivered in the end."""

_COME_BACK: Final = frozenset({409, 503})
"""Statuses that ask a client to try again: its first try is under way, or nothing can be stored now."""


@dataclass
class Accepted:
    """What was accepted: the arrivals of each message by its id, and how many requests had to be repeated."""

    messages: dict[str, list[Arrival]] = field(default_factory=dict)
    repeated: int = 0

    def arrivals(self) -> list[Arrival]:
        return [arrival for arrivals in self.messages.values() for arrival in arrivals]


class Answering(Protocol):
    """A service, or several behind one door."""

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> Reply: ...


class Load:
    """Clients that send at the same time as long as the block lasts; then each ends the request that it is at.

    Every second client gives its requests an Idempotency-Key; the others rely on the content being the same. Texts
    begin with `named`, which tells the load from others on the same service.
    """

    def __init__(
        self,
        service: Answering,
        *,
        clients: int = CLIENTS,
        messengers: Sequence[str] = MESSENGERS,
        named: str = "",
    ) -> None:
        self._service = service
        self._named = named
        self._messengers = messengers
        self._stop = Event()
        self._pool = ThreadPoolExecutor(clients)
        self._clients = clients
        self._futures: list[Future[Accepted]] = []
        self.accepted = Accepted()

    def __enter__(self) -> Self:
        self._futures = [self._pool.submit(self._send_until_stopped, client) for client in range(self._clients)]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stop.set()
        self._pool.shutdown(cancel_futures=True)
        if kind is None:
            for future in self._futures:
                one = future.result()
                self.accepted.messages.update(one.messages)
                self.accepted.repeated += one.repeated

    def _send_until_stopped(self, client: int) -> Accepted:
        accepted = Accepted()
        number = 0
        while not self._stop.is_set():
            whom = people(PEOPLE, (client * 100_000 + number) * PEOPLE % 9_000_000)
            text = f"{self._named}Client {client} says {number}"
            body = {
                "sender": "acme",
                "text": text,
                "messengers": list(self._messengers),
                "recipients": whom,
                "max_attempts": MAX_ATTEMPTS,
            }
            headers = {"idempotency-key": text.replace(" ", "-")} if client % 2 else {}
            message_id = self._until_accepted(body, headers, accepted)
            assert message_id not in accepted.messages, "two requests were accepted as one message"
            accepted.messages[message_id] = expected(text, whom, self._messengers)
            number += 1
            self._stop.wait(PAUSE)
        return accepted

    def _until_accepted(self, body: dict[str, Any], headers: dict[str, str], accepted: Accepted) -> str:
        end = time.monotonic() + PATIENCE
        while True:
            try:
                reply = self._service.call("POST", "/api/messages", body, headers=headers, timeout=10)
                if reply.status not in _COME_BACK:
                    return str(reply.expect(202)["id"])
                refusal = f"{reply.status} {reply.body.decode()}"
            except NoAnswer as reason:
                refusal = str(reason)
            assert time.monotonic() < end, f"not accepted within {PATIENCE:g} s, at last: {refusal}"
            accepted.repeated += 1
            time.sleep(REPEAT_AFTER)


@contextmanager
def load_on(service: Service, tell: Tell) -> Iterator[Load]:
    """Load and troubles as long as the block lasts; then everything accepted must have arrived, once.

    The service must run again when the block ends.
    """
    service.faults(*TROUBLES)
    load = Load(service)
    with load:
        yield load
    result = reckon(service, load.accepted)
    tell(f"{result}, requests repeated = {load.accepted.repeated}")
    assert result.faultless, result


def reckon(service: Service, accepted: Accepted, within: float = 90.0) -> Audit:
    """Waits until everything is settled and holds the service's own account and the journal against what was accepted.

    `within` is seconds for any one message.
    """
    assert accepted.messages, "nothing was accepted, so nothing was tested"
    service.wait_until_settled(*accepted.messages, within=within)
    for message_id, arrivals in accepted.messages.items():
        counts = service.message(message_id)["counts"]
        assert counts == {"delivered": len(arrivals)}, f"{message_id} has {counts}"
    assert set(_known(service)) == set(accepted.messages), "messages are there that nobody was told of"
    return audit(accepted.arrivals(), service.journal())


def _known(service: Service) -> list[str]:
    """The ids of all messages that the service has."""
    ids: list[str] = []
    cursor = None
    while True:
        page = service.call("GET", "/api/messages", limit=100, cursor=cursor).expect(200)
        ids += [message["id"] for message in page["messages"]]
        cursor = page["next"]
        if cursor is None:
            return ids
