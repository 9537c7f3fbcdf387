"""What goes back and forth: payments, inline queries; and sets of stickers, and bots that leave."""

from pathlib import Path
from typing import Any

import pytest

from tests.wire.telegram_emulator.asking import BOT, Api, told

INVOICE = {
    "chat_id": 1001,
    "title": "Tea",
    "description": "A cup",
    "payload": "order-1",
    "currency": "XTR",
    "prices": [{"label": "Tea", "amount": 5}],
}
TOO_OLD = "Bad Request: query is too old and response timeout expired or query ID is invalid"
SET = f"cats_by_vestnik{BOT}bot"


async def next_update(api: Api) -> dict[str, Any]:
    """The newest update, and none before it is there any longer."""
    [update] = await api.updates(offset=-1)
    found: dict[str, Any] = update
    return found


def test_stars_are_paid_and_given_back(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        message = await api.get("sendInvoice", **INVOICE)
        assert (message["invoice"]["total_amount"], message["invoice"]["currency"]) == (5, "XTR")
        await api.person(1001, "pay", message=message["message_id"])
        query = (await next_update(api))["pre_checkout_query"]
        assert (query["invoice_payload"], query["total_amount"]) == ("order-1", 5)
        assert await api.get("answerPreCheckoutQuery", pre_checkout_query_id=query["id"], ok=True)
        paid = (await next_update(api))["message"]["successful_payment"]
        assert (paid["invoice_payload"], paid["provider_payment_charge_id"]) == ("order-1", "")
        again = await api.refusal("answerPreCheckoutQuery", pre_checkout_query_id=query["id"], ok=True)
        assert again == TOO_OLD
        refund = {"user_id": 1001, "telegram_payment_charge_id": paid["telegram_payment_charge_id"]}
        assert await api.refusal("refundStarPayment", **{**refund, "user_id": 5}) == "Bad Request: CHARGE_NOT_FOUND"
        assert await api.get("refundStarPayment", **refund)
        assert (await next_update(api))["message"]["refunded_payment"]["total_amount"] == 5
        assert await api.refusal("refundStarPayment", **refund) == "Bad Request: CHARGE_ALREADY_REFUNDED"

    told(tmp_path, story)


def test_a_parcel_is_paid_with_its_shipping(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        parcel = {**INVOICE, "currency": "RUB", "provider_token": "p", "is_flexible": True}
        message = await api.get("sendInvoice", **parcel)
        await api.person(1001, "pay", message=message["message_id"])
        query = (await next_update(api))["shipping_query"]
        assert query["shipping_address"]["country_code"] == "RU"
        options = [{"id": "post", "title": "Post", "prices": [{"label": "Post", "amount": 3}]}]
        nothing = await api.refusal("answerShippingQuery", shipping_query_id="1", ok=True, shipping_options=options)
        assert nothing == TOO_OLD
        assert await api.get("answerShippingQuery", shipping_query_id=query["id"], ok=True, shipping_options=options)
        checkout = (await next_update(api))["pre_checkout_query"]
        assert (checkout["shipping_option_id"], checkout["total_amount"]) == ("post", 8)
        api.world.clock.move(10)
        late = await api.refusal("answerPreCheckoutQuery", pre_checkout_query_id=checkout["id"], ok=True)
        assert late == TOO_OLD

    told(tmp_path, story)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"payload": "x" * 129}, "INVOICE_PAYLOAD_INVALID"),
        ({"currency": "gold"}, "CURRENCY_INVALID"),
        ({"currency": "RUB"}, "PAYMENT_PROVIDER_INVALID"),
        ({"prices": []}, "there must be at least one price"),
        ({"prices": [{"label": "x", "amount": 0}]}, "CURRENCY_TOTAL_AMOUNT_INVALID"),
    ],
)
def test_an_invoice_that_cannot_be_paid_is_refused(tmp_path: Path, change: dict[str, Any], words: str) -> None:
    async def story(api: Api) -> None:
        assert await api.refusal("sendInvoice", **{**INVOICE, **change}) == f"Bad Request: {words}"

    told(tmp_path, story)


