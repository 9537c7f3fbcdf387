"""Who may change whose standing in a chat, and what can be deleted there and for how long."""

from pathlib import Path
from typing import Any

import pytest

from tests.wire.telegram_emulator.asking import BOT, TOKEN, Api, told
from tests.wire.telegram_emulator.test_groups import GROUP, group

CHANNEL = -1009999999999
DAY = 86_400


@pytest.mark.parametrize(
    ("method", "user_id", "more", "words"),
    [
        ("banChatMember", 1, {}, "can't remove chat owner"),
        ("banChatMember", BOT, {}, "can't restrict self"),
        ("banChatMember", 2, {}, "user is an administrator of the chat"),
        ("promoteChatMember", 1, {"can_pin_messages": True}, "can't remove chat owner"),
        ("promoteChatMember", BOT, {"can_pin_messages": True}, "can't promote self"),
        ("promoteChatMember", 2, {"can_pin_messages": True}, "CHAT_ADMIN_REQUIRED"),
        ("promoteChatMember", 1001, {"can_invite_users": True}, "RIGHT_FORBIDDEN"),
        ("promoteChatMember", 9, {"can_pin_messages": True}, "PARTICIPANT_ID_INVALID"),
        ("setChatAdministratorCustomTitle", 1, {"custom_title": "x"}, "only the owner can edit their custom title"),
        (
            "setChatAdministratorCustomTitle",
            2,
            {"custom_title": "x"},
            "not enough rights to change custom title of the user",
        ),
        ("setChatAdministratorCustomTitle", 1001, {"custom_title": "x"}, "user is not an administrator"),
        ("setChatMemberTag", 1001, {"tag": "x" * 17}, "TAG_INVALID"),
        ("setChatMemberTag", 1001, {"tag": "\N{GRINNING FACE}"}, "TAG_EMOJI_NOT_ALLOWED"),
    ],
)
def test_nobody_reaches_above_himself(
    tmp_path: Path, method: str, user_id: int, more: dict[str, Any], words: str
) -> None:
    async def story(api: Api) -> None:
        members = [
            {"user": 1, "status": "creator"},
            {"user": 2, "status": "administrator"},
            {"user": 1001},
            {"user": TOKEN, "status": "administrator", "can_invite_users": False},
        ]
        await api.world.control("PUT", f"/messengers/telegram/chats/{GROUP}", {"members": members})
        assert await api.refusal(method, chat_id=GROUP, user_id=user_id, **more) == f"Bad Request: {words}"

    told(tmp_path, story)


@pytest.mark.parametrize(
    ("method", "arguments", "words"),
    [
        ("promoteChatMember", {}, "method is available for supergroup and channel chats only"),
        ("unbanChatMember", {}, "method is available for supergroup and channel chats only"),
        ("restrictChatMember", {"permissions": {}}, "method is available only for supergroups"),
        ("setChatStickerSet", {"sticker_set_name": "x"}, "method is available only for supergroups"),
        ("banChatSenderChat", {"sender_chat_id": CHANNEL}, "can't ban chats in basic groups"),
    ],
)
def test_a_basic_group_can_do_less(tmp_path: Path, method: str, arguments: dict[str, Any], words: str) -> None:
    async def story(api: Api) -> None:
        given = arguments if "sender_chat_id" in arguments else {"user_id": 1001, **arguments}
        assert await api.refusal(method, chat_id=-5, **given) == f"Bad Request: {words}"

    told(tmp_path, story)


