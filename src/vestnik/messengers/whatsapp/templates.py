"""Decides what a message template is: what it may be made of, which parameters it asks for, and what it then says.

It has never heard of who approves it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from vestnik.messengers.whatsapp.rules import INVALID, LIST, MISSING, OBJECT, Broken, Rule, demand

APPROVED: Final = "APPROVED"
PENDING: Final = "PENDING"
STATUSES: Final = (PENDING, APPROVED, "REJECTED", "PAUSED", "DISABLED")
CATEGORIES: Final = ("authentication", "marketing", "utility")
BODY_LIMIT: Final = 1024
BUTTONS_LIMIT: Final = 10
COUNT_MISMATCH: Final = 132000
UNKNOWN: Final = 132001
TOO_LONG: Final = 132005
FORMAT_MISMATCH: Final = 132012
PAUSED: Final = 132015
DISABLED: Final = 132016
BAD_PARAMETERS: Final = 132018

_NAME: Final = re.compile(r"[a-z0-9_]{1,512}")
_SPACES: Final = re.compile(r"[\r\n\t]| {5}")
_HOLE: Final = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_FORMATS: Final = ("text", "image", "video", "document", "location", "gif", "product")
_RULES: Final = (
    Rule("name", required=True),
    Rule("language", required=True, most=16),
    Rule("category", required=True, choices=CATEGORIES),
    Rule("parameter_format", choices=("positional", "named")),
    Rule("components", LIST, required=True),
    Rule("components[]", OBJECT, required=True),
    Rule(
        "components[].type",
        required=True,
        choices=("header", "body", "footer", "buttons", "carousel", "limited_time_offer", "call_permission_request"),
    ),
    Rule("components[].format", choices=_FORMATS),
    Rule("components[].text", most=BODY_LIMIT),
    Rule("components[].buttons", LIST, most=BUTTONS_LIMIT),
    Rule("components[].buttons[]", OBJECT, required=True),
    Rule("components[].buttons[].type", required=True),
    Rule("components[].buttons[].text", most=25),
)


class Template(msgspec.Struct, frozen=True):
    """A template in one language."""

    id: str
    name: str
    language: str
    category: str
    status: str
    components: list[dict[str, Any]]
    parameter_format: str = "POSITIONAL"
    rejected_reason: str = "NONE"


HELLO_WORLD: Final = Template(
    id="100000000000004",
    name="hello_world",
    language="en_US",
    category="UTILITY",
    status=APPROVED,
    components=[
        {"type": "HEADER", "format": "TEXT", "text": "Hello World"},
        {"type": "BODY", "text": "This is the template that every new account has."},
    ],
)
"""Every account is born with it; only its name and language are Meta's."""


def check_new(asked: Mapping[str, Any]) -> None:
    """Broken where a template cannot be made of this."""
    demand(asked, _RULES)
    if not _NAME.fullmatch(asked["name"]):
        raise Broken(INVALID, "Message template name can only have lowercase letters, digits and underscores.")
    kinds = [component["type"].upper() for component in asked["components"]]
    if len(set(kinds)) < len(kinds):
        raise Broken(INVALID, "A message template can have each component only once.")
    body = next((one for one in asked["components"] if one["type"].upper() == "BODY"), None)
    if body is None:
        raise Broken(INVALID, "A message template must have a BODY component.")
    if not body.get("text") and asked["category"].upper() != "AUTHENTICATION":
        raise Broken(MISSING, "The parameter text of the BODY component is required.")


def check_use(template: Template, given: Sequence[Mapping[str, Any]]) -> None:
    """Broken where the parameters are not those that the template asks for."""
    _texts(given)
    if _parameters(given, "header") and not any(one["type"].upper() == "HEADER" for one in template.components):
        raise Broken(BAD_PARAMETERS, "header: Template does not contain title component, no parameters allowed")
    for component in template.components:
        match component["type"].upper():
            case "BODY":
                _count("body", _holes(component.get("text")), _parameters(given, "body"))
            case "HEADER" if str(component.get("format") or "TEXT").upper() == "TEXT":
                _count("header", _holes(component.get("text")), _parameters(given, "header"))
            case "HEADER":
                _format(str(component["format"]).upper(), _parameters(given, "header"))
            case "BUTTONS":
                _buttons(component.get("buttons") or [], given)
            case _:
                pass
    if len(said(template, given)) > BODY_LIMIT:
        raise Broken(TOO_LONG, f"body: hydrated text is longer than {BODY_LIMIT} characters")


