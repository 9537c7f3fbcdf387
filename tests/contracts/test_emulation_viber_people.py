"""Decides whether bots on the emulated Viber are told what people do: each event, signed, in the service's order.

It has never heard of the service that sends.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.contracts.vibers import KEYBOARD, OTHER, PERSON, call, does, heard, listen
from tests.contracts.world import Life, told
from vestnik.ports import Request, Response


def test_a_conversation_begins_with_a_welcome_and_subscribing_is_told(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        def welcome(request: Request) -> Response:
            if json.loads(request.body)["event"] != "conversation_started":
                return Response(200, {}, b'{"type":"text","text":"not asked for"}')
            message = {"sender": {"name": "acme"}, "type": "text", "text": "Welcome", "keyboard": KEYBOARD}
            return Response(200, {}, json.dumps({**message, "min_api_version": 3}).encode())

        await listen(world, "delivered", "conversation_started")
        world.bots.behave = welcome
        await does(world, "unsubscribe")
        await does(world, "open", context="from the poster")
        await world.settled()
        assert (await world.texts()) == ["Welcome"]
        await does(world, "press", button="Yes, please")
        await world.settled()
        assert json.loads((await world.send("viber")).body)["status"] == 0
        events = [heard(request) for request in world.bots.told]
        assert [event["event"] for event in events][:4] == [
            "unsubscribed",
            "conversation_started",
            "delivered",
            "message",
        ]
        assert events[0]["user_id"] == PERSON
        started = events[1]
        assert (started["type"], started["context"], started["subscribed"]) == ("open", "from the poster", False)
        assert started["user"]["id"] == PERSON
        assert events[3]["message"] == {"type": "text", "text": "yes"}
        assert events[3]["silent"] is True

    told(tmp_path, story)


@pytest.mark.parametrize("answer", [b"", b"ok", b"[]", b"null", b"{}", b'{"type":"text"}', b"\xff", b'{"type":[]}'])
def test_an_answer_that_is_no_welcome_does_no_harm(tmp_path: Path, answer: bytes) -> None:
    async def story(world: Life) -> None:
        await listen(world, "conversation_started")
        world.bots.behave = lambda _request: Response(200, {}, answer)
        await does(world, "open")
        await world.settled()
        assert await world.journal() == []
        assert len(world.bots.told) == 1

    told(tmp_path, story)


def test_who_begins_a_conversation_is_not_told_where_the_bot_did_not_ask(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        await listen(world, "delivered")
        await does(world, "open", expect=204)
        await does(world, "subscribe")
        await world.settled()
        [event] = [heard(request) for request in world.bots.told]
        assert (event["event"], event["user"]["id"]) == ("subscribed", PERSON)
        assert {"name", "country", "language", "api_version"} <= set(event["user"])

    told(tmp_path, story)


def test_who_leaves_gets_nothing_until_they_write_which_subscribes_them_unsaid(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        await listen(world, "delivered")
        await does(world, "unsubscribe")
        answer = json.loads((await world.send("viber")).body)
        assert (answer["status"], answer["status_message"]) == (6, "notSubscribed")
        assert (await call(world, "get_user_details", id=PERSON))["status"] == 6
        await does(world, "messages", text="I am back")
        assert json.loads((await world.send("viber")).body)["status"] == 0
        await world.settled()
        assert [heard(request)["event"] for request in world.bots.told] == ["unsubscribed", "message", "delivered"]
        assert (await call(world, "get_account_info"))["subscribers_count"] == 1

    told(tmp_path, story)


def test_nobody_leaves_twice_or_subscribes_who_is_a_subscriber(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        await listen(world, "delivered")
        for deed in ("unsubscribe", "subscribe"):
            await does(world, deed)
            await does(world, deed, expect=409)
        await does(world, "messages", text="Hello", person=OTHER)
        await does(world, "subscribe", expect=409, person=OTHER)
        await world.settled()
        assert [heard(request)["event"] for request in world.bots.told] == ["unsubscribed", "subscribed", "message"]

    told(tmp_path, story)


def test_who_has_subscribed_and_what_a_phone_shows_outlives_a_restart(tmp_path: Path) -> None:
    async def before(world: Life) -> None:
        await does(world, "unsubscribe", person=OTHER)
        await does(world, "profile", name="Zoë", expect=204)
        await world.send("viber", keyboard=KEYBOARD, min_api_version=3, tracking_data="order 17")

    async def after(world: Life) -> None:
        assert json.loads((await world.send("viber", to=OTHER)).body)["status"] == 6
        assert (await call(world, "get_user_details", id=PERSON))["user"]["name"] == "Zoë"
        await listen(world)
        await does(world, "press", button="yes")
        await world.settled()
        event = heard(world.bots.told[0])
        assert event["message"] == {"type": "text", "text": "yes", "tracking_data": "order 17"}
        await world.control("POST", "/reset", expect=204)
        assert json.loads((await world.send("viber", to=OTHER)).body)["status"] == 0
        await does(world, "press", button="yes", expect=409)

    told(tmp_path, before)
    told(tmp_path, after)


def test_buttons_do_what_they_say(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        await listen(world)
        await world.send("viber", keyboard=KEYBOARD, min_api_version=3)
        await does(world, "press", button="My number", phone_number="+358401234567")
        await does(world, "press", button="Where I am", expect=422)
        await does(world, "press", button="Where I am", location={"lat": 60.45, "lon": 22.27})
        await does(world, "press", button="Nothing", expect=409)
        await does(world, "press", button="Not there", expect=409)
        await world.send("viber")
        await does(world, "press", button="Yes, please")
        await world.settled()
        said = [heard(request)["message"] for request in world.bots.told]
        assert [message["type"] for message in said] == ["contact", "location", "text"]
        assert said[0]["contact"]["phone_number"] == "+358401234567"
        assert said[1]["location"] == {"lat": 60.45, "lon": 22.27}
        assert said[2]["text"] == "yes"

    told(tmp_path, story)


@pytest.mark.parametrize(
    ("message", "written"),
    [
        ({"text": "Hello"}, {"type": "text", "text": "Hello"}),
        ({"type": "picture", "media": "https://a.example/a.jpg", "text": "Look"}, None),
        ({"type": "video", "media": "https://a.example/a.mp4", "size": 10, "duration": 3}, None),
        ({"type": "file", "media": "https://a.example/a.pdf", "size": 10, "file_name": "a.pdf"}, None),
        ({"type": "contact", "contact": {"name": "Zoë", "phone_number": "+358401234567"}}, None),
        ({"type": "location", "location": {"lat": 60.45, "lon": 22.27}}, None),
        ({"type": "url", "media": "https://a.example/"}, None),
        ({"type": "sticker", "sticker_id": 46105}, None),
    ],
)
def test_people_write_messages_of_every_type(tmp_path: Path, message: dict[str, Any], written: Any) -> None:
    async def story(world: Life) -> None:
        await listen(world)
        entry = await does(world, "messages", **message)
        await world.settled()
        event = heard(world.bots.told[0])
        expected = written or {("file_size" if name == "size" else name): value for name, value in message.items()}
        assert event["message"] == expected
        assert (event["sender"]["id"], str(event["message_token"])) == (PERSON, entry["external_id"])

    told(tmp_path, story)


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"type": "picture"},
        {"type": "rich_media"},
        {"type": "location", "location": {}},
        {"text": 1},
        {"media": "x"},
    ],
)
def test_what_a_person_cannot_write_is_refused(tmp_path: Path, message: dict[str, Any]) -> None:
    async def story(world: Life) -> None:
        await does(world, "messages", **message, expect=422)

    told(tmp_path, story)
