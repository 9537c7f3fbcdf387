"""Decides whether @great-detail/whatsapp and whatsapp-api-js take the emulated Cloud API for the real one.

It has never heard of our own gateway. Both libraries check the signature of every call of the webhook themselves.
"""

from collections.abc import Iterator
from itertools import count

import pytest

from tests.emulated import Steering
from tests.witness.listener import Listener, listening
from tests.witness.nodes import Library, Thrown, library, needs_node
from vestnik.ports import Request, Response

pytestmark = needs_node
APP, SECRET = "78", "witness-node-secret"
PEOPLE = (f"35841{number:07d}" for number in count(1_000_000))
NUMBERS = (str(number) for number in count(300_000_000_000_001))
ASKED = {
    "type": "button",
    "body": {"text": "Well?"},
    "action": {"buttons": [{"type": "reply", "reply": {"id": "id-Yes", "title": "Yes"}}]},
}


@pytest.fixture
def person() -> str:
    return next(PEOPLE)


@pytest.fixture
def number() -> str:
    return next(NUMBERS)


@pytest.fixture
def client(address: str, number: str) -> Iterator[Library]:
    """The successor of Meta's own SDK."""
    with library("great-detail-whatsapp", base=address, token="EAAwitness", number=number, secret=SECRET) as opened:
        yield opened


@pytest.fixture
def framework(address: str, number: str) -> Iterator[Library]:
    with library("whatsapp-api-js", base=address, token="EAAwitness", number=number, secret=SECRET) as opened:
        yield opened


@pytest.fixture
def listener(address: str, steering: Steering) -> Iterator[Listener]:
    """The app's webhook."""

    def challenged(query: dict[str, str]) -> Response:
        return Response(200, {"content-type": "text/plain"}, query["hub.challenge"].encode())

    with listening(Listener(challenged)) as webhook:
        webhook.subscribe(address, APP, SECRET)
        yield webhook


def heard(call: Request, client: Library, framework: Library) -> dict[str, object]:
    """What the framework tells of a call, once both have found its signature right and a forged one wrong."""
    body, signature = call.body.decode(), call.headers["x-hub-signature-256"]
    assert client.call("hear", body, signature)["object"] == "whatsapp_business_account"
    for reader in (client, framework):
        with pytest.raises(Thrown):
            reader.call("hear", body + " ", signature)
    framework.call("hear", body, signature)
    return framework.event()


def test_texts_markup_and_files_are_sent_by_both(
    client: Library, framework: Library, steering: Steering, person: str
) -> None:
    answer = client.call("send", {"to": person, "type": "text", "text": {"body": "Grüße 🎉"}})
    assert answer["contacts"] == [{"input": person, "wa_id": person}]
    client.call("send", {"to": person, "type": "interactive", "interactive": ASKED})
    client.call(
        "send", {"to": person, "type": "document", "document": {"link": "https://a.example/", "filename": "a.pdf"}}
    )
    framework.call("text", person, "Grüße")
    framework.call("buttons", person, "Well?", "Yes", "No")
    assert framework.call("document", person, "https://a.example/")["messages"][0]["id"].startswith("wamid.")
    texts = [entry["text"] for entry in steering.journal() if entry["recipient"] == person]
    assert texts == ["Grüße 🎉", "Well?", "a.pdf", "Grüße", "Well?", "Look"]


def test_files_go_up_and_away_with_both(client: Library, framework: Library) -> None:
    for caller in (client, framework):
        media_id = caller.call("upload", "paper", "application/pdf")["id"]
        shown = caller.call("media", media_id)
        assert (shown["mime_type"], shown["file_size"], shown["id"]) == ("application/pdf", 5, media_id)
        assert caller.call("forget", media_id) == {"success": True}


def test_a_message_is_marked_as_read_by_both(client: Library, framework: Library) -> None:
    for caller in (client, framework):
        assert caller.call("read", "wamid.x") == {"success": True}


