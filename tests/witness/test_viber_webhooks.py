"""Decides whether every event that the emulated Viber tells is read by viberbot and viber-bot, and its signature found.

It has never heard of our own gateway. The lists of events, of types and of what people do come from the emulator's own
code, so a new one without a story here fails.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from viberbot import Api, BotConfiguration  # type: ignore[import-untyped] # it has no stubs
from viberbot.api import viber_requests  # type: ignore[import-untyped] # it has no stubs
from viberbot.api.messages import TextMessage  # type: ignore[import-untyped] # it has no stubs

from tests.emulated import Steering
from tests.witness.emitted import emitted
from tests.witness.listener import Listener, listening
from tests.witness.nodes import Library, library, needs_node
from vestnik.messengers.viber import keyboards, wire
from vestnik.messengers.viber.emulator.doings import WRITTEN

pytestmark = needs_node
TOKEN: Final = "4453b6ac0000beef-e02c5f1212345678-daec9cbb22222222"
PERSON: Final = "AAAAAAAAAAAAAAAAAAAXXX=="
MEDIA: Final = "https://post.example/a.bin"
PLACE: Final = {"lat": 60.45, "lon": 22.27}
MESSAGES: Final[dict[str, dict[str, Any]]] = {
    "text": {"text": "Grüße 🎉"},
    "picture": {"media": MEDIA, "text": "Look", "thumbnail": MEDIA},
    "video": {"media": MEDIA, "size": 10, "duration": 3},
    "file": {"media": MEDIA, "size": 10, "file_name": "a.bin"},
    "contact": {"contact": {"name": "Zoë", "phone_number": "+358401234567"}},
    "location": {"location": PLACE},
    "url": {"media": MEDIA},
    "sticker": {"sticker_id": 46105},
}
PRESSES: Final[dict[str, dict[str, Any]]] = {
    "reply": {},
    "open-url": {},
    "location-picker": {"location": PLACE},
    "share-phone": {},
}
KEYBOARD: Final = {
    "Type": "keyboard",
    "Buttons": [{"ActionType": action, "ActionBody": f"{action} it", "Text": action} for action in PRESSES],
}
KINDS: Final = {
    "subscribed": viber_requests.ViberSubscribedRequest,
    "unsubscribed": viber_requests.ViberUnsubscribedRequest,
    "conversation_started": viber_requests.ViberConversationStartedRequest,
    "delivered": viber_requests.ViberDeliveredRequest,
    "seen": viber_requests.ViberSeenRequest,
    "failed": viber_requests.ViberFailedRequest,
    "message": viber_requests.ViberMessageRequest,
}
"""What viberbot makes of each event that it knows."""


class Witnessed:
    """The bot's webhook, and what both libraries have read there so far."""

    def __init__(self, api: Api, other: Library, webhook: Listener, steering: Steering) -> None:
        self._api = api
        self._other = other
        self._webhook = webhook
        self._steering = steering
        self.read: set[str] = set()
        self.done: set[str] = set()

    def does(self, deed: str, **fields: Any) -> None:
        self.done.add(deed)
        self._steering.does("viber", PERSON, deed, **({} if deed == "profile" else {"bot": TOKEN}), **fields)

    def sends(self, *, failing: bool = False, **parts: Any) -> None:
        """The bot sends a text, which fails on the device if it is to."""
        faults = [{"messenger": "viber", "recipient": PERSON, "fault": "not_delivered"}] if failing else []
        self._steering.faults(*faults)
        self._api.send_messages(PERSON, [TextMessage(text="Well?", **parts)])

    def next(self, event: str) -> Any:
        """The next call as viberbot reads it; both must find its signature right and this event in it."""
        call = self._webhook.next()
        body, signature = call.body.decode(), call.headers["x-viber-content-signature"]
        assert self._api.verify_signature(call.body, signature)
        assert not self._api.verify_signature(call.body + b" ", signature)
        assert self._other.call("hear", body, signature) == 200
        self.read.add(event)
        if event == "webhook":  # Neither tells its user of it.
            assert json.loads(body)["event"] == event
            return None
        request = self._api.parse_request(call.body)
        assert type(request) is KINDS[event]
        other = self._other.event()
        assert other["event"] == event
        assert other["person"] == json.loads(body).get("user_id", PERSON)
        return request


@pytest.fixture
def witnessed(address: str, steering: Steering, monkeypatch: pytest.MonkeyPatch) -> Iterator[Witnessed]:
    monkeypatch.setattr("viberbot.api.api.VIBER_BOT_API_URL", f"{address}/viber/pa")
    api = Api(BotConfiguration(auth_token=TOKEN, name="Post office", avatar=""))
    with library("viber-bot", base=address, token=TOKEN) as other, listening(Listener()) as webhook:
        api.set_webhook(webhook.address, list(wire.EVENTS))
        yield Witnessed(api, other, webhook, steering)


def test_every_event_is_signed_and_read_by_both(witnessed: Witnessed, steering: Steering, tmp_path: Path) -> None:
    witnessed.next("webhook")
    witnessed.does("profile", name="Zoë 🎉", avatar=MEDIA)
    witnessed.does("open", context="poster")
    assert (witnessed.next("conversation_started").context, witnessed.read) == (
        "poster",
        {"webhook", "conversation_started"},
    )
    witnessed.does("subscribe")
    assert witnessed.next("subscribed").user.name == "Zoë 🎉"
    witnessed.sends(keyboard=KEYBOARD, tracking_data="17", min_api_version=3)
    witnessed.next("delivered")
    witnessed.does("read")
    witnessed.next("seen")
    for kind, fields in MESSAGES.items():
        witnessed.does("messages", type=kind, **fields)
        assert witnessed.next("message").message.tracking_data == "17"
    for action, fields in PRESSES.items():
        witnessed.does("press", button=action, **fields)
        witnessed.next("message")
    witnessed.sends(failing=True)
    assert witnessed.next("failed").desc
    witnessed.does("delete_chat")
    witnessed.does("unsubscribe")
    witnessed.next("unsubscribed")
    ours = emitted(tmp_path)["viber"]
    assert witnessed.done == ours.deeds | {"delete_chat"}
    assert witnessed.read == {"webhook", *wire.EVENTS}
    assert ours.reports == {"delivered", "read", "failed"}
    assert {*MESSAGES} == {*WRITTEN}
    assert {*PRESSES, "none"} == {*keyboards.ACTIONS}


def test_a_call_that_is_signed_wrongly_gets_no_answer_of_the_library_for_node(witnessed: Witnessed) -> None:
    witnessed.next("webhook")
    witnessed.does("messages", text="x")
    call = witnessed._webhook.next()
    assert witnessed._other.call("hear", call.body.decode(), "0" * 64) is None
