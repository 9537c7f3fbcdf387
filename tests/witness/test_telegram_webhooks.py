"""Decides whether webhooks of aiogram and python-telegram-bot take every kind of update that our Bot API tells.

It has never heard of our own gateway. The list of kinds comes from the emulator's own code, so a new one without a
story here fails; both libraries themselves look at the secret token of each call, and refuse it where it is not theirs.
"""

import asyncio
import json
from pathlib import Path
from typing import Any, Final

import pytest
from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.types import (
    BufferedInputFile,
    ChatPermissions,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQueryResultArticle,
    InputPaidMediaPhoto,
    InputTextMessageContent,
    LabeledPrice,
    ShippingOption,
    Update,
)
from aiogram.webhook.aiohttp_server import SimpleRequestHandler

from tests.emulated import Steering
from tests.witness.emitted import updates
from tests.witness.listener import Listener, listening
from tests.witness.ptb_webhook import SECRET_HEADER, Behind, behind
from vestnik.messengers.telegram.emulator.updates import KINDS
from vestnik.ports import Request

TOKEN: Final = "7000000095:AAF-every_update"
BOT: Final = 7000000095
SECRET: Final = "hush-hush"
PERSON, CREW, CHANNEL = "9501", -1009500000001, -1009500000002
BUTTONS = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="Yes", callback_data="yes")]])
PRICE = [LabeledPrice(label="Parcel", amount=500)]
POST = [ShippingOption(id="post", title="Post", prices=[LabeledPrice(label="Post", amount=300)])]


class Witnessed:
    """The bot, its webhook, and the kinds that both libraries have let in and read there so far."""

    def __init__(self, bot: Bot, webhook: Listener, other: Behind, steering: Steering) -> None:
        self.bot = bot
        self._webhook = webhook
        self._other = other
        self._steering = steering
        self._door = SimpleRequestHandler(Dispatcher(), bot, secret_token=SECRET)
        self.read: set[str] = set()

    async def next(self, *kinds: str) -> Any:
        """What the next call tells, as aiogram reads it; both must find the same one of these kinds."""
        call = await asyncio.to_thread(self._webhook.next)
        shared = call.headers[SECRET_HEADER]
        assert self._door.verify_secret(shared, self.bot)
        assert not self._door.verify_secret(f"{shared}x", self.bot)
        update = Update.model_validate(json.loads(call.body), context={"bot": self.bot})
        assert update.event_type in kinds
        assert await self._taken_by_the_other(call) == (update.event_type, update.update_id)
        self.read.add(update.event_type)
        return update.event

    async def _taken_by_the_other(self, call: Request) -> tuple[str, int]:
        """Kind and number of what python-telegram-bot gives its handler, once the token is the right one."""
        bare = {name: value for name, value in call.headers.items() if name != SECRET_HEADER}
        for headers, words in ((bare, "did not include the"), (bare | {SECRET_HEADER: f"{SECRET}x"}, "had the wrong")):
            refused = await self._other.passed(headers, call.body)
            assert (refused.status_code, refused.reason_phrase) == (403, f"Request {words} secret token")
        assert self._other.nothing_handled()
        assert (await self._other.passed(call.headers, call.body)).status_code == 200
        update = await self._other.handled()
        [kind] = [name for name in KINDS if getattr(update, name, None) is not None]
        return kind, update.update_id

    def says(self, **message: Any) -> None:
        self._steering.says("telegram", PERSON, bot=TOKEN, **message)

    def does(self, deed: str, **fields: Any) -> None:
        self._steering.does("telegram", PERSON, deed, bot=TOKEN, **fields)

    def blocks(self, *, blocked: bool) -> None:
        self._steering.phone("telegram", PERSON, blocked=blocked)


async def private(witnessed: Witnessed) -> None:
    witnessed.says(text="Grüße 🎉 https://post.example /start")
    message = await witnessed.next("message")
    witnessed.does("edit", message=message.message_id, text="Grüße")
    await witnessed.next("edited_message")
    asked = await witnessed.bot.send_message(PERSON, "Tea?", reply_markup=BUTTONS)
    witnessed.does("press", message=asked.message_id, button="Yes")
    assert (await witnessed.next("callback_query")).data == "yes"
    poll = await witnessed.bot.send_poll(PERSON, "Tea?", ["Yes", "No"], is_anonymous=False)
    witnessed.does("vote", message=poll.message_id, options=[1])
    for _ in range(2):
        await witnessed.next("poll", "poll_answer")  # They are about different things, so nothing orders them.
    for blocked, status in ((True, "kicked"), (False, "member")):
        witnessed.blocks(blocked=blocked)
        assert (await witnessed.next("my_chat_member")).new_chat_member.status == status


