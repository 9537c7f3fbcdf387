"""Decides whether whole bots written with python-telegram-bot work against the emulated Bot API.

It has never heard of our own gateway.
"""

import asyncio
import base64
import socket
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import pytest
from telegram import (
    Bot,
    ChatPermissions,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    InputMediaVideo,
    KeyboardButton,
    ReplyKeyboardMarkup,
    Update,
)
from telegram.error import BadRequest, Conflict
from telegram.ext import (
    Application,
    ApplicationBuilder,
    CallbackQueryHandler,
    ChatMemberHandler,
    CommandHandler,
    ContextTypes,
    MessageHandler,
    filters,
)

from tests.emulated import Steering
from tests.witness.bots import during, eventually

T = TypeVar("T")
Context = ContextTypes.DEFAULT_TYPE
Bots = Application[Any, Any, Any, Any, Any, Any]
SECRET = "hush-hush"
BUTTONS = InlineKeyboardMarkup([[InlineKeyboardButton("Yes", callback_data="yes")]])
KEYS = ReplyKeyboardMarkup([[KeyboardButton("Here I am", request_location=True)]])
GROUP = -1009876543210


def at(address: str, token: str) -> Bots:
    """A bot of which everything is still to be said."""
    builder = ApplicationBuilder().token(token).base_url(f"{address}/telegram/bot")
    return builder.base_file_url(f"{address}/telegram/file/bot").build()


def asked(address: str, token: str, ask: Callable[[Bot], Awaitable[T]]) -> T:
    """What the library makes of the answer."""

    async def run() -> T:
        bot = Bot(token, base_url=f"{address}/telegram/bot", base_file_url=f"{address}/telegram/file/bot")
        async with bot:
            return await ask(bot)

    return asyncio.run(run())


async def start(update: Update, _context: Context) -> None:
    assert update.message is not None
    await update.message.reply_markdown_v2("*Ready\\?*", reply_markup=BUTTONS)


async def pressed(update: Update, _context: Context) -> None:
    query = update.callback_query
    assert query is not None
    assert query.message is not None
    await query.answer("Fine", show_alert=True)
    await query.edit_message_text("Ready.")
    await query.message.chat.send_message("Where are you?", reply_markup=KEYS)


async def placed(update: Update, _context: Context) -> None:
    assert update.message is not None
    assert update.message.location is not None
    await update.message.reply_text(f"At {update.message.location.latitude:.1f}", do_quote=True)


async def pictured(update: Update, _context: Context) -> None:
    assert update.message is not None
    file = await update.message.photo[-1].get_file()
    content = bytes(await file.download_as_bytearray())
    await update.message.reply_document(content + b"!", filename="again.bin", caption="Again")


async def blocked(update: Update, context: Context) -> None:
    assert update.my_chat_member is not None
    await context.bot.send_message(9009, f"now {update.my_chat_member.new_chat_member.status}")


def serving(application: Bots) -> Bots:
    application.add_handler(CommandHandler("start", start))
    application.add_handler(CallbackQueryHandler(pressed, pattern="^yes$"))
    application.add_handler(MessageHandler(filters.LOCATION, placed))
    application.add_handler(MessageHandler(filters.PHOTO, pictured))
    application.add_handler(ChatMemberHandler(blocked))
    return application


def customer(steering: Steering, who: str, token: str) -> None:
    """Somebody who talks to the bot, and sees it answer."""

    def got(text: str, whom: str = who) -> dict[str, Any]:
        def found() -> list[dict[str, Any]]:
            return [entry for entry in steering.journal() if (entry["recipient"], entry["text"]) == (whom, text)]

        entry: dict[str, Any] = eventually(found)[0]
        return entry

    steering.says("telegram", who, bot=token, text="/start")
    number = int(got("Ready?")["external_id"].partition(":")[2])
    steering.does("telegram", who, "press", bot=token, message=number, button="yes")
    got("Where are you?")
    steering.does("telegram", who, "press", bot=token, button="Here I am")
    got("At 55.8")
    file = {"kind": "photo", "data": base64.b64encode(b"light").decode()}
    steering.says("telegram", who, bot=token, file=file)
    assert got("Again")["payload"]["files"]["document"]["size"] == 6
    steering.phone("telegram", who, blocked=True)
    got("now kicked", "9009")
    steering.phone("telegram", who, blocked=False)


