"""Decides what interactive messages need: buttons, lists, links, flows, products and orders, each with its limits.

It has never heard of the message around them. Where Meta's documents give only a limit, the words are as remembered.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from vestnik.messengers.whatsapp.rules import FLAG, LIST, OBJECT, WHOLE, WRONG_VALUE, Broken, Rule, demand

BODY_LIMIT: Final = 1024
LIST_BODY_LIMIT: Final = 4096
FOOTER_LIMIT: Final = 60
BUTTONS_LIMIT: Final = 3
ROWS_LIMIT: Final = 10
"""Rows of a list in all its sections, which are as many at most."""
PRODUCTS_LIMIT: Final = 30
SHORT: Final = 20

_ACTION: Final = Rule("action", OBJECT, required=True)
_NAME: Final = Rule("action.name", required=True)
_PARAMETERS: Final = Rule("action.parameters", OBJECT, required=True)
_SECTIONS: Final = Rule("action.sections", LIST, required=True, most=ROWS_LIMIT)
_SECTION: Final = Rule("action.sections[]", OBJECT, required=True)
_SECTION_TITLE: Final = Rule("action.sections[].title", most=24, name="Section title")
_AROUND: Final = (
    Rule("header", OBJECT),
    Rule("header.type", required=True, choices=("text", "image", "video", "document", "gif")),
    Rule("header.text", most=60, name="Header text"),
    Rule("footer", OBJECT),
    Rule("footer.text", required=True, most=FOOTER_LIMIT, name="Footer text"),
    Rule("body", OBJECT),
)

TYPES: Final[Mapping[str, Sequence[Rule]]] = {
    "button": (
        _ACTION,
        Rule("action.buttons", LIST, required=True),
        Rule("action.buttons[]", OBJECT, required=True),
        Rule("action.buttons[].type", required=True, choices=("reply",)),
        Rule("action.buttons[].reply", OBJECT, required=True),
        Rule("action.buttons[].reply.id", required=True, most=256, name="Button id"),
        Rule("action.buttons[].reply.title", required=True, most=SHORT, name="Button title"),
    ),
    "list": (
        _ACTION,
        Rule("action.button", required=True, most=SHORT, name="Button label"),
        _SECTIONS,
        _SECTION,
        _SECTION_TITLE,
        Rule("action.sections[].rows", LIST, required=True),
        Rule("action.sections[].rows[]", OBJECT, required=True),
        Rule("action.sections[].rows[].id", required=True, most=200, name="Row id"),
        Rule("action.sections[].rows[].title", required=True, most=24, name="Row title"),
        Rule("action.sections[].rows[].description", most=72, name="Row description"),
    ),
    "cta_url": (
        _ACTION,
        _NAME,
        _PARAMETERS,
        Rule("action.parameters.display_text", required=True, most=SHORT, name="Display text"),
        Rule("action.parameters.url", required=True, address=True),
    ),
    "flow": (
        _ACTION,
        _NAME,
        _PARAMETERS,
        Rule("action.parameters.flow_message_version", WHOLE, required=True),
        Rule("action.parameters.flow_cta", required=True, most=30, name="Flow CTA"),
        Rule("action.parameters.flow_id"),
        Rule("action.parameters.flow_name"),
        Rule("action.parameters.flow_token"),
        Rule("action.parameters.mode", choices=("draft", "published")),
        Rule("action.parameters.flow_action", choices=("navigate", "data_exchange")),
        Rule("action.parameters.flow_action_payload", OBJECT),
    ),
    "product": (
        _ACTION,
        Rule("action.catalog_id", required=True),
        Rule("action.product_retailer_id", required=True),
    ),
    "product_list": (
        _ACTION,
        Rule("header", OBJECT, required=True),
        Rule("action.catalog_id", required=True),
        _SECTIONS,
        _SECTION,
        _SECTION_TITLE,
        Rule("action.sections[].product_items", LIST, required=True),
        Rule("action.sections[].product_items[]", OBJECT, required=True),
        Rule("action.sections[].product_items[].product_retailer_id", required=True),
    ),
    "catalog_message": (_ACTION, _NAME, Rule("action.parameters", OBJECT)),
    "location_request_message": (_ACTION, _NAME),
    "address_message": (_ACTION, _NAME, _PARAMETERS, Rule("action.parameters.country", required=True)),
    "call_permission_request": (_ACTION, _NAME),
    "voice_call": (_ACTION, _NAME, Rule("action.parameters", OBJECT)),
    "order_details": (
        _ACTION,
        _NAME,
        _PARAMETERS,
        Rule("action.parameters.reference_id", required=True, most=35),
        Rule("action.parameters.currency", required=True),
        Rule("action.parameters.total_amount", OBJECT, required=True),
        Rule("action.parameters.order", OBJECT, required=True),
        Rule("action.parameters.order.status", required=True),
        Rule("action.parameters.order.items", LIST, required=True),
    ),
    "order_status": (
        _ACTION,
        _NAME,
        _PARAMETERS,
        Rule("action.parameters.reference_id", required=True),
        Rule("action.parameters.order", OBJECT, required=True),
        Rule("action.parameters.order.status", required=True),
    ),
}
NEED_NO_BODY: Final = ("product", "call_permission_request", "voice_call")
_FLAGS: Final = (Rule("action.parameters.payment_settings", LIST), Rule("action.parameters.is_voice", FLAG))


def check(interactive: Mapping[str, Any]) -> None:
    """Broken where the object `interactive` is none that can be sent."""
    demand({"interactive": interactive}, [Rule("interactive.type", required=True, choices=tuple(TYPES))])
    kind = interactive["type"]
    body = LIST_BODY_LIMIT if kind == "list" else BODY_LIMIT
    text = Rule("body.text", required=True, most=body, name="Body text")
    around = [*_AROUND, *([] if kind in NEED_NO_BODY else [Rule("body", OBJECT, required=True)]), text]
    rules = [rule._replace(path=f"interactive.{rule.path}") for rule in (*around, *TYPES[kind], *_FLAGS)]
    demand({"interactive": interactive}, rules)
    match kind:
        case "button":
            _buttons(interactive["action"]["buttons"])
        case "list":
            _rows([section["rows"] for section in interactive["action"]["sections"]])
            _titles(interactive["action"]["sections"])
        case "product_list":
            _titles(interactive["action"]["sections"])
            products = sum(len(section["product_items"]) for section in interactive["action"]["sections"])
            if products > PRODUCTS_LIMIT:
                raise Broken(WRONG_VALUE, f"Total product count exceed max allowed count: {PRODUCTS_LIMIT}")
        case "flow":
            parameters = interactive["action"]["parameters"]
            if bool(parameters.get("flow_id")) == bool(parameters.get("flow_name")):
                raise Broken(WRONG_VALUE, "Exactly one of flow_id and flow_name must be provided")
        case _:
            pass


def _buttons(buttons: Sequence[Mapping[str, Any]]) -> None:
    if len(buttons) > BUTTONS_LIMIT:
        raise Broken(
            WRONG_VALUE, f"Invalid buttons count. Min allowed buttons: 1, Max allowed buttons: {BUTTONS_LIMIT}"
        )
    for name in ("id", "title"):
        if len({button["reply"][name] for button in buttons}) < len(buttons):
            raise Broken(WRONG_VALUE, f"Duplicated {name} of a button is not allowed")


def _rows(sections: Sequence[Sequence[Mapping[str, Any]]]) -> None:
    rows = [row for section in sections for row in section]
    if len(rows) > ROWS_LIMIT:
        raise Broken(WRONG_VALUE, f"Total row count exceed max allowed count: {ROWS_LIMIT}")
    if len({row["id"] for row in rows}) < len(rows):
        raise Broken(WRONG_VALUE, "Duplicated rowId is not allowed")


def _titles(sections: Sequence[Mapping[str, Any]]) -> None:
    if len(sections) > 1 and not all(section.get("title") for section in sections):
        raise Broken(WRONG_VALUE, "Section title is required when there is more than one section")
