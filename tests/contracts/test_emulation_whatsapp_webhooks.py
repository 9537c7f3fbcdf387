"""Decides for how long the emulated Cloud API tells an app again what it did not take.

It has never heard of the service that sends.
"""

import asyncio
from itertools import pairwise
from pathlib import Path

from tests.contracts.whatsapps import post, told, values
from tests.contracts.world import Life
from vestnik.ports import Response

DAY = 24 * 3600


def test_a_call_that_is_not_taken_is_made_again_less_and_less_often_for_seven_days(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        teller = world.emulation.emulators["whatsapp"].teller
        assert teller is not None
        pauses: list[float] = []
        while (pause := teller.again_after(len(pauses) + 1)) is not None:
            pauses.append(pause)
        assert all(later >= earlier for earlier, later in pairwise(pauses))
        assert pauses[0] < 60
        assert 6.9 * DAY < sum(pauses) < 7.5 * DAY

    told(tmp_path, story)


def test_a_day_later_an_app_that_is_back_is_told_everything_in_order(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        await world.subscribe()
        world.bots.behave = lambda _request: Response(503)
        for text in ("one", "two"):
            await post(world, text={"body": text})
        for _ in range(24):
            world.clock.move(3600)
            await asyncio.sleep(0.005)
        failed = len(world.bots.told)
        assert failed > 5
        world.bots.told.clear()
        world.bots.behave = lambda _request: Response(200)
        while (await world.stats("whatsapp"))["receipts_pending"]:
            world.clock.move(600)
            await asyncio.sleep(0.005)
        told_of = [(status["status"]) for value in values(world) for status in value["statuses"]]
        assert told_of == ["sent", "delivered"] * 2

    told(tmp_path, story)
