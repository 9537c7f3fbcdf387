"""Decides whether telegraf, from npm, takes the emulated Bot API for the real one.

It has never heard of our own gateway.
"""

import base64
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from tests.emulated import Steering
from tests.witness.bots import eventually
from tests.witness.nodes import Library, library, needs_node

pytestmark = needs_node
TOKENS = (f"71{number:08d}:AAF-witness_telegraf" for number in count(1))
PEOPLE = (str(number) for number in count(71_001))
SECRET = "hush-hush"


@pytest.fixture
def token() -> str:
    return next(TOKENS)


@pytest.fixture
def person() -> str:
    return next(PEOPLE)


@pytest.fixture
def bot(address: str, token: str) -> Iterator[Library]:
    with library("telegraf", base=address, token=token, secret=SECRET) as opened:
        yield opened


def got(steering: Steering, person: str, text: str) -> dict[str, Any]:
    def found() -> list[dict[str, Any]]:
        return [entry for entry in steering.journal() if (entry["recipient"], entry["text"]) == (person, text)]

    entry: dict[str, Any] = eventually(found)[0]
    return entry


def customer(steering: Steering, person: str, token: str) -> None:
    """Somebody who talks to the bot, and sees it answer."""
    steering.says("telegram", person, bot=token, text="/start")
    number = int(got(steering, person, "Tea?")["external_id"].partition(":")[2])
    steering.does("telegram", person, "press", bot=token, message=number, button="Yes")
    got(steering, person, "Which?")
    steering.does("telegram", person, "press", bot=token, button="Green")
    got(steering, person, "Heard Green")
    file = {"name": "a.txt", "data": base64.b64encode(b"quiet").decode()}
    steering.says("telegram", person, bot=token, file=file)
    assert got(steering, person, "Louder")["payload"]["files"]


def test_the_bot_knows_itself(bot: Library, token: str) -> None:
    assert bot.call("me")["id"] == int(token.partition(":")[0])


@pytest.mark.cell("telegraf", "receive", "press")
def test_a_bot_that_polls_serves_a_customer(bot: Library, steering: Steering, person: str, token: str) -> None:
    bot.call("poll")
    customer(steering, person, token)
    bot.call("stop")


@pytest.mark.cell("telegraf", "receive")
@pytest.mark.parametrize("answers", [False, True])
def test_a_bot_with_a_webhook_serves_a_customer(
    address: str, steering: Steering, person: str, token: str, answers: bool
) -> None:
    with library("telegraf", base=address, token=token, secret=SECRET, hook=answers) as bot:
        assert bot.call("listen") is True
        customer(steering, person, token)
        eventually(lambda: bot.call("hook")["pending_update_count"] == 0)
        assert "last_error_message" not in bot.call("hook")
        conflict = bot.thrown("updates")
        assert conflict["message"].startswith("409: Conflict: can't use getUpdates method while webhook is active")


@pytest.mark.cell("telegraf", "file")
def test_files_albums_edits_and_deletions(bot: Library, steering: Steering, person: str) -> None:
    photo = bot.call(
        "photo", person, base64.b64encode(b"light").decode(), {"caption": "*Sun*", "parse_mode": "Markdown"}
    )
    assert (photo["caption"], photo["photo"][0]["file_size"]) == ("Sun", 5)
    album = bot.call("album", person, "a.txt", "b.txt")
    assert [message["document"]["file_name"] for message in album] == ["a.txt", "b.txt"]
    assert album[0]["media_group_id"] == album[1]["media_group_id"]
    message = bot.call("text", person, "One")
    assert bot.call("edit", person, message["message_id"], "Two")["text"] == "Two"
    assert bot.call("remove", person, message["message_id"]) is True
    gone = bot.thrown("remove", person, message["message_id"])
    assert (gone["name"], gone["message"]) == ("TelegramError", "400: Bad Request: message to delete not found")
    poll = bot.call("poll_of", person, "Tea?", ["Yes", "No"])
    assert [option["text"] for option in poll["poll"]["options"]] == ["Yes", "No"]
    assert len(steering.journal()) >= 5


@pytest.mark.cell("telegraf", "text", "markup")
def test_a_text_arrives_with_its_markup(bot: Library, steering: Steering, person: str) -> None:
    buttons = {"inline_keyboard": [[{"text": "Yes", "callback_data": "yes"}]]}
    message = bot.call("text", person, "<b>Grüße</b> 🎉", {"parse_mode": "HTML", "reply_markup": buttons})
    assert (message["text"], message["entities"]) == ("Grüße 🎉", [{"type": "bold", "offset": 0, "length": 5}])
    assert message["reply_markup"] == buttons
    assert got(steering, person, "Grüße 🎉")["external_id"] == f"{person}:{message['message_id']}"


@pytest.mark.cell("telegraf", "400")
def test_a_bad_request_says_why(bot: Library, person: str) -> None:
    thrown = bot.thrown("text", person, "<b>x", {"parse_mode": "HTML"})
    assert (thrown["name"], thrown["code"]) == ("TelegramError", 400)
    assert thrown["message"].startswith("400: Bad Request: can't parse entities: Can't find end tag")


@pytest.mark.cell("telegraf", "403")
def test_a_person_who_blocks_the_bot_is_forbidden(bot: Library, steering: Steering, person: str) -> None:
    steering.phone("telegram", person, blocked=True)
    thrown = bot.thrown("text", person, "x")
    assert (thrown["name"], thrown["code"]) == ("TelegramError", 403)
    assert thrown["message"] == "403: Forbidden: bot was blocked by the user"


@pytest.mark.cell("telegraf", "429")
def test_a_throttled_bot_learns_how_long_to_wait(bot: Library, steering: Steering, person: str) -> None:
    steering.faults({"messenger": "telegram", "recipient": person, "fault": "throttle", "retry_after": 17})
    thrown = bot.thrown("text", person, "x")
    assert (thrown["name"], thrown["code"], thrown["retryAfter"]) == ("TelegramError", 429, 17)
    assert thrown["message"] == "429: Too Many Requests: retry after 17"


@pytest.mark.cell("telegraf", "5xx")
@pytest.mark.parametrize(
    ("status", "words"), [(500, "Internal Server Error"), (502, "Bad Gateway"), (503, "Service Unavailable")]
)
def test_a_server_in_trouble_is_told_so(bot: Library, steering: Steering, person: str, status: int, words: str) -> None:
    steering.faults({"messenger": "telegram", "recipient": person, "fault": "error", "status": status})
    thrown = bot.thrown("text", person, "x")
    assert (thrown["name"], thrown["code"], thrown["message"]) == ("TelegramError", status, f"{status}: {words}")


@pytest.mark.cell("telegraf", "lost reply")
def test_a_lost_reply_is_an_error_of_the_connection_and_the_message_is_there(
    bot: Library, steering: Steering, person: str
) -> None:
    steering.faults({"messenger": "telegram", "recipient": person, "fault": "lose_reply"})
    thrown = bot.thrown("text", person, "lost")
    assert (thrown["name"], thrown["code"]) == ("FetchError", "ECONNRESET")
    assert got(steering, person, "lost")
