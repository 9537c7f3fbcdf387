"""Decides what people can do to bots on the emulated Viber, and which event each of it is.

It has never heard of how a bot is told.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any, Final

import msgspec

from vestnik.emulation.deeds import Deed
from vestnik.emulation.journal import Draft, Entry
from vestnik.emulation.line import Line
from vestnik.emulation.phones import Phone
from vestnik.emulation.problems import Problem, Refusal, Wrong, pointer
from vestnik.emulation.readers import Readers
from vestnik.emulation.world import World
from vestnik.messengers.viber import messages, wire
from vestnik.messengers.viber.emulator.crowd import Crowd, Profile
from vestnik.messengers.viber.emulator.events import CONVERSATION_STARTED
from vestnik.messengers.viber.emulator.panels import Panels
from vestnik.messengers.viber.emulator.sending import NAME, new_token

WRITTEN: Final = ("text", "picture", "video", "file", "contact", "location", "url", "sticker")
_LINE: Final = Annotated[str, msgspec.Meta(min_length=1, max_length=32_768)]
_CONTENT: Final = {
    "text": str,
    "media": str,
    "thumbnail": str,
    "size": int,
    "duration": int,
    "file_name": str,
    "contact": dict[str, Any],
    "location": dict[str, Any],
    "sticker_id": int,
}
_MESSAGE: Final = {"type": str, **_CONTENT, "silent": bool}
_PRESS: Final = {"button": _LINE, "location": dict[str, Any], "phone_number": _LINE}
_OPEN: Final = {"context": str}
_PROFILE: Final = {field.name: field.type for field in msgspec.structs.fields(Profile)}


class Doings:
    """What the people of one world do."""

    def __init__(self, world: World, crowd: Crowd, panels: Panels, line: Line) -> None:
        self._world = world
        self._crowd = crowd
        self._panels = panels
        self._line = line
        self._readers = Readers(world, NAME)
        world.at_phone[NAME] = self._changed
        world.deeds[NAME] = {
            "messages": Deed(self._write, _MESSAGE),
            "read": self._readers.deed(),
            "press": Deed(self._press, _PRESS, ("button",)),
            "open": Deed(self._open, _OPEN),
            "subscribe": Deed(self._subscribe, {}),
            "unsubscribe": Deed(self._unsubscribe, {}),
            "profile": Deed(self._show, _PROFILE, of_bot=False, always=True),
        }

    def written(self, bot: str, person: str, message: Mapping[str, Any], *, silent: bool = False) -> Draft:
        """A message of the person; it brings back what the bot's last message asked to be brought back."""
        tracking = self._panels.tracking(bot, person)
        content = {**message, **({"tracking_data": tracking} if tracking else {})}
        event = {"event": "message", "sender": self._crowd.seen(person), "message": content, "silent": silent}
        return self._draft(bot, person, event, messages.readable(message))

    async def _changed(self, person: str, before: Phone, after: Phone) -> None:
        await self._readers.changed(person, before, after)
        await self._crowd.left(person, before, after)

    async def _write(self, bot: str, person: str, fields: Mapping[str, Any]) -> Entry:
        kind = fields.get("type", "text")
        if kind not in WRITTEN:
            raise Refusal([Wrong(pointer("type"), f"must be one of {', '.join(WRITTEN)}")])
        content = {name: value for name, value in fields.items() if name in _CONTENT and value is not None}
        try:
            messages.demand(kind, content)
        except messages.Fault as fault:
            detail = "is required" if fault.status == wire.MISSING_DATA else f"does not fit a {kind}"
            raise Refusal([Wrong(pointer(*fault.detail.split(".")), detail)]) from None
        if "size" in content:
            content["file_size"] = content.pop("size")
        return await self._say(bot, person, {"type": kind, **content}, silent=bool(fields.get("silent")))

    async def _press(self, bot: str, person: str, fields: Mapping[str, Any]) -> Entry:
        """Presses the button with this text or action, of the keyboard or of the rich media that the bot sent last."""
        await self._panels.load()
        await self._panels.recall(bot, person)
        button = self._panels.button(bot, person, fields["button"])
        if button is None:
            raise Problem(HTTPStatus.CONFLICT, "the phone shows no such button")
        silent, body = bool(button.get("Silent")), str(button.get("ActionBody") or "")
        match str(button.get("ActionType") or "reply").lower():
            case "share-phone":
                number = fields.get("phone_number") or self._crowd.number(person)
                contact = {"name": self._crowd.profile(person).name, "phone_number": number}
                return await self._say(
                    bot, person, {"type": "contact", "text": body, "contact": contact}, silent=silent
                )
            case "location-picker":
                place = fields.get("location")
                if place is None:
                    raise Refusal([Wrong(pointer("location"), "is required for a button that asks for a place")])
                return await self._write(bot, person, {"type": "location", "location": place, "silent": silent})
            case "none":
                raise Problem(HTTPStatus.CONFLICT, "the button does nothing")
            case _:
                return await self._say(bot, person, {"type": "text", "text": body}, silent=silent)

    async def _say(self, bot: str, person: str, message: Mapping[str, Any], *, silent: bool) -> Entry:
        """Whoever writes is a subscriber from then on, of which no event tells."""
        await self._crowd.load()
        await self._panels.load()
        await self._panels.recall(bot, person)
        await self._crowd.subscribe(bot, person, subscribed=True)
        return await self._line.hear(self.written(bot, person, message, silent=silent))

    async def _open(self, bot: str, person: str, fields: Mapping[str, Any]) -> Entry | None:
        """Opens the conversation with the bot, perhaps by a link that has a context."""
        await self._crowd.load()
        webhook = self._world.bots.webhook(NAME, bot)
        if webhook is None or CONVERSATION_STARTED not in webhook.events:
            return None
        context = {"context": fields["context"]} if fields.get("context") else {}
        event = {
            "event": CONVERSATION_STARTED,
            "type": "open",
            **context,
            "user": self._crowd.seen(person),
            "subscribed": self._crowd.subscribed(bot, person, usual=False),
        }
        return await self._line.hear(self._draft(bot, person, event, ""))

    async def _subscribe(self, bot: str, person: str, _fields: Mapping[str, Any]) -> Entry:
        await self._crowd.load()
        if self._crowd.subscribed(bot, person, usual=False):
            raise Problem(HTTPStatus.CONFLICT, "the person is a subscriber already")
        await self._crowd.subscribe(bot, person, subscribed=True)
        event = {"event": "subscribed", "user": self._crowd.seen(person)}
        return await self._line.hear(self._draft(bot, person, event, ""))

    async def _unsubscribe(self, bot: str, person: str, _fields: Mapping[str, Any]) -> Entry:
        await self._crowd.load()
        if not self._crowd.subscribed(bot, person):
            raise Problem(HTTPStatus.CONFLICT, "the person has left already")
        await self._crowd.subscribe(bot, person, subscribed=False)
        return await self._line.hear(self._draft(bot, person, {"event": "unsubscribed", "user_id": person}, ""))

    async def _show(self, _bot: str, person: str, fields: Mapping[str, Any]) -> None:
        """Changes what bots may see of the person."""
        await self._crowd.load()
        await self._crowd.show(person, dict(fields))

    def _draft(self, bot: str, person: str, event: Mapping[str, Any], text: str) -> Draft:
        kind = event["message"]["type"] if event["event"] == "message" else event["event"]
        payload = wire.encode(event).decode()
        return Draft(bot, person, text, payload, external_id=new_token(self._world), type=kind)
