"""What a chat sees of bots' own deeds: titles, photos, pins, topics, and who came or went by them."""

from pathlib import Path
from typing import Any

import pytest

from tests.wire.telegram_emulator.asking import BOT, TOKEN, Api, told
from tests.wire.telegram_emulator.test_groups import GROUP, group

CHANNEL = -1009999999999
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 8 + b"\x00\x00\x00\x10\x00\x00\x00\x20" + b"\0" * 8


async def seen(api: Api, kind: str = "message") -> list[dict[str, Any]]:
    """What the bot was told since it last asked."""
    api.world.clock.move(10)
    found = await api.updates()
    if found:
        await api.updates(offset=found[-1]["update_id"] + 1)
    return [update[kind] for update in found if kind in update]


def test_a_new_title_and_photo_are_told_in_the_bots_name(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        await group(api)
        assert await api.get("setChatTitle", chat_id=GROUP, title="New")
        assert await api.get("setChatTitle", chat_id=GROUP, title="New")
        assert (await api.upload("setChatPhoto", {"photo": ("p.png", PNG)}, chat_id=str(GROUP)))["ok"]
        for _ in range(2):
            assert await api.get("deleteChatPhoto", chat_id=GROUP)
        title, photo, gone = await seen(api)
        assert (title["new_chat_title"], title["from"]["id"], title["chat"]["title"]) == ("New", BOT, "New")
        assert [size["width"] for size in photo["new_chat_photo"]] == [16]
        assert gone["delete_chat_photo"] is True
        words = await api.refusal("setChatPhoto", chat_id=GROUP, photo="x")
        assert words == "Bad Request: photo must be uploaded as an InputFile"

    told(tmp_path, story)


def test_a_channel_tells_of_itself_in_its_own_name(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        members = [{"user": TOKEN, "status": "administrator"}]
        body = {"type": "channel", "title": "Light", "members": members}
        await api.world.control("PUT", f"/messengers/telegram/chats/{CHANNEL}", body)
        await api.get("setChatTitle", chat_id=CHANNEL, title="Lights")
        (post,) = await seen(api, "channel_post")
        assert (post["new_chat_title"], post["sender_chat"]["id"]) == ("Lights", CHANNEL)
        assert "from" not in post

    told(tmp_path, story)


@pytest.mark.parametrize("chat", [GROUP, 1001])
def test_a_pinned_message_is_shown_once_and_is_not_changed_itself(tmp_path: Path, chat: int) -> None:
    async def story(api: Api) -> None:
        sent = await api.get("sendMessage", chat_id=chat, text="here")
        for _ in range(2):
            assert await api.get("pinChatMessage", chat_id=chat, message_id=sent["message_id"])
        (pinned,) = await seen(api)
        assert pinned["pinned_message"]["message_id"] == sent["message_id"]
        assert pinned["from"]["id"] == BOT
        here = {"chat_id": chat, "message_id": pinned["message_id"]}
        assert await api.refusal("pinChatMessage", **here) == "Bad Request: service messages can't be pinned"
        markup = {"inline_keyboard": [[{"text": "a", "callback_data": "b"}]]}
        words = await api.refusal("editMessageReplyMarkup", **here, reply_markup=markup)
        assert words == "Bad Request: message can't be edited"
        words = await api.refusal("forwardMessage", chat_id=chat, from_chat_id=chat, message_id=pinned["message_id"])
        assert words == "Bad Request: message can't be forwarded"

    told(tmp_path, story)


def test_a_topic_begins_with_a_message_that_those_in_it_answer(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        await group(api, is_forum=True)
        topic = await api.get("createForumTopic", chat_id=GROUP, name="News", icon_color=16766590)
        where = {"chat_id": GROUP, "message_thread_id": topic["message_thread_id"]}
        for method, more in (("editForumTopic", {"name": "Old"}), ("closeForumTopic", {}), ("reopenForumTopic", {})):
            assert await api.get(method, **where, **more)
        created, edited, closed, reopened = await seen(api)
        assert created["message_id"] == created["message_thread_id"] == topic["message_thread_id"]
        assert created["forum_topic_created"] == {"name": "News", "icon_color": 16766590}
        assert (edited["forum_topic_edited"], closed["forum_topic_closed"]) == ({"name": "Old"}, {})
        assert (reopened["forum_topic_reopened"], reopened["message_thread_id"]) == ({}, topic["message_thread_id"])
        message = await api.get("sendMessage", **where, text="x")
        assert message["reply_to_message"]["forum_topic_created"]["name"] == "News"
        words = await api.refusal("deleteMessage", chat_id=GROUP, message_id=created["message_id"])
        assert words == "Bad Request: message can't be deleted"
        assert await api.get("deleteForumTopic", **where)
        words = await api.refusal("copyMessage", chat_id=1, from_chat_id=GROUP, message_id=message["message_id"])
        assert words == "Bad Request: message to copy not found"
        for method in ("hideGeneralForumTopic", "unhideGeneralForumTopic", "reopenGeneralForumTopic"):
            assert await api.get(method, chat_id=GROUP)
        fields = [
            set(message) & {"general_forum_topic_hidden", "general_forum_topic_unhidden", "forum_topic_reopened"}
            for message in await seen(api)
        ]
        assert fields == [{"general_forum_topic_hidden"}, {"general_forum_topic_unhidden"}, {"forum_topic_reopened"}]

    told(tmp_path, story)


def test_what_is_pinned_in_a_topic_is_unpinned_there_alone(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        await group(api, is_forum=True)
        topic = await api.get("createForumTopic", chat_id=GROUP, name="News")
        thread = topic["message_thread_id"]
        inside = await api.get("sendMessage", chat_id=GROUP, message_thread_id=thread, text="in")
        outside = await api.get("sendMessage", chat_id=GROUP, text="out")
        for message in (outside, inside):
            await api.get("pinChatMessage", chat_id=GROUP, message_id=message["message_id"])
        assert await api.get("unpinAllForumTopicMessages", chat_id=GROUP, message_thread_id=thread)
        assert (await api.get("getChat", chat_id=GROUP))["pinned_message"]["text"] == "out"
        assert await api.get("unpinAllGeneralForumTopicMessages", chat_id=GROUP)
        assert "pinned_message" not in await api.get("getChat", chat_id=GROUP)
        words = await api.refusal("unpinAllGeneralForumTopicMessages", chat_id=-5)
        assert words == "Bad Request: the chat is not a forum"

    told(tmp_path, story)


def test_a_closed_topic_is_for_those_who_manage_it(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        members = [{"user": TOKEN, "status": "administrator"}, {"user": "77:other"}]
        await group(api, is_forum=True, members=members)
        topic = await api.get("createForumTopic", chat_id=GROUP, name="News")
        where = {"chat_id": GROUP, "message_thread_id": topic["message_thread_id"]}
        assert await api.get("closeForumTopic", **where)
        assert await api.get("sendMessage", **where, text="mine")
        other = api.beside("77:other")
        assert await other.refusal("sendMessage", **where, text="x") == "Bad Request: TOPIC_CLOSED"
        words = await other.refusal("reopenForumTopic", **where)
        assert words == "Bad Request: not enough rights to close or open the topic"
        words = await other.refusal("deleteForumTopic", **where)
        assert words == "Bad Request: not enough rights to delete the topic"

    told(tmp_path, story)


def test_who_is_let_in_or_thrown_out_is_seen_by_the_group(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        await group(api)
        link = await api.get("createChatInviteLink", chat_id=GROUP, creates_join_request=True)
        await api.person(1005, "join", chat=GROUP, link=link["invite_link"])
        await api.get("approveChatJoinRequest", chat_id=GROUP, user_id=1005)
        await api.get("banChatMember", chat_id=GROUP, user_id=1005)
        await api.get("banChatMember", chat_id=GROUP, user_id=1006)
        came, went = await seen(api)
        assert (came["from"]["id"], came["new_chat_member"]["id"], len(came["new_chat_members"])) == (1005, 1005, 1)
        assert (went["from"]["id"], went["left_chat_member"]["id"]) == (BOT, 1005)
        assert await api.get("leaveChat", chat_id=GROUP)
        (gone,) = await seen(api)
        assert (gone["from"]["id"], gone["left_chat_member"]["id"]) == (BOT, BOT)

    told(tmp_path, story)
