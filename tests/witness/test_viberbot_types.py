"""Decides whether viberbot sends every type of message to the emulated Viber and reads every event that it is told.

It has never heard of our own gateway.
"""

import base64
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
import requests
from viberbot import Api, BotConfiguration  # type: ignore[import-untyped] # it has no stubs
from viberbot.api import messages, viber_requests  # type: ignore[import-untyped] # it has no stubs
from viberbot.api.messages.data_types.contact import Contact  # type: ignore[import-untyped] # it has no stubs
from viberbot.api.messages.data_types.location import Location  # type: ignore[import-untyped] # it has no stubs

from tests.emulated import Steering
from tests.witness.listener import Listener, listening
from vestnik.ports import Response

TOKENS = (f"4453b6ac{number:08x}-e02c5f1212345678-daec9cbb11111111" for number in count(1))
PEOPLE = (base64.b64encode(number.to_bytes(16)).decode() for number in count(2 * 10**9))
BUTTONS = [{"ActionType": "reply", "ActionBody": "yes", "Text": "Yes", "Silent": True}]
KEYBOARD = {"Type": "keyboard", "Buttons": BUTTONS}
RICH_MEDIA = {"Type": "rich_media", "ButtonsGroupColumns": 6, "ButtonsGroupRows": 7, "Buttons": BUTTONS}
MEDIA = "https://post.example/a.bin"
EVENTS = ["delivered", "seen", "failed", "subscribed", "unsubscribed", "conversation_started"]


@pytest.fixture
def token() -> str:
    return next(TOKENS)


@pytest.fixture
def person() -> str:
    return next(PEOPLE)


@pytest.fixture
def api(address: str, token: str, monkeypatch: pytest.MonkeyPatch) -> Api:
    monkeypatch.setattr("viberbot.api.api.VIBER_BOT_API_URL", f"{address}/viber/pa")
    return Api(BotConfiguration(auth_token=token, name="Post office", avatar="https://post.example/a.png"))


@pytest.fixture
def listener(api: Api) -> Iterator[Listener]:
    """The bot's webhook, which it has set and been called at."""
    with listening(Listener()) as webhook:
        api.set_webhook(webhook.address, EVENTS)
        webhook.next()
        yield webhook


def told(api: Api, listener: Listener) -> Any:
    """The next event as the library reads it, once it has found the signature right."""
    call = listener.next()
    assert api.verify_signature(call.body, call.headers["x-viber-content-signature"])
    return api.parse_request(call.body)


@pytest.mark.cell("viberbot", "markup", "file")
@pytest.mark.parametrize(
    ("message", "kind"),
    [
        (messages.TextMessage(text="Grüße", keyboard=KEYBOARD, tracking_data="17"), "text"),
        (messages.PictureMessage(text="Look", media=MEDIA, thumbnail=MEDIA), "picture"),
        (messages.VideoMessage(media=MEDIA, size=10, duration=3, thumbnail=MEDIA), "video"),
        (messages.FileMessage(media=MEDIA, size=10, file_name="a.bin"), "file"),
        (messages.ContactMessage(contact=Contact("Zoë", "+358401234567", MEDIA)), "contact"),
        (messages.LocationMessage(location=Location(60.45, 22.27)), "location"),
        (messages.URLMessage(media=MEDIA), "url"),
        (messages.StickerMessage(sticker_id=46105), "sticker"),
        (messages.RichMediaMessage(rich_media=RICH_MEDIA, min_api_version=2, alt_text="alt"), "rich_media"),
        (messages.KeyboardMessage(keyboard=KEYBOARD), None),
    ],
)
def test_a_message_of_every_type_arrives(
    api: Api, steering: Steering, person: str, message: object, kind: str | None
) -> None:
    [message_token] = api.send_messages(person, [message])
    [entry] = [entry for entry in steering.journal() if entry["recipient"] == person]
    assert (entry["external_id"], entry["payload"].get("type")) == (str(message_token), kind)


