"""How people take up with bots and break with them, and what keys and reactions tell."""

from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from tests.wire.telegram_emulator.asking import TOKEN, Api, told
from tests.wire.telegram_emulator.test_groups import GROUP, group
from tests.wire.telegram_emulator.test_service_messages import CHANNEL, seen
from vestnik.messengers.telegram.emulator.chats import usual

PICTURE = {"kind": "photo", "data": b64encode(b"picture").decode()}


def test_a_link_starts_a_bot_and_lets_it_in_again(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        await api.get("sendMessage", chat_id=1001, text="Hello")
        await api.world.phone("telegram", blocked=True)
        assert (await api.ask("sendMessage", chat_id=1001, text="x"))["error_code"] == 403
        await api.person(1001, "start", payload="invited-by_7", expect=201)
        blocked, member, message = await api.updates()
        assert blocked["my_chat_member"]["new_chat_member"]["status"] == "kicked"
        assert member["my_chat_member"]["new_chat_member"]["status"] == "member"
        assert message["message"]["text"] == "/start invited-by_7"
        assert message["message"]["entities"] == [{"type": "bot_command", "offset": 0, "length": 6}]
        assert await api.get("sendMessage", chat_id=1001, text="Welcome back")
        await api.person(1001, "start", payload="not allowed", expect=422)
        await api.world.phone("telegram", online=False)
        await api.person(1001, "start", expect=409)

    told(tmp_path, story)


def test_a_deleted_chat_is_gone_from_the_phone_and_the_bot_is_not_told(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        markup = {"inline_keyboard": [[{"text": "a", "callback_data": "b"}]]}
        old = await api.get("sendMessage", chat_id=1001, text="old", reply_markup=markup)
        await api.get("sendMessage", chat_id=1001, text="keys", reply_markup={"keyboard": [[{"text": "Key"}]]})
        await api.person(1001, "delete_chat", expect=204)
        assert await api.updates() == []
        for deed, more in (("press", {"button": "a"}), ("react", {"emoji": ["👍"]}), ("edit", {"text": "x"})):
            await api.person(1001, deed, message=old["message_id"], **more, expect=404)
        await api.person(1001, "press", button="Key", expect=409)
        assert await api.get("editMessageText", chat_id=1001, message_id=old["message_id"], text="unseen")
        assert await api.get("deleteMessage", chat_id=1001, message_id=old["message_id"])
        new = await api.get("sendMessage", chat_id=1001, text="new", reply_markup=markup)
        await api.person(1001, "press", message=new["message_id"], button="a")

    told(tmp_path, story)


def test_what_is_sent_to_a_phone_that_is_off_is_there_when_it_is_back(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        await api.world.phone("telegram", online=False)
        sent = await api.get("sendMessage", chat_id=1001, text="wait")
        await api.person(1001, "messages", text="x", expect=409)
        await api.world.phone("telegram", online=True)
        await api.person(1001, "messages", text="yes", reply_to=sent["message_id"])
        (message,) = await seen(api)
        assert message["reply_to_message"]["text"] == "wait"

    told(tmp_path, story)


def test_people_send_albums_captions_dice_and_write_in_topics(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        files = [{**PICTURE, "caption": "one #tag"}, {"kind": "video", "data": PICTURE["data"]}]
        await api.person(1001, "messages", files=files)
        first, second = await seen(api)
        assert first["media_group_id"] == second["media_group_id"]
        assert (first["caption"], first["caption_entities"][0]["type"]) == ("one #tag", "hashtag")
        assert ("photo" in first, "video" in second) == (True, True)
        await api.person(1001, "messages", dice="🎲")
        assert 1 <= (await seen(api))[0]["dice"]["value"] <= 6
        many, two = {"files": [PICTURE] * 11}, {"text": "x", "dice": "x"}
        wrongs: list[dict[str, Any]] = [{"dice": "x"}, {"files": []}, many, {"files": [{}]}, two]
        for wrong in wrongs:
            await api.person(1001, "messages", **wrong, expect=422)
        await group(api, is_forum=True)
        topic = await api.get("createForumTopic", chat_id=GROUP, name="News")
        await api.person(1001, "messages", chat=GROUP, text="/in", thread=topic["message_thread_id"])
        message = (await seen(api))[-1]
        assert message["message_thread_id"] == message["reply_to_message"]["message_id"] == topic["message_thread_id"]
        await api.person(1001, "messages", chat=GROUP, text="/answer", reply_to=message["message_id"])
        assert (await seen(api))[-1]["message_thread_id"] == topic["message_thread_id"]
        await api.person(1001, "messages", chat=GROUP, text="/x", thread=5, expect=404)

    told(tmp_path, story)


def test_people_do_only_what_their_phones_let_them(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        sent = await api.get("sendMessage", chat_id=1001, text="Hello")
        wrongs: list[dict[str, Any]] = [
            {"location": {"latitude": 91, "longitude": 0}},
            {"location": {"latitude": 0, "longitude": -181}},
            {"contact": {"phone_number": 5, "first_name": "Ann"}},
            {"contact": {"phone_number": "+358401234567", "first_name": ""}},
            {"contact": {"phone_number": "+358401234567", "first_name": "Ann", "user_id": "9"}},
        ]
        for wrong in wrongs:
            await api.person(1001, "messages", **wrong, expect=422)
        await api.person(1001, "react", message=sent["message_id"], emoji=["x"], expect=422)
        assert "is required" in (await api.person(1001, "photo", file={}, expect=422))["detail"]
        await api.person(1002, "messages", chat=1001, text="x", expect=409)
        await api.person(1002, "react", chat=1001, message=sent["message_id"], emoji=["👍"], expect=409)
        for deed, more in (("join", {}), ("leave", {}), ("add", {"user": 5}), ("remove", {"user": 5})):
            await api.person(1001, deed, chat=1001, **more, expect=409)
        assert await seen(api) == []
        await api.person(1001, "ask", chat=1002, query="cats")
        assert (await api.updates())[-1]["inline_query"]["chat_type"] == "private"

    told(tmp_path, story)


def test_in_a_group_that_was_set_up_people_do_what_their_standing_lets_them(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        await group(api)
        await api.person(1001, "join", chat=GROUP, expect=409)
        await api.person(77, "leave", chat=GROUP, expect=409)
        await api.person(77, "add", chat=GROUP, user=78, expect=409)
        for who in (77, 1001):
            await api.person(who, "remove", chat=GROUP, user=1, expect=409)
        await api.person(1, "remove", chat=GROUP, user=77, expect=409)
        await api.person(1, "remove", chat=GROUP, user=1, expect=409)
        await api.get("restrictChatMember", chat_id=GROUP, user_id=1001, permissions={})
        await api.person(1001, "messages", chat=GROUP, text="/x", expect=409)
        await api.get("banChatMember", chat_id=GROUP, user_id=1001)
        await api.person(1001, "messages", chat=GROUP, text="/x", expect=409)
        assert [message for message in await seen(api) if "text" in message] == []

    told(tmp_path, story)


def test_a_reaction_that_is_there_already_is_not_told_again(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        await api.updates(allowed_updates=["message_reaction"])
        sent = await api.get("sendMessage", chat_id=1001, text="Hello")
        for emoji in (["👍"], ["👍"], [], []):
            await api.person(1001, "react", message=sent["message_id"], emoji=emoji)
        api.world.clock.move(10)
        told_of = [update["message_reaction"]["new_reaction"] for update in await api.updates()]
        assert told_of == [[{"type": "emoji", "emoji": "👍"}], []]

    told(tmp_path, story)


USERS = {"request_id": 7, "max_quantity": 2, "request_name": True, "request_username": True}
CHAT = {"request_id": 8, "chat_is_channel": True, "request_title": True}
APP = {"url": "https://example.test/app"}


@pytest.mark.parametrize(
    ("key", "fields", "content"),
    [
        ({"request_users": USERS}, {"users": []}, None),
        ({"request_users": USERS}, {"users": [1, 2, 3]}, None),
        (
            {"request_users": USERS},
            {"users": [9, 10]},
            {
                "users_shared": {
                    "request_id": 7,
                    "users": [
                        {"user_id": 9, "first_name": "Ann", "username": "ann_k"},
                        {"user_id": 10, "first_name": "Person 10"},
                    ],
                    "user_ids": [9, 10],
                }
            },
        ),
        ({"request_chat": CHAT}, {}, None),
        ({"request_chat": CHAT}, {"shared_chat": GROUP}, None),
        (
            {"request_chat": CHAT},
            {"shared_chat": "@lighthouse"},
            {"chat_shared": {"request_id": 8, "chat_id": usual("@lighthouse")["id"], "title": "lighthouse"}},
        ),
        ({"web_app": APP}, {}, None),
        ({"web_app": APP}, {"data": "[1]"}, {"web_app_data": {"button_text": "Key", "data": "[1]"}}),
        ({"request_poll": {}}, {}, None),
    ],
)
def test_a_key_tells_what_it_asks_for(
    tmp_path: Path, key: dict[str, Any], fields: dict[str, Any], content: dict[str, Any] | None
) -> None:
    async def story(api: Api) -> None:
        await api.world.control("PUT", "/messengers/telegram/chats/9", {"first_name": "Ann", "username": "ann_k"})
        keyboard = {"keyboard": [[{"text": "Key", **key}]]}
        await api.get("sendMessage", chat_id=1001, text="?", reply_markup=keyboard)
        if content is None:
            status = 409 if fields.get("shared_chat") or "request_poll" in key else 422
            await api.person(1001, "press", button="Key", **fields, expect=status)
            return
        await api.person(1001, "press", button="Key", **fields)
        (message,) = await seen(api)
        assert {name: message[name] for name in content} == content

    told(tmp_path, story)


def test_reactions_are_told_counted_and_taken_away(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        await group(api)
        kinds = ["message_reaction", "message_reaction_count"]
        await api.updates(allowed_updates=kinds)
        numbers = [(await api.get("sendMessage", chat_id=GROUP, text=text))["message_id"] for text in "12"]
        for number in numbers:
            await api.person(1001, "react", chat=GROUP, message=number, emoji=["👍"])
        who = {"chat_id": GROUP, "user_id": 1001}
        assert await api.get("deleteMessageReaction", **who, message_id=numbers[0])
        await api.person(1001, "react", chat=GROUP, message=numbers[0], emoji=["🔥"])
        assert await api.get("deleteAllMessageReactions", **who)
        await api.person(1001, "react", chat=GROUP, message=numbers[1], emoji=["🔥"])
        told_of = await seen(api, "message_reaction")
        assert [change["old_reaction"] for change in told_of] == [[]] * 4
        words = await api.refusal("deleteMessageReaction", **who, message_id=10**6)
        assert words == "Bad Request: message to delete reactions not found"
        members = [{"user": TOKEN, "status": "administrator"}]
        body = {"type": "channel", "title": "Light", "members": members}
        await api.world.control("PUT", f"/messengers/telegram/chats/{CHANNEL}", body)
        post = await api.get("sendMessage", chat_id=CHANNEL, text="x")
        for person, emoji in ((1001, "👍"), (1002, "🔥"), (1003, "🔥")):
            await api.person(person, "react", chat=CHANNEL, message=post["message_id"], emoji=[emoji])
        counts = (await seen(api, "message_reaction_count"))[-1]["reactions"]
        assert [(one["type"]["emoji"], one["total_count"]) for one in counts] == [("🔥", 2), ("👍", 1)]

    told(tmp_path, story)


def test_a_stopped_poll_is_told(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        sent = await api.get("sendPoll", chat_id=1001, question="?", options=["a", "b"])
        await api.get("stopPoll", chat_id=1001, message_id=sent["message_id"])
        (poll,) = await seen(api, "poll")
        assert (poll["id"], poll["is_closed"]) == (sent["poll"]["id"], True)

    told(tmp_path, story)


def test_a_bot_is_brought_into_a_group_and_thrown_out(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        await group(api, members=[{"user": 1, "status": "creator"}])
        words = await api.refusal("sendMessage", chat_id=GROUP, text="x")
        assert words == "Forbidden: bot is not a member of the supergroup chat"
        await api.person(1, "add", chat=GROUP, user=TOKEN, expect=201)
        member, message = await api.updates()
        assert member["my_chat_member"]["from"]["id"] == 1
        old, new = (member["my_chat_member"][f"{age}_chat_member"] for age in ("old", "new"))
        assert (old["status"], new["status"], old["user"]) == ("left", "member", new["user"])
        assert [user["is_bot"] for user in message["message"]["new_chat_members"]] == [True]
        assert await api.get("sendMessage", chat_id=GROUP, text="Hello")
        await api.person(1, "add", chat=GROUP, user=TOKEN, expect=409)
        await api.person(1, "add", chat=1001, user=5, expect=409)
        await api.person(1, "add", chat=GROUP, user="x", expect=422)
        await api.person(1, "add", chat=GROUP, user=9, expect=201)
        await api.person(1, "remove", chat=GROUP, user=TOKEN, expect=201)
        api.world.clock.move(10)
        came, went, member = (await api.updates(offset=3))[-3:]
        assert came["message"]["new_chat_member"]["id"] == 9
        assert went["message"]["left_chat_member"]["is_bot"] is True
        assert member["my_chat_member"]["new_chat_member"]["status"] == "kicked"
        words = await api.refusal("sendMessage", chat_id=GROUP, text="x")
        assert words == "Forbidden: bot was kicked from the supergroup chat"

    told(tmp_path, story)


def test_people_forward_what_others_wrote(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        post = await api.get("sendMessage", chat_id="@lighthouse", text="Ships!")
        await api.person(1001, "messages", forward={"chat": "@lighthouse", "message": post["message_id"]})
        (message,) = await seen(api)
        origin = message["forward_origin"]
        assert (message["text"], message["from"]["id"]) == ("Ships!", 1001)
        assert (origin["type"], origin["chat"]["username"]) == ("channel", "lighthouse")
        secret = await api.get("sendMessage", chat_id=1001, text="x", protect_content=True)
        await api.person(1001, "messages", forward={"chat": 1001, "message": secret["message_id"]}, expect=409)
        await api.person(1001, "messages", forward={"chat": 1001, "message": 10**6}, expect=404)
        for wrong in ({}, {"chat": 1001}, {"message": 1}, {"chat": 1001, "message": "x"}):
            await api.person(1001, "messages", forward=wrong, expect=422)

    told(tmp_path, story)
