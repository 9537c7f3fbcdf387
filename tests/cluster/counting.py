"""Decides what must be true of a cluster when a test is done with it, and how fast it drains.

It has never heard of what was done to it.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from benchmarks.processes import cpu
from tests.acceptance.client import NoAnswer
from tests.acceptance.journal import Arrival, audit, expected
from tests.acceptance.people import MESSENGERS, Person, people
from tests.acceptance.process import eventually
from tests.cluster.machines import Cluster

Tell = Callable[[str], None]
REPORTING: Final = ("viber", "whatsapp")
"""Messengers that report what became of a message; at Telegram being taken is being delivered."""
_SETTLED_WITHIN: Final = 90.0
_LEAD_TIME: Final = 2.0
_DRAINED_WITHIN: Final = 60.0


def accept(cluster: Cluster, text: str, whom: Sequence[Person], **more: Any) -> dict[str, list[Arrival]]:
    """Sends through one node or another until one takes it: what must arrive, by the message's id."""
    messengers = list(whom[0])
    body = {
        "sender": "acme",
        "text": text,
        "messengers": messengers,
        "recipients": list(whom),
        "max_attempts": 100,
        **more,
    }

    def accepted() -> str | None:
        try:
            reply = cluster.api.call("POST", "/api/messages", body, headers={"idempotency-key": text}, timeout=10)
        except NoAnswer:
            return None
        return None if reply.status in {409, 503} else str(reply.expect(202)["id"])

    return {eventually(accepted, f"{text} is accepted", 60, every=0.2): expected(text, whom, messengers)}


def reckon(cluster: Cluster, accepted: Mapping[str, Sequence[Arrival]], tell: Tell) -> None:
    """The service has nothing left to do, the journal has each once, and a report of each has come that must."""
    assert accepted, "nothing was accepted, so nothing was tested"
    node = cluster.nodes[0]
    node.wait_until_settled(*accepted, within=_SETTLED_WITHIN)
    for message_id, arrivals in accepted.items():
        counts = node.message(message_id)["counts"]
        assert counts == {"delivered": len(arrivals)}, f"{message_id} has {counts}"
    wanted = [arrival for each in accepted.values() for arrival in each]
    texts = {arrival.text for arrival in wanted}
    result = audit(wanted, (entry for entry in node.journal() if entry.arrival.text in texts))
    reported = sum(arrival.messenger in REPORTING for arrival in wanted)
    tell(f"{result}, delivered by report = {reported}")
    assert result.faultless, result


@dataclass(frozen=True, slots=True)
class Drain:
    """How a crowd that came due at one moment was sent."""

    rate: float
    """Deliveries a second, from that moment until the last was recorded."""
    cost: float
    """CPU seconds of relays and workers for 1,000."""


def drain(cluster: Cluster, text: str, count: int, tell: Tell) -> Drain:
    """Lets so many deliveries come due at one moment."""
    due = time.time() + _LEAD_TIME
    whom = people(count // len(MESSENGERS))
    at = datetime.fromtimestamp(due, UTC).isoformat()
    accepted = accept(cluster, text, whom, send_at=at)
    assert time.time() < due, "taking it in took longer than until it came due"
    pids = [role.process.number for role in (*cluster.relays, *cluster.workers) if role.process and role.alive]
    time.sleep(max(0.0, due - time.time() - 0.1))
    before = sum(map(cpu, pids))
    cluster.nodes[0].wait_until_finished(*accepted, within=_DRAINED_WITHIN)
    took, spent = time.time() - due, sum(map(cpu, pids)) - before
    reckon(cluster, accepted, tell)
    sent = len(whom) * len(MESSENGERS)
    return Drain(sent / took, spent / sent * 1000)
