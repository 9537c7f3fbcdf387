"""Decides whether messages, keyboards and rich media are taken and refused as Viber's server and its devices do.

It has never heard of who sends them. Limits are those of developers.viber.com and creators.viber.com; the words about
a keyboard without a Type are those that a client was told (bottenderjs/messaging-apis, issue 652).
"""

from typing import Any

import pytest

from vestnik.messengers.viber import wire
from vestnik.messengers.viber.messages import TYPES, Fault, checked

SENDER = {"name": "Post office"}
PICTURE = "https://post.example/parcel.jpg"
BUTTON: dict[str, Any] = {"ActionType": "reply", "ActionBody": "yes", "Text": "Yes"}
KEYBOARD: dict[str, Any] = {"Type": "keyboard", "Buttons": [BUTTON]}
RICH_MEDIA: dict[str, Any] = {
    "Type": "rich_media",
    "ButtonsGroupColumns": 6,
    "ButtonsGroupRows": 7,
    "Buttons": [BUTTON],
}

GOOD: dict[str, dict[str, Any]] = {
    "text": {"text": "Your parcel is here 📦"},
    "picture": {"text": "The parcel", "media": PICTURE, "thumbnail": PICTURE},
    "video": {"media": "https://post.example/a.mp4", "size": 10_000, "duration": 10, "thumbnail": PICTURE},
    "file": {"media": "https://post.example/a.pdf", "size": 10_000, "file_name": "a.pdf"},
    "contact": {"contact": {"name": "Zoë", "phone_number": "+358401234567"}},
    "location": {"location": {"lat": 60.45, "lon": 22.27}},
    "url": {"media": "https://post.example/track?id=1"},
    "sticker": {"sticker_id": 46105},
    "rich_media": {"rich_media": RICH_MEDIA, "min_api_version": 2, "alt_text": "See our site"},
}


def message(kind: str, **changes: Any) -> dict[str, Any]:
    return {"type": kind, "sender": SENDER, **GOOD[kind], **changes}


def refusal(message: dict[str, Any]) -> tuple[int, str]:
    with pytest.raises(Fault) as raised:
        checked(message)
    return raised.value.status, raised.value.detail


def test_every_type_has_its_example() -> None:
    assert set(GOOD) == set(TYPES)


@pytest.mark.parametrize("kind", GOOD)
def test_a_message_of_every_type_is_taken(kind: str) -> None:
    assert checked(message(kind)).fails is None


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("text", "Your parcel is here 📦"),
        ("picture", "The parcel"),
        ("url", "https://post.example/track?id=1"),
        ("file", "a.pdf"),
        ("contact", "Zoë +358401234567"),
        ("location", "60.45,22.27"),
        ("sticker", "sticker 46105"),
        ("rich_media", "See our site"),
    ],
)
def test_what_can_be_read_of_a_message_is_kept(kind: str, text: str) -> None:
    assert checked(message(kind)).text == text


@pytest.mark.parametrize("kind", GOOD)
def test_a_field_that_is_null_counts_as_absent(kind: str) -> None:
    assert checked(message(kind, keyboard=None, tracking_data=None)) == checked(message(kind))


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        (kind, path)
        for kind, rules in TYPES.items()
        for path, rule in rules.items()
        if rule.required and "." not in path
    ],
)
def test_a_message_without_what_it_needs_is_missing_data(kind: str, field: str) -> None:
    assert refusal(message(kind, **{field: None})) == (wire.MISSING_DATA, field)
    assert refusal(message(kind, **{field: []}))[0] == wire.BAD_DATA


@pytest.mark.parametrize(
    ("kind", "most", "beyond"),
    [
        ("text", {"text": "x" * 7000}, {"text": "x" * 7001}),
        ("picture", {"text": "x" * 768}, {"text": "x" * 769}),
        ("picture", {}, {"media": "no address"}),
        ("picture", {}, {"media": "ftp://post.example/a.jpg"}),
        ("video", {"size": 26 * 2**20}, {"size": 26 * 2**20 + 1}),
        ("video", {"duration": 180}, {"duration": 181}),
        ("video", {"size": 0}, {"size": -1}),
        ("file", {"size": 50 * 2**20}, {"size": 50 * 2**20 + 1}),
        ("file", {"file_name": "x" * 256}, {"file_name": "x" * 257}),
        (
            "contact",
            {"contact": {"name": "x" * 28, "phone_number": "1" * 18}},
            {"contact": {"name": "x" * 29, "phone_number": "1"}},
        ),
        ("contact", {}, {"contact": {"name": "x", "phone_number": "1" * 19}}),
        ("location", {"location": {"lat": "60.45", "lon": "-22.27"}}, {"location": {"lat": "north", "lon": "0"}}),
        ("location", {"location": {"lat": -90, "lon": 180}}, {"location": {"lat": -90.1, "lon": 180}}),
        ("url", {"media": "https://a.example/" + "x" * 1982}, {"media": "https://a.example/" + "x" * 1983}),
        ("sticker", {}, {"sticker_id": "46105"}),
        ("text", {"tracking_data": "x" * 4000}, {"tracking_data": "x" * 4001}),
        ("text", {"sender": {"name": "x" * 28}}, {"sender": {"name": "x" * 29}}),
        ("text", {"min_api_version": 1}, {"min_api_version": 0}),
        ("text", {}, {"min_api_version": True}),
        ("text", {}, {"type": "carousel"}),
        ("text", {}, {"type": ["text"]}),
    ],
)
def test_a_limit_is_where_it_is_published(kind: str, most: dict[str, Any], beyond: dict[str, Any]) -> None:
    assert checked(message(kind, **most)).fails is None
    assert refusal(message(kind, **beyond))[0] == wire.BAD_DATA


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"sender": None}, "sender"), ({"sender": {}}, "sender.name"), ({"type": None}, "type")],
)
def test_every_message_names_its_sender_and_its_type(changes: dict[str, Any], field: str) -> None:
    assert refusal(message("text", **changes)) == (wire.MISSING_DATA, field)


