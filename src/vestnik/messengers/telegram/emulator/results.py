"""Decides what the result of an inline query becomes when it is sent: a text, a place, a contact or a file.

It has never heard of who asked for it.
"""

from typing import Final

from vestnik.messengers.telegram.emulator.calls import Json
from vestnik.messengers.telegram.emulator.files import File
from vestnik.messengers.telegram.emulator.games import GAME
from vestnik.messengers.telegram.emulator.media import KINDS, shown
from vestnik.messengers.telegram.emulator.state import State
from vestnik.messengers.telegram.emulator.texts import caption_fields, fields_of, marked_up

_CACHED: Final = {
    f"{kind}_file_id": field
    for kind, field in (
        ("photo", "photo"),
        ("gif", "animation"),
        ("mpeg4", "animation"),
        ("sticker", "sticker"),
        ("document", "document"),
        ("video", "video"),
        ("voice", "voice"),
        ("audio", "audio"),
    )
}
_POINT: Final = ("latitude", "longitude", "horizontal_accuracy", "live_period", "heading", "proximity_alert_radius")
_VENUE: Final = ("title", "address", "foursquare_id", "foursquare_type", "google_place_id", "google_place_type")
_CONTACT: Final = ("phone_number", "first_name", "last_name", "vcard")


async def content_of(state: State, bot: str, result: Json) -> Json:
    """The content of the message that a result becomes.

    One that is a file at an address is shown as its caption or its title, because nothing is fetched.
    """
    given = result.get("input_message_content")
    if isinstance(given, dict):
        return await _given(state, given)
    if result["type"] in ("location", "venue", "contact"):
        return _bare(result)
    if result["type"] == "game":
        name = result[GAME]
        return {"game": {"title": name, "description": name, "photo": []}}
    entities = result.get("caption_entities")
    caption = await caption_fields(result.get("caption", ""), result.get("parse_mode", ""), entities, state.chats)
    file = await _file(state, bot, result)
    if file is None:
        return {"text": caption.get("caption") or result.get("title") or result["type"]}
    field, found = file
    return {**shown(field, found, bot, {}), **(caption if KINDS[field].has_caption else {})}


async def _given(state: State, given: Json) -> Json:
    """What an InputMessageContent object asks for."""
    if "message_text" in given:
        found = await marked_up(given["message_text"], given.get("parse_mode", ""), given.get("entities"))
        return fields_of(found, state.chats)
    return _bare(given)


def _bare(given: Json) -> Json:
    if "phone_number" in given:
        return {"contact": _chosen(given, _CONTACT)}
    if "latitude" in given:
        place = _chosen(given, _POINT)
        venue = {"venue": {"location": place, **_chosen(given, _VENUE)}} if "address" in given else {}
        return {"location": place, **venue}
    return {"text": given.get("title") or "?"}


async def _file(state: State, bot: str, result: Json) -> tuple[str, File] | None:
    """The file that a result names by its identifier, and of which kind it is."""
    for name, field in _CACHED.items():
        if name in result:
            found = await state.files.find(bot, result[name])
            return None if found is None else (field, found)
    return None


def _chosen(given: Json, names: tuple[str, ...]) -> Json:
    return {name: given[name] for name in names if name in given}