def test_a_bot_changes_and_throws_out_whom_it_promoted(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        await group(api)
        who = {"chat_id": GROUP, "user_id": 1001}
        assert await api.get("promoteChatMember", **who, can_pin_messages=True, is_anonymous=True)
        member = await api.get("getChatMember", **who)
        assert (member["can_be_edited"], member["is_anonymous"], member["can_manage_chat"]) == (True, True, True)
        assert (await api.beside("77:other").ask("getChatMember", **who))["error_code"] == 403
        assert await api.get("promoteChatMember", **who)
        assert (await api.get("getChatMember", **who))["status"] == "member"
        assert await api.get("setChatMemberTag", **who, tag="cook")
        assert (await api.get("getChatMember", **who))["tag"] == "cook"
        assert await api.get("promoteChatMember", **who, can_pin_messages=True)
        assert await api.get("banChatMember", **who)
        assert (await api.get("getChatMember", **who))["status"] == "kicked"

    told(tmp_path, story)


def test_somebody_who_is_not_there_can_be_restricted_and_is_not_there_then(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        await group(api)
        assert await api.get("restrictChatMember", chat_id=GROUP, user_id=9, permissions={})
        member = await api.get("getChatMember", chat_id=GROUP, user_id=9)
        assert (member["status"], member["is_member"]) == ("restricted", False)

    told(tmp_path, story)


def test_a_bot_without_the_right_is_refused(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        await group(api, me={"status": "administrator", "can_restrict_members": False, "can_delete_messages": False})
        words = await api.refusal("banChatMember", chat_id=GROUP, user_id=1001)
        assert words == "Bad Request: not enough rights to restrict/unrestrict chat member"
        theirs = await api.person(1001, "messages", chat=GROUP, text="/x")
        number = int(theirs["external_id"].rpartition(":")[2])
        words = await api.refusal("deleteMessage", chat_id=GROUP, message_id=number)
        assert words == "Bad Request: message can't be deleted"
        await group(api)
        assert await api.get("deleteMessage", chat_id=GROUP, message_id=number)

    told(tmp_path, story)


@pytest.mark.parametrize("chat", [1001, GROUP])
def test_nothing_is_deleted_after_two_days_whatever_a_bot_may(tmp_path: Path, chat: int) -> None:
    async def story(api: Api) -> None:
        if chat == GROUP:
            await group(api)
        old = await api.get("sendMessage", chat_id=chat, text="x")
        dice = await api.get("sendDice", chat_id=1001)
        words = await api.refusal("deleteMessage", chat_id=1001, message_id=dice["message_id"])
        assert words == "Bad Request: message can't be deleted"
        api.world.clock.move(2 * DAY)
        new = await api.get("sendMessage", chat_id=chat, text="y")
        numbers = [old["message_id"], new["message_id"]]
        words = await api.refusal("deleteMessages", chat_id=chat, message_ids=numbers)
        assert words == "Bad Request: message can't be deleted"
        assert await api.get("deleteMessages", chat_id=chat, message_ids=[numbers[1], 10**6])

    told(tmp_path, story)


def test_a_group_has_stickers_of_its_own_and_shuts_out_channels(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        await group(api)
        words = await api.refusal("setChatStickerSet", chat_id=GROUP, sticker_set_name="none")
        assert words == "Bad Request: STICKERSET_INVALID"
        name = f"a_by_vestnik{BOT}bot"
        file = await api.upload(
            "uploadStickerFile", {"sticker": ("a.webp", b"x")}, user_id="1", sticker_format="static"
        )
        sticker = {"sticker": file["result"]["file_id"], "format": "static", "emoji_list": ["\N{GRINNING FACE}"]}
        assert await api.get("createNewStickerSet", user_id=1, name=name, title="A", stickers=[sticker])
        assert await api.get("setChatStickerSet", chat_id=GROUP, sticker_set_name=name)
        chat = await api.get("getChat", chat_id=GROUP)
        assert (chat["sticker_set_name"], chat["can_set_sticker_set"]) == (name, True)
        assert await api.get("deleteChatStickerSet", chat_id=GROUP)
        assert "sticker_set_name" not in await api.get("getChat", chat_id=GROUP)
        assert await api.get("banChatSenderChat", chat_id=GROUP, sender_chat_id=CHANNEL)
        said: dict[str, Any] = {"chat": GROUP, "text": "/x", "sender_chat": CHANNEL}
        await api.person(1001, "messages", **said, expect=409)
        assert await api.get("unbanChatSenderChat", chat_id=GROUP, sender_chat_id=CHANNEL)
        await api.person(1001, "messages", **said)
        api.world.clock.move(10)
        message = (await api.updates())[-1]["message"]
        assert (message["sender_chat"]["id"], message["from"]["username"]) == (CHANNEL, "Channel_Bot")

    told(tmp_path, story)


@pytest.mark.parametrize(
    ("method", "arguments", "right", "what"),
    [
        ("sendMessage", {"text": "x"}, "can_send_messages", "text messages"),
        ("sendDice", {}, "can_send_other_messages", "dice"),
        ("sendGame", {"game_short_name": "x"}, "can_send_other_messages", "games"),
        ("sendPoll", {"question": "?", "options": ["a", "b"]}, "can_send_polls", "polls"),
        ("sendContact", {"phone_number": "7", "first_name": "A"}, "can_send_messages", "contacts"),
        ("sendLocation", {"latitude": 1, "longitude": 1}, "can_send_messages", "locations"),
        (
            "sendLocation",
            {"latitude": 1, "longitude": 1, "live_period": 60},
            "can_send_messages",
            "live locations",
        ),
        (
            "sendVenue",
            {"latitude": 1, "longitude": 1, "title": "a", "address": "b"},
            "can_send_messages",
            "venues",
        ),
    ],
)
@pytest.mark.parametrize("by", ["chat", "member"])
def test_what_may_not_be_sent_is_refused_by_its_name(
    tmp_path: Path, by: str, method: str, arguments: dict[str, Any], right: str, what: str
) -> None:
    async def story(api: Api) -> None:
        if by == "chat":
            await group(api, me={"status": "member"}, permissions={right: False})
        else:
            await group(api, me={"status": "restricted", right: False})
        words = await api.refusal(method, chat_id=GROUP, **arguments)
        assert words == f"Bad Request: not enough rights to send {what} to the chat"
        await group(api, permissions={right: False})
        assert await api.get(method, chat_id=GROUP, **arguments)

    told(tmp_path, story)


@pytest.mark.parametrize(
    ("kind", "right", "what"),
    [
        ("Photo", "can_send_photos", "photos"),
        ("Audio", "can_send_audios", "music"),
        ("Animation", "can_send_other_messages", "animations"),
        ("Voice", "can_send_voice_notes", "voice notes"),
        ("Document", "can_send_documents", "documents"),
        ("Sticker", "can_send_other_messages", "stickers"),
    ],
)
def test_files_that_may_not_be_sent_are_refused_by_their_names(
    tmp_path: Path, kind: str, right: str, what: str
) -> None:
    async def story(api: Api) -> None:
        await group(api, me={"status": "member"}, permissions={right: False})
        answer = await api.upload(f"send{kind}", {kind.lower(): ("a", b"x")}, chat_id=str(GROUP))
        assert answer["description"] == f"Bad Request: not enough rights to send {what} to the chat"

    told(tmp_path, story)


def test_a_post_of_another_is_changed_by_who_may_edit_them(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        other = {"user": "77:other", "status": "administrator", "can_edit_messages": False}
        members = [{"user": TOKEN, "status": "administrator"}, other]
        body = {"type": "channel", "title": "Light", "members": members}
        await api.world.control("PUT", f"/messengers/telegram/chats/{CHANNEL}", body)
        mine = await api.get("sendMessage", chat_id=CHANNEL, text="mine")
        theirs = await api.beside("77:other").get("sendMessage", chat_id=CHANNEL, text="theirs")
        where = {"chat_id": CHANNEL, "message_id": theirs["message_id"]}
        assert (await api.get("editMessageText", **where, text="ours"))["text"] == "ours"
        words = await api.beside("77:other").refusal(
            "editMessageText", chat_id=CHANNEL, message_id=mine["message_id"], text="x"
        )
        assert words == "Bad Request: message can't be edited"

    told(tmp_path, story)
