"""Decides what a message of each type needs and how long it may be, and with which error code it is refused.

It has never heard of who sends, nor of what is kept elsewhere: templates and media are looked up by others.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from vestnik.messengers.whatsapp import interactive, wire
from vestnik.messengers.whatsapp.rules import (
    FLAG,
    INVALID,
    LIST,
    MISSING,
    NUMBER,
    OBJECT,
    WRONG_VALUE,
    Broken,
    Rule,
    demand,
)

CAPTION_LIMIT: Final = 1024
FILE_NAME_LIMIT: Final = 240
TEMPLATE_NAME_LIMIT: Final = 512
MEDIA: Final = ("image", "video", "audio", "document", "sticker")
UNSUPPORTED: Final = 131051
COMPONENTS: Final = (
    "header",
    "body",
    "footer",
    "button",
    "carousel",
    "limited_time_offer",
    "order_status",
    "tap_target_configuration",
)
"""What parameters of a template belong to."""

_LINK: Final = "link"


def _media(kind: str, *more: Rule) -> Sequence[Rule]:
    return (
        Rule(kind, OBJECT, required=True),
        Rule(f"{kind}.id"),
        Rule(f"{kind}.{_LINK}", address=True),
        *more,
    )


def _caption(kind: str) -> Rule:
    return Rule(f"{kind}.caption", most=CAPTION_LIMIT)


TYPES: Final[Mapping[str, Sequence[Rule]]] = {
    "text": (
        Rule("text", OBJECT, required=True),
        Rule("text.body", required=True, most=wire.TEXT_LIMIT),
        Rule("text.preview_url", FLAG),
    ),
    "image": _media("image", _caption("image")),
    "video": _media("video", _caption("video")),
    "audio": _media("audio", Rule("audio.voice", FLAG)),
    "document": _media("document", _caption("document"), Rule("document.filename", most=FILE_NAME_LIMIT)),
    "sticker": _media("sticker"),
    "location": (
        Rule("location", OBJECT, required=True),
        Rule("location.latitude", NUMBER, required=True),
        Rule("location.longitude", NUMBER, required=True),
        Rule("location.name"),
        Rule("location.address"),
    ),
    "contacts": (
        Rule("contacts", LIST, required=True),
        Rule("contacts[]", OBJECT, required=True),
        Rule("contacts[].name", OBJECT, required=True),
        Rule("contacts[].name.formatted_name", required=True),
        *(Rule(f"contacts[].{name}", LIST) for name in ("phones", "emails", "addresses", "urls")),
        *(Rule(f"contacts[].{name}[]", OBJECT) for name in ("phones", "emails", "addresses", "urls")),
        Rule("contacts[].org", OBJECT),
        Rule("contacts[].birthday"),
    ),
    "reaction": (
        Rule("reaction", OBJECT, required=True),
        Rule("reaction.message_id", required=True),
        Rule("reaction.emoji", required=True, empty=True),
    ),
    "interactive": (Rule("interactive", OBJECT, required=True),),
    "template": (
        Rule("template", OBJECT, required=True),
        Rule("template.name", required=True, most=TEMPLATE_NAME_LIMIT),
        Rule("template.language", OBJECT, required=True),
        Rule("template.language.code", required=True),
        Rule("template.components", LIST),
        Rule("template.components[]", OBJECT),
        Rule("template.components[].type", required=True, choices=COMPONENTS),
        Rule("template.components[].parameters", LIST),
        Rule("template.components[].parameters[]", OBJECT),
    ),
}
_ENVELOPE: Final = (
    Rule("recipient_type", choices=("individual", "group")),
    Rule("biz_opaque_callback_data", most=wire.CALLBACK_DATA_LIMIT),
    Rule("context", OBJECT),
    Rule("context.message_id", required=True),
    Rule("type"),
)
_TYPING: Final = (
    Rule("typing_indicator", OBJECT),
    Rule("typing_indicator.type", required=True, choices=("text",)),
)


def checked(message: Mapping[str, Any]) -> str:
    """The type of a message that can be sent; Broken where it cannot."""
    demand(message, _ENVELOPE)
    kind = kind_of(message)
    if kind not in TYPES:
        raise Broken(UNSUPPORTED, f"Unsupported message type {str(kind)[:64]}")
    demand(message, TYPES[kind])
    if kind in MEDIA:
        _one_source(kind, message[kind])
    elif kind == "location":
        _place(message["location"])
    elif kind == "interactive":
        interactive.check(message["interactive"])
    return kind


def kind_of(message: Mapping[str, Any]) -> str:
    """The type of a message; one that names none has that of what it brings, as an official example has it."""
    named = message.get("type")
    if named:
        return str(named)
    return next((kind for kind in TYPES if message.get(kind) is not None), "text")


def check_mark(message: Mapping[str, Any]) -> None:
    """Broken where the message does not mark one of a person's as read."""
    if message.get("status") != "read":
        raise Broken(INVALID, "Param status must be one of {read}")
    if not message.get("message_id"):
        raise Broken(WRONG_VALUE, "The parameter message_id is required.")
    demand(message, _TYPING)


def readable(message: Mapping[str, Any]) -> str:
    """What of a valid message can be read: its text, caption, file name, address, emoji or the name of a template."""
    kind = kind_of(message)
    return _READABLE[kind](message[kind])


def _one_source(kind: str, media: Mapping[str, Any]) -> None:
    if bool(media.get("id")) == bool(media.get(_LINK)):
        raise Broken(MISSING if not media.get("id") else INVALID, f"Param {kind} must have exactly one of id and link.")


def _place(location: Mapping[str, Any]) -> None:
    for name, most in (("latitude", 90), ("longitude", 180)):
        try:
            fits = -most <= float(location[name]) <= most
        except ValueError:
            fits = False
        if not fits:
            raise Broken(WRONG_VALUE, f"Param location['{name}'] must be a number from -{most} to {most}.")


def _of_media(media: Mapping[str, Any]) -> str:
    return str(media.get("caption") or media.get("filename") or media.get(_LINK) or "")


def _of_place(location: Mapping[str, Any]) -> str:
    return str(location.get("name") or f"{location['latitude']},{location['longitude']}")


_READABLE: Final[Mapping[str, Callable[[Any], str]]] = {
    "text": lambda text: str(text["body"]),
    **dict.fromkeys(MEDIA, _of_media),
    "location": _of_place,
    "contacts": lambda contacts: ", ".join(contact["name"]["formatted_name"] for contact in contacts),
    "reaction": lambda reaction: str(reaction.get("emoji") or ""),
    "interactive": lambda panel: str((panel.get("body") or {}).get("text") or ""),
    "template": lambda template: str(template["name"]),
}
