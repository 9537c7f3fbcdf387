"""What Viber's phones show of bots is remembered within a bound, and found again beyond it."""

import asyncio
from pathlib import Path

from tests.contracts.world import life
from vestnik.messengers.viber.emulator.panels import Panels


def test_a_phone_that_is_no_longer_in_memory_still_shows_its_panel(tmp_path: Path) -> None:
    async def story() -> None:
        async with life(tmp_path) as world:
            records = world.emulation.world.records("viber")
            panels = Panels(world.emulation.world, records, remembered=3)
            await panels.load()
            for number in range(10):
                await panels.show("bot", f"person{number}", {"tracking_data": f"about {number}"})
            assert len(panels._shown) == 3
            for number in (0, 9):
                await panels.recall("bot", f"person{number}")
                assert panels.tracking("bot", f"person{number}") == f"about {number}"
            assert len(panels._shown) == 3
            again = Panels(world.emulation.world, records, remembered=3)
            await again.load()
            await again.recall("bot", "person8")
            assert again.tracking("bot", "person8") == "about 8"
            await world.control("POST", "/reset", expect=204)
            await panels.recall("bot", "person0")
            assert panels.tracking("bot", "person0") is None

    asyncio.run(story())
