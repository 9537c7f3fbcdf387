"""A service moves from its file to PostgreSQL under load and is killed on the way: nothing is lost or doubled."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from tests import postgres
from tests.acceptance.client import NoAnswer
from tests.acceptance.journal import Arrival, audit, expected
from tests.acceptance.people import MESSENGERS, people
from tests.acceptance.process import Process, eventually, run
from tests.acceptance.service import Service

RECIPIENTS: Final = 40
BEFORE: Final = 25
"""Messages that are there before the move begins: of their deliveries more than one batch is copied."""
COPYING: Final = """
    SELECT EXISTS (SELECT 1 FROM deliveries) AND EXISTS (
        SELECT 1 FROM pg_stat_activity WHERE application_name = 'vestnik copy' AND datname = current_database()
    )
"""


class Sending(threading.Thread):
    """Sends message after message until the block ends, each again and again until it is accepted."""

    def __init__(self, service: Service) -> None:
        super().__init__()
        self._service = service
        self._enough = threading.Event()
        self.accepted: dict[str, list[Arrival]] = {}

    def run(self) -> None:
        number = 0
        while not self._enough.is_set():
            whom, text = people(RECIPIENTS, number * RECIPIENTS), f"message {number}"
            reply = self._accepted(text, whom, number)
            self.accepted[reply["id"]] = expected(text, whom, MESSENGERS)
            number += 1
            self._enough.wait(0.5)

    def _accepted(self, text: str, whom: list[dict[str, str]], number: int) -> Any:
        later = (datetime.now(UTC) + timedelta(seconds=20)).isoformat() if number % 5 == 0 else None
        body = {
            "sender": "acme",
            "text": text,
            "messengers": list(MESSENGERS),
            "recipients": whom,
            "send_at": later,
            "max_attempts": 100,
        }
        while True:
            try:
                reply = self._service.call("POST", "/api/messages", body, headers={"idempotency-key": text}, timeout=10)
            except NoAnswer:
                self._enough.wait(0.05)
                continue
            if reply.status not in (409, 503):
                return reply.expect(202)

    @contextmanager
    def going(self) -> Iterator[None]:
        self.start()
        try:
            yield
        finally:
            self._enough.set()
            self.join()


def cut_short(folder: Path, *arguments: str) -> None:
    """A copy that is killed as soon as some of it is there."""
    process = Process(["copy", *arguments], folder / "copy.log", {})
    eventually(
        lambda: not process.alive or postgres.ask(postgres.url(), COPYING), "something is copied", 60, every=0.01
    )
    process.kill9()


@pytest.mark.timeout(300)
def test_a_service_moves_under_load_and_nothing_is_lost_or_doubled(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    url = postgres.url()
    postgres.wipe()
    assert run("migrate", database_url=url).returncode == 0
    ways: dict[str, Any] = {"lease": 5, "send_timeout": 2.5, "retry_base": 0.1, "retry_cap": 1}
    with Service(tmp_path / "emulators", command="emulate") as emulators:
        emulators.call("PUT", "/emulator/faults", [{"fault": "slow", "delay": 0.3, "probability": 0.2}]).expect(200)
        for name in MESSENGERS:
            ways[f"{name}_base_url"], ways[f"{name}_honours_key"] = f"{emulators.address}/{name}", 1
        with Service(tmp_path / "service", "--no-emulators", **ways) as service:
            service.control = emulators.client
            sending = Sending(service)
            move = ("--data", str(service.data), "--to", url)
            with sending.going():
                eventually(lambda: len(sending.accepted) >= BEFORE, "some messages are accepted", 60)
                early = run("copy", *move)
                assert (early.returncode, early.stdout) == (1, ""), early
                assert "is in use: stop the service" in early.stderr
                cut_short(tmp_path, *move, "--ahead")
                ahead = run("copy", *move, "--ahead")
                assert ahead.returncode == 0, ahead
                too_early = run("serve", "--port", "0", data=tmp_path / "other", database_url=url, **ways)
                assert "is a copy that is not finished yet" in too_early.stderr, too_early

                service.kill9()
                cut_short(tmp_path, *move)
                moved = run("copy", *move)
                assert moved.returncode == 0, moved
                going_back = run("serve", "--port", "0", data=service.data, **ways)
                assert "was copied to another database" in going_back.stderr, going_back
                before = len(sending.accepted)
                service.settings = {**ways, "database_url": url}
                service.start()
                eventually(lambda: len(sending.accepted) > before + 3, "messages are accepted in the new place", 60)
            service.wait_until_settled(*sending.accepted, within=90)
            result = audit([each for arrivals in sending.accepted.values() for each in arrivals], emulators.journal())
            assert service.terminate() == 0
        checked = run("check", data=tmp_path / "other", database_url=url)
        assert checked.returncode == 0, checked
    record_property("told", f"{result}, of them {before * RECIPIENTS * len(MESSENGERS)} before the move")
    assert result.faultless, result
