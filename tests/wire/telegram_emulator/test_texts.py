"""What becomes of a text: markup, entities, keyboards, answers, and the server's words where it refuses."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wire.telegram_emulator.asking import BOT, TOKEN, Api, told
from vestnik.messengers.telegram.emulator.texts import is_unremarkable
from vestnik.messengers.telegram.markup import formatted

INLINE = {"inline_keyboard": [[{"text": "Yes", "callback_data": "y"}, {"text": "Site", "url": "example.com"}], []]}


def test_a_marked_up_text_is_shown_with_its_entities_and_journaled_as_it_is_read(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        message = await api.get("sendMessage", chat_id=1001, text="<b>Hi</b> @everyone_here", parse_mode="HTML")
        assert message["text"] == "Hi @everyone_here"
        assert message["entities"] == [
            {"offset": 0, "length": 2, "type": "bold"},
            {"offset": 3, "length": 14, "type": "mention"},
        ]
        [entry] = await api.world.journal()
        assert entry["text"] == "Hi @everyone_here"
        assert entry["payload"]["text"] == "<b>Hi</b> @everyone_here"

    told(tmp_path, story)


def test_entities_are_taken_without_a_parse_mode(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        entities = [{"offset": 0, "length": 2, "type": "text_mention", "user": {"id": 5}}]
        message = await api.get("sendMessage", chat_id=1001, text="Hi", entities=entities)
        [entity] = message["entities"]
        assert entity["user"] == {"id": 5, "is_bot": False, "first_name": "Person 5"}

    told(tmp_path, story)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"text": "x"}, "Bad Request: chat_id is empty"),
        ({"chat_id": 1}, "Bad Request: message text is empty"),
        ({"chat_id": 1, "text": " \n "}, "Bad Request: text must be non-empty"),
        ({"chat_id": 1, "text": "x" * 4097}, "Bad Request: message is too long"),
        ({"chat_id": 1, "text": "x" * 32769}, "Bad Request: text is too long"),
        ({"chat_id": 1, "text": "x", "parse_mode": "LaTeX"}, "Bad Request: unsupported parse_mode"),
        (
            {"chat_id": 1, "text": "<b>x", "parse_mode": "HTML"},
            "Bad Request: can't parse entities: Can't find end tag corresponding to start tag \"b\"",
        ),
        ({"chat_id": 1, "text": "x", "reply_to_message_id": 77}, "Bad Request: message to be replied not found"),
        (
            {"chat_id": 1, "text": "x", "reply_parameters": {"message_id": 77}},
            "Bad Request: message to be replied not found",
        ),
        (
            {"chat_id": 1, "text": "x", "reply_markup": "{"},
            "Bad Request: can't parse reply keyboard markup JSON object",
        ),
        (
            {"chat_id": 1, "text": "x", "reply_markup": {"inline_keyboard": [[{"text": "x"}]]}},
            "Bad Request: can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
        ),
        (
            {
                "chat_id": 1,
                "text": "x",
                "reply_markup": {"inline_keyboard": [[{"text": "x", "callback_data": "я" * 33}]]},
            },
            "Bad Request: BUTTON_DATA_INVALID",
        ),
        (
            {"chat_id": 1, "text": "x", "reply_markup": {"inline_keyboard": [[{"text": "x", "url": "no url"}]]}},
            "Bad Request: inline keyboard button URL 'no url' is invalid: Wrong HTTP URL",
        ),
    ],
)
def test_what_cannot_be_sent_is_refused_in_the_servers_words(
    tmp_path: Path, arguments: dict[str, Any], words: str
) -> None:
    async def story(api: Api) -> None:
        assert await api.refusal("sendMessage", **arguments) == words
        assert await api.world.journal() == []

    told(tmp_path, story)


def test_a_limit_counts_what_is_left_of_the_markup(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        message = await api.get("sendMessage", chat_id=1, text=f"<b>{'x' * 4096}</b>", parse_mode="html")
        assert len(message["text"]) == 4096

    told(tmp_path, story)


def test_an_inline_keyboard_is_shown_and_another_is_not(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        message = await api.get("sendMessage", chat_id=1001, text="Sure?", reply_markup=INLINE)
        assert message["reply_markup"] == {
            "inline_keyboard": [[{"text": "Yes", "callback_data": "y"}, {"text": "Site", "url": "http://example.com/"}]]
        }
        keyboard = {"keyboard": [["Yes", {"text": "No"}]], "resize_keyboard": True}
        assert "reply_markup" not in await api.get("sendMessage", chat_id=1001, text="Sure?", reply_markup=keyboard)

    told(tmp_path, story)


def test_an_answer_shows_what_it_answers(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        first = await api.get("sendMessage", chat_id=1001, text="*One*", parse_mode="Markdown")
        second = await api.get(
            "sendMessage", chat_id=1001, text="Two", reply_parameters={"message_id": first["message_id"]}
        )
        assert second["reply_to_message"] == first
        third = await api.get("sendMessage", chat_id=1001, text="Three", reply_to_message_id=second["message_id"])
        assert third["reply_to_message"] == {key: second[key] for key in second if key != "reply_to_message"}
        orphan = {"message_id": 999, "allow_sending_without_reply": True}
        assert "reply_to_message" not in await api.get("sendMessage", chat_id=1001, text="4", reply_parameters=orphan)

    told(tmp_path, story)


def test_a_repeated_key_gets_the_same_message_with_its_keyboard_and_what_it_answers(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        first = await api.get("sendMessage", chat_id=1001, text="One")
        arguments = {
            "chat_id": 1001,
            "text": "Two",
            "reply_markup": INLINE,
            "reply_to_message_id": first["message_id"],
            "link_preview_options": {"is_disabled": True},
            "protect_content": True,
        }
        path, key = f"/telegram/bot{TOKEN}/sendMessage", {"idempotency-key": "k"}
        second = await api.world.ask("POST", path, arguments, key)
        api.world.clock.move(100)
        assert await api.world.ask("POST", path, {"chat_id": 1001, "text": "Three"}, key) == second
        assert b'"is_disabled":true' in second.body
        assert b'"has_protected_content":true' in second.body

    told(tmp_path, story)


def test_the_author_of_a_post_is_its_channel(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        message = await api.get("sendMessage", chat_id="@Lighthouse", text="x")
        assert "from" not in message
        assert message["sender_chat"] == message["chat"]
        assert (await api.get("sendMessage", chat_id=1, text="x"))["from"]["id"] == BOT

    told(tmp_path, story)


@given(
    st.text(max_size=300)
    | st.text("ab 12,!?-(_é'\"", max_size=40)
    | st.text("0123456789 -", max_size=40)
    | st.text("ac.: ", max_size=12)
    | st.lists(st.sampled_from(["a.com", "Hello.", "Yes:", "www", ".", ":", "7"]), max_size=6).map(" ".join)
)
def test_a_text_that_gets_no_closer_look_is_one_that_the_markup_leaves_as_it_is(text: str) -> None:
    if is_unremarkable(text):
        assert formatted(text) == (text, [])


def test_the_most_usual_texts_get_no_closer_look() -> None:
    assert is_unremarkable("Hello, John! Your order (number 12345) has arrived")
    assert is_unremarkable("Привет, Джон")
    assert is_unremarkable("Your code: 12. It is good for an hour.")
    assert not is_unremarkable("Look at example.com")
    assert not is_unremarkable("x@example.com")


@pytest.mark.parametrize("text", ["Hello, John", "x", "Привет 7", "a" * 256, "x@example.com", " spaced "])
def test_the_short_way_answers_what_the_long_way_answers(tmp_path: Path, text: str) -> None:
    async def story(api: Api) -> None:
        for person in (1001, 2**51):
            short = await api.get("sendMessage", chat_id=person, text=text)
            long = await api.get("sendMessage", chat_id=person, text=text, disable_notification=False)
            assert {**short, "message_id": 0} == {**long, "message_id": 0}
            assert list(short) == list(long)
            assert short["message_id"] + 1 == long["message_id"]
            reply = await api.get("sendMessage", chat_id=person, text="y", reply_to_message_id=short["message_id"])
            assert reply["reply_to_message"] == short
        assert await api.get("setMyName", name="Herald")
        assert (await api.get("sendMessage", chat_id=1001, text=text))["from"]["first_name"] == "Herald"
        await api.get("logOut")
        assert await api.refusal("sendMessage", chat_id=1001, text=text) == "Logged out"

    told(tmp_path, story)
