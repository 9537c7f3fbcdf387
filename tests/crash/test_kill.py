"""`kill -9` of the whole process group, again and again, at moments that a seed decides, under load."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import Final

import pytest

from tests.acceptance.client import NoAnswer
from tests.acceptance.people import people, person
from tests.acceptance.service import Service
from tests.crash.chance import KILLS
from tests.crash.load import Tell, load_on

WHILE_STARTING: Final = 0.2
"""The share of the kills that fall before the service is ready."""


@pytest.mark.timeout(120 + 6 * KILLS)
def test_killed_at_random_moments_it_loses_nothing_and_doubles_nothing(
    tmp_path: Path, tell: Tell, luck: Random, show: Tell
) -> None:
    tell(f"kills = {KILLS}")
    with Service(tmp_path, retry_base=0.05, retry_cap=0.5) as service:
        with load_on(service, tell) as load:
            for number in range(KILLS):
                if number and number % 10 == 0:
                    show(f"{number} of {KILLS} kills")
                live_for_a_while(service, luck)
                service.kill9()
            service.start()
        assert load.accepted.repeated, "no client noticed that anything died"
        assert "interrupted" in service.log(), "no kill fell into an attempt"


def live_for_a_while(service: Service, luck: Random) -> None:
    """Starts the service unless it runs, and returns at a random moment of its life."""
    if service.process.alive:
        time.sleep(luck.uniform(0.0, 1.0))
    elif luck.random() < WHILE_STARTING:
        service.launch()
        time.sleep(luck.uniform(0.0, 0.7))
    else:
        service.start()
        time.sleep(luck.uniform(0.0, 1.0))


def test_killed_while_it_makes_its_databases_it_starts_all_the_same(tmp_path: Path, tell: Tell, luck: Random) -> None:
    for number in range(5):
        with Service(tmp_path / str(number), "--demo") as service:
            service.kill9()
            for path in service.data.iterdir():
                path.unlink()
            service.launch()
            time.sleep(luck.uniform(0.2, 0.8))
            service.kill9()
            service.start()
            assert len(service.call("GET", "/api/accounts").expect(200)["accounts"]) == 4
            sent = service.send("Hello", [person(1)])
            service.wait_until_settled(sent["id"])
            assert len(service.journal()) == 3
    tell("five first starts interrupted")


@pytest.mark.timeout(120 + 3 * KILLS)
def test_a_crowd_is_accepted_whole_or_not_at_all(tmp_path: Path, tell: Tell, luck: Random) -> None:
    """The kills fall evenly into the time that a crowd takes when nobody disturbs it, and a quarter of it more."""
    crowd = people(10_000, on=["viber"])
    whole, crowds = 0, max(6, KILLS // 4)
    with Service(tmp_path) as service, ThreadPoolExecutor(1) as pool:
        service.faults({"fault": "hang"})
        began = time.monotonic()
        service.send("To the crowd, undisturbed", crowd)
        takes = time.monotonic() - began
        for number in range(crowds):
            accepting = pool.submit(service.send, f"To the crowd, {number}", crowd)
            time.sleep(luck.uniform(0.0, 1.25 * takes))
            service.kill9()
            told = accepting.exception()
            assert told is None or isinstance(told, NoAnswer), told
            service.start()
            found = service.call("GET", "/api/messages").expect(200)["messages"]
            known = [message for message in found if message["text"] == f"To the crowd, {number}"]
            assert told is not None or known, "it was accepted and is gone"
            assert all(sum(message["counts"].values()) == len(crowd) for message in known), known
            whole += len(known)
    tell(f"{crowds} crowds: {whole} accepted whole, {crowds - whole} not at all")
    assert whole < crowds, "no kill fell before a crowd was accepted"
