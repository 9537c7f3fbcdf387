"""What bots do to messages that were sent: edit, copy, forward, delete, stop; and polls and places."""

from pathlib import Path
from typing import Any

import pytest

from tests.wire.telegram_emulator.asking import BOT, Api, told

BUTTON = {"inline_keyboard": [[{"text": "Yes", "callback_data": "y"}]]}
NOT_MODIFIED = (
    "Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a "
    "current content and reply markup of the message"
)


async def sent(api: Api, text: str = "Hello", **more: Any) -> dict[str, Any]:
    message: dict[str, Any] = await api.get("sendMessage", chat_id=1001, text=text, **more)
    return message


def test_a_text_is_edited_and_stays_so(tmp_path: Path) -> None:
    async def first(api: Api) -> None:
        message = await sent(api, reply_markup=BUTTON)
        number = message["message_id"]
        api.world.clock.move(5)
        edited = await api.get("editMessageText", chat_id=1001, message_id=number, text="<i>Bye</i>", parse_mode="HTML")
        assert edited["text"] == "Bye"
        assert edited["entities"] == [{"offset": 0, "length": 3, "type": "italic"}]
        assert (edited["date"], edited["edit_date"]) == (message["date"], message["date"] + 5)
        assert "reply_markup" not in edited
        again = await api.refusal(
            "editMessageText", chat_id=1001, message_id=number, text="<i>Bye</i>", parse_mode="HTML"
        )
        assert again == NOT_MODIFIED
        assert (await api.get("editMessageText", chat_id=1001, message_id=number, text="Bye"))["text"] == "Bye"

    async def second(api: Api) -> None:
        answer = await api.get("sendMessage", chat_id=1001, text="x", reply_to_message_id=1)
        assert answer["reply_to_message"]["text"] == "Bye"

    told(tmp_path, first)
    told(tmp_path, second)


def test_a_keyboard_is_changed_alone(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        message = await sent(api)
        where = {"chat_id": 1001, "message_id": message["message_id"]}
        assert await api.refusal("editMessageReplyMarkup", **where) == NOT_MODIFIED
        edited = await api.get("editMessageReplyMarkup", **where, reply_markup=BUTTON)
        assert edited == {**message, "reply_markup": BUTTON}
        assert await api.get("editMessageReplyMarkup", **where) == message

    told(tmp_path, story)


def test_files_and_captions_are_changed(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        answer = await api.upload("sendPhoto", {"photo": ("a.png", b"picture")}, chat_id="1001", caption="one")
        number = answer["result"]["message_id"]
        where = {"chat_id": 1001, "message_id": number}
        edited = await api.get("editMessageCaption", **where, caption="_two_", parse_mode="Markdown")
        assert edited["caption"] == "two"
        assert "caption" not in await api.get("editMessageCaption", **where)
        media = {"type": "document", "media": "attach://x", "caption": "three"}
        changed = await api.upload(
            "editMessageMedia", {"x": ("b.txt", b"words")}, chat_id="1001", message_id=str(number), media=media
        )
        assert changed["result"]["document"]["file_name"] == "b.txt"
        assert changed["result"]["caption"] == "three"
        assert "photo" not in changed["result"]
        text = await api.refusal("editMessageText", **where, text="x")
        assert text == "Bad Request: there is no text in the message to edit"
        caption = await api.refusal("editMessageCaption", chat_id=1001, message_id=(await sent(api))["message_id"])
        assert caption == "Bad Request: there is no caption in the message to edit"

    told(tmp_path, story)


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("editMessageText", {"text": "x", "chat_id": 1001, "message_id": 99}, "message to edit not found"),
        ("editMessageText", {"text": "x"}, "message identifier is not specified"),
        ("editMessageText", {"text": "x", "message_id": 1}, "chat_id is empty"),
        ("deleteMessage", {"chat_id": 1001, "message_id": 99}, "message to delete not found"),
        ("forwardMessage", {"chat_id": 1001, "from_chat_id": 1002, "message_id": 1}, "message to forward not found"),
        ("copyMessage", {"chat_id": 1001, "from_chat_id": 1002, "message_id": 1}, "message to copy not found"),
        ("copyMessages", {"chat_id": 1, "from_chat_id": 2, "message_ids": [1]}, "there are no messages to copy"),
        ("deleteMessages", {"chat_id": 1, "message_ids": list(range(101))}, "too many message identifiers specified"),
        ("stopPoll", {"chat_id": 1001, "message_id": 1}, "message with poll to stop not found"),
    ],
)
def test_what_is_not_there_is_told_by_its_role(
    tmp_path: Path, name: str, arguments: dict[str, Any], words: str
) -> None:
    async def story(api: Api) -> None:
        await sent(api)
        assert await api.refusal(name, **arguments) == f"Bad Request: {words}"

    told(tmp_path, story)


