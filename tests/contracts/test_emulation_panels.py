"""What phones show of bots is remembered within a bound, and found again beyond it."""

import asyncio
from pathlib import Path

from tests.contracts.world import life
from vestnik.messengers.viber.emulator.panels import Panels
from vestnik.messengers.whatsapp.emulator import panels as whatsapp


def test_a_phone_of_viber_that_is_no_longer_in_memory_still_shows_its_panel(tmp_path: Path) -> None:
    async def story() -> None:
        async with life(tmp_path) as world:
            records = world.emulation.world.records("viber")
            panels = Panels(world.emulation.world, records, remembered=3)
            await panels.load()
            for number in range(10):
                await panels.show("bot", f"person{number}", {"tracking_data": f"about {number}"})
            assert len(panels._shown._known) == 3
            for number in (0, 9):
                await panels.recall("bot", f"person{number}")
                assert panels.tracking("bot", f"person{number}") == f"about {number}"
            assert len(panels._shown._known) == 3
            again = Panels(world.emulation.world, records, remembered=3)
            await again.load()
            await again.recall("bot", "person8")
            assert again.tracking("bot", "person8") == "about 8"
            await world.control("POST", "/reset", expect=204)
            await panels.recall("bot", "person0")
            assert panels.tracking("bot", "person0") is None

    asyncio.run(story())


def test_a_phone_of_whatsapp_that_is_no_longer_in_memory_still_has_what_can_be_pressed(tmp_path: Path) -> None:
    async def story() -> None:
        async with life(tmp_path) as world:
            panels = whatsapp.Panels(world.emulation.world, remembered=3)
            await panels.load()
            for number in range(10):
                choice = whatsapp.Choice(whatsapp.BUTTON, f"id{number}", "Yes")
                await panels.show("bot", f"person{number}", f"wamid.{number}", [choice])
            assert len(panels._shown._known) == 3
            again = whatsapp.Panels(world.emulation.world, remembered=3)
            await again.load()
            for shown in (panels, again):
                found = await shown.choice("bot", "person0", (whatsapp.BUTTON,), "Yes")
                assert found == ("wamid.0", whatsapp.Choice(whatsapp.BUTTON, "id0", "Yes"))
                assert len(shown._shown._known) == 3
            await panels.forget("bot", "person0")
            assert await panels.choice("bot", "person0", (whatsapp.BUTTON,), "Yes") is None

    asyncio.run(story())


def test_who_has_been_silent_for_a_month_is_forgotten_and_who_wrote_again_is_not(tmp_path: Path) -> None:
    async def story() -> None:
        async with life(tmp_path) as world:
            panels = whatsapp.Panels(world.emulation.world)
            await panels.load()
            begun = world.clock.now()
            for person in ("first", "second"):
                await panels.hear("bot", person, world.clock.now())
            world.clock.move(15 * 86_400)
            await panels.hear("bot", "first", world.clock.now())
            world.clock.move(16 * 86_400)
            again = whatsapp.Panels(world.emulation.world)
            await again.load()
            await panels.hear("bot", "third", world.clock.now())
            assert [list(one._heard) for one in (panels, again)] == [["bot first", "bot third"], ["bot first"]]
            assert panels.heard_lately("bot", "first", begun + 16 * 86_400 * 1_000_000 - 1)

    asyncio.run(story())
