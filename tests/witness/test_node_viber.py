"""Decides whether Viber's own library for node, viber-bot, and messaging-api-viber take the emulated Viber for real.

It has never heard of our own gateway. viber-bot itself checks the signature of every call of its webhook.
"""

import base64
from collections.abc import Iterator
from itertools import count

import pytest

from tests.emulated import Steering
from tests.witness.listener import Listener, listening
from tests.witness.nodes import Library, library, needs_node

pytestmark = needs_node
TOKENS = (f"4453b6ac{number:08x}-e02c5f1212345678-daec9cbb87654321" for number in count(1))
PEOPLE = (base64.b64encode(number.to_bytes(16)).decode() for number in count(10**9))
BUTTONS = [{"ActionType": "reply", "ActionBody": "yes", "Text": "Yes"}]
KEYBOARD = {"Type": "keyboard", "Buttons": BUTTONS}
RICH_MEDIA = {"Type": "rich_media", "ButtonsGroupColumns": 6, "ButtonsGroupRows": 7, "Buttons": BUTTONS}
WELCOME = "Welcome to the post office"


@pytest.fixture
def token() -> str:
    return next(TOKENS)


@pytest.fixture
def person() -> str:
    return next(PEOPLE)


@pytest.fixture
def bot(address: str, token: str) -> Iterator[Library]:
    """Viber's own library, its webhook set."""
    with library("viber-bot", base=address, token=token, welcome=WELCOME) as opened:
        opened.call("subscribe")
        yield opened


@pytest.fixture
def client(address: str, token: str) -> Iterator[Library]:
    with library("messaging-api-viber", base=address, token=token) as opened:
        yield opened


def got(steering: Steering, person: str) -> list[dict[str, object]]:
    return [entry for entry in steering.journal() if entry["recipient"] == person]


@pytest.mark.cell("viber-bot", "text", "markup", "file")
@pytest.mark.parametrize(
    ("call", "args", "kind"),
    [
        ("text", ["Grüße 🎉"], "text"),
        ("keyboard", ["Well?", KEYBOARD], "text"),
        ("file", ["https://post.example/a.pdf", 10_000, "a.pdf"], "file"),
        ("picture", ["https://post.example/a.jpg", "Look"], "picture"),
        ("video", ["https://post.example/a.mp4", 10_000], "video"),
        ("contact", ["Zoë", "+358401234567"], "contact"),
        ("location", ["60.4518", "22.2666"], "location"),
        ("url", ["https://post.example/"], "url"),
        ("sticker", [46105], "sticker"),
        ("richMedia", [RICH_MEDIA], "rich_media"),
    ],
)
def test_viber_bot_sends_every_type(
    bot: Library, steering: Steering, person: str, call: str, args: list[object], kind: str
) -> None:
    [message_token] = bot.call(call, person, *args)
    [entry] = got(steering, person)
    assert float(str(entry["external_id"])) == float(message_token)  # In an answer the library loses the last digits.
    assert entry["payload"]["type"] == kind  # type: ignore[index] # the journal's payload is an object


@pytest.mark.cell("viber-bot", "receive", "press")
def test_viber_bot_is_told_everything_and_checks_the_signature_of_it(
    bot: Library, steering: Steering, token: str, person: str
) -> None:
    steering.does("viber", person, "open", bot=token, context="poster")
    assert bot.event() == {"event": "conversation_started", "person": person, "subscribed": False, "context": "poster"}
    delivered = bot.event()
    [welcome] = got(steering, person)
    assert (delivered["event"], delivered["token"]) == ("delivered", welcome["external_id"])
    assert welcome["text"] == WELCOME
    steering.does("viber", person, "subscribe", bot=token)
    assert bot.event() == {"event": "subscribed", "person": person}
    steering.phone("viber", person, reads_after=0)
    bot.call("keyboard", person, "Well?", KEYBOARD)
    sent = got(steering, person)[-1]["external_id"]
    for event in ("delivered", "seen"):
        assert bot.event() == {"event": event, "person": person, "token": sent}
    steering.does("viber", person, "press", bot=token, button="Yes")
    pressed = bot.event()
    assert (pressed["event"], pressed["kind"], pressed["text"]) == ("message", "TextMessage", "yes")
    steering.faults({"messenger": "viber", "recipient": person, "fault": "not_delivered"})
    bot.call("text", person, "lost")
    failed = bot.event()
    sent = got(steering, person)[-1]["external_id"]
    assert (failed["event"], failed["token"], bool(failed["desc"])) == ("failed", sent, True)
    steering.does("viber", person, "unsubscribe", bot=token)
    assert bot.event() == {"event": "unsubscribed", "person": person}


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"text": "Grüße 🎉"}, "TextMessage"),
        ({"type": "picture", "media": "https://a.example/a.jpg"}, "PictureMessage"),
        ({"type": "video", "media": "https://a.example/a.mp4", "size": 10}, "VideoMessage"),
        ({"type": "file", "media": "https://a.example/a.pdf", "size": 10, "file_name": "a.pdf"}, "FileMessage"),
        ({"type": "contact", "contact": {"name": "Zoë", "phone_number": "1"}}, "ContactMessage"),
        ({"type": "location", "location": {"lat": 1.5, "lon": 2.5}}, "LocationMessage"),
        ({"type": "url", "media": "https://a.example/"}, "UrlMessage"),
        ({"type": "sticker", "sticker_id": 46105}, "StickerMessage"),
    ],
)
def test_viber_bot_reads_messages_of_every_type(
    bot: Library, steering: Steering, token: str, person: str, fields: dict[str, object], kind: str
) -> None:
    steering.does("viber", person, "messages", bot=token, **fields)
    event = bot.event()
    assert (event["event"], event["kind"], event["person"]) == ("message", kind, person)


