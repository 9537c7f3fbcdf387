"""Decides what a phone shows of a bot to answer with: its last keyboard, its last rich media, and what comes back.

It has never heard of what a press does.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from vestnik.emulation.latest import REMEMBERED, Latest
from vestnik.emulation.records import Records
from vestnik.emulation.world import World

NAME: Final = "viber"
PANEL: Final = "panel"
PARTS: Final = ("keyboard", "rich_media")


class Panels:
    """The panels of one world; a bot that sends tracking data has one for everybody whom it ever wrote to."""

    def __init__(self, world: World, records: Records, remembered: int = REMEMBERED) -> None:
        self._shown: Final = Latest(records, PANEL, remembered)
        self._loaded = False
        world.loads.append(self.load)
        world.at_reset.append(self._shown.forget)
        world.at_deletion[NAME].append(self.forget)

    async def load(self) -> None:
        """Reads what is on disk, once."""
        if not self._loaded:
            await self._shown.load()
            self._loaded = True

    async def show(self, bot: str, person: str, message: Mapping[str, Any]) -> None:
        """The phone got the message: a panel of it replaces the one before, and so does its tracking data."""
        before = await self._shown.get(f"{bot} {person}") or {}
        panel = {name: message.get(name) or before.get(name) for name in PARTS}
        panel = {
            name: value for name, value in (*panel.items(), ("tracking_data", message.get("tracking_data"))) if value
        }
        if panel != before:
            await self._shown.put(f"{bot} {person}", panel)

    async def recall(self, bot: str, person: str) -> None:
        """Takes back into memory what this phone shows."""
        await self._shown.get(f"{bot} {person}")

    async def forget(self, bot: str, person: str) -> None:
        """The person has deleted the chat: its panel is gone with it, and so is what the next message brings back."""
        await self._shown.drop(f"{bot} {person}")

    def tracking(self, bot: str, person: str) -> str | None:
        """What the person's next message brings back; recall it first."""
        found: str | None = self._panel(bot, person).get("tracking_data")
        return found

    def button(self, bot: str, person: str, named: str) -> dict[str, Any] | None:
        """The button that has this text, or else this action; recall it first."""
        buttons = list(_buttons(self._panel(bot, person)))
        for name in ("Text", "ActionBody"):
            for button in buttons:
                if button.get(name) == named:
                    return button
        return None

    def _panel(self, bot: str, person: str) -> dict[str, Any]:
        return self._shown.known(f"{bot} {person}") or {}


def _buttons(panel: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for name in PARTS:
        yield from panel.get(name, {}).get("Buttons", ())
