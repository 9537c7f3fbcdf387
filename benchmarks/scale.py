"""Decides what one delivery weighs in a cluster: bytes of WAL, on disk and over the broker, and CPU of each role.

    python -m benchmarks.scale
    BENCH_POSTGRES_URL=postgresql://postgres@127.0.0.1:25432 python -m benchmarks.scale --deliveries 20000

It has never heard of what docs/scale.md makes of it. WAL is counted for the whole server, so nobody else should write
to that one; what goes over the broker is counted on the connections of the benchmark's own virtual host.
"""

import argparse
import asyncio
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.client import pour
from benchmarks.cluster import OnPostgres, missing, relaying
from benchmarks.peers import virtual_host
from benchmarks.processes import Failed, cpu, every
from benchmarks.vestnik import crowds, emulating, stubbing

_CONNECTIONS: Final = 16
_SEEDING: Final = 400
"""Deliveries a second that are surely taken in before they come due, also one to a message."""
_TOLD_AFTER: Final = 6.0
"""Seconds: the broker counts what its connections did every five."""
_WITHIN: Final = 300.0
_OURS: Final = ("API node", "relay", "worker", "PostgreSQL")


@dataclass(frozen=True, slots=True)
class Reading:
    """Counters at one moment."""

    wal: int
    disk: int
    broker: int
    cpu: Mapping[str, float]

    @classmethod
    def of(cls, service: OnPostgres) -> "Reading":
        """What they stand at."""
        wal, disk = service.weight()
        pids = {**service.pids, "PostgreSQL": service.postmaster()}
        return cls(wal, disk, _octets(), {role: cpu(pid) for role, pid in pids.items() if role in _OURS})


def _octets() -> int:
    """Bytes that the broker got from our connections and sent to them."""
    command = ["rabbitmqctl", "--silent", "list_connections", "vhost", "recv_oct", "send_oct"]
    said = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout  # noqa: S603 - these are words of its own
    rows = [line.split() for line in said.splitlines()]
    return sum(int(row[1]) + int(row[2]) for row in rows if len(row) == 3 and row[0] == virtual_host.NAME)


def weigh(service: OnPostgres, count: int, crowd: int, messenger: str) -> list[str]:
    """The columns of one row: what a delivery weighed when so many of them came due at one moment."""
    at = time.time() + 8 + count / _SEEDING
    before = Reading.of(service)
    asyncio.run(pour(service.address, crowds(count, crowd, at, (messenger,)), _CONNECTIONS))
    if time.time() > at - 2:
        raise Failed("taking them in took longer than until they came due")
    idle = Reading.of(service)
    time.sleep(max(0.0, at - 1 - time.time()))
    idle_octets = _octets()
    service.wait_until_done(at, _WITHIN)
    for _ in every(0.1, _WITHIN):
        if set(service.states()) == {"delivered"}:
            break
    time.sleep(_TOLD_AFTER)
    after = Reading.of(service)
    spent = {role: 1000 * (after.cpu[role] - before.cpu[role]) / count for role in _OURS}
    return [
        f"{(idle.wal - before.wal) / count:.0f}",
        f"{(after.wal - idle.wal) / count:.0f}",
        f"{(after.disk - before.disk) / count:.0f}",
        f"{(after.broker - idle_octets) / count:.0f}",
        *(f"{spent[role]:.2f}" for role in _OURS),
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the table; 1 where it cannot be measured here."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description="What a delivery weighs.")
    parser.add_argument("--deliveries", type=int, default=10_000, metavar="N")
    count = parser.parse_args(arguments).deliveries
    if why := missing(broker=True):
        print(why)  # noqa: T201 - it speaks to whoever runs it
        return 1
    heads = ("WAL taken in", "WAL sent", "disk", "broker", *(f"{role} s/1000" for role in _OURS))
    print("| deliveries | " + " | ".join(heads) + " |\n|---" + "|---:" * len(heads) + "|")  # noqa: T201 - it speaks to whoever runs it
    for what, crowd, messenger in (
        ("Telegram, 1,000 to a message", 1_000, "telegram"),
        ("Telegram, one to a message", 1, "telegram"),
        ("WhatsApp with two reports, 1,000 to a message", 1_000, "whatsapp"),
    ):
        with tempfile.TemporaryDirectory(prefix="vestnik-scale-") as name:
            folder = Path(name)
            with stubbing(folder) if messenger == "telegram" else emulating(folder) as far:
                address = far.said if messenger == "telegram" else f"{far.said}/{messenger}"
                with relaying(folder, address, 1) as service:
                    row = weigh(service, count, crowd, messenger)
        print(f"| {what} | " + " | ".join(row) + " |", flush=True)  # noqa: T201 - it speaks to whoever runs it
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