def said(template: Template, given: Sequence[Mapping[str, Any]]) -> str:
    """The body with its parameters in place."""
    body = next((one for one in template.components if one["type"].upper() == "BODY"), {})
    parameters = _parameters(given, "body")
    named = {str(one.get("parameter_name") or place): _shown(one) for place, one in enumerate(parameters, 1)}
    return _HOLE.sub(lambda hole: named.get(hole[1], hole[0]), str(body.get("text") or ""))


def _texts(given: Sequence[Mapping[str, Any]]) -> None:
    for parameter in (one for component in given for one in component.get("parameters") or ()):
        if _SPACES.search(str(parameter.get("text") or "")):
            words = "Param text cannot have new-line/tab characters or more than 4 consecutive spaces"
            raise Broken(BAD_PARAMETERS, words)


def _holes(text: Any) -> set[str]:
    return set(_HOLE.findall(str(text or "")))


def _parameters(given: Sequence[Mapping[str, Any]], kind: str) -> list[Mapping[str, Any]]:
    return [
        one for component in given if component["type"].lower() == kind for one in component.get("parameters") or ()
    ]


def _count(place: str, holes: set[str], parameters: Sequence[Mapping[str, Any]]) -> None:
    if len(parameters) != len(holes):
        raise Broken(
            COUNT_MISMATCH,
            f"{place}: number of localizable_params ({len(parameters)}) does not match "
            f"the expected number of params ({len(holes)})",
        )
    named = {str(one["parameter_name"]) for one in parameters if one.get("parameter_name")}
    if named and named != holes:
        raise Broken(INVALID, f"{place}: parameter names do not match those of the template")


def _format(expected: str, parameters: Sequence[Mapping[str, Any]]) -> None:
    received = str(parameters[0].get("type") or "").upper() if parameters else "UNKNOWN"
    if len(parameters) > 1 or received != expected:
        raise Broken(FORMAT_MISMATCH, f"header: Format mismatch, expected {expected}, received {received}")


def _buttons(buttons: Sequence[Mapping[str, Any]], given: Sequence[Mapping[str, Any]]) -> None:
    used = {str(one.get("index")): one for one in given if one["type"].lower() == "button"}
    for index, one in used.items():
        if not index.isascii() or not index.isdigit() or int(index[:4]) >= len(buttons):
            raise Broken(INVALID, f"buttons: there is no button at index {index[:16]}")
        # The button that copies a code is given its code as a link is given its end.
        is_link = str(buttons[int(index[:4])].get("type")).upper() in ("URL", "OTP")
        if is_link and str(one.get("sub_type")).lower() != "url":
            raise Broken(BAD_PARAMETERS, f"buttons: Button at index {index} must be of type Url")
    for place, button in enumerate(buttons):
        asks = str(button.get("type")).upper() == "URL" and bool(_holes(button.get("url")))
        if asks and not used.get(str(place), {}).get("parameters"):
            raise Broken(MISSING, f"buttons: Button at index {place} of type Url requires a parameter")


def _shown(parameter: Mapping[str, Any]) -> str:
    """What a parameter says: a text, or what stands in for a currency or a date."""
    kind = str(parameter.get("type") or "text")
    value = parameter.get(kind)
    if isinstance(value, Mapping):
        value = value.get("fallback_value")
    return "" if value is None else str(value)


def quick_replies(template: Template | None, given: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """The buttons that answer: the text of each and the payload that its press brings."""
    buttons = [
        button
        for component in (template.components if template else ())
        if component["type"].upper() == "BUTTONS"
        for button in component.get("buttons") or ()
    ]
    payloads = {
        str(one.get("index")): str((one.get("parameters") or [{}])[0].get("payload") or "")
        for one in given
        if one["type"].lower() == "button" and str(one.get("sub_type")).lower() == "quick_reply"
    }
    if template is None:
        yield from ((payload, payload) for payload in payloads.values() if payload)
        return
    for place, button in enumerate(buttons):
        if str(button.get("type")).upper() == "QUICK_REPLY":
            text = str(button.get("text") or "")
            yield text, payloads.get(str(place)) or text
