"""Decides how the people behind the phones are steered over HTTP: what their phones are like, and what they do.

It has never heard of how a bot learns of it.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec

from vestnik.emulation.asked import JSON, Asked
from vestnik.emulation.deeds import Deed
from vestnik.emulation.deleting import DELETE_CHAT, deleting
from vestnik.emulation.journal import Entry
from vestnik.emulation.problems import Problem, Refusal, Wrong, pointer
from vestnik.emulation.when import rfc3339
from vestnik.emulation.world import Emulator, World
from vestnik.ports import Response

PAGE: Final = 1_000
MESSAGES: Final = "messages"
TEXT_LIMIT: Final = 32_768
_LONGEST_WAIT: Final = 10 * 366 * 86400.0

_PHONE: Final = {
    "online": bool,
    "blocked": bool,
    "reads_after": Annotated[float, msgspec.Meta(ge=0, le=_LONGEST_WAIT)] | None,
}
_MESSAGE: Final = {"text": Annotated[str, msgspec.Meta(min_length=1, max_length=TEXT_LIMIT)]}
_BOT: Final = Annotated[str, msgspec.Meta(min_length=1, max_length=256)]


class People:
    """The phones of one world and those who hold them."""

    def __init__(self, world: World, emulators: Mapping[str, Emulator]) -> None:
        self._world = world
        self._emulators = emulators

    async def listed(self, asked: Asked) -> Response:
        """Phones that were set up or got something, by messenger and identifier."""
        asked.only("messenger", "after", "limit")
        only = asked.query.get("messenger")
        if only is not None and only not in self._emulators:
            raise Refusal([Wrong(pointer("messenger"), f"must be one of {', '.join(self._emulators)}")])
        messenger, _, recipient = asked.query.get("after", "").partition("/")
        limit = min(asked.number("limit", PAGE, least=1), PAGE)
        phones = await self._world.journal.recipients(only, (messenger, recipient), limit)
        shown = [self._shown(*phone) for phone in phones]
        return _json(200, {"phones": shown, "next": "/".join(phones[-1]) if len(phones) == limit else None})

    async def shown(self, asked: Asked) -> Response:
        """What a phone is like."""
        asked.only()
        return _json(200, self._shown(asked.messenger, self._recipient(asked, asked.name)))

    async def changed(self, asked: Asked) -> Response:
        """Changes what a phone is like, in the fields that are given."""
        asked.only()
        recipient = self._recipient(asked, asked.name)
        before = self._world.phones.get(asked.messenger, recipient)
        phone = before._replace(**asked.fields(_PHONE))
        now = self._world.clock.now()
        for bot in await self._world.phones.put(asked.messenger, recipient, phone, now):
            self._world.callbacks.wake(asked.messenger, bot)
        if asked.messenger in self._world.at_phone:
            await self._world.at_phone[asked.messenger](recipient, before, phone)
        return _json(200, self._shown(asked.messenger, recipient))

    async def did(self, asked: Asked) -> Response:
        """The person does something to a bot: the one named, else the last that wrote, else the only one there is."""
        asked.only()
        name, _, doing = asked.name.rpartition("/")
        deeds = {
            MESSAGES: self._writing(asked.messenger),
            DELETE_CHAT: deleting(self._world, asked.messenger),
            **self._world.deeds.get(asked.messenger, {}),
        }
        deed = deeds.get(doing)
        if deed is None or not name:
            raise Problem(
                405, f"a phone takes GET, PATCH and below it POST {', '.join(deeds)}", {"allow": "GET, PATCH"}
            )
        recipient = self._recipient(asked, name)
        fields = asked.fields({**deed.fields, "bot": _BOT}) if asked.body or deed.required else {}
        missing = [Wrong(pointer(field), "is required") for field in deed.required if fields.get(field) is None]
        if missing:
            raise Refusal(missing)
        phone = self._world.phones.get(asked.messenger, recipient)
        if not deed.always and (phone.blocked or not phone.online):
            raise Problem(409, "the phone is offline" if not phone.online else "the person has blocked the bots")
        named = fields.pop("bot", None)
        bot = await self._bot(asked.messenger, recipient, named) if deed.of_bot else ""
        entry = await deed.act(bot, recipient, fields)
        if entry is None:
            return Response(204)
        shown = {name: getattr(entry, name) for name in ("seq", "messenger", "bot", "recipient", "text", "external_id")}
        return _json(201, {**shown, "at": rfc3339(entry.at)})

    def _writing(self, messenger: str) -> Deed:
        """What everybody can do on every messenger: write a text."""

        async def write(bot: str, recipient: str, fields: Mapping[str, Any]) -> Entry:
            draft = self._emulators[messenger].incoming(bot, recipient, fields["text"])
            return await self._world.lines[messenger].hear(draft)

        return Deed(write, _MESSAGE, ("text",))

    async def _bot(self, messenger: str, recipient: str, named: str | None) -> str:
        if named is not None:
            emulator = self._emulators[messenger]
            credential = emulator.bot_of(named)
            if credential is None and not emulator.is_bot(named):
                raise Refusal([Wrong(pointer("bot"), f"no bot of {messenger} can be called that")])
            return credential[0] if credential else named
        last = await self._world.journal.last_bot(messenger, recipient)
        if last is not None:
            return last
        known = {*self._world.bots.told(messenger)} | {
            bot for name, bot in self._world.bots.listed() if name == messenger
        }
        if len(known) != 1:
            raise Refusal([Wrong(pointer("bot"), "is required: no bot has written to this phone yet")])
        return known.pop()

    def _recipient(self, asked: Asked, identifier: str) -> str:
        recipient = self._emulators[asked.messenger].canonical(identifier)
        if recipient is None:
            raise Problem(404, f"no phone of {asked.messenger} can be called that")
        return recipient

    def _shown(self, messenger: str, recipient: str) -> dict[str, Any]:
        return {
            "messenger": messenger,
            "id": recipient,
            **self._world.phones.get(messenger, recipient)._asdict(),
        }


def _json(status: int, value: Any) -> Response:
    return Response(status, JSON, msgspec.json.encode(value))
