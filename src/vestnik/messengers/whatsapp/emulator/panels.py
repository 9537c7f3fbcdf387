"""Decides what a phone shows of a business to press or to choose from, and whether its owner wrote lately.

It has never heard of what a press does.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from vestnik.emulation.latest import REMEMBERED, Latest
from vestnik.emulation.when import Moment, span
from vestnik.emulation.world import World
from vestnik.messengers.whatsapp.templates import Template, quick_replies

NAME: Final = "whatsapp"
PANEL: Final = "panel"
HEARD: Final = "heard"
PERSON: Final = "person"
USERNAME: Final = "username"
WATCHED: Final = "watched"
STOPPED: Final = "stopped"
WINDOW: Final = span(24 * 3600)
SILENT: Final = span(30 * 24 * 3600)
"""How long a message may wait for its phone, whose report asks whether its receiver had written by then."""
BUTTON, QUICK_REPLY, ROW = "button", "quick_reply", "row"


class Choice(NamedTuple):
    """Something to press: what it is, its id (or payload) and what it says."""

    kind: str
    id: str
    title: str
    description: str | None = None


class Panels:
    """What the phones of one world show, on disk and in memory."""

    def __init__(self, world: World, remembered: int = REMEMBERED) -> None:
        self._clock = world.clock
        self._records = world.records(NAME)
        self._shown: Final = Latest(self._records, PANEL, remembered)
        self._heard: dict[str, Moment] = {}
        self._names: dict[str, str] = {}
        self._usernames: dict[str, str] = {}
        self._watched: dict[str, bool] = {}
        self._stopped: dict[str, bool] = {}
        self._loaded = False
        world.loads.append(self.load)
        world.at_reset.append(self._forget)
        world.at_deletion[NAME].append(self.forget)

    async def load(self) -> None:
        """Reads what is on disk, once."""
        if self._loaded:
            return
        await self._shown.load()
        plain: tuple[tuple[str, dict[str, Any]], ...] = (
            (HEARD, self._heard),
            (PERSON, self._names),
            (USERNAME, self._usernames),
            (WATCHED, self._watched),
            (STOPPED, self._stopped),
        )
        for kind, known in plain:
            for key, value in await self._records.all(kind):
                known.setdefault(key, value)
        for key in sorted(self._heard, key=self._heard.__getitem__):
            self._heard[key] = self._heard.pop(key)
        self._forget_the_silent()
        self._loaded = True

    async def show(self, bot: str, person: str, message_id: str, choices: Sequence[Choice]) -> None:
        """The phone shows these from now on."""
        await self._shown.put(f"{bot} {person}", (message_id, choices))

    async def choice(self, bot: str, person: str, kinds: Sequence[str], named: str) -> tuple[str, Choice] | None:
        """The message and its choice that is called so, by its id or by what it says."""
        shown = await self._shown.get(f"{bot} {person}")
        if shown is None:
            return None
        message_id, choices = msgspec.convert(shown, tuple[str, list[Choice]])
        fitting = (one for one in choices if one.kind in kinds and named in (one.id, one.title))
        found = next(fitting, None)
        return None if found is None else (message_id, found)

    async def hear(self, bot: str, person: str, now: Moment) -> None:
        """The person wrote to the business."""
        await self._records.put(HEARD, f"{bot} {person}", now)
        self._heard.pop(f"{bot} {person}", None)
        self._heard[f"{bot} {person}"] = now
        self._forget_the_silent()

    def heard_lately(self, bot: str, person: str, now: Moment) -> bool:
        """Whether the business may write what is no template."""
        heard = self._heard.get(f"{bot} {person}")
        return heard is not None and now < heard + WINDOW

    async def call(self, person: str, name: str | None, username: str | None) -> None:
        """The person goes by this name and this username from now on, as far as they are given."""
        if name is not None:
            await self._records.put(PERSON, person, name)
            self._names[person] = name
        if username is not None:
            await self._records.put(USERNAME, person, username)
            self._usernames[person] = username

    def name(self, person: str, usual: str) -> str:
        """What the person is called."""
        return self._names.get(person, usual)

    def username(self, person: str) -> str | None:
        """What the person is called beside that, where they have chosen something."""
        return self._usernames.get(person) or None

    async def watch(self, bot: str, person: str, *, watching: bool) -> None:
        """From now on the person has the chat with the business open, or no longer."""
        await self._records.put(WATCHED, f"{bot} {person}", watching or None)
        _mark(self._watched, f"{bot} {person}", is_so=watching)

    def watching(self, bot: str, person: str) -> bool:
        """Whether the person has the chat with the business open."""
        return self._watched.get(f"{bot} {person}", False)

    async def stop(self, bot: str, person: str, *, stopped: bool) -> None:
        """From now on the person wants no marketing messages of the business, or does again."""
        await self._records.put(STOPPED, f"{bot} {person}", stopped or None)
        _mark(self._stopped, f"{bot} {person}", is_so=stopped)

    def stopped(self, bot: str, person: str) -> bool:
        """Whether the person wants no marketing messages of the business."""
        return self._stopped.get(f"{bot} {person}", False)

    async def forget(self, bot: str, person: str) -> None:
        """The person has deleted the chat: there is nothing left in it to press or to choose."""
        await self._shown.drop(f"{bot} {person}")

    def _forget_the_silent(self) -> None:
        """Lets go of those who wrote so long ago that nothing depends on it; the dict has the longest silent first."""
        until = self._clock.now() - SILENT
        while self._heard and (longest := next(iter(self._heard))) and self._heard[longest] < until:
            del self._heard[longest]

    def _forget(self) -> None:
        self._shown.forget()
        for known in (self._heard, self._names, self._usernames, self._watched, self._stopped):
            known.clear()


def _mark(known: dict[str, bool], key: str, *, is_so: bool) -> None:
    """Only those are kept of whom it is so."""
    if is_so:
        known[key] = True
    else:
        known.pop(key, None)


def choices_of(kind: str, message: Mapping[str, Any], template: Template | None) -> list[Choice]:
    """What can be pressed in a valid message."""
    if kind == "template":
        given = message["template"].get("components") or ()
        return [Choice(QUICK_REPLY, payload, text) for text, payload in quick_replies(template, given)]
    if kind != "interactive":
        return []
    action = message["interactive"]["action"]
    match message["interactive"]["type"].lower():
        case "button":
            return [Choice(BUTTON, button["reply"]["id"], button["reply"]["title"]) for button in action["buttons"]]
        case "list":
            rows = [row for section in action["sections"] for row in section["rows"]]
            return [Choice(ROW, row["id"], row["title"], row.get("description")) for row in rows]
        case _:
            return []
