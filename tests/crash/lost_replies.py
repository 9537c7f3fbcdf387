"""Decides what a lost reply comes to for each messenger and policy: one gets lost, and phone and service are looked at.

It has never heard of why that is so; run as `python -m tests.crash.lost_replies` it writes the table of
docs/reliability.md from what it saw.
"""

import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from tests.acceptance.journal import Audit, audit, expected
from tests.acceptance.people import MESSENGERS, person
from tests.acceptance.process import eventually
from tests.acceptance.service import Service
from tests.house.source import ROOT

PATH: Final = ROOT / "docs" / "reliability.md"
TEXT: Final = "Did you get this?"
REPORT_WAIT: Final = 2
REPORTING: Final = ("viber", "whatsapp")
SETTINGS: Final[dict[str, Any]] = {"retry_base": 0.05, "retry_cap": 0.1}
WITHOUT_KEY: Final[dict[str, Any]] = {
    **SETTINGS,
    **{f"{messenger}_honours_key": 0 for messenger in MESSENGERS},
    **{f"{messenger}_report_wait": REPORT_WAIT for messenger in REPORTING},
}

_BEGIN: Final = "<!-- Written by `make docs` from runs of tests/crash/lost_replies.py. -->\n"
_END: Final = "<!-- End of what `make docs` writes. -->\n"
_HEAD: Final = (
    "| messenger | the far side | `VESTNIK_ON_UNCLEAR` | what happens | attempts | state | lost | doubled |\n"
    "|---|---|---|---|---|---|---|---|\n"
)
_INTERRUPTIONS: Final = {False: "the reply is lost", True: "the process dies before it records"}


@dataclass(frozen=True, slots=True)
class Case:
    """One way in which a reply gets lost, and what the far side lets us find out about it."""

    messenger: str
    honours_key: bool
    reports: bool
    """Its report arrives."""
    on_unclear: str
    dies: bool
    """The process dies between sending and recording; else only the reply is lost."""

    @property
    def settings(self) -> dict[str, Any]:
        return {**(SETTINGS if self.honours_key else WITHOUT_KEY), "on_unclear": self.on_unclear}

    @property
    def stays_unknown(self) -> bool:
        """Nobody can know what happened, and policy says not to send again."""
        return not (self.honours_key or self.reports) and self.on_unclear == "hold"

    @property
    def far_side(self) -> str:
        if self.honours_key:
            return "honours our key"
        if self.messenger not in REPORTING:
            return "ignores our key, reports nothing"
        return f"ignores our key, {'reports' if self.reports else 'and its report is lost too'}"

    def __str__(self) -> str:
        return f"{self.messenger}, {self.far_side}, {self.on_unclear}, {_INTERRUPTIONS[self.dies]}"


@dataclass(frozen=True, slots=True)
class Result:
    """What came of it."""

    attempts: int
    states: tuple[str, ...]
    """The last one by itself, and where that is `unknown` the one that the API was told."""
    audit: Audit

    def row(self, case: Case) -> str:
        """Its line of the table."""
        states = ", by the API ".join(f"`{state}`" for state in self.states)
        # Whether its report or the answer to a second attempt comes first is chance where both settle it.
        attempts = "1 or 2" if case.honours_key and case.reports else str(self.attempts)
        return (
            f"| {case.messenger} | {case.far_side} | `{case.on_unclear}` | {_INTERRUPTIONS[case.dies]} | {attempts} |"
            f" {states} | {len(self.audit.lost)} | {len(self.audit.doubled)} |\n"
        )


def _cases() -> list[Case]:
    found = []
    for messenger in MESSENGERS:
        for policy in ("resend", "hold"):
            found.append((messenger, True, messenger in REPORTING, policy))
            if messenger in REPORTING:
                found.append((messenger, False, True, policy))
            found.append((messenger, False, False, policy))
    return [Case(*each, dies=dies) for each in found for dies in _INTERRUPTIONS]


CASES: Final = _cases()


def live_through(case: Case, folder: Path) -> Result:
    """A service to which it happens."""
    with Service(folder, **case.settings) as service:
        message_id = _interrupt(service, case)
        if case.stays_unknown:
            states = _leave_unknown(service, message_id)
        else:
            eventually(lambda: _delivery(service, message_id)["status"] == "delivered", "it is delivered", 20)
            states = ("delivered",)
        attempts = _delivery(service, message_id)["attempts"]
        result = audit(expected(TEXT, [person(1)], [case.messenger]), service.journal())
        return Result(attempts, states, result)


def lost_reply(messenger: str) -> dict[str, Any]:
    """The messenger takes one message and closes the connection without an answer."""
    return {"messenger": messenger, "fault": "lose_reply", "times": 1}


def _interrupt(service: Service, case: Case) -> str:
    late = {"messenger": case.messenger, "fault": "late_reply", "delay": 8, "times": 1}
    silent = {"messenger": case.messenger, "fault": "receipt_lost", "times": 1}
    rules = [late if case.dies else lost_reply(case.messenger)]
    service.faults(*rules, *([] if case.reports else [silent]))
    message_id: str = service.send(TEXT, [_whom(case)])["id"]
    if case.dies:
        eventually(lambda: len(service.journal()) == 1, "the messenger has taken it", 10)
        service.kill9()
        service.start()
    return message_id


def _leave_unknown(service: Service, message_id: str) -> tuple[str, ...]:
    """It is held, blocks what says the same, and is settled by the API."""
    service.wait_until_finished(message_id)
    delivery = _delivery(service, message_id)
    whom = {delivery["messenger"]: person(1)[delivery["messenger"]]}
    assert delivery["error"]["code"]
    assert service.send(TEXT, [whom])["id"] == message_id, "what may have arrived must not be said again"
    service.call("POST", f"/api/deliveries/{delivery['id']}/resolve", {"as": "delivered"}).expect(200)
    assert service.message(message_id)["counts"] == {"delivered": 1}
    return delivery["status"], "delivered"


def _whom(case: Case) -> dict[str, str]:
    return {case.messenger: person(1)[case.messenger]}


def _delivery(service: Service, message_id: str) -> dict[str, Any]:
    [delivery] = service.deliveries(message_id)
    return delivery


def table() -> str:
    """The table as the document has it."""
    return PATH.read_text(encoding="utf-8").partition(_BEGIN)[2].partition(_END)[0]


def render(rows: list[str]) -> str:
    return f"\n{_HEAD}{''.join(rows)}\n"


def main() -> None:
    """Lives through all of it and writes down what it saw."""
    with TemporaryDirectory() as folder, ThreadPoolExecutor(4) as pool:
        seen = pool.map(lambda each: live_through(each[1], Path(folder) / str(each[0])), enumerate(CASES))
        rows = [result.row(case) for case, result in zip(CASES, seen, strict=True)]
    page = PATH.read_text(encoding="utf-8")
    head, begin, rest = page.partition(_BEGIN)
    _, end, tail = rest.partition(_END)
    if not (begin and end):
        sys.exit(f"{PATH} has no place for the table")
    PATH.write_text(head + begin + render(rows) + end + tail, encoding="utf-8")


if __name__ == "__main__":
    main()
