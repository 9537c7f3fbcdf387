"""Groups, channels and forums: who is in them, who may do what, and what bots are told of a change."""

from pathlib import Path
from typing import Any

import pytest

from tests.wire.telegram_emulator.asking import BOT, TOKEN, Api, told

GROUP = -1001234567890
EVERYTHING = ["chat_member", "my_chat_member", "message", "chat_join_request", "message_reaction"]


async def group(api: Api, **more: Any) -> None:
    """A supergroup with an owner, a member and a bot that is a member too."""
    me = more.pop("me", {"status": "administrator"})
    members = [{"user": 1, "status": "creator"}, {"user": 1001}, {"user": TOKEN, **me}]
    body = {"title": "Keepers", "members": members, **more}
    await api.world.control("PUT", f"/messengers/telegram/chats/{GROUP}", body)


async def kinds(api: Api) -> list[str]:
    api.world.clock.move(10)
    found = await api.updates()
    if found:
        await api.updates(offset=found[-1]["update_id"] + 1)
    return [next(iter(set(update) - {"update_id"})) for update in found]


def test_a_chat_that_was_set_up_is_what_was_set_up(tmp_path: Path) -> None:
    async def first(api: Api) -> None:
        await group(api, username="Keepers", description="of the light")
        for name in (GROUP, "@keepers"):
            chat = await api.get("getChat", chat_id=name)
            assert (chat["title"], chat["description"], chat["type"]) == ("Keepers", "of the light", "supergroup")
        assert await api.get("getChatMemberCount", chat_id=GROUP) == 3
        administrators = await api.get("getChatAdministrators", chat_id=GROUP)
        assert [(one["status"], one["user"]["id"]) for one in administrators] == [
            ("creator", 1),
            ("administrator", BOT),
        ]
        assert (await api.get("getChatMember", chat_id=GROUP, user_id=1001))["status"] == "member"
        assert (await api.get("getChatMember", chat_id=GROUP, user_id=5))["status"] == "left"

    async def second(api: Api) -> None:
        message = await api.get("sendMessage", chat_id="@KEEPERS", text="x")
        assert message["chat"] == {"id": GROUP, "title": "Keepers", "username": "Keepers", "type": "supergroup"}
        await api.world.control("DELETE", f"/messengers/telegram/chats/{GROUP}", expect=204)
        assert (await api.get("getChat", chat_id=GROUP))["title"] == "Group 1001234567890"
        await api.world.control("DELETE", f"/messengers/telegram/chats/{GROUP}", expect=404)

    told(tmp_path, first)
    told(tmp_path, second)


@pytest.mark.parametrize(
    ("me", "kind", "words"),
    [
        ({"status": "left"}, "supergroup", "Forbidden: bot is not a member of the supergroup chat"),
        ({"status": "kicked"}, "channel", "Forbidden: bot was kicked from the channel chat"),
        ({"status": "member"}, "channel", "Bad Request: need administrator rights in the channel chat"),
        ({"status": "restricted"}, "supergroup", None),
        (
            {"status": "restricted", "can_send_messages": False},
            "supergroup",
            "Bad Request: not enough rights to send text messages to the chat",
        ),
        ({"status": "member"}, "supergroup", None),
    ],
)
def test_a_bot_writes_where_it_may(tmp_path: Path, me: dict[str, Any], kind: str, words: str | None) -> None:
    async def story(api: Api) -> None:
        await group(api, me=me, type=kind)
        answer = await api.ask("sendMessage", chat_id=GROUP, text="x")
        assert answer.get("description") == words

    told(tmp_path, story)


