"""Decides how the emulators alone are measured: one core, 64 connections that stay open, the journal on the disk.

It has never heard of the service that sends. telegram-test-api, beside them, keeps what it gets in memory alone.
"""

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

from benchmarks.client import ask, get, post
from benchmarks.figures import Sample
from benchmarks.peers import node_emulator
from benchmarks.processes import Failed
from benchmarks.scenarios.intake import poured_in
from benchmarks.scenarios.rounds import Contender, Scenario, Sizes
from benchmarks.vestnik import FIRST, TEXT, emulating, person

EMULATORS: Final = "emulators alone"
OURS: Final = {"telegram": "Vestnik's Telegram", "viber": "Vestnik's Viber", "whatsapp": "Vestnik's WhatsApp"}
_VIBER_TOKEN: Final = "4453b6ac00000001-e02c5f1200000002-daec9cbb00000003"  # noqa: S105 - any of its form is a bot
_BOT: Final = "/bot7000000001:bench/sendMessage"


def emulators(sizes: Sizes, chosen: str) -> Scenario:
    """The three beside the one from npm; each message goes to another phone."""

    def vestnik(messenger: str, folder: Path) -> Sample:
        with emulating(folder) as program:
            one_core(program.pid)
            sample = taken(program.said, program.pid, sizes.intake, MESSAGES[messenger])
            stats = ask(program.said, get("/emulator/stats")).json()
        whole = sizes.intake + sizes.intake // 10
        if stats[messenger]["taken"] != whole:
            raise Failed(f"{stats[messenger]['taken']} of {whole} messages are in the journal")
        return sample

    def from_npm(folder: Path) -> Sample:
        with node_emulator.serving(folder) as program:
            one_core(program.pid)
            return taken(program.said, program.pid, sizes.intake, lambda number: post(_BOT, _telegram(number)))

    contenders: dict[str, Contender] = {title: partial(vestnik, name) for name, title in OURS.items()}
    missing = node_emulator.missing(chosen)
    if not missing:
        contenders[node_emulator.NAME] = from_npm
    left_out = {node_emulator.NAME: missing} if missing else {}
    units = {"rate": "messages/s", "p50": "ms", "p99": "ms"}
    return Scenario(EMULATORS, units, contenders, node_emulator.NAME, left_out)


def taken(address: str, pid: int, count: int, message: Callable[[int], bytes]) -> Sample:
    """What an emulator makes of so many messages, after a tenth as many to warm up."""
    warm_up, requests = (
        [message(FIRST + number) for number in numbers] for numbers in (range(count, count + count // 10), range(count))
    )
    return poured_in(address, {"emulator": pid}, warm_up, requests, 200)


def one_core(pid: int) -> None:
    """Keeps all threads of the process on the first core that this one may use."""
    cores = sorted(os.sched_getaffinity(0))
    for thread in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(thread.name), cores[:1])


def _telegram(number: int) -> dict[str, Any]:
    return {"chat_id": person(number)["telegram"], "text": TEXT}


def _viber(number: int) -> dict[str, Any]:
    receiver = person(number, ["viber"])["viber"]
    return {"auth_token": _VIBER_TOKEN, "receiver": receiver, "type": "text", "text": TEXT, "sender": {"name": "bench"}}


def _whatsapp(number: int) -> dict[str, Any]:
    to = person(number, ["whatsapp"])["whatsapp"]
    return {"messaging_product": "whatsapp", "to": to, "type": "text", "text": {"body": TEXT}}


MESSAGES: Final[dict[str, Callable[[int], bytes]]] = {
    "telegram": lambda number: post(f"/telegram{_BOT}", _telegram(number)),
    "viber": lambda number: post("/viber/pa/send_message", _viber(number)),
    "whatsapp": lambda number: post(
        "/whatsapp/v23.0/100000000000001/messages?access_token=EAAvestnik", _whatsapp(number)
    ),
}
"""A message to somebody, as a bot of the messenger sends it."""
