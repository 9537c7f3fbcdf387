"""Decides whether whole bots written with aiogram work against the emulated Bot API, by polling and by webhook.

It has never heard of our own gateway.
"""

import asyncio
import base64
import socket
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import pytest
from aiogram import Bot, Dispatcher, F
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import TelegramBadRequest, TelegramConflictError
from aiogram.filters import Command
from aiogram.types import (
    BufferedInputFile,
    CallbackQuery,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaDocument,
    KeyboardButton,
    Message,
    PollAnswer,
    ReplyKeyboardMarkup,
)
from aiogram.webhook.aiohttp_server import SimpleRequestHandler
from aiohttp import web

from tests.emulated import Steering
from tests.witness.bots import during, eventually

T = TypeVar("T")
SECRET = "hush-hush"
BUTTONS = InlineKeyboardMarkup(
    inline_keyboard=[
        [InlineKeyboardButton(text="Yes", callback_data="yes"), InlineKeyboardButton(text="No", url="a.test")]
    ]
)
KEYS = ReplyKeyboardMarkup(keyboard=[[KeyboardButton(text="Big"), KeyboardButton(text="Me", request_contact=True)]])


def bot_at(address: str, token: str) -> Bot:
    return Bot(token, session=AiohttpSession(api=TelegramAPIServer.from_base(f"{address}/telegram")))


def asked(address: str, token: str, ask: Callable[[Bot], Awaitable[T]]) -> T:
    """What the library makes of the answer."""

    async def run() -> T:
        async with bot_at(address, token) as bot:
            return await ask(bot)

    return asyncio.run(run())


def shop() -> Dispatcher:
    """A bot that asks what one wants, counts votes and gives files back."""
    dispatcher = Dispatcher()

    @dispatcher.message(Command("start"))
    async def start(message: Message) -> None:
        await message.answer("<b>Pizza?</b>", parse_mode="HTML", reply_markup=BUTTONS)

    @dispatcher.callback_query(F.data == "yes")
    async def yes(query: CallbackQuery) -> None:
        await query.answer("Coming")
        assert isinstance(query.message, Message)
        await query.message.edit_text("Which size?")
        await query.message.answer("Choose", reply_markup=KEYS)

    @dispatcher.message(F.contact)
    async def contact(message: Message) -> None:
        assert message.contact is not None
        await message.reply(f"Hello, {message.contact.phone_number}")

    @dispatcher.message(F.document)
    async def document(message: Message, bot: Bot) -> None:
        assert message.document is not None
        content = await bot.download(message.document)
        assert content is not None
        back = BufferedInputFile(content.read()[::-1], filename="back.txt")
        await message.answer_document(back, caption="Reversed")

    @dispatcher.message(F.text == "poll")
    async def poll(message: Message) -> None:
        await message.answer_poll("Tea?", ["Yes", "No"], is_anonymous=False)

    @dispatcher.poll_answer()
    async def voted(answer: PollAnswer, bot: Bot) -> None:
        assert answer.user is not None
        await bot.send_message(answer.user.id, f"You chose {answer.option_ids}")

    @dispatcher.message(F.text)
    async def text(message: Message) -> None:
        await message.answer(f"You said: {message.text}")

    return dispatcher


def customer(steering: Steering, who: str, token: str) -> None:
    """Somebody who talks to the shop, and sees it answer."""

    def got(text: str) -> dict[str, Any]:
        def found() -> list[dict[str, Any]]:
            return [entry for entry in steering.journal() if (entry["recipient"], entry["text"]) == (who, text)]

        entry: dict[str, Any] = eventually(found)[0]
        return entry

    def number(entry: dict[str, Any]) -> int:
        return int(entry["external_id"].partition(":")[2])

    steering.says("telegram", who, bot=token, text="/start")
    steering.does("telegram", who, "press", bot=token, message=number(got("Pizza?")), button="Yes")
    got("Choose")
    steering.does("telegram", who, "press", bot=token, button="Big")
    got("You said: Big")
    steering.does("telegram", who, "press", bot=token, button="Me")
    eventually(lambda: [entry for entry in steering.journal() if entry["text"].startswith("Hello, 7916")])
    file = {"kind": "document", "name": "a.txt", "data": base64.b64encode(b"stressed").decode()}
    steering.says("telegram", who, bot=token, file=file)
    assert got("Reversed")["payload"]["method"] == "sendDocument"
    steering.says("telegram", who, bot=token, text="poll")
    steering.does("telegram", who, "vote", bot=token, message=number(got("Tea?")), options=[1])
    got("You chose [1]")