def test_a_group_that_moved_says_where_to(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        body = {"type": "group", "migrate_to_chat_id": GROUP}
        await api.world.control("PUT", "/messengers/telegram/chats/-5", body)
        answer = await api.ask("sendMessage", chat_id=-5, text="x")
        assert answer["description"] == "Bad Request: group chat was upgraded to a supergroup chat"
        assert answer["parameters"] == {"migrate_to_chat_id": GROUP}
        await api.world.control("PUT", "/messengers/telegram/chats/9", {"first_name": "Ann", "deactivated": True})
        assert await api.refusal("sendMessage", chat_id=9, text="x") == "Forbidden: user is deactivated"

    told(tmp_path, story)


def test_an_administrator_manages_and_others_do_not(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        await group(api)
        assert await api.get("setChatTitle", chat_id=GROUP, title="New")
        assert await api.get("setChatDescription", chat_id=GROUP, description="d")
        again = await api.refusal("setChatDescription", chat_id=GROUP, description="d")
        assert again == "Bad Request: chat description is not modified"
        assert await api.get("setChatPermissions", chat_id=GROUP, permissions={"can_send_messages": True})
        chat = await api.get("getChat", chat_id=GROUP)
        assert (chat["title"], chat["description"]) == ("New", "d")
        assert (chat["permissions"]["can_send_messages"], chat["permissions"]["can_send_polls"]) == (True, False)
        await group(api, me={"status": "member"})
        refused: list[tuple[str, dict[str, Any], str]] = [
            ("setChatTitle", {"title": "x"}, "not enough rights to change chat title"),
            ("banChatMember", {"user_id": 1001}, "not enough rights to restrict/unrestrict chat member"),
            ("promoteChatMember", {"user_id": 1001, "can_pin_messages": True}, "not enough rights"),
            ("unpinAllChatMessages", {}, "not enough rights to manage pinned messages in the chat"),
            ("exportChatInviteLink", {}, "not enough rights to manage chat invite link"),
        ]
        for method, arguments, doing in refused:
            words = await api.refusal(method, chat_id=GROUP, **arguments)
            assert words == f"Bad Request: {doing}"
        assert await api.refusal("setChatTitle", chat_id=1001, title="x") == (
            "Bad Request: can't change private chat title"
        )

    told(tmp_path, story)


def test_members_are_banned_for_a_while_restricted_and_promoted(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        await group(api)
        await api.updates(allowed_updates=EVERYTHING)
        until = 1_800_000_000 + 3600
        assert await api.get("banChatMember", chat_id=GROUP, user_id=1001, until_date=until)
        assert (await api.get("getChatMember", chat_id=GROUP, user_id=1001))["until_date"] == until
        await api.person(1001, "join", chat=GROUP, expect=409)
        api.world.clock.move(3600)
        await api.person(1001, "join", chat=GROUP, expect=201)
        some = {"can_send_messages": True}
        assert await api.get("restrictChatMember", chat_id=GROUP, user_id=1001, permissions=some)
        member = await api.get("getChatMember", chat_id=GROUP, user_id=1001)
        assert (member["status"], member["can_send_messages"], member["can_send_photos"]) == ("restricted", True, False)
        assert await api.get("promoteChatMember", chat_id=GROUP, user_id=1001, can_pin_messages=True)
        assert await api.get("setChatAdministratorCustomTitle", chat_id=GROUP, user_id=1001, custom_title="Chef")
        member = await api.get("getChatMember", chat_id=GROUP, user_id=1001)
        assert (member["can_pin_messages"], member["can_change_info"], member["custom_title"]) == (True, False, "Chef")
        assert await api.refusal("banChatMember", chat_id=GROUP, user_id=1) == "Bad Request: can't remove chat owner"
        for _ in range(2):
            assert await api.get("unbanChatMember", chat_id=GROUP, user_id=1001)
        assert (await api.get("getChatMember", chat_id=GROUP, user_id=1001))["status"] == "left"

    told(tmp_path, story)


def test_bots_are_told_who_comes_and_goes_and_of_themselves(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        await api.updates(allowed_updates=EVERYTHING)
        await group(api)
        assert "my_chat_member" in await kinds(api)
        await api.person(1002, "join", chat=GROUP, expect=201)
        await api.person(1002, "leave", chat=GROUP, expect=201)
        assert await kinds(api) == ["chat_member", "message", "chat_member", "message"]
        await api.get("sendMessage", chat_id=1001, text="Hello")
        await api.world.phone("telegram", blocked=True)
        await api.world.phone("telegram", blocked=False)
        await api.world.phone("telegram", reads_after=1)
        assert await kinds(api) == ["my_chat_member", "my_chat_member"]
        assert await api.get("leaveChat", chat_id=GROUP)
        words = await api.refusal("sendMessage", chat_id=GROUP, text="x")
        assert words == "Forbidden: bot is not a member of the supergroup chat"

    told(tmp_path, story)


def test_a_bot_that_is_a_mere_member_reads_only_what_is_meant_for_it(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        await group(api, me={"status": "member"})
        await kinds(api)
        sent = await api.get("sendMessage", chat_id=GROUP, text="?")
        for text in ("among us", "/help", "/help@otherbot", f"hey @vestnik{BOT}bot", "so"):
            more = {"reply_to": sent["message_id"]} if text == "so" else {}
            await api.person(1001, "messages", chat=GROUP, text=text, **more)
        api.world.clock.move(10)
        texts = [update["message"]["text"] for update in await api.updates()]
        assert texts == ["/help", f"hey @vestnik{BOT}bot", "so"]

    told(tmp_path, story)


def test_links_lead_in_once_or_after_asking(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        await group(api)
        await api.updates(allowed_updates=EVERYTHING)
        assert await kinds(api) == ["my_chat_member"]
        link = await api.get("createChatInviteLink", chat_id=GROUP, name="Front", creates_join_request=True)
        await api.person(1005, "join", chat=GROUP, link=link["invite_link"])
        assert await kinds(api) == ["chat_join_request"]
        assert (await api.get("getChatMember", chat_id=GROUP, user_id=1005))["status"] == "left"
        assert await api.get("approveChatJoinRequest", chat_id=GROUP, user_id=1005)
        assert (await api.get("getChatMember", chat_id=GROUP, user_id=1005))["status"] == "member"
        words = await api.refusal("declineChatJoinRequest", chat_id=GROUP, user_id=1005)
        assert words == "Bad Request: HIDE_REQUESTER_MISSING"
        edited = await api.get("editChatInviteLink", chat_id=GROUP, invite_link=link["invite_link"], member_limit=3)
        assert (edited["member_limit"], edited["creates_join_request"]) == (3, False)
        revoked = await api.get("revokeChatInviteLink", chat_id=GROUP, invite_link=link["invite_link"])
        assert revoked["is_revoked"] is True
        await api.person(1006, "join", chat=GROUP, link=link["invite_link"], expect=409)
        primary = await api.get("exportChatInviteLink", chat_id=GROUP)
        assert (await api.get("getChat", chat_id=GROUP))["invite_link"] == primary
        await api.person(1006, "join", chat=GROUP, link=primary, expect=201)

    told(tmp_path, story)


def test_a_forum_has_topics(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        await group(api, is_forum=True)
        topic = await api.get("createForumTopic", chat_id=GROUP, name="News")
        thread = {"chat_id": GROUP, "message_thread_id": topic["message_thread_id"]}
        message = await api.get("sendMessage", **thread, text="x")
        assert (message["message_thread_id"], message["is_topic_message"]) == (topic["message_thread_id"], True)
        assert await api.get("editForumTopic", **thread, name="Old")
        assert await api.get("closeForumTopic", **thread)
        assert await api.refusal("closeForumTopic", **thread) == "Bad Request: TOPIC_NOT_MODIFIED"
        assert await api.get("reopenForumTopic", **thread)
        assert await api.get("deleteForumTopic", **thread)
        assert await api.refusal("sendMessage", **thread, text="x") == "Bad Request: message thread not found"
        await group(api)
        assert await api.refusal("createForumTopic", chat_id=GROUP, name="x") == "Bad Request: the chat is not a forum"

    told(tmp_path, story)


def test_messages_are_pinned_and_reacted_to(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        numbers = [(await api.get("sendMessage", chat_id=GROUP, text=text))["message_id"] for text in "12"]
        for number in numbers:
            assert await api.get("pinChatMessage", chat_id=GROUP, message_id=number)
        assert (await api.get("getChat", chat_id=GROUP))["pinned_message"]["text"] == "2"
        assert await api.get("unpinChatMessage", chat_id=GROUP)
        assert (await api.get("getChat", chat_id=GROUP))["pinned_message"]["text"] == "1"
        assert await api.get("unpinAllChatMessages", chat_id=GROUP)
        words = await api.refusal("unpinChatMessage", chat_id=GROUP)
        assert words == "Bad Request: message to unpin not found"
        where = {"chat_id": GROUP, "message_id": numbers[0]}
        assert await api.get("setMessageReaction", **where, reaction=[{"type": "emoji", "emoji": "👍"}])
        words = await api.refusal("setMessageReaction", **where, reaction=[{"type": "emoji", "emoji": "x"}])
        assert words == "Bad Request: REACTION_INVALID"

    told(tmp_path, story)


def test_a_bot_keeps_what_it_says_of_itself(tmp_path: Path) -> None:
    commands = [{"command": "start", "description": "Begin"}]

    async def first(api: Api) -> None:
        assert await api.get("setMyCommands", commands=commands)
        scope = {"type": "chat", "chat_id": 1001}
        assert await api.get("setMyCommands", commands=[{"command": "/stop", "description": "End"}], scope=scope)
        assert await api.get("getMyCommands", scope=scope) == [{"command": "stop", "description": "End"}]
        words = await api.refusal("setMyCommands", commands=[{"command": "Start!", "description": "x"}])
        assert words == "Bad Request: BOT_COMMAND_INVALID"
        for method, more in (
            ("setMyName", {"name": "x"}),
            ("setMyCommands", {"commands": commands}),
            ("getMyName", {}),
        ):
            words = await api.refusal(method, **more, language_code="zh-hans")
            assert words == "Bad Request: invalid language code specified"
        assert await api.get("setMyName", name="Herald")
        assert await api.get("setMyDescription", description="Вестник", language_code="ru")
        assert await api.get("setChatMenuButton", menu_button={"type": "commands"})

    async def second(api: Api) -> None:
        await api.world.control("POST", "/reset", expect=204)
        assert await api.get("getMyCommands") == commands
        assert (await api.get("getMe"))["first_name"] == "Herald"
        assert await api.get("getMyDescription", language_code="ru") == {"description": "Вестник"}
        assert await api.get("getMyDescription") == {"description": ""}
        assert await api.get("deleteMyCommands")
        assert await api.get("getMyCommands") == []
        assert await api.get("getChatMenuButton") == {"type": "commands"}

    told(tmp_path, first)
    told(tmp_path, second)


def test_a_group_hears_twenty_messages_a_minute_under_real_limits(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        for _ in range(20):
            await api.get("sendMessage", chat_id=GROUP, text="x")
            api.world.clock.move(1)
        answer = await api.ask("sendMessage", chat_id=GROUP, text="x")
        assert (answer["error_code"], answer["parameters"]) == (429, {"retry_after": 40})
        assert await api.get("sendMessage", chat_id=1001, text="x")
        api.world.clock.move(40)
        assert await api.get("sendMessage", chat_id=GROUP, text="x")

    told(tmp_path, story, limits_real=True)


@pytest.mark.parametrize(
    "body",
    [
        {"type": "private"},
        {"type": "egg"},
        {"members": [{"user": "x"}]},
        {"members": [{"user": 1, "status": "king"}]},
        {"members": [{"user": 1, "can_fly": True}]},
        {"permissions": {"can_fly": True}},
        {"colour": "red"},
        {"username": "no"},
    ],
)
def test_a_chat_that_cannot_be_is_not_set_up(tmp_path: Path, body: dict[str, Any]) -> None:
    async def story(api: Api) -> None:
        await api.world.control("PUT", f"/messengers/telegram/chats/{GROUP}", body, expect=422)
        assert (await api.world.control("GET", "/messengers/telegram/chats"))["chats"] == []

    told(tmp_path, story)


def test_a_strict_world_knows_the_groups_that_were_set_up(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        assert await api.refusal("sendMessage", chat_id=GROUP, text="x") == "Bad Request: chat not found"
        assert await api.refusal("getChat", chat_id=GROUP) == "Bad Request: chat not found"
        await group(api)
        assert await api.get("sendMessage", chat_id=GROUP, text="x")
        assert await api.refusal("sendMessage", chat_id=1001, text="x") == "Bad Request: chat not found"
        await api.world.control("PUT", "/messengers/telegram/chats/1001", {"first_name": "Ann"})
        assert (await api.get("sendMessage", chat_id=1001, text="x"))["chat"]["first_name"] == "Ann"

    told(tmp_path, story, strict=True)
