"""Decides what the least is that sending can be: aiohttp alone, 64 calls in flight, no rows, no retries.

It has never heard of deliveries; it asks the far side the same as Vestnik does and drops the answers.
"""

import asyncio
import sys
from itertools import count
from typing import Final

import aiohttp
import uvloop

from benchmarks.vestnik import FIRST, TEXT

IN_FLIGHT: Final = 64
_METHOD: Final = "/bot7000000001:vestnik/sendMessage"


async def _send(address: str, calls: int) -> None:
    numbers = count(FIRST)
    connector = aiohttp.TCPConnector(limit=IN_FLIGHT)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def work() -> None:
            while (number := next(numbers)) < FIRST + calls:
                body = {"chat_id": number, "text": TEXT}
                async with session.post(address + _METHOD, json=body) as answer:
                    answer.raise_for_status()
                    await answer.read()

        async with asyncio.TaskGroup() as group:
            for _ in range(IN_FLIGHT):
                group.create_task(work())


if __name__ == "__main__":
    uvloop.run(_send(sys.argv[1], int(sys.argv[2])))
