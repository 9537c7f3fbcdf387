"""Several processes that dispatch for themselves over one PostgreSQL, without relay, broker or workers."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import Final

import pytest

from tests.acceptance.people import MESSENGERS
from tests.acceptance.service import Service
from tests.cluster.machines import SETTINGS, Nodes
from tests.cluster.servers import Servers
from tests.crash.chance import SEED
from tests.crash.load import Load, reckon

PROCESSES: Final = 3
KILLS: Final = 4


@pytest.mark.timeout(240)
def test_processes_that_are_killed_in_turn_lose_nothing_and_double_nothing(
    tmp_path: Path, servers: Servers, record_property: Callable[[str, object], None]
) -> None:
    luck = Random(SEED)
    database = servers.postgres.url(database=servers.make_database("dispatchers"))
    shared = {
        "lease": SETTINGS["lease"],
        "send_timeout": 3,
        "retry_base": 0.1,
        "retry_cap": 1,
        "database_url": database,
    }
    with ExitStack() as stack:
        emulators = stack.enter_context(Service(tmp_path / "emulators", command="emulate"))
        for name in MESSENGERS:
            shared |= {f"{name}_base_url": f"{emulators.address}/{name}", f"{name}_honours_key": 1}
        processes = [
            stack.enter_context(Service(tmp_path / f"process{number}", "--no-emulators", **shared))
            for number in range(PROCESSES)
        ]
        for process in processes:
            process.control = emulators.client
        processes[0].faults({"fault": "slow", "delay": 0.1, "probability": 0.3})
        with Load(Nodes(processes), clients=2, named="Dispatched: ") as load:
            for _ in range(KILLS):
                time.sleep(luck.uniform(0.0, 1.0))
                victim = luck.choice(processes)
                victim.kill9()
                time.sleep(luck.choice((0.0, 0.5)))
                victim.start()
        result = reckon(processes[0], load.accepted)
        record_property("told", f"CRASH_SEED={SEED}, {result}, repeated = {load.accepted.repeated}, kills = {KILLS}")
        assert result.faultless, result
