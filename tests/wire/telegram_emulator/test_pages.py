"""What comes by way of others: results of inline queries that are changed later, Web Apps, prepared messages, games."""

from pathlib import Path
from typing import Any

import pytest

from tests.wire.telegram_emulator.asking import BOT, Api, told
from tests.wire.telegram_emulator.test_rounds import TOO_OLD
from tests.wire.telegram_emulator.test_service_messages import seen

MARKUP = {"inline_keyboard": [[{"text": "More", "callback_data": "more"}]]}
ARTICLE = {
    "type": "article",
    "id": "1",
    "title": "Tea",
    "input_message_content": {"message_text": "A cup of *tea*", "parse_mode": "Markdown"},
    "reply_markup": MARKUP,
}


async def chosen(api: Api, result: dict[str, Any]) -> dict[str, Any]:
    """A person asks the bot in its own chat and sends the only result: the message."""
    await api.person(1001, "ask", query="tea")
    (query,) = await seen(api, "inline_query")
    assert await api.get("answerInlineQuery", inline_query_id=query["id"], results=[result])
    await api.person(1001, "choose", result=result["id"], expect=201)
    api.world.clock.move(10)
    message: dict[str, Any] = (await api.updates())[0]["message"]
    return message


def test_a_message_that_came_by_an_inline_query_is_changed_by_its_name(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        message = await chosen(api, ARTICLE)
        assert (message["text"], message["via_bot"]["id"], message["from"]["id"]) == ("A cup of tea", BOT, 1001)
        (told_of,) = await seen(api, "chosen_inline_result")
        name = told_of["inline_message_id"]
        await api.person(1001, "press", message=message["message_id"], button="More")
        (pressed,) = await seen(api, "callback_query")
        assert pressed["inline_message_id"] == name
        assert "message" not in pressed
        assert await api.get("editMessageText", inline_message_id=name, text="Cold", reply_markup=MARKUP) is True
        again = await api.refusal("editMessageText", inline_message_id=name, text="Cold", reply_markup=MARKUP)
        assert again.startswith("Bad Request: message is not modified")
        await api.person(1001, "messages", text="so", reply_to=message["message_id"])
        assert (await seen(api))[0]["reply_to_message"]["text"] == "Cold"
        words = await api.refusal("editMessageText", inline_message_id="x", text="Cold")
        assert words == "Bad Request: MESSAGE_ID_INVALID"
        words = await api.beside("77:other").refusal("editMessageText", inline_message_id=name, text="Cold")
        assert words == "Bad Request: MESSAGE_ID_INVALID"
        direct = {"chat_id": 1001, "message_id": message["message_id"]}
        assert await api.refusal("editMessageText", **direct, text="x") == "Bad Request: message can't be edited"

    told(tmp_path, story)


@pytest.mark.parametrize(
    ("result", "content"),
    [
        (
            {"type": "location", "id": "1", "title": "Here", "latitude": 1.5, "longitude": 2.5},
            {"location": {"latitude": 1.5, "longitude": 2.5}},
        ),
        (
            {"type": "venue", "id": "1", "title": "Here", "address": "A", "latitude": 1.5, "longitude": 2.5},
            {"venue": {"location": {"latitude": 1.5, "longitude": 2.5}, "title": "Here", "address": "A"}},
        ),
        (
            {"type": "contact", "id": "1", "phone_number": "+7", "first_name": "Ann"},
            {"contact": {"phone_number": "+7", "first_name": "Ann"}},
        ),
        (
            {
                "type": "article",
                "id": "1",
                "title": "x",
                "input_message_content": {"latitude": 1.5, "longitude": 2.5, "live_period": 60},
            },
            {"location": {"latitude": 1.5, "longitude": 2.5, "live_period": 60}},
        ),
        (
            {"type": "photo", "id": "1", "photo_url": "http://x.test/a", "thumbnail_url": "x", "caption": "hi"},
            {"text": "hi"},
        ),
        ({"type": "game", "id": "1", "game_short_name": "chess"}, {"game": {"title": "chess"}}),
    ],
)
def test_a_result_becomes_what_it_is(tmp_path: Path, result: dict[str, Any], content: dict[str, Any]) -> None:
    async def story(api: Api) -> None:
        message = await chosen(api, result)
        if "game" in content:
            assert message["game"]["title"] == "chess"
            await api.person(1001, "press", message=message["message_id"], button="Play")
            assert (await seen(api, "callback_query"))[0]["game_short_name"] == "chess"
            return
        assert {name: message[name] for name in content} == content

    told(tmp_path, story)


def test_a_file_that_the_bot_has_is_sent_by_its_identifier(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        sent = await api.upload("sendDocument", {"document": ("a.txt", b"x")}, chat_id="1001")
        file_id = sent["result"]["document"]["file_id"]
        result = {"type": "document", "id": "1", "title": "A", "document_file_id": file_id, "caption": "mine"}
        message = await chosen(api, result)
        assert (message["document"]["file_id"], message["caption"]) == (file_id, "mine")

    told(tmp_path, story)


def test_a_web_app_answers_once_in_the_persons_name(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        await api.person(1001, "open", query_id="app-1")
        result = {name: value for name, value in ARTICLE.items() if name != "reply_markup"}
        words = await api.beside("77:other").refusal("answerWebAppQuery", web_app_query_id="app-1", result=result)
        assert words == TOO_OLD
        assert await api.get("answerWebAppQuery", web_app_query_id="app-1", result=result) == {}
        (message,) = await seen(api)
        assert (message["text"], message["from"]["id"], message["via_bot"]["id"]) == ("A cup of tea", 1001, BOT)
        assert await api.refusal("answerWebAppQuery", web_app_query_id="app-1", result=result) == TOO_OLD

    told(tmp_path, story)


def test_a_prepared_message_is_sent_by_whom_it_is_for(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        prepared = await api.get("savePreparedInlineMessage", user_id=1001, result=ARTICLE, allow_user_chats=True)
        await api.person(1002, "share", prepared=prepared["id"], expect=409)
        await api.person(1001, "share", prepared=prepared["id"], expect=201)
        (message,) = await seen(api)
        assert message["text"] == "A cup of tea"
        api.world.clock.move(3600)
        await api.person(1001, "share", prepared=prepared["id"], expect=409)

    told(tmp_path, story)


def test_who_is_ahead_in_a_game_is_kept(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        game = await api.get("sendGame", chat_id=1001, game_short_name="chess")
        where = {"chat_id": 1001, "message_id": game["message_id"]}
        await api.person(1001, "press", message=game["message_id"], button="Play chess")
        assert (await seen(api, "callback_query"))[0]["game_short_name"] == "chess"
        for player, score in ((1, 10), (2, 30), (3, 20), (4, 5), (5, 1), (6, 0)):
            assert (await api.get("setGameScore", **where, user_id=player, score=score))["message_id"] == game[
                "message_id"
            ]
        words = await api.refusal("setGameScore", **where, user_id=1, score=9)
        assert words == "Bad Request: BOT_SCORE_NOT_MODIFIED"
        assert await api.get("setGameScore", **where, user_id=1, score=9, force=True)
        table = await api.get("getGameHighScores", **where, user_id=5)
        assert [(one["position"], one["user"]["id"], one["score"]) for one in table] == [
            (1, 2, 30),
            (2, 3, 20),
            (3, 1, 9),
            (4, 4, 5),
            (5, 5, 1),
            (6, 6, 0),
        ]
        assert len(await api.get("getGameHighScores", **where, user_id=2)) == 3
        assert await api.refusal("setGameScore", **where, user_id=1, score=-1) == "Bad Request: SCORE_INVALID"
        text = await api.get("sendMessage", chat_id=1001, text="x")
        words = await api.refusal("setGameScore", chat_id=1001, message_id=text["message_id"], user_id=1, score=1)
        assert words == "Bad Request: game score can't be set"
        words = await api.refusal("getGameHighScores", chat_id=1001, message_id=10**6, user_id=1)
        assert words == "Bad Request: message to get game high scores not found"
        words = await api.refusal("setGameScore", inline_message_id="x", user_id=1, score=1)
        assert words == "Bad Request: MESSAGE_ID_INVALID"

    told(tmp_path, story)
