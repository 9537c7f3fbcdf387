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


def test_a_bot_that_polls_serves_a_customer(bot: Library, steering: Steering, person: str, token: str) -> None:
    bot.call("poll")
    customer(steering, person, token)
    bot.call("stop")


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


def test_a_bad_request_says_why(bot: Library, person: str) -> None:
    thrown = bot.thrown("text", person, "<b>x", {"parse_mode": "HTML"})
    assert thrown["message"].startswith("400: Bad Request: can't parse entities: Can't find end tag")


def test_who_blocks_throttles_or_breaks_is_told_apart(bot: Library, steering: Steering, person: str) -> None:
    steering.phone("telegram", person, blocked=True)
    assert bot.thrown("text", person, "x")["message"] == "403: Forbidden: bot was blocked by the user"
    steering.phone("telegram", person, blocked=False)
    steering.faults({"messenger": "telegram", "recipient": person, "fault": "throttle", "retry_after": 17})
    throttled = bot.thrown("text", person, "x")
    assert throttled["message"] == "429: Too Many Requests: retry after 17"
    assert throttled["answer"] is None or throttled["answer"]["parameters"] == {"retry_after": 17}
    steering.faults({"messenger": "telegram", "recipient": person, "fault": "error", "status": 500})
    assert bot.thrown("text", person, "x")["message"] == "500: Internal Server Error"
    steering.faults({"messenger": "telegram", "recipient": person, "fault": "lose_reply"})
    assert bot.thrown("text", person, "lost")["name"] == "FetchError"
    assert got(steering, person, "lost")