async def inline(witnessed: Witnessed) -> None:
    witnessed.does("ask", query="cats")
    query = await witnessed.next("inline_query")
    content = InputTextMessageContent(message_text="Cats")
    article = InlineQueryResultArticle(id="1", title="Cats", input_message_content=content)
    await witnessed.bot.answer_inline_query(query.id, [article])
    witnessed.does("choose", result="1")
    assert (await witnessed.next("message")).via_bot.id == BOT
    assert (await witnessed.next("chosen_inline_result")).result_id == "1"


async def paying(witnessed: Witnessed) -> None:
    invoice = await witnessed.bot.send_invoice(
        PERSON, "Parcel", "To you", "order-1", "RUB", PRICE, provider_token="p", is_flexible=True
    )
    witnessed.does("pay", message=invoice.message_id)
    shipping = await witnessed.next("shipping_query")
    await witnessed.bot.answer_shipping_query(shipping.id, ok=True, shipping_options=POST)
    checkout = await witnessed.next("pre_checkout_query")
    await witnessed.bot.answer_pre_checkout_query(checkout.id, ok=True)
    assert (await witnessed.next("message")).successful_payment.total_amount == 800
    picture = InputPaidMediaPhoto(media=BufferedInputFile(b"picture", "p.png"))
    sold = await witnessed.bot.send_paid_media(PERSON, 5, [picture], payload="picture-1")
    witnessed.does("pay", message=sold.message_id)
    assert (await witnessed.next("purchased_paid_media")).paid_media_payload == "picture-1"


async def crowds(witnessed: Witnessed) -> None:
    witnessed.says(text="News", chat=CHANNEL)
    post = await witnessed.next("channel_post")
    witnessed.does("edit", chat=CHANNEL, message=post.message_id, text="Olds")
    await witnessed.next("edited_channel_post")
    witnessed.does("react", chat=CHANNEL, message=post.message_id, emoji=["👍"])
    assert (await witnessed.next("message_reaction_count")).reactions[0].total_count == 1
    link = await witnessed.bot.create_chat_invite_link(CREW, creates_join_request=True)
    witnessed.does("join", chat=CREW, link=link.invite_link)
    assert (await witnessed.next("chat_join_request")).from_user.id == int(PERSON)
    await witnessed.bot.approve_chat_join_request(CREW, int(PERSON))
    assert (await witnessed.next("chat_member")).new_chat_member.status == "member"
    assert [user.id for user in (await witnessed.next("message")).new_chat_members] == [int(PERSON)]
    told = await witnessed.bot.send_message(CREW, "Welcome")
    witnessed.does("react", chat=CREW, message=told.message_id, emoji=["👍"])
    await witnessed.next("message_reaction")
    await witnessed.bot.restrict_chat_member(CREW, int(PERSON), ChatPermissions())
    assert (await witnessed.next("chat_member")).new_chat_member.status == "restricted"


# PTB_TIMEDELTA: without it the library warns that times will not stay whole numbers.
def test_every_kind_of_update_is_let_in_and_read_by_both(
    address: str, steering: Steering, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "true")

    own = {"user": TOKEN, "status": "administrator"}
    steering.chat(CREW, title="Crew", members=[{"user": 1, "status": "creator"}, own])
    steering.chat(CHANNEL, type="channel", title="News", members=[{"user": int(PERSON), "status": "creator"}, own])

    async def story(webhook: Listener) -> set[str]:
        session = AiohttpSession(api=TelegramAPIServer.from_base(f"{address}/telegram"))
        hook: dict[str, Any] = {"webhook_url": webhook.address, "secret_token": SECRET, "allowed_updates": KINDS}
        hook["drop_pending_updates"] = True  # That the bot came into the chats above is no part of the story.
        async with Bot(TOKEN, session=session) as bot, behind(address, TOKEN, tmp_path, **hook) as other:
            witnessed = Witnessed(bot, webhook, other, steering)
            for part in (private, inline, paying, crowds):
                await part(witnessed)
            return witnessed.read

    with listening(Listener()) as webhook:
        assert asyncio.run(story(webhook)) == updates()
