"""Decides what a phone shows of a bot to answer with: its last keyboard, its last rich media, and what comes back.

It has never heard of what a press does.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from vestnik.emulation.records import Records
from vestnik.emulation.world import World

PANEL: Final = "panel"
PARTS: Final = ("keyboard", "rich_media")


class Panels:
    """The panels of one world, on disk and in memory; a bot that sends none has none there."""

    def __init__(self, world: World, records: Records) -> None:
        self._records = records
        self._shown: dict[tuple[str, str], dict[str, Any]] = {}
        self._loaded = False
        world.at_reset.append(self._shown.clear)

    async def load(self) -> None:
        """Reads what is on disk, once."""
        if self._loaded:
            return
        for key, panel in await self._records.all(PANEL):
            bot, person = key.split(" ")
            self._shown.setdefault((bot, person), panel)
        self._loaded = True

    async def show(self, bot: str, person: str, message: Mapping[str, Any]) -> None:
        """The phone got the message: a panel of it replaces the one before, and so does its tracking data."""
        before = self._shown.get((bot, person), {})
        panel = {name: message.get(name) or before.get(name) for name in PARTS}
        panel = {
            name: value for name, value in (*panel.items(), ("tracking_data", message.get("tracking_data"))) if value
        }
        if panel != before:
            await self._records.put(PANEL, f"{bot} {person}", panel)
            self._shown[bot, person] = panel

    def tracking(self, bot: str, person: str) -> str | None:
        """What the person's next message brings back."""
        found: str | None = self._shown.get((bot, person), {}).get("tracking_data")
        return found

    def button(self, bot: str, person: str, named: str) -> dict[str, Any] | None:
        """The button that has this text, or else this action."""
        buttons = list(self._buttons(bot, person))
        for name in ("Text", "ActionBody"):
            for button in buttons:
                if button.get(name) == named:
                    return button
        return None

    def _buttons(self, bot: str, person: str) -> Iterator[dict[str, Any]]:
        panel = self._shown.get((bot, person), {})
        for name in PARTS:
            yield from panel.get(name, {}).get("Buttons", ())
