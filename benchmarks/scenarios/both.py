"""Decides how intake and sending are measured together: messages for now at 70 % of the intake's own rate.

It has never heard of the service's own idea of when something arrived: that is the stub's.
"""

import time
from pathlib import Path
from typing import Final

import uvloop

from benchmarks.client import ask, drip, get, pour
from benchmarks.figures import Sample, quantile
from benchmarks.processes import Failed, Meter, every
from benchmarks.scenarios.rounds import Scenario, Sizes
from benchmarks.vestnik import FIRST, message, serving, stubbing

BOTH: Final = "both at once"
VESTNIK: Final = "Vestnik"
SHARE: Final = 0.7
_CONNECTIONS: Final = 64
_TOMORROW: Final = 86_400.0


def both(sizes: Sizes) -> Scenario:
    """The intake's rate is found first, with messages for tomorrow; then it is steady, for now."""

    def run(folder: Path) -> Sample:
        with stubbing(folder) as far, serving(folder, far.said, telegram_honours_key=1) as service:
            count = max(500, sizes.intake // 4)
            later = [message([FIRST + number], at=time.time() + _TOMORROW) for number in range(count)]
            rate = SHARE * count / uvloop.run(pour(service.address, later, _CONNECTIONS)).seconds
            begin = FIRST + count
            numbers = range(begin, begin + int(rate * sizes.seconds))
            meter = Meter({VESTNIK: service.pid})
            met = uvloop.run(drip(service.address, [message([one]) for one in numbers], rate, _CONNECTIONS))
            ended = time.time()
            for _ in every(0.02, 60):
                if ask(far.said, get("/stats")).json()["recipients"] >= len(numbers):
                    break
            else:
                raise Failed("not everything that was accepted arrived")
            behind = max(0.0, ask(far.said, get("/stats")).json()["last_at"] - ended)
            cpu = meter.cpu()
            arrivals: dict[str, float] = ask(far.said, get("/arrivals")).json()
            service.wait_until_done(time.time())  # What arrived last may not be recorded yet.
            accepted = service.accepted()
            late = [1_000 * (at - accepted[number]) for number, at in arrivals.items()]
            values = {
                "rate": rate,
                "accepted, p99": 1_000 * quantile(met.latencies, 0.99),
                "late, p50": quantile(late, 0.5),
                "late, p99": quantile(late, 0.99),
                "behind at the end": 1_000 * behind,
            }
            return Sample(values, len(numbers), cpu, meter.memory())

    units = {
        "rate": "messages/s",
        "accepted, p99": "ms",
        "late, p50": "ms",
        "late, p99": "ms",
        "behind at the end": "ms",
    }
    return Scenario(BOTH, units, {VESTNIK: run})