def test_a_welcome_needs_no_sender_and_a_keyboard_needs_no_type() -> None:
    assert checked({"type": "text", "text": "Welcome"}, sender=False).text == "Welcome"
    assert checked({"sender": SENDER, "keyboard": KEYBOARD}).text == ""


@pytest.mark.parametrize(
    ("keyboard", "words"),
    [
        ({"Buttons": [BUTTON]}, 'object has missing required properties (["Type"])'),
        ({}, 'object has missing required properties (["Buttons","Type"])'),
        (
            "yes",
            'instance type (string) does not match any allowed primitive type (allowed: ["object"])',
        ),
        (
            {**KEYBOARD, "Buttons": []},
            "array is too short: must have at least 1 elements but instance has 0 elements",
        ),
        (
            {**KEYBOARD, "Buttons": [{**BUTTON, "ActionType": "call"}]},
            (
                'instance value ("call") not found in enum (possible values: '
                '["reply","open-url","location-picker","share-phone","none"])'
            ),
        ),
        (
            {**KEYBOARD, "Buttons": [{**BUTTON, "Columns": "6"}]},
            'instance type (string) does not match any allowed primitive type (allowed: ["integer"])',
        ),
    ],
)
def test_the_form_of_a_keyboard_is_refused_at_once(keyboard: Any, words: str) -> None:
    with pytest.raises(Fault) as raised:
        checked(message("text", keyboard=keyboard))
    assert (raised.value.status, raised.value.words) == (wire.BAD_DATA, f"keyboard is not valid. [{words}]")


@pytest.mark.parametrize(
    ("name", "panel"),
    [
        ("keyboard", {**KEYBOARD, "Buttons": [{**BUTTON, "Columns": 7}]}),
        ("keyboard", {**KEYBOARD, "Buttons": [{**BUTTON, "Rows": 3}]}),
        ("keyboard", {**KEYBOARD, "Buttons": [BUTTON] * 13}),
        ("keyboard", {**KEYBOARD, "Buttons": [{"ActionBody": "x"}]}),
        ("keyboard", {**KEYBOARD, "Buttons": [{"Text": "x"}]}),
        ("keyboard", {**KEYBOARD, "Buttons": [{**BUTTON, "Text": "x" * 251}]}),
        ("keyboard", {**KEYBOARD, "Buttons": [{**BUTTON, "TextOpacity": 101}]}),
        ("keyboard", {**KEYBOARD, "Buttons": [BUTTON, {**BUTTON, "TextPaddings": [1, 2, 3]}]}),
        ("keyboard", {**KEYBOARD, "CustomDefaultHeight": 71}),
        ("rich_media", {**RICH_MEDIA, "ButtonsGroupRows": 8}),
        ("rich_media", {**RICH_MEDIA, "ButtonsGroupColumns": 1, "ButtonsGroupRows": 1, "Buttons": [BUTTON] * 7}),
    ],
)
def test_what_a_device_cannot_show_is_taken_and_fails_there(name: str, panel: dict[str, Any]) -> None:
    kind = "text" if name == "keyboard" else name
    assert checked(message(kind, **{name: panel}, min_api_version=6)).fails


@pytest.mark.parametrize(
    ("kind", "changes", "needed"),
    [
        ("rich_media", {}, 2),
        ("text", {"keyboard": {**KEYBOARD, "Buttons": [{**BUTTON, "ActionType": "share-phone"}]}}, 3),
        ("text", {"keyboard": {**KEYBOARD, "Buttons": [{**BUTTON, "ActionType": "location-picker"}]}}, 3),
        ("text", {"keyboard": {**KEYBOARD, "CustomDefaultHeight": 50}}, 3),
        ("text", {"keyboard": {**KEYBOARD, "InputFieldState": "hidden"}}, 4),
        ("text", {"keyboard": {**KEYBOARD, "Buttons": [{**BUTTON, "TextPaddings": [1, 2, 3, 4]}]}}, 4),
        ("text", {"keyboard": {**KEYBOARD, "Buttons": [{**BUTTON, "TextShouldFit": True}]}}, 6),
    ],
)
def test_newer_fields_ask_for_their_api_version(kind: str, changes: dict[str, Any], needed: int) -> None:
    assert refusal(message(kind, **changes, min_api_version=needed - 1))[0] == wire.INCOMPATIBLE
    assert checked(message(kind, **changes, min_api_version=needed)).needs == needed
