"""Decides how it is measured what a crowd does to others: 10,000 recipients on three messengers in one request.

It has never heard of how a crowd is taken in; small messages keep coming meanwhile and are timed.
"""

import asyncio
import time
from pathlib import Path
from typing import Final

import uvloop

from benchmarks.client import Connection, Poured, drip, get, post
from benchmarks.figures import Sample, quantile
from benchmarks.processes import Failed, Meter
from benchmarks.scenarios.rounds import Scenario, Sizes
from benchmarks.vestnik import ALL, FIRST, message, person, serving

CROWD: Final = "crowd"
VESTNIK: Final = "Vestnik"
_SMALL_ONES: Final = 50.0
"""Small messages a second that come beside the crowd."""
_LOOKS: Final = 4_000
_OTHERS: Final = FIRST + 1_000_000


def crowd(sizes: Sizes) -> Scenario:
    """The crowd beside small messages, with the built-in emulators."""

    def run(folder: Path) -> Sample:
        with serving(folder) as service:
            meter = Meter({VESTNIK: service.pid})
            values = uvloop.run(_meet(service.address, sizes))
            return Sample(values, 0, meter.cpu(), meter.memory())

    units = {
        "accepted": "s",
        "others' p99 while it is accepted": "ms",
        "others' p99 while it is sent": "ms",
        "small message after it delivered": "ms",
    }
    return Scenario(CROWD, units, {VESTNIK: run})


async def _meet(address: str, sizes: Sizes) -> dict[str, float]:
    body = {
        "sender": "bench",
        "text": "To everybody: the office is closed on Friday.",
        "messengers": ALL,
        "recipients": [person(FIRST + number, ALL) for number in range(sizes.crowd)],
    }
    request = post("/api/messages", body)
    small = [message([_OTHERS + number]) for number in range(int(_SMALL_ONES * (sizes.seconds + 1)))]
    async with asyncio.TaskGroup() as group:
        others = group.create_task(drip(address, small, _SMALL_ONES, 32))
        await asyncio.sleep(1.0)
        connection = await Connection.open(address)
        began = time.perf_counter()
        (await connection.call(request)).json(202)
        accepted = time.perf_counter()
        delivered = await _until_delivered(connection, message([_OTHERS - 1]))
    connection.close()
    met: Poured = others.result()
    return {
        "accepted": accepted - began,
        "others' p99 while it is accepted": 1_000 * quantile(met.between(began - 0.02, accepted) or [0.0], 0.99),
        "others' p99 while it is sent": 1_000 * quantile(met.between(accepted, accepted + 60) or [0.0], 0.99),
        "small message after it delivered": 1_000 * delivered,
    }


async def _until_delivered(connection: Connection, request: bytes) -> float:
    """Seconds from the request until its one delivery is delivered."""
    began = time.perf_counter()
    sent = (await connection.call(request)).json(202)
    for _ in range(_LOOKS):
        if (await connection.call(get(f"/api/messages/{sent['id']}"))).json()["status"] == "delivered":
            return time.perf_counter() - began
        await asyncio.sleep(0.005)
    raise Failed("a small message was not delivered beside the crowd")
