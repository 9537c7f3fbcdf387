"""Decides what a phone shows of a bot to answer with: its last keyboard, its last rich media, and what comes back.

It has never heard of what a press does.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from vestnik.emulation.records import Records
from vestnik.emulation.world import World

NAME: Final = "viber"
PANEL: Final = "panel"
PARTS: Final = ("keyboard", "rich_media")


REMEMBERED: Final = 5_000
"""Panels in memory; a bot that sends tracking data has one for everybody whom it ever wrote to."""


class Panels:
    """The panels of one world, all of them on disk and the latest in memory; a bot that sends none has none there."""

    def __init__(self, world: World, records: Records, remembered: int = REMEMBERED) -> None:
        self._records = records
        self._remembered = remembered
        self._complete = True
        """Nothing is on disk but what is in memory."""
        self._shown: dict[tuple[str, str], dict[str, Any]] = {}
        self._loaded = False
        world.loads.append(self.load)
        world.at_reset.append(self._forget)
        world.at_deletion[NAME].append(self.forget)

    async def load(self) -> None:
        """Reads what is on disk, once."""
        if self._loaded:
            return
        found = await self._records.listed(PANEL, limit=self._remembered + 1)
        for key, panel in found[: self._remembered]:
            bot, person = key.split(" ")
            self._shown.setdefault((bot, person), panel)
        self._complete = self._complete and len(found) <= self._remembered
        self._loaded = True

    async def show(self, bot: str, person: str, message: Mapping[str, Any]) -> None:
        """The phone got the message: a panel of it replaces the one before, and so does its tracking data."""
        before = await self._panel(bot, person)
        panel = {name: message.get(name) or before.get(name) for name in PARTS}
        panel = {
            name: value for name, value in (*panel.items(), ("tracking_data", message.get("tracking_data"))) if value
        }
        if panel != before:
            await self._records.put(PANEL, f"{bot} {person}", panel)
            self._remember(bot, person, panel)

    async def recall(self, bot: str, person: str) -> None:
        """Takes back into memory what this phone shows."""
        if found := await self._panel(bot, person):
            self._remember(bot, person, found)

    async def forget(self, bot: str, person: str) -> None:
        """The person has deleted the chat: its panel is gone with it, and so is what the next message brings back."""
        await self._records.drop(PANEL, [f"{bot} {person}"])
        self._shown.pop((bot, person), None)

    def tracking(self, bot: str, person: str) -> str | None:
        """What the person's next message brings back; recall it first."""
        found: str | None = self._shown.get((bot, person), {}).get("tracking_data")
        return found

    def button(self, bot: str, person: str, named: str) -> dict[str, Any] | None:
        """The button that has this text, or else this action; recall it first."""
        buttons = list(_buttons(self._shown.get((bot, person), {})))
        for name in ("Text", "ActionBody"):
            for button in buttons:
                if button.get(name) == named:
                    return button
        return None

    async def _panel(self, bot: str, person: str) -> dict[str, Any]:
        found = self._shown.get((bot, person))
        if found is None and not self._complete:
            found = await self._records.get(PANEL, f"{bot} {person}")
        return found or {}

    def _remember(self, bot: str, person: str, panel: dict[str, Any]) -> None:
        self._shown.pop((bot, person), None)
        self._shown[bot, person] = panel
        if len(self._shown) > self._remembered:
            del self._shown[next(iter(self._shown))]
            self._complete = False

    def _forget(self) -> None:
        self._shown.clear()
        self._complete = True


def _buttons(panel: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for name in PARTS:
        yield from panel.get(name, {}).get("Buttons", ())
