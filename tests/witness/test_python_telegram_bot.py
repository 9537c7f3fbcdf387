"""Decides whether python-telegram-bot takes the emulated Bot API for the real one.

It has never heard of our own gateway.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

import pytest
from telegram import Bot
from telegram.error import BadRequest, Forbidden, InvalidToken, NetworkError, RetryAfter, TelegramError

from tests.emulated import Steering

T = TypeVar("T")
TOKEN = "7000000077:AAF-witness_ptb"


def asked(address: str, ask: Callable[[Bot], Awaitable[T]], token: str = TOKEN) -> T:
    """What the library makes of the answer; it calls getMe before anything else."""

    async def run() -> T:
        bot = Bot(token, base_url=f"{address}/telegram/bot", base_file_url=f"{address}/telegram/file/bot")
        async with bot:
            return await ask(bot)

    return asyncio.run(run())


def test_the_bot_knows_itself(address: str) -> None:
    me = asked(address, lambda bot: bot.get_me())
    assert (me.id, me.is_bot, me.can_join_groups) == (7000000077, True, True)
    assert me.username


@pytest.mark.cell("python-telegram-bot", "text")
def test_a_text_arrives(address: str, steering: Steering) -> None:
    message = asked(address, lambda bot: bot.send_message(5001, "Grüße & <b>🎉</b>\n+1"))
    assert (message.text, message.chat.id, message.chat.type) == ("Grüße & <b>🎉</b>\n+1", 5001, "private")
    assert message.from_user is not None
    assert message.from_user.id == 7000000077
    [entry] = [entry for entry in steering.journal() if entry["recipient"] == "5001"]
    assert (entry["messenger"], entry["bot"], entry["text"]) == ("telegram", "7000000077", "Grüße & <b>🎉</b>\n+1")
    assert entry["external_id"] == f"5001:{message.message_id}"


def test_a_channel_is_written_to_by_its_username(address: str) -> None:
    message = asked(address, lambda bot: bot.send_message("@lighthouse_keepers", "to all"))
    assert (message.chat.type, message.chat.username) == ("channel", "lighthouse_keepers")
    assert message.chat.id < -(10**12)


@pytest.mark.cell("python-telegram-bot", "400")
@pytest.mark.parametrize(
    ("chat", "text", "words"),
    [
        (5001, "", "Message text is empty"),
        (5001, "x" * 4097, "Message is too long"),
        ("nobody at all", "x", "Chat not found"),
        ("", "x", "Chat_id is empty"),
    ],
)
def test_a_bad_request_says_why(address: str, chat: int | str, text: str, words: str) -> None:
    with pytest.raises(BadRequest) as raised:
        asked(address, lambda bot: bot.send_message(chat, text))
    assert raised.value.message == words


def test_an_unknown_parse_mode_is_a_bad_request(address: str) -> None:
    with pytest.raises(BadRequest, match="Unsupported parse_mode"):
        asked(address, lambda bot: bot.send_message(5001, "x", parse_mode="LaTeX"))


@pytest.mark.cell("python-telegram-bot", "403")
def test_a_person_who_blocks_the_bot_is_forbidden(address: str, steering: Steering) -> None:
    steering.phone("telegram", "5002", blocked=True)
    with pytest.raises(Forbidden, match="bot was blocked by the user"):
        asked(address, lambda bot: bot.send_message(5002, "x"))


def test_an_unknown_person_is_not_found(address: str, steering: Steering) -> None:
    steering.faults({"messenger": "telegram", "recipient": "5003", "fault": "unknown_user"})
    with pytest.raises(BadRequest, match="Chat not found"):
        asked(address, lambda bot: bot.send_message(5003, "x"))


@pytest.mark.cell("python-telegram-bot", "429")
def test_a_throttled_bot_learns_how_long_to_wait(
    address: str, steering: Steering, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "true")  # Without it the library warns that the wait will not stay an int.
    steering.faults({"messenger": "telegram", "recipient": "5004", "fault": "throttle", "retry_after": 17})
    with pytest.raises(RetryAfter) as raised:
        asked(address, lambda bot: bot.send_message(5004, "x"))
    assert raised.value.retry_after == timedelta(seconds=17)


@pytest.mark.cell("python-telegram-bot", "5xx")
def test_a_server_in_trouble_is_an_error_of_the_network(address: str, steering: Steering) -> None:
    steering.faults({"messenger": "telegram", "recipient": "5005", "fault": "error", "status": 500})
    with pytest.raises(NetworkError, match="Internal Server Error"):
        asked(address, lambda bot: bot.send_message(5005, "x"))


@pytest.mark.cell("python-telegram-bot", "lost reply")
def test_a_lost_answer_is_an_error_of_the_network(address: str, steering: Steering) -> None:
    steering.faults({"messenger": "telegram", "recipient": "5006", "fault": "lose_reply"})
    with pytest.raises(NetworkError):
        asked(address, lambda bot: bot.send_message(5006, "x"))
    assert len([entry for entry in steering.journal() if entry["recipient"] == "5006"]) == 1


@pytest.mark.parametrize("token", ["no-colon-in-it", "0123:abc"])
def test_a_token_that_no_bot_can_have_is_invalid(address: str, token: str) -> None:
    with pytest.raises(InvalidToken):
        asked(address, lambda bot: bot.get_me(), token)


def test_a_method_that_does_not_exist_is_not_found(address: str) -> None:
    with pytest.raises(TelegramError) as raised:
        asked(address, lambda bot: bot.do_api_request("sendNothing"))
    assert "not found" in str(raised.value).lower()