@pytest.mark.cell("viberbot", "receive", "press")
def test_a_conversation_is_told_event_by_event(
    api: Api, listener: Listener, steering: Steering, token: str, person: str
) -> None:
    steering.does("viber", person, "open", bot=token, context="poster")
    started = told(api, listener)
    assert isinstance(started, viber_requests.ViberConversationStartedRequest)
    assert (started.user.id, started.context, started.subscribed, started.type) == (person, "poster", False, "open")
    steering.does("viber", person, "subscribe", bot=token)
    subscribed = told(api, listener)
    assert isinstance(subscribed, viber_requests.ViberSubscribedRequest)
    assert (subscribed.user.id, subscribed.user.api_version) == (person, 10)
    api.send_messages(person, [messages.TextMessage(text="Well?", keyboard=KEYBOARD, tracking_data="17")])
    assert isinstance(told(api, listener), viber_requests.ViberDeliveredRequest)
    steering.does("viber", person, "press", bot=token, button="Yes")
    pressed = told(api, listener)
    assert isinstance(pressed, viber_requests.ViberMessageRequest)
    assert (pressed.message.text, pressed.message.tracking_data, pressed.silent) == ("yes", "17", True)
    steering.does("viber", person, "unsubscribe", bot=token)
    left = told(api, listener)
    assert isinstance(left, viber_requests.ViberUnsubscribedRequest)
    assert left.user_id == person
    with pytest.raises(Exception, match="status: 6, message: notSubscribed"):
        api.send_messages(person, [messages.TextMessage(text="x")])


def test_a_welcome_is_sent_from_the_answer(api: Api, steering: Steering, token: str, person: str) -> None:
    class Welcoming(Listener):
        async def answer(self, request: Any) -> Response:
            await super().answer(request)
            started = b"conversation_started" in request.body
            return Response(200, {}, b'{"type":"text","text":"Welcome"}' if started else b"")

    with listening(Welcoming()) as webhook:
        api.set_webhook(webhook.address, EVENTS)
        webhook.next()
        steering.does("viber", person, "open", bot=token)
        webhook.next()
        assert isinstance(told(api, webhook), viber_requests.ViberDeliveredRequest)
    assert [entry["text"] for entry in steering.journal() if entry["recipient"] == person] == ["Welcome"]


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"text": "Grüße"}, messages.TextMessage),
        ({"type": "picture", "media": MEDIA}, messages.PictureMessage),
        ({"type": "video", "media": MEDIA, "size": 10}, messages.VideoMessage),
        ({"type": "file", "media": MEDIA, "size": 10, "file_name": "a.bin"}, messages.FileMessage),
        ({"type": "contact", "contact": {"name": "Zoë", "phone_number": "1"}}, messages.ContactMessage),
        ({"type": "location", "location": {"lat": 1.5, "lon": 2.5}}, messages.LocationMessage),
        ({"type": "url", "media": MEDIA}, messages.URLMessage),
        ({"type": "sticker", "sticker_id": 46105}, messages.StickerMessage),
    ],
)
def test_a_message_of_every_type_is_read(
    api: Api, listener: Listener, steering: Steering, token: str, person: str, fields: dict[str, Any], kind: type
) -> None:
    steering.does("viber", person, "messages", bot=token, **fields)
    request = told(api, listener)
    assert isinstance(request.message, kind)
    assert (request.sender.id, request.silent) == (person, False)


def test_people_are_asked_about(api: Api, person: str) -> None:
    assert api.get_user_details(person)["id"] == person
    [user] = api.get_online([person])
    assert (user["id"], user["online_status"], user["online_status_message"]) == (person, 0, "online")
    with pytest.raises(Exception, match="status: 18, message: noPublicChat"):
        api.post_messages_to_public_account(person, [messages.TextMessage(text="x")])


@pytest.mark.cell("viberbot", "5xx")
def test_a_server_in_trouble_is_an_http_error(api: Api, steering: Steering, person: str) -> None:
    steering.faults({"messenger": "viber", "recipient": person, "fault": "error", "status": 503})
    with pytest.raises(requests.HTTPError) as raised:
        api.send_messages(person, [messages.TextMessage(text="x")])
    assert raised.value.response is not None
    assert raised.value.response.status_code == 503
    assert raised.value.response.json()["status_message"] == "generalError"


@pytest.mark.cell("viberbot", "lost reply")
def test_a_lost_reply_is_a_lost_connection_and_the_message_is_there(api: Api, steering: Steering, person: str) -> None:
    steering.faults({"messenger": "viber", "recipient": person, "fault": "lose_reply"})
    with pytest.raises(requests.ConnectionError):
        api.send_messages(person, [messages.TextMessage(text="x")])
    assert [entry["text"] for entry in steering.journal() if entry["recipient"] == person] == ["x"]