@pytest.mark.cell("aiogram", "markup", "receive", "press")
def test_a_bot_that_polls_serves_a_customer(address: str, steering: Steering) -> None:
    token = "7000000080:AAF-polling"

    async def live() -> None:
        async with bot_at(address, token) as bot:
            dispatcher = shop()
            await dispatcher.start_polling(bot, handle_signals=False, close_bot_session=False, polling_timeout=5)

    with during(live):
        customer(steering, "8001", token)


@pytest.mark.cell("aiogram", "receive")
def test_a_bot_with_a_webhook_serves_a_customer(address: str, steering: Steering) -> None:
    token = "7000000081:AAF-webhook"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    async def live() -> None:
        async with bot_at(address, token) as bot:
            dispatcher, app = shop(), web.Application()
            SimpleRequestHandler(dispatcher, bot, handle_in_background=False, secret_token=SECRET).register(
                app, "/hook"
            )
            runner = web.AppRunner(app, shutdown_timeout=0.5)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", port).start()
            try:
                await bot.set_webhook(
                    f"http://127.0.0.1:{port}/hook",
                    secret_token=SECRET,
                    allowed_updates=dispatcher.resolve_used_update_types(),
                )
                await asyncio.get_running_loop().create_future()
            finally:
                await runner.cleanup()

    with during(live):
        eventually(lambda: asked(address, token, lambda bot: bot.get_webhook_info()).url)
        customer(steering, "8002", token)
        # What a bot does comes before its answer that it took the update.
        eventually(lambda: asked(address, token, lambda bot: bot.get_webhook_info()).pending_update_count == 0)
        assert asked(address, token, lambda bot: bot.get_webhook_info()).last_error_message is None
    with pytest.raises(TelegramConflictError, match="can't use getUpdates method while webhook is active"):
        asked(address, token, lambda bot: bot.get_updates())


@pytest.mark.cell("aiogram", "file")
def test_files_go_up_and_come_down(address: str) -> None:
    token = "7000000082:AAF-files"

    async def story(bot: Bot) -> None:
        first = await bot.send_photo(
            8003, BufferedInputFile(b"picture", "a.png"), caption="*one*", parse_mode="Markdown"
        )
        assert first.photo is not None
        assert first.caption == "one"
        again = await bot.send_photo(8003, first.photo[-1].file_id)
        assert again.photo == first.photo
        content = await bot.download(first.photo[-1])
        assert content is not None
        assert content.read() == b"picture"
        album = await bot.send_media_group(
            8003, [InputMediaDocument(media=BufferedInputFile(bytes([n]), f"{n}.bin")) for n in range(3)]
        )
        assert len({message.media_group_id for message in album}) == 1
        assert [message.document.file_name for message in album if message.document] == ["0.bin", "1.bin", "2.bin"]
        edited = await bot.edit_message_media(
            InputMediaDocument(media=BufferedInputFile(b"x" * 2_000_000, "big.bin")),
            chat_id=8003,
            message_id=again.message_id,
        )
        assert isinstance(edited, Message)
        assert edited.document is not None
        assert edited.document.file_size == 2_000_000

    asked(address, token, story)


def test_a_message_is_edited_answered_forwarded_and_deleted(address: str) -> None:
    token = "7000000083:AAF-edits"

    async def story(bot: Bot) -> None:
        first = await bot.send_message(8004, "One", reply_markup=BUTTONS)
        edited = await bot.edit_message_text("Two", chat_id=8004, message_id=first.message_id)
        assert isinstance(edited, Message)
        assert (edited.text, edited.reply_markup) == ("Two", None)
        with pytest.raises(TelegramBadRequest, match="message is not modified"):
            await bot.edit_message_text("Two", chat_id=8004, message_id=first.message_id)
        reply = await edited.reply("Three")
        assert reply.reply_to_message is not None
        assert reply.reply_to_message.text == "Two"
        forward = await reply.forward(8005)
        assert forward.forward_origin is not None
        assert (await reply.copy_to(8005)).message_id > forward.message_id
        assert await reply.delete()
        with pytest.raises(TelegramBadRequest, match="message to delete not found"):
            await reply.delete()

    asked(address, token, story)
