"""Decides which keyboards and rich media Viber takes: what its server refuses, and what a device fails to show later.

It has never heard of the messages that carry them. The server looks at the form, as its answers show; numbers and
lengths are looked at by the device (Viber's FAQ: most validations of a keyboard take place on the client), which
reports them with a failed callback.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from vestnik.messengers.viber.shapes import ARRAY, BOOLEAN, INTEGER, OBJECT, Shape, first_fault, needed_version

COLUMNS: Final = 6
KEYBOARD_ROWS: Final = 12
"""Rows of buttons that a keyboard has room for in portrait mode (Viber's FAQ)."""
RICH_MEDIA_BLOCKS: Final = 6
"""Blocks of buttons that rich media may have side by side."""
RICH_MEDIA_SINCE: Final = 2
BUTTON_TEXT_LIMIT: Final = 250
SHOWS: Final = ("Text", "Image", "BgMedia", "BgColor")
"""A button must have at least one of these."""
ACTIONS: Final = ("reply", "open-url", "location-picker", "share-phone", "none")
ACTIONS_SINCE: Final = {"location-picker": 3, "share-phone": 3}

_SCALES: Final = ("crop", "fill", "fit")
_TEXT: Final = Shape()
_WHOLE: Final = Shape(kind=INTEGER)
_FLAG: Final = Shape(kind=BOOLEAN)

BUTTON: Final = Shape(
    kind=OBJECT,
    fields={
        "ActionBody": _TEXT,
        "ActionType": Shape(choices=ACTIONS),
        "Columns": _WHOLE,
        "Rows": _WHOLE,
        "BgColor": _TEXT,
        "BgMediaType": Shape(choices=("picture", "gif")),
        "BgMedia": _TEXT,
        "BgMediaScaleType": Shape(choices=_SCALES, since=6),
        "ImageScaleType": Shape(choices=_SCALES, since=6),
        "BgLoop": _FLAG,
        "Silent": _FLAG,
        "Image": _TEXT,
        "Text": _TEXT,
        "TextVAlign": Shape(choices=("top", "middle", "bottom")),
        "TextHAlign": Shape(choices=("left", "center", "right")),
        "TextPaddings": Shape(kind=ARRAY, items=_WHOLE, since=4),
        "TextOpacity": _WHOLE,
        "TextSize": Shape(choices=("small", "regular", "large")),
        "TextBgGradientColor": _TEXT,
        "TextShouldFit": Shape(kind=BOOLEAN, since=6),
        "OpenURLType": Shape(choices=("internal", "external")),
        "OpenURLMediaType": Shape(choices=("not-media", "video", "gif", "picture", "audio")),
        "InternalBrowser": Shape(kind=OBJECT, since=3),
        "Map": Shape(kind=OBJECT, since=6),
        "Frame": Shape(kind=OBJECT, since=6),
        "MediaPlayer": Shape(kind=OBJECT, since=6),
    },
)
_BUTTONS: Final = Shape(kind=ARRAY, required=True, items=BUTTON, fewest=1)

KEYBOARD: Final = Shape(
    kind=OBJECT,
    fields={
        "Type": Shape(required=True, choices=("keyboard",)),
        "Buttons": _BUTTONS,
        "BgColor": _TEXT,
        "DefaultHeight": _FLAG,
        "CustomDefaultHeight": Shape(kind=INTEGER, since=3),
        "HeightScale": Shape(kind=INTEGER, since=3),
        "ButtonsGroupColumns": Shape(kind=INTEGER, since=4),
        "ButtonsGroupRows": Shape(kind=INTEGER, since=4),
        "InputFieldState": Shape(choices=("regular", "minimized", "hidden"), since=4),
        "FavoritesMetadata": Shape(kind=OBJECT, since=6),
    },
)
RICH_MEDIA: Final = Shape(
    kind=OBJECT,
    since=RICH_MEDIA_SINCE,
    fields={
        "Type": Shape(required=True, choices=("rich_media",)),
        "Buttons": _BUTTONS,
        "BgColor": _TEXT,
        "ButtonsGroupColumns": _WHOLE,
        "ButtonsGroupRows": _WHOLE,
        "HeightScale": Shape(kind=INTEGER, since=3),
        "FavoritesMetadata": Shape(kind=OBJECT, since=6),
    },
)

_RANGES: Final[Mapping[str, tuple[int, int]]] = {
    "CustomDefaultHeight": (40, 70),
    "HeightScale": (20, 100),
    "ButtonsGroupColumns": (1, COLUMNS),
    "Columns": (1, COLUMNS),
    "TextOpacity": (0, 100),
}
_GROUP_ROWS: Final = {"keyboard": (1, 2), "rich_media": (1, 7)}
_PADDING: Final = range(13)


def server_fault(name: str, value: Any) -> str | None:
    """What the server has against a `keyboard` or `rich_media`, in its own words; None where it takes it."""
    fault = first_fault(value, _shape(name))
    return fault and f"{name} is not valid. [{fault}]"


def version_of(name: str, value: Mapping[str, Any]) -> int:
    """The API version that a valid keyboard or rich media needs."""
    actions = (ACTIONS_SINCE.get(str(button.get("ActionType")).lower(), 1) for button in value["Buttons"])
    return max(needed_version(value, _shape(name)), *actions)


def device_fault(name: str, value: Mapping[str, Any]) -> str | None:
    """What keeps a device from showing a valid keyboard or rich media; None where it is shown."""
    return next(_device_faults(name, value), None)


def _shape(name: str) -> Shape:
    return KEYBOARD if name == "keyboard" else RICH_MEDIA


def _device_faults(name: str, value: Mapping[str, Any]) -> Iterator[str]:
    rows = _GROUP_ROWS[name]
    yield from _out_of(value, {**_RANGES, "ButtonsGroupRows": rows})
    buttons = value["Buttons"]
    for place, button in enumerate(buttons, 1):
        for fault in (*_out_of(button, {**_RANGES, "Rows": rows}), *_button_faults(button)):
            yield f"button {place}: {fault}"
    if name == "keyboard":
        needed = -(
            -sum((button.get("Columns") or COLUMNS) * (button.get("Rows") or 1) for button in buttons) // COLUMNS
        )
        if needed > KEYBOARD_ROWS:
            yield f"the keyboard has {needed} rows, more than {KEYBOARD_ROWS}"
    else:
        block = (value.get("ButtonsGroupColumns") or COLUMNS) * (value.get("ButtonsGroupRows") or rows[1])
        if len(buttons) > RICH_MEDIA_BLOCKS * block:
            yield f"rich media of this size has room for {RICH_MEDIA_BLOCKS * block} buttons"


def _button_faults(button: Mapping[str, Any]) -> Iterator[str]:
    if not any(button.get(name) for name in SHOWS):
        yield f"one of {', '.join(SHOWS)} is needed"
    if str(button.get("ActionType") or "reply").lower() in ("reply", "open-url") and not button.get("ActionBody"):
        yield "ActionBody is needed"
    if len(button.get("Text") or "") > BUTTON_TEXT_LIMIT:
        yield f"Text is longer than {BUTTON_TEXT_LIMIT} characters"
    paddings = button.get("TextPaddings")
    if paddings is not None and (len(paddings) != 4 or any(one not in _PADDING for one in paddings)):
        yield "TextPaddings must be four numbers from 0 to 12"


def _out_of(value: Mapping[str, Any], ranges: Mapping[str, tuple[int, int]]) -> Iterator[str]:
    for name, (least, most) in ranges.items():
        given = value.get(name)
        if given is not None and not least <= given <= most:
            yield f"{name} must be from {least} to {most}"
