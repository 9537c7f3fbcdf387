"""Nobody waits for a stranger's trouble: not for a sick messenger, not for sick recipients, not for a crowd."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.journal import audit, expected
from tests.acceptance.people import MESSENGERS, people, person
from tests.acceptance.process import eventually
from tests.acceptance.service import UNFINISHED, Service

SICK_FROM = 5_000_000
"""People numbered from here on have Telegram identifiers that begin with 6."""


def hanging(messenger: str, recipient: str = "*") -> dict[str, Any]:
    return {"messenger": messenger, "recipient": recipient, "fault": "hang"}


def unfinished(service: Service, message_id: str) -> int:
    """How many deliveries of a message the service has still to move on."""
    counts = service.message(message_id)["counts"]
    return sum(counts.get(state, 0) for state in UNFINISHED)


@pytest.mark.parametrize("sick", MESSENGERS)
def test_while_one_messenger_hangs_the_others_finish(tmp_path: Path, sick: str) -> None:
    with Service(tmp_path, send_timeout=1, retry_base=0.2, retry_cap=0.5) as service:
        service.faults(hanging(sick))
        crowd = people(100)
        sent = service.send("To everybody", crowd, max_attempts=100)
        healthy = expected("To everybody", crowd, [name for name in MESSENGERS if name != sick])

        eventually(lambda: len(service.journal()) == len(healthy), "the healthy messengers have everything", 10)
        assert audit(healthy, service.journal()).faultless
        eventually(
            lambda: unfinished(service, sent["id"]) == 100, "the service knows that the healthy have finished", 5
        )

        service.faults()
        service.wait_until_settled(sent["id"], within=60)
        result = audit(expected("To everybody", crowd, MESSENGERS), service.journal())
        assert result.faultless, result


def test_more_hanging_recipients_than_slots_do_not_hold_up_the_healthy_ones(tmp_path: Path) -> None:
    with Service(tmp_path, slots=8, send_timeout=8, retry_base=0.1, retry_cap=0.2) as service:
        service.faults(hanging("telegram", "6*"))
        sick, healthy = people(50, SICK_FROM, on=["telegram"]), people(200, on=["telegram"])
        first = service.send("To the sick", sick)
        second = service.send("To the healthy", healthy)
        # One after the other through eight slots the sick would hold the healthy up for 50 / 8 x 8 s = 50 s.
        service.wait_until_settled(second["id"], within=10)
        assert service.message(second["id"])["counts"] == {"delivered": 200}

        # Now that they are known as sick they hold up nobody, however many messages wait for them.
        more = service.send("To the sick once more", sick)
        third = service.send("To the healthy once more", healthy)
        service.wait_until_settled(third["id"], within=5)

        service.faults()
        service.wait_until_settled(first["id"], more["id"], within=60)
        told = [*expected("To the sick", sick, ["telegram"]), *expected("To the sick once more", sick, ["telegram"])]
        told += expected("To the healthy", healthy, ["telegram"])
        told += expected("To the healthy once more", healthy, ["telegram"])
        result = audit(told, service.journal())
        assert result.faultless, result


@pytest.mark.timeout(240)
def test_a_small_message_overtakes_thirty_thousand_bulk_deliveries(tmp_path: Path) -> None:
    with Service(tmp_path) as service, ThreadPoolExecutor(1) as pool:
        crowd = people(10_000)
        accepting = pool.submit(service.send, "To the crowd", crowd)
        before = service.send("Accepted beside the crowd", [person(9_000_000)])
        large = accepting.result()
        assert large["counts"] == {"waiting": 30_000}
        after = service.send("Accepted after the crowd", [person(9_000_000)])
        service.wait_until_settled(before["id"], after["id"], within=10)
        assert unfinished(service, large["id"]) > 10_000, "the crowd was done before anybody could overtake it"

        service.wait_until_settled(large["id"], within=180)
        journal = service.journal()
        told = expected("To the crowd", crowd, MESSENGERS)
        for text in ("Accepted beside the crowd", "Accepted after the crowd"):
            told += expected(text, [person(9_000_000)], MESSENGERS)
        result = audit(told, journal)
        assert result.faultless, result