def test_a_number_tells_of_itself(client: Library, number: str) -> None:
    assert client.call("number")["id"] == number


def test_every_status_and_message_is_signed_and_read_by_both(
    client: Library, framework: Library, listener: Listener, steering: Steering, person: str, number: str
) -> None:
    steering.phone("whatsapp", person, reads_after=0)
    message = {"to": person, "type": "interactive", "interactive": ASKED, "biz_opaque_callback_data": "Grüße"}
    sent = client.call("send", message)["messages"][0]["id"]
    for status in ("sent", "delivered", "read"):
        event = heard(listener.next(), client, framework)
        assert event == {"event": "status", "id": sent, "status": status, "code": None, "tracker": "Grüße"}
    for deed, fields, kind in (
        ("messages", {"text": "Grüße 🎉"}, "text"),
        ("press", {"button": "Yes"}, "interactive"),
        ("messages", {"type": "image", "caption": "Look"}, "image"),
        ("messages", {"type": "location", "location": {"latitude": 1.5, "longitude": 2.5}}, "location"),
        ("messages", {"type": "contacts", "contacts": [{"name": {"formatted_name": "Zoë"}}]}, "contacts"),
        ("react", {"message": sent, "emoji": "📦"}, "reaction"),
        ("messages", {"type": "order", "order": {"catalog_id": "7", "product_items": []}}, "order"),
        ("answer_flow", {"response": {"day": "monday"}}, "interactive"),
        ("messages", {"type": "unsupported"}, "unsupported"),
        ("change_number", {"to": f"{person[:-1]}{(int(person[-1]) + 1) % 10}"}, "system"),
    ):
        steering.does("whatsapp", person, deed, bot=number, **fields)
        event = heard(listener.next(), client, framework)
        assert event["event"] == "message"
        assert event["from"] == person
        message = event["message"]  # type: ignore[assignment] # the library's own object
        assert message["type"] == kind


def test_what_fails_later_is_told_with_its_code(
    client: Library, framework: Library, listener: Listener, steering: Steering, person: str
) -> None:
    steering.faults({"messenger": "whatsapp", "recipient": person, "fault": "not_delivered", "status": 131049})
    client.call("send", {"to": person, "type": "text", "text": {"body": "x"}})
    event = heard(listener.next(), client, framework)
    assert (event["status"], event["code"]) == ("failed", 131049)


@pytest.mark.parametrize(
    ("rule", "http", "code"),
    [
        ({"fault": "throttle", "retry_after": 7}, 400, 130429),
        ({"fault": "throttle", "retry_after": 7, "status": 429}, 429, 130429),
        ({"fault": "error", "status": 131030}, 400, 131030),
        ({"fault": "error", "status": 403}, 403, 10),
        ({"fault": "error"}, 500, 131000),
        ({"fault": "error", "status": 503}, 503, 131016),
    ],
)
def test_errors_are_told_with_their_code(
    client: Library, framework: Library, steering: Steering, person: str, rule: dict[str, object], http: int, code: int
) -> None:
    steering.faults({"messenger": "whatsapp", "recipient": person, **rule})
    error = client.thrown("send", {"to": person, "type": "text", "text": {"body": "x"}})
    assert (error["name"], error["status"], error["answer"]["error"]["code"]) == ("HTTPError", http, code)
    assert error["retryAfter"] == ("7" if rule["fault"] == "throttle" else None)
    assert framework.call("text", person, "x")["error"]["code"] == code  # This one hands errors over as answers.


def test_a_lost_reply_is_an_error_to_both_and_the_message_is_there(
    client: Library, framework: Library, steering: Steering, person: str
) -> None:
    steering.faults({"messenger": "whatsapp", "recipient": person, "fault": "lose_reply"})
    assert client.thrown("send", {"to": person, "type": "text", "text": {"body": "one"}})["status"] is None
    assert framework.thrown("text", person, "two")["message"] == "fetch failed"
    assert [entry["text"] for entry in steering.journal() if entry["recipient"] == person] == ["one", "two"]
