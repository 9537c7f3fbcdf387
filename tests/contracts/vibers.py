"""Decides how a bot and the people behind phones speak to the emulated Viber in its exam.

It has never heard of what is asked.
"""

import json
from typing import Any
from urllib.parse import quote

from tests.contracts.world import JANE, JOHN, VIBER_TOKEN, WEBHOOK, Life
from vestnik.messengers.viber import wire
from vestnik.ports import Request

PERSON, OTHER = JOHN["viber"], JANE["viber"]
BUTTONS = [
    {"ActionType": "reply", "ActionBody": "yes", "Text": "Yes, please", "Silent": True},
    {"ActionType": "share-phone", "ActionBody": "phone", "Text": "My number"},
    {"ActionType": "location-picker", "ActionBody": "place", "Text": "Where I am"},
    {"ActionType": "none", "Text": "Nothing"},
]
KEYBOARD = {"Type": "keyboard", "Buttons": BUTTONS}


async def call(world: Life, method: str, **fields: Any) -> dict[str, Any]:
    response = await world.ask("POST", f"/viber/pa/{method}", fields, {"x-viber-auth-token": VIBER_TOKEN})
    assert response.status == 200
    answer: dict[str, Any] = json.loads(response.body)
    return answer


async def listen(world: Life, *events: str) -> None:
    assert (await call(world, "set_webhook", url=WEBHOOK, event_types=events))["status"] == 0
    world.bots.told.clear()


async def does(world: Life, deed: str, *, expect: int = 201, person: str = PERSON, **fields: Any) -> Any:
    path = f"/phones/viber/{quote(person, safe='')}/{deed}"
    return await world.control("POST", path, {"bot": VIBER_TOKEN, **fields}, expect=expect)


def heard(request: Request) -> dict[str, Any]:
    """What a call of the webhook says; its signature is right in both places."""
    signature = wire.sign(VIBER_TOKEN, request.body)
    assert request.headers["x-viber-content-signature"] == signature
    assert request.url.endswith(f"?sig={signature}")
    event: dict[str, Any] = json.loads(request.body)
    assert isinstance(event["timestamp"], int)
    assert event["message_token"] > 2**53
    return event