def test_a_bot_edits_nobody_elses_message(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        await api.person(1001, "messages", text="mine")
        number = (await api.updates())[0]["message"]["message_id"]
        words = await api.refusal("editMessageText", chat_id=1001, message_id=number, text="x")
        assert words == "Bad Request: message can't be edited"
        message = await sent(api)
        other = api.beside("77:other")
        words = await other.refusal("editMessageText", chat_id=1001, message_id=message["message_id"], text="x")
        assert words == "Bad Request: message can't be edited"

    told(tmp_path, story)


def test_a_deleted_message_is_gone_and_an_old_one_stays(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        first, second = (await sent(api))["message_id"], (await sent(api))["message_id"]
        assert await api.get("deleteMessage", chat_id=1001, message_id=first) is True
        words = await api.refusal("deleteMessage", chat_id=1001, message_id=first)
        assert words == "Bad Request: message to delete not found"
        assert await api.get("deleteMessages", chat_id=1001, message_ids=[first, 99]) is True
        api.world.clock.move(48 * 3600)
        words = await api.refusal("deleteMessage", chat_id=1001, message_id=second)
        assert words == "Bad Request: message can't be deleted"

    told(tmp_path, story)


def test_a_forwarded_message_tells_where_it_came_from_and_a_copy_does_not(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        await api.person(1002, "messages", text="Look at https://a.test")
        original = (await api.updates())[0]["message"]
        where = {"from_chat_id": 1002, "message_id": original["message_id"]}
        forward = await api.get("forwardMessage", chat_id=1001, **where)
        assert forward["forward_origin"] == {
            "type": "user",
            "date": original["date"],
            "sender_user": original["from"],
        }
        assert (forward["text"], forward["entities"]) == (original["text"], original["entities"])
        assert forward["from"]["id"] == BOT
        on = await api.get("forwardMessage", chat_id=1003, from_chat_id=1001, message_id=forward["message_id"])
        assert on["forward_origin"] == forward["forward_origin"]
        copy = await api.get("copyMessage", chat_id=1001, **where)
        answer = await sent(api, reply_to_message_id=copy["message_id"])
        assert answer["reply_to_message"]["text"] == original["text"]
        assert "forward_origin" not in answer["reply_to_message"]
        there = where["message_id"]
        several = await api.get("copyMessages", chat_id=1001, from_chat_id=1002, message_ids=[there, there + 1_000])
        assert len(several) == 1
        for unordered in ([there + 1, there], [there, there]):
            for method in ("copyMessages", "forwardMessages"):
                words = await api.refusal(method, chat_id=1001, from_chat_id=1002, message_ids=unordered)
                assert words == "Bad Request: message identifiers must be in a strictly increasing order"
        protected = await sent(api, protect_content=True)
        words = await api.refusal("forwardMessage", chat_id=1003, from_chat_id=1001, message_id=protected["message_id"])
        assert words == "Bad Request: message can't be forwarded"

    told(tmp_path, story)


def test_people_vote_and_the_bot_is_told(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        await api.updates(allowed_updates=["poll", "poll_answer"])
        message = await api.get(
            "sendPoll", chat_id=1001, question="Tea?", options=["Yes", {"text": "No"}], is_anonymous=False
        )
        number = message["message_id"]
        assert [option["text"] for option in message["poll"]["options"]] == ["Yes", "No"]
        for wrong in ([2], [0, 1], [-1]):
            await api.person(1001, "vote", message=number, options=wrong, expect=409)
        await api.person(1001, "vote", message=number, options=[1])
        await api.person(1001, "vote", message=number, options=[0])
        updates = await api.updates(offset=-4)
        assert [next(iter(set(update) - {"update_id"})) for update in updates] == ["poll", "poll_answer"] * 2
        assert updates[-1]["poll_answer"]["option_ids"] == [0]
        assert [option["voter_count"] for option in updates[-2]["poll"]["options"]] == [1, 0]
        poll = await api.get("stopPoll", chat_id=1001, message_id=number)
        assert (poll["is_closed"], poll["total_voter_count"]) == (True, 1)
        again = await api.refusal("stopPoll", chat_id=1001, message_id=number)
        assert again == "Bad Request: poll has already been closed"
        await api.person(1001, "vote", message=number, options=[0], expect=409)

    told(tmp_path, story)


def test_a_quiz_keeps_its_answer_until_it_is_stopped(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        quiz = {"chat_id": 1001, "question": "2+2?", "options": ["3", "4"], "type": "quiz"}
        assert await api.refusal("sendPoll", **quiz) == "Bad Request: wrong correct option ID specified"
        message = await api.get(
            "sendPoll",
            **quiz,
            correct_option_ids=[1],
            explanation="*So*",
            open_period=60,
            explanation_parse_mode="Markdown",
        )
        assert "correct_option_ids" not in message["poll"]
        api.world.clock.move(30)
        await api.person(1001, "vote", message=message["message_id"], options=[1])
        await api.person(1001, "vote", message=message["message_id"], options=[0], expect=409)
        [update] = await api.updates()
        assert update["poll"]["correct_option_ids"] == [1]
        assert update["poll"]["explanation"] == "So"
        api.world.clock.move(30)
        await api.person(1002, "vote", chat=1001, message=message["message_id"], options=[1], expect=409)

    told(tmp_path, story)


def test_a_live_place_moves_until_it_is_stopped(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        place = {"chat_id": 1001, "latitude": 1.5, "longitude": 2}
        message = await api.get("sendLocation", **place, live_period=600, heading=90)
        assert message["location"] == {"latitude": 1.5, "longitude": 2, "live_period": 600, "heading": 90}
        where = {"chat_id": 1001, "message_id": message["message_id"]}
        moved = await api.get("editMessageLiveLocation", **where, latitude=3, longitude=4)
        assert moved["location"] == {"latitude": 3, "longitude": 4, "live_period": 600}
        stopped = await api.get("stopMessageLiveLocation", **where)
        assert stopped["location"] == {"latitude": 3, "longitude": 4}
        words = await api.refusal("editMessageLiveLocation", **where, latitude=3, longitude=4)
        assert words == "Bad Request: message can't be edited"
        words = await api.refusal("sendLocation", **place, live_period=1)
        assert words == "Bad Request: wrong live location period specified"
        assert await api.refusal("sendLocation", chat_id=1, latitude=91, longitude=0) == (
            "Bad Request: wrong location specified"
        )

    told(tmp_path, story)


def test_places_contacts_and_dice_are_sent(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        point = {"latitude": 1.0, "longitude": 2.0}
        venue = await api.get("sendVenue", chat_id=1001, **point, title="Pub", address="Here", google_place_id="g")
        assert venue["venue"] == {"location": point, "title": "Pub", "address": "Here", "google_place_id": "g"}
        assert venue["location"] == point
        contact = await api.get("sendContact", chat_id=1001, phone_number="+7", first_name="A", last_name="B")
        assert contact["contact"] == {"phone_number": "+7", "first_name": "A", "last_name": "B"}
        dice = await api.get("sendDice", chat_id=1001, emoji="🎰")
        assert dice["dice"] == {"emoji": "🎰", "value": 33}
        assert await api.refusal("sendDice", chat_id=1001, emoji="x") == "Bad Request: EMOTICON_INVALID"
        assert await api.get("sendChatAction", chat_id=1001, action="typing") is True
        words = await api.refusal("sendChatAction", chat_id=1001, action="dance")
        assert words == "Bad Request: wrong parameter action in request"

    told(tmp_path, story)