def test_viber_bot_asks_about_itself_and_about_people(bot: Library, person: str) -> None:
    assert bot.call("profile")["status"] == 0
    assert bot.call("details", person)["id"] == person
    assert [user["online_status"] for user in bot.call("online", [person])["users"]] == [0]


# Viber answers HTTP 200 whatever happens and says in `status` what did: 3 is its 400, 6 its 403 and 12 its 429. It
# names no time to wait; the emulator's header does, where a library shows headers. A 5xx alone is HTTP's own.
@pytest.mark.cell("viber-bot", "400", "403", "429", "5xx")
@pytest.mark.parametrize(
    ("rule", "status", "words"),
    [
        ({"fault": "blocked"}, 6, "notSubscribed"),
        ({"fault": "unknown_user"}, 5, "receiverNotRegistered"),
        ({"fault": "throttle", "retry_after": 7}, 12, "tooManyRequests"),
        ({"fault": "error", "status": 3}, 3, "badData"),
        ({"fault": "error", "status": 500}, 999, "generalError"),
    ],
)
def test_both_are_told_what_is_wrong(
    bot: Library, client: Library, steering: Steering, person: str, rule: dict[str, object], status: int, words: str
) -> None:
    steering.faults({"messenger": "viber", "recipient": person, **rule})
    thrown = bot.thrown("text", person, "x")
    answer = thrown["answer"]
    assert thrown["name"] == ""  # The library rejects with the answer itself, which is no Error.
    assert (answer["status"], answer["status_message"]) == (status, words)
    error = client.thrown("text", person, "x")
    assert error["name"] == "AxiosError"
    assert (words in error["message"]) is (rule.get("status") != 500)
    assert error["answer"]["status"] == status
    assert error["status"] == (500 if rule.get("status") == 500 else 200)
    assert error["retryAfter"] == ("7" if rule["fault"] == "throttle" else None)


@pytest.mark.cell("viber-bot", "lost reply")
def test_a_lost_reply_is_an_error_to_both_and_the_message_is_there(
    bot: Library, client: Library, steering: Steering, person: str
) -> None:
    steering.faults({"messenger": "viber", "recipient": person, "fault": "lose_reply"})
    lost = bot.thrown("text", person, "one")
    assert (lost["name"], lost["message"], lost["code"]) == ("Error", "socket hang up", "ECONNRESET")
    assert client.thrown("text", person, "two")["status"] is None
    assert [entry["text"] for entry in got(steering, person)] == ["one", "two"]


def test_messaging_api_viber_sends_keyboards_files_and_broadcasts(
    client: Library, steering: Steering, person: str
) -> None:
    other = next(PEOPLE)
    keyboard = {"type": "keyboard", "buttons": [{"actionType": "reply", "actionBody": "yes", "text": "Yes"}]}
    client.call("text", person, "Well?", {"keyboard": keyboard})
    client.call("file", person, {"media": "https://a.example/a.pdf", "size": 10, "fileName": "a.pdf"})
    assert client.call("broadcast", [person, other, "nobody"], "To all")["failedList"] == [
        {"receiver": "nobody", "status": 5, "statusMessage": "Not found"}
    ]
    assert [entry["text"] for entry in got(steering, person)] == ["Well?", "a.pdf", "To all"]
    assert [entry["text"] for entry in got(steering, other)] == ["To all"]
    del keyboard["type"]
    error = client.thrown("text", person, "Well?", {"keyboard": keyboard})
    assert 'keyboard is not valid. [object has missing required properties (["Type"])]' in error["message"]


def test_messaging_api_viber_sets_a_webhook_and_asks(client: Library, person: str) -> None:
    with listening(Listener()) as webhook:
        assert client.call("subscribe", webhook.address)["eventTypes"]
    assert client.call("account")["webhook"] == webhook.address
    assert client.call("details", person)["id"] == person
    assert client.call("online", [person])[0]["onlineStatus"] == 0