async def for_ever(application: Bots, begin: Callable[[], Awaitable[Any]]) -> None:
    """The application's life as the library's documents have it inside a running loop."""
    async with application:
        await application.start()
        await begin()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            assert application.updater is not None
            await application.updater.stop()
            await application.stop()


@pytest.mark.cell("python-telegram-bot", "markup", "file", "receive", "press")
def test_a_bot_that_polls_serves_a_customer(address: str, steering: Steering) -> None:
    token = "7000000090:AAF-polling"

    async def live() -> None:
        application = serving(at(address, token))
        assert application.updater is not None
        await for_ever(application, lambda: application.updater.start_polling(timeout=2))  # type: ignore[union-attr]  # it was asserted

    with during(live):
        customer(steering, "9001", token)


def test_a_second_poller_is_told_of_the_conflict(address: str) -> None:
    token = "7000000091:AAF-twice"

    async def story(bot: Bot) -> None:
        first = asyncio.create_task(bot.get_updates(timeout=5))
        await asyncio.sleep(0.2)
        async with Bot(token, base_url=f"{address}/telegram/bot") as other:
            second = asyncio.create_task(other.get_updates(timeout=1, offset=5))
            with pytest.raises(Conflict, match="terminated by other getUpdates request"):
                await first
            assert await second == ()

    asked(address, token, story)


def test_files_albums_and_groups(address: str, steering: Steering) -> None:
    token = "7000000092:AAF-groups"
    members = [{"user": 1, "status": "creator"}, {"user": token, "status": "administrator"}, {"user": 9004}]
    steering.chat(GROUP, title="Crew", members=members)

    async def story(bot: Bot) -> None:
        album = await bot.send_media_group(GROUP, [InputMediaPhoto(b"one", caption="1"), InputMediaVideo(b"two")])
        assert [bool(album[0].photo), bool(album[1].video)] == [True, True]
        assert album[0].media_group_id == album[1].media_group_id
        chat = await bot.get_chat(GROUP)
        assert (chat.title, chat.type) == ("Crew", "supergroup")
        assert await bot.get_chat_member_count(GROUP) == 3
        await bot.restrict_chat_member(GROUP, 9004, ChatPermissions.no_permissions())
        member = await bot.get_chat_member(GROUP, 9004)
        assert member.status == "restricted"
        await bot.ban_chat_member(GROUP, 9004)
        assert (await bot.get_chat_member(GROUP, 9004)).status == "kicked"
        link = await bot.create_chat_invite_link(GROUP, member_limit=5)
        assert link.member_limit == 5
        poll = await bot.send_poll(GROUP, "Tea?", ["Yes", "No"])
        assert (await bot.stop_poll(GROUP, poll.message_id)).is_closed
        await bot.pin_chat_message(GROUP, poll.message_id)
        assert (await bot.get_chat(GROUP)).pinned_message is not None
        with pytest.raises(BadRequest, match="Message to edit not found"):
            await bot.edit_message_text("x", GROUP, 10**6)

    asked(address, token, story)


def test_a_webhook_is_set_and_described(address: str) -> None:
    token = "7000000093:AAF-webhook"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/"

    async def story(bot: Bot) -> None:
        assert await bot.set_webhook(url, secret_token=SECRET, allowed_updates=["message"], max_connections=5)
        info = await bot.get_webhook_info()
        assert (info.url, info.max_connections, info.allowed_updates) == (url, 5, ("message",))
        with pytest.raises(Conflict, match="can't use getUpdates method while webhook is active"):
            await bot.get_updates()

    async def refused(bot: Bot) -> None:
        with pytest.raises(BadRequest, match=r"(?i)bad webhook: an https url must be provided"):
            await bot.set_webhook("http://example.com/")

    asked(address, token, story)
    asked(address, "7000000094:AAF-no_webhook", refused)
    steering = Steering(address)
    steering.says("telegram", "9005", bot=token, text="Anybody?")
    failing = eventually(lambda: asked(address, token, lambda bot: bot.get_webhook_info()).last_error_message)
    assert failing == "Connection refused"
    assert asked(address, token, lambda bot: bot.delete_webhook(drop_pending_updates=True))