def test_nobody_pays_what_is_no_invoice(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        message = await api.get("sendMessage", chat_id=1001, text="x")
        await api.person(1001, "pay", message=message["message_id"], expect=409)
        await api.person(1001, "pay", message=99, expect=404)

    told(tmp_path, story)


def test_a_person_asks_a_bot_from_another_chat_and_sends_what_it_found(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        await api.person(1001, "choose", result="1", expect=409)
        await api.person(1001, "ask", query="cats", chat=-5)
        query = (await next_update(api))["inline_query"]
        assert (query["query"], query["chat_type"], query["from"]["id"]) == ("cats", "group", 1001)
        button = {"inline_keyboard": [[{"text": "More", "callback_data": "m"}]]}
        article = {
            "type": "article",
            "id": "1",
            "title": "Cat",
            "input_message_content": {"message_text": "*Meow*", "parse_mode": "Markdown"},
            "reply_markup": button,
        }
        photo = {
            "type": "photo",
            "id": "2",
            "photo_url": "https://a.test/c.jpg",
            "thumbnail_url": "x",
            "caption": "Cat",
        }
        twice = await api.refusal("answerInlineQuery", inline_query_id=query["id"], results=[article, article])
        assert twice == "Bad Request: RESULT_ID_DUPLICATE"
        assert await api.get("answerInlineQuery", inline_query_id=query["id"], results=[article, photo])
        await api.person(1001, "choose", result="3", expect=409)
        entry = await api.person(1001, "choose", result="1", chat=-5, expect=201)
        assert entry["text"] == "Meow"
        message, chosen = await api.updates(offset=-2)
        assert message["message"]["via_bot"]["id"] == BOT
        assert message["message"]["entities"][0]["type"] == "bold"
        assert chosen["chosen_inline_result"]["inline_message_id"]
        api.world.clock.move(60)
        assert await api.refusal("answerInlineQuery", inline_query_id=query["id"], results=[]) == TOO_OLD

    told(tmp_path, story)


def test_a_set_of_stickers_is_made_changed_and_sent_from(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        files = {"a": ("a.webp", b"cat"), "b": ("b.webp", b"dog")}
        one, two = ({"sticker": f"attach://{name}", "format": "static", "emoji_list": ["😺"]} for name in "ab")
        new = {"user_id": 1001, "name": SET, "title": "Cats"}
        wrong = await api.upload("createNewStickerSet", files, **{**new, "name": "cats"}, stickers=[one])
        assert wrong["description"] == "Bad Request: invalid sticker set name is specified"
        assert (await api.upload("createNewStickerSet", files, **new, stickers=[one]))["ok"]
        again = await api.upload("createNewStickerSet", files, **new, stickers=[one])
        assert again["description"] == "Bad Request: sticker set name is already occupied"
        assert (await api.upload("addStickerToSet", files, user_id=1001, name=SET, sticker=two))["ok"]
        cat, dog = (await api.get("getStickerSet", name=SET))["stickers"]
        assert (cat["emoji"], cat["set_name"]) == ("😺", SET)
        assert await api.get("setStickerPositionInSet", sticker=dog["file_id"], position=0)
        assert await api.get("setStickerEmojiList", sticker=dog["file_id"], emoji_list=["🐶"])
        assert await api.get("deleteStickerFromSet", sticker=cat["file_id"])
        [left] = (await api.get("getStickerSet", name=SET.upper()))["stickers"]
        assert (left["file_id"], left["emoji"]) == (dog["file_id"], "🐶")
        assert (await api.get("sendSticker", chat_id=1001, sticker=left["file_id"]))["sticker"]["file_size"] == 3
        assert await api.get("setStickerSetTitle", name=SET, title="Dogs")
        assert (await api.get("getStickerSet", name=SET))["title"] == "Dogs"
        assert await api.beside("77:other").refusal("deleteStickerSet", name=SET) == "Bad Request: STICKERSET_INVALID"
        assert await api.get("deleteStickerSet", name=SET)
        assert await api.refusal("getStickerSet", name=SET) == "Bad Request: STICKERSET_INVALID"
        uploaded = await api.upload(
            "uploadStickerFile", {"sticker": ("a.webp", b"cat")}, user_id=1, sticker_format="static"
        )
        assert uploaded["result"]["file_unique_id"] == cat["file_unique_id"]

    told(tmp_path, story)


def test_a_bot_that_logged_out_is_away_for_ten_minutes(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        assert await api.get("close")
        assert await api.get("logOut")
        assert await api.ask("getMe") == {"ok": False, "error_code": 400, "description": "Logged out"}
        assert (await api.beside("77:other").get("getMe"))["id"] == 77
        api.world.clock.move(600)
        assert (await api.get("getMe"))["id"] == BOT

    told(tmp_path, story)


def test_the_general_topic_is_changed(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        for method in ("closeGeneralForumTopic", "hideGeneralForumTopic"):
            assert await api.get(method, chat_id=-1001234567890)
            again = await api.refusal(method, chat_id=-1001234567890)
            assert again == "Bad Request: TOPIC_NOT_MODIFIED"
        assert await api.get("reopenGeneralForumTopic", chat_id=-1001234567890)
        assert await api.get("editGeneralForumTopic", chat_id=-1001234567890, name="Talk")
        assert (await api.get("getChat", chat_id=-1001234567890))["is_forum"] is True
        assert await api.refusal("closeGeneralForumTopic", chat_id=-5) == "Bad Request: the chat is not a forum"

    told(tmp_path, story)


def test_games_paid_pictures_and_live_photos_arrive(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        game = await api.get("sendGame", chat_id=1001, game_short_name="chess")
        assert game["game"]["title"] == "chess"
        assert game["reply_markup"]["inline_keyboard"][0][0]["callback_game"] == {}
        media = [{"type": "photo", "media": "attach://a"}]
        paid = await api.upload("sendPaidMedia", {"a": ("a.png", b"p")}, chat_id="1001", star_count="5", media=media)
        assert paid["result"]["paid_media"]["star_count"] == 5
        assert paid["result"]["paid_media"]["paid_media"][0]["photo"][0]["file_size"] == 1
        files = {"live_photo": ("a.mov", b"film"), "photo": ("a.png", b"p")}
        live = await api.upload("sendLivePhoto", files, chat_id="1001", caption="Sea")
        assert live["result"]["live_photo"]["file_size"] == 4
        rich = await api.get("sendRichMessage", chat_id=1001, rich_message={"html": "<h1>News</h1>"})
        assert rich["rich_message"]["blocks"] == [{"type": "paragraph", "text": "<h1>News</h1>"}]
        blocks = [{"type": "paragraph", "text": ["Old ", {"type": "bold", "text": "news"}]}]
        rich = await api.get("sendRichMessage", chat_id=1001, rich_message={"blocks": blocks})
        assert (await api.world.texts())[-1] == "Old news"
        words = await api.refusal("sendRichMessage", chat_id=1001, rich_message={})
        assert words == "Bad Request: rich message must be non-empty"
        assert [entry["payload"]["method"] for entry in (await api.world.journal())[:3]] == [
            "sendGame",
            "sendPaidMedia",
            "sendLivePhoto",
        ]

    told(tmp_path, story)


def test_a_menu_button_is_for_one_chat_or_for_all(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        app = {"type": "web_app", "text": "Open", "web_app": {"url": "https://a.test/"}}
        assert await api.get("setChatMenuButton", chat_id=1001, menu_button=app)
        assert await api.get("getChatMenuButton", chat_id=1001) == app
        assert (
            await api.get("getChatMenuButton") == await api.get("getChatMenuButton", chat_id=5) == {"type": "commands"}
        )

    told(tmp_path, story)


def test_a_bot_is_what_it_was_set_up_to_be(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        ways = {"username": "TeaBot", "first_name": "Tea", "supports_inline_queries": True}
        await api.world.control("PUT", f"/messengers/telegram/bots/{BOT}", ways)
        me = await api.get("getMe")
        assert {name: me[name] for name in ways} == ways
        await api.world.control("PUT", f"/messengers/telegram/bots/{BOT}", {"username": "x"}, expect=422)
        await api.world.control("PUT", "/messengers/telegram/bots/x", {}, expect=404)
        await api.world.control("GET", "/messengers/telegram/eggs", expect=404)

    told(tmp_path, story)
