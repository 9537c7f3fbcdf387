"""How fast a bot may send under real limits, and how it is told to wait.

The numbers are those of core.telegram.org/bots/faq: 30 a second, one a second to a chat, 20 a minute to a group.
"""

import json
from pathlib import Path

from tests.wire.telegram_emulator.asking import Api, told


async def refused(api: Api, chat: int) -> int:
    """The seconds that the bot is told to wait, in the answer and in its header alike."""
    response = await api.response("sendMessage", {"chat_id": chat, "text": "x"})
    answer = json.loads(response.body)
    seconds: int = answer["parameters"]["retry_after"]
    assert response.status == answer["error_code"] == 429
    assert response.headers["retry-after"] == str(seconds)
    assert answer["description"] == f"Too Many Requests: retry after {seconds}"
    return seconds


def test_a_chat_hears_one_message_a_second_and_a_few_at_once_after_a_pause(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        for _ in range(2):
            for _ in range(3):
                await api.get("sendMessage", chat_id=1001, text="x")
            assert await refused(api, 1001) == 1
            assert await api.get("sendMessage", chat_id=1002, text="x")
            for _ in range(4):
                api.world.clock.move(1)
                await api.get("sendMessage", chat_id=1001, text="x")
            assert await refused(api, 1001) == 1
            api.world.clock.move(10)
        assert len(await api.world.texts()) == 16

    told(tmp_path, story, limits_real=True)


def test_a_bot_says_thirty_things_a_second_to_whomever_it_is(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        for person in range(1, 31):
            await api.get("sendMessage", chat_id=person, text="x")
        assert await refused(api, 31) == 1
        assert await api.beside("77:other").get("sendMessage", chat_id=31, text="x")
        api.world.clock.move(0.5)
        for person in range(31, 46):
            await api.get("sendMessage", chat_id=person, text="x")
        assert await refused(api, 46) == 1

    told(tmp_path, story, limits_real=True)


def test_an_album_counts_once_and_what_is_no_message_does_not(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        pictures = {name: (f"{name}.png", name.encode()) for name in "abcdefghij"}
        media = json.dumps([{"type": "photo", "media": f"attach://{name}"} for name in pictures])
        sent = await api.upload("sendMediaGroup", pictures, chat_id="1001", media=media)
        assert len(sent["result"]) == 10
        numbers = [message["message_id"] for message in sent["result"]]
        where = {"chat_id": 1001, "from_chat_id": 1001, "message_ids": numbers}
        assert len(await api.get("forwardMessages", **where)) == 10
        await api.get("sendMessage", chat_id=1001, text="x")
        assert await refused(api, 1001) == 1
        number = sent["result"][0]["message_id"]
        for caption in "ab":
            assert await api.get("editMessageCaption", chat_id=1001, message_id=number, caption=caption)
        assert await api.get("sendChatAction", chat_id=1001, action="typing")
        assert await api.get("deleteMessage", chat_id=1001, message_id=number)

    told(tmp_path, story, limits_real=True)


def test_there_are_no_limits_unless_they_are_asked_for(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        for _ in range(100):
            await api.get("sendMessage", chat_id=-5, text="x")

    told(tmp_path, story)
