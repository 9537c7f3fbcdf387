"""Told to stop, the service takes no new work, finishes what is under way, and forgets nothing."""

import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from tests.acceptance.client import NoAnswer
from tests.acceptance.journal import Arrival, audit, expected
from tests.acceptance.people import MESSENGERS, people, person
from tests.acceptance.process import eventually
from tests.acceptance.service import Service


def hang(service: Service) -> dict[str, Any]:
    """A message whose attempts are under way until their timeout."""
    service.faults({"messenger": "telegram", "recipient": "*", "fault": "hang"})
    sent = service.send("Hold the line", [{"telegram": "1"}])
    eventually(lambda: service.message(sent["id"])["counts"] == {"sending": 1}, "the attempt is under way", 10)
    return sent


def is_stopping(service: Service) -> bool:
    return service.call("GET", "/readyz").status == 503


def test_sigterm_under_load_ends_well_and_loses_nothing(tmp_path: Path) -> None:
    with Service(tmp_path) as service, ThreadPoolExecutor(4) as pool:
        service.faults({"messenger": "*", "recipient": "*", "fault": "slow", "delay": 0.2, "probability": 0.2})
        stop = Event()
        clients = [pool.submit(keep_sending, service, number, stop) for number in range(4)]
        time.sleep(1.5)
        assert service.terminate() == 0
        stop.set()
        accepted = {message_id: told for client in clients for message_id, told in client.result().items()}
        assert accepted

        service.start()
        service.wait_until_settled(*accepted, within=60)
        result = audit([arrival for told in accepted.values() for arrival in told], service.journal())
        assert not result.lost, result
        assert not result.doubled, result


def keep_sending(service: Service, client: int, stop: Event) -> dict[str, list[Arrival]]:
    """Sends until told to stop; what was accepted, by the ids of the messages."""
    accepted: dict[str, list[Arrival]] = {}
    for number in range(1_000_000):
        if stop.is_set():
            break
        text, whom = f"Client {client} says {number}", people(20, number * 20)
        try:
            reply = service.call(
                "POST",
                "/api/messages",
                {"sender": "acme", "text": text, "messengers": MESSENGERS, "recipients": whom},
            )
        except NoAnswer:
            break
        if reply.status == 503:
            break
        accepted[reply.expect(202)["id"]] = expected(text, whom, MESSENGERS)
    return accepted


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_while_it_stops_it_says_so_and_takes_no_new_work(tmp_path: Path, number: signal.Signals) -> None:
    with Service(tmp_path, send_timeout=3, stop_grace=10) as service:
        assert service.call("GET", "/readyz").status == 200
        hang(service)
        service.process.signal(number)
        eventually(lambda: is_stopping(service), "it says that it stops", 5)
        refused = service.call(
            "POST",
            "/api/messages",
            {"sender": "acme", "text": "Too late", "messengers": ["viber"], "recipients": [person(1)]},
        )
        assert refused.status == 503
        assert refused.headers["content-type"] == "application/problem+json"
        assert service.call("GET", "/livez").status == 200
        assert service.process.wait(15) == 0


def test_what_outlasts_the_grace_is_cut_short_and_sent_after_the_restart(tmp_path: Path) -> None:
    with Service(tmp_path, send_timeout=20, stop_grace=1, retry_base=0.1) as service:
        sent = hang(service)
        assert service.terminate(within=10) == 0
        service.start()
        service.faults()
        service.wait_until_settled(sent["id"], within=30)
        assert len(service.journal()) == 1


def test_a_second_signal_ends_it_at_once_and_loses_nothing(tmp_path: Path) -> None:
    with Service(tmp_path, send_timeout=30, stop_grace=60, retry_base=0.1, lease=60) as service:
        sent = hang(service)
        service.process.signal(signal.SIGTERM)
        eventually(lambda: is_stopping(service), "it says that it stops", 5)
        service.process.signal(signal.SIGTERM)
        assert service.process.wait(3) != 0
        service.start()
        service.faults()
        service.wait_until_settled(sent["id"], within=30)
        assert len(service.journal()) == 1


def test_an_idle_service_stops_within_two_seconds(tmp_path: Path) -> None:
    with Service(tmp_path) as service:
        assert service.terminate(within=2) == 0
