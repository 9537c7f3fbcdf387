"""Stars: what bots earn, give back and can see of it; links that cost something."""

from pathlib import Path
from typing import Any

import pytest

from tests.wire.telegram_emulator.asking import TOKEN, Api, told
from tests.wire.telegram_emulator.test_rounds import INVOICE, next_update
from tests.wire.telegram_emulator.test_service_messages import CHANNEL

LINK: dict[str, Any] = {name: value for name, value in INVOICE.items() if name != "chat_id"}
MONTH = 2_592_000


async def paid(api: Api, **how: Any) -> dict[str, Any]:
    """Somebody pays and the bot agrees: the receipt."""
    await api.person(1001, "pay", **how)
    query = (await next_update(api))["pre_checkout_query"]
    assert await api.get("answerPreCheckoutQuery", pre_checkout_query_id=query["id"], ok=True)
    receipt: dict[str, Any] = (await next_update(api))["message"]["successful_payment"]
    return receipt


def test_what_is_paid_and_given_back_is_in_the_books(tmp_path: Path) -> None:
    async def first(api: Api) -> None:
        assert await api.get("getMyStarBalance") == {"amount": 0}
        link = await api.get("createInvoiceLink", **LINK)
        one = await paid(api, link=link)
        api.world.clock.move(1)
        await paid(api, link=link)
        assert await api.get("getMyStarBalance") == {"amount": 10}
        refund = {"user_id": 1001, "telegram_payment_charge_id": one["telegram_payment_charge_id"]}
        assert await api.get("refundStarPayment", **refund)
        await api.person(1001, "pay", link="https://t.me/$nothing", expect=409)
        await api.person(1001, "pay", expect=422)

    async def second(api: Api) -> None:
        assert await api.get("getMyStarBalance") == {"amount": 5}
        entries = (await api.get("getStarTransactions"))["transactions"]
        assert [("source" in one, one["amount"]) for one in entries] == [(True, 5), (True, 5), (False, 5)]
        assert entries[0]["id"] == entries[2]["id"] != entries[1]["id"]
        assert entries[0]["source"]["invoice_payload"] == "order-1"
        assert entries[2]["receiver"]["user"]["id"] == 1001
        some = (await api.get("getStarTransactions", offset=1, limit=1))["transactions"]
        assert some == entries[1:2]
        assert (await api.beside("77:other").get("getStarTransactions")) == {"transactions": []}

    told(tmp_path, first)
    told(tmp_path, second)


def test_money_that_is_no_stars_is_in_no_book(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        await paid(api, link=await api.get("createInvoiceLink", **{**LINK, "currency": "RUB", "provider_token": "p"}))
        assert await api.get("getMyStarBalance") == {"amount": 0}

    told(tmp_path, story)


def test_a_subscription_is_paid_for_a_month_and_can_be_ended(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        link = await api.get("createInvoiceLink", **LINK, subscription_period=MONTH)
        receipt = await paid(api, link=link)
        now = (await api.get("sendMessage", chat_id=1001, text="Thanks"))["date"]
        assert (receipt["subscription_expiration_date"], receipt["is_first_recurring"]) == (now + MONTH, True)
        charge = {"user_id": 1001, "telegram_payment_charge_id": receipt["telegram_payment_charge_id"]}
        assert await api.get("editUserStarSubscription", **charge, is_canceled=True)
        words = await api.refusal("editUserStarSubscription", **{**charge, "user_id": 5}, is_canceled=True)
        assert words == "Bad Request: CHARGE_ID_INVALID"
        words = await api.refusal("createInvoiceLink", **LINK, subscription_period=60)
        assert words == "Bad Request: SUBSCRIPTION_PERIOD_INVALID"

    told(tmp_path, story)


def test_pictures_are_bought(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        media = '[{"type":"photo","media":"attach://file"}]'
        answer = await api.upload(
            "sendPaidMedia", {"file": ("p.png", b"picture")}, chat_id="1001", star_count="7", media=media, payload="p1"
        )
        await api.person(1001, "pay", message=answer["result"]["message_id"])
        bought = (await next_update(api))["purchased_paid_media"]
        assert (bought["paid_media_payload"], bought["from"]["id"]) == ("p1", 1001)
        (entry,) = (await api.get("getStarTransactions"))["transactions"]
        assert (entry["amount"], entry["source"]["transaction_type"]) == (7, "paid_media_payment")

    told(tmp_path, story)


def test_a_month_in_a_channel_is_bought_by_a_link(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        members = [{"user": TOKEN, "status": "administrator"}]
        body = {"type": "channel", "title": "Light", "members": members}
        await api.world.control("PUT", f"/messengers/telegram/chats/{CHANNEL}", body)
        price = {"subscription_period": MONTH, "subscription_price": 50}
        link = await api.get("createChatSubscriptionInviteLink", chat_id=CHANNEL, name="Front", **price)
        assert (link["subscription_price"], link["subscription_period"], link["name"]) == (50, MONTH, "Front")
        await api.person(1001, "join", chat=CHANNEL, link=link["invite_link"])
        member = await api.get("getChatMember", chat_id=CHANNEL, user_id=1001)
        assert member["until_date"] > MONTH
        edited = await api.get(
            "editChatSubscriptionInviteLink", chat_id=CHANNEL, invite_link=link["invite_link"], name="Back"
        )
        assert (edited["name"], edited["subscription_price"]) == ("Back", 50)
        api.world.clock.move(MONTH)
        assert (await api.get("getChatMember", chat_id=CHANNEL, user_id=1001))["status"] == "left"
        plain = await api.get("createChatInviteLink", chat_id=CHANNEL)
        words = await api.refusal(
            "editChatSubscriptionInviteLink", chat_id=CHANNEL, invite_link=plain["invite_link"], name="x"
        )
        assert words == "Bad Request: INVITE_HASH_EXPIRED"

    told(tmp_path, story)


@pytest.mark.parametrize(
    ("chat", "change", "words"),
    [
        (CHANNEL, {"subscription_period": 60}, "PRICING_CHAT_INVALID"),
        (-1001234567890, {}, "PRICING_CHAT_INVALID"),
        ("@lighthouse", {"subscription_price": 0}, "PRICING_CHAT_INVALID"),
        ("@lighthouse", {"subscription_period": 60}, "SUBSCRIPTION_PERIOD_INVALID"),
    ],
)
def test_a_subscription_has_one_period_and_a_price(
    tmp_path: Path, chat: int | str, change: dict[str, Any], words: str
) -> None:
    async def story(api: Api) -> None:
        price = {"subscription_period": MONTH, "subscription_price": 50, **change}
        refused = await api.refusal("createChatSubscriptionInviteLink", chat_id=chat, **price)
        assert refused == f"Bad Request: {words}"

    told(tmp_path, story)
