"""Decides whether aiogram takes the emulated Bot API for the real one.

It has never heard of our own gateway.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import (
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)

from tests.emulated import Steering

T = TypeVar("T")
TOKEN = "7000000078:AAF-witness_aiogram"


def asked(address: str, ask: Callable[[Bot], Awaitable[T]], token: str = TOKEN) -> T:
    """What the library makes of the answer."""

    async def run() -> T:
        session = AiohttpSession(api=TelegramAPIServer.from_base(f"{address}/telegram"))
        async with Bot(token, session=session) as bot:
            return await ask(bot)

    return asyncio.run(run())


def test_the_bot_knows_itself(address: str) -> None:
    me = asked(address, lambda bot: bot.get_me())
    assert (me.id, me.is_bot, me.supports_inline_queries) == (7000000078, True, False)


@pytest.mark.cell("aiogram", "text")
def test_a_text_arrives(address: str, steering: Steering) -> None:
    message = asked(address, lambda bot: bot.send_message(6001, "Grüße & <b>🎉</b>\n+1"))
    assert (message.text, message.chat.id, message.chat.type) == ("Grüße & <b>🎉</b>\n+1", 6001, "private")
    [entry] = [entry for entry in steering.journal() if entry["recipient"] == "6001"]
    assert (entry["bot"], entry["text"]) == ("7000000078", "Grüße & <b>🎉</b>\n+1")
    assert entry["external_id"] == f"6001:{message.message_id}"


@pytest.mark.parametrize(("chat_id", "chat_type"), [(-5, "group"), (-1001234567890, "supergroup")])
def test_groups_are_told_apart_by_their_identifiers(address: str, chat_id: int, chat_type: str) -> None:
    message = asked(address, lambda bot: bot.send_message(chat_id, "to all"))
    assert (message.chat.id, message.chat.type) == (chat_id, chat_type)


@pytest.mark.cell("aiogram", "400")
@pytest.mark.parametrize(
    ("chat", "text", "words"),
    [
        (6001, "", "Bad Request: message text is empty"),
        (6001, "x" * 4097, "Bad Request: message is too long"),
        (6001, "x" * 32769, "Bad Request: text is too long"),
        ("nobody at all", "x", "Bad Request: chat not found"),
    ],
)
def test_a_bad_request_says_why(address: str, chat: int | str, text: str, words: str) -> None:
    with pytest.raises(TelegramBadRequest) as raised:
        asked(address, lambda bot: bot.send_message(chat, text))
    assert raised.value.message == words


@pytest.mark.cell("aiogram", "403")
def test_a_person_who_blocks_the_bot_is_forbidden(address: str, steering: Steering) -> None:
    steering.phone("telegram", "6002", blocked=True)
    with pytest.raises(TelegramForbiddenError) as raised:
        asked(address, lambda bot: bot.send_message(6002, "x"))
    assert raised.value.message == "Forbidden: bot was blocked by the user"


@pytest.mark.cell("aiogram", "429")
def test_a_throttled_bot_learns_how_long_to_wait(address: str, steering: Steering) -> None:
    steering.faults({"messenger": "telegram", "recipient": "6004", "fault": "throttle", "retry_after": 17})
    with pytest.raises(TelegramRetryAfter) as raised:
        asked(address, lambda bot: bot.send_message(6004, "x"))
    assert raised.value.retry_after == 17


@pytest.mark.cell("aiogram", "5xx")
@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_server_in_trouble_is_an_error_of_the_server(address: str, steering: Steering, status: int) -> None:
    steering.faults({"messenger": "telegram", "recipient": "6005", "fault": "error", "status": status})
    with pytest.raises(TelegramServerError):
        asked(address, lambda bot: bot.send_message(6005, "x"))


@pytest.mark.cell("aiogram", "lost reply")
def test_a_lost_answer_is_an_error_of_the_network(address: str, steering: Steering) -> None:
    steering.faults({"messenger": "telegram", "recipient": "6006", "fault": "lose_reply"})
    with pytest.raises(TelegramNetworkError):
        asked(address, lambda bot: bot.send_message(6006, "x"))
    assert len([entry for entry in steering.journal() if entry["recipient"] == "6006"]) == 1


def test_a_token_that_no_bot_can_have_is_unauthorized(address: str) -> None:
    with pytest.raises(TelegramUnauthorizedError):
        asked(address, lambda bot: bot.get_me(), f"{2**54}:abc")
