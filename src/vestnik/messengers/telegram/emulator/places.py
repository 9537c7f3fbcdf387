"""Decides what becomes of places, contacts and dice that bots send, and of what they show themselves doing.

It has never heard of files and texts.
"""

from typing import Any, Final

from vestnik.messengers.telegram.emulator.calls import Call, Handlers, Json, bad
from vestnik.messengers.telegram.emulator.keyboards import read_markup
from vestnik.messengers.telegram.emulator.sending import Outgoing, Sender
from vestnik.messengers.telegram.emulator.state import State

SHORTEST_LIVE: Final = 60
LONGEST_LIVE: Final = 86_400
FOREVER: Final = 0x7FFFFFFF
FARTHEST_ALERT: Final = 100_000
ACTIONS: Final = frozenset(
    {
        "cancel",
        "typing",
        "record_video",
        "upload_video",
        "record_audio",
        "upload_audio",
        "record_voice",
        "upload_voice",
        "upload_photo",
        "upload_document",
        "choose_sticker",
        "pick_up_location",
        "find_location",
        "record_video_note",
        "upload_video_note",
    }
)
DICE: Final = {"🎲": 6, "🎯": 6, "🎳": 6, "🏀": 5, "⚽": 5, "⚽️": 5, "🎰": 64}
_VENUE: Final = ("foursquare_id", "foursquare_type", "google_place_id", "google_place_type")


class Places:
    """The methods that send what is neither a text nor a file."""

    def __init__(self, state: State, sender: Sender) -> None:
        self._state = state
        self._sender = sender

    def handlers(self) -> Handlers:
        """The methods."""
        return {
            "sendlocation": self._send_location,
            "sendvenue": self._send_venue,
            "sendcontact": self._send_contact,
            "senddice": self._send_dice,
            "sendchataction": self._send_chat_action,
        }

    async def _send_location(self, call: Call) -> Json:
        return await self._send(call, {"location": location(call)})

    async def _send_venue(self, call: Call) -> Json:
        venue: Json = {"location": _point(call), "title": call.text("title"), "address": call.text("address")}
        venue |= {name: call.text(name) for name in _VENUE if call.text(name)}
        return await self._send(call, {"location": venue["location"], "venue": venue})

    async def _send_contact(self, call: Call) -> Json:
        contact: Json = {"phone_number": call.text("phone_number"), "first_name": call.text("first_name")}
        contact |= {name: call.text(name) for name in ("last_name", "vcard") if call.text(name)}
        return await self._send(call, {"contact": contact})

    async def _send_dice(self, call: Call) -> Json:
        emoji = call.text("emoji") or "🎲"
        dice = thrown(emoji, self._state.world.clock.luck())
        if dice is None:
            raise bad("EMOTICON_INVALID")
        return await self._send(call, {"dice": dice})

    async def _send_chat_action(self, call: Call) -> bool:
        if call.text("action").lower() not in ACTIONS:
            raise bad("Wrong parameter action in request")
        self._sender.chat(call)
        return True

    async def _send(self, call: Call, content: Json) -> Json:
        markup = read_markup(call.values.get("reply_markup"))
        key = self._sender.chat(call)
        return await self._sender.send(call, key, Outgoing(content, "", markup))


def location(call: Call) -> Json:
    """The Location object that a call describes; Failed where there is no such place."""
    point = _point(call)
    accuracy = call.values.get("horizontal_accuracy")
    if accuracy:
        point["horizontal_accuracy"] = min(max(float(accuracy), 0.0), 1500.0)
    period = call.number("live_period")
    if period:
        if period != FOREVER and not SHORTEST_LIVE <= period <= LONGEST_LIVE:
            raise bad("Wrong live location period specified")
        point["live_period"] = period
    return point | bearing(call)


def bearing(call: Call) -> Json:
    """Where a live location is heading and how near is near."""
    heading, radius = call.number("heading"), call.number("proximity_alert_radius")
    if not 0 <= heading <= 360:
        raise bad("Wrong live location heading specified")
    if not 0 <= radius <= FARTHEST_ALERT:
        raise bad("Wrong live location proximity alert radius specified")
    found = {"heading": heading, "proximity_alert_radius": radius}
    return {name: value for name, value in found.items() if value}


def _point(call: Call) -> dict[str, Any]:
    latitude, longitude = float(call.values.get("latitude", 0)), float(call.values.get("longitude", 0))
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise bad("Wrong location specified")
    return {"latitude": latitude, "longitude": longitude}


def thrown(emoji: str, luck: float) -> Json | None:
    """The Dice object of a throw with this luck, from 0 up to 1; None where the emoji is no dice."""
    return {"emoji": emoji, "value": 1 + int(luck * DICE[emoji])} if emoji in DICE else None
