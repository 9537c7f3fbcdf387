"""Decides whether arguments are read and refused as the server does it.

It has never heard of what methods do. Source of the texts: telegram-bot-api Client.cpp.
"""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.wire.telegram_facts.shapes import arguments
from vestnik.messengers.telegram import facts
from vestnik.messengers.telegram.arguments import ArgumentError, read_arguments_of
from vestnik.messengers.telegram.facts import ArrayOf, Method, Named, OneOf

METHODS = [known for name in facts.method_names() if (known := facts.method(name)) is not None]
TYPES = {"integer": int, "float": float, "boolean": bool, "string": str, "file": str}
JUNK = [
    "",
    "0",
    "-1",
    "abc",
    "[]",
    "{}",
    "null",
    "[1]",
    '["a"]',
    '{"type":"x"}',
    '{"type":1}',
    "[[]]",
    "[{}]",
    "[" * 500,
]


def method(name: str) -> Method:
    known = facts.method(name)
    assert known is not None
    return known


def refusal(name: str, **given_arguments: str) -> str:
    with pytest.raises(ArgumentError) as caught:
        read_arguments_of(method(name), given_arguments)
    return caught.value.message


@pytest.mark.parametrize(
    ("name", "given_arguments", "message"),
    [
        ("sendMessage", {}, "Message text is empty"),
        ("sendMessage", {"text": "a"}, "chat_id is empty"),
        ("sendMessage", {"chat_id": "1"}, "Message text is empty"),
        ("sendPhoto", {"chat_id": "1"}, "There is no photo in the request"),
        ("sendVideoNote", {"chat_id": "1"}, "There is no video note in the request"),
        ("sendLivePhoto", {"chat_id": "1", "live_photo": "x"}, "There is no photo in the request"),
        ("setChatPhoto", {"chat_id": "1"}, "There is no photo in the request"),
        ("sendLocation", {"chat_id": "1", "longitude": "1"}, "latitude is empty"),
        ("sendContact", {"chat_id": "1", "first_name": "A"}, 'Parameter "phone_number" is required'),
        ("sendMediaGroup", {"chat_id": "1"}, 'Parameter "media" is required'),
        ("sendMediaGroup", {"chat_id": "1", "media": "x"}, "Can't parse media JSON object"),
        ("sendMediaGroup", {"chat_id": "1", "media": "{}"}, "Expected an Array of InputMedia"),
        ("sendMediaGroup", {"chat_id": "1", "media": "[1]"}, "Can't parse InputMedia: expected an Object"),
        ("sendMediaGroup", {"chat_id": "1", "media": "[{}]"}, "Can't parse InputMedia: Can't find field \"type\""),
        (
            "sendMediaGroup",
            {"chat_id": "1", "media": '[{"type":"song"}]'},
            'Can\'t parse InputMedia: type "song" is unsupported',
        ),
        (
            "sendMediaGroup",
            {"chat_id": "1", "media": '[{"type":"animation"}]'},
            "Can't parse InputMedia: type \"animation\" can't be used in sendMediaGroup",
        ),
        ("sendPoll", {"chat_id": "1", "question": "a", "options": "x"}, "Can't parse options JSON object"),
        ("sendPoll", {"chat_id": "1", "question": "a", "options": "5"}, "Expected an Array of String as options"),
        ("sendInvoice", {"chat_id": "1"}, 'Parameter "title" is required'),
        ("sendChatAction", {"chat_id": "1"}, "Wrong parameter action in request"),
        ("forwardMessage", {"chat_id": "1", "message_id": "1"}, 'Parameter "from_chat_id" is required'),
        ("forwardMessage", {"chat_id": "1", "from_chat_id": "1", "message_id": "x"}, "message to forward not found"),
        ("copyMessage", {"chat_id": "1", "from_chat_id": "1"}, "message to copy not found"),
        ("copyMessages", {"chat_id": "1", "from_chat_id": "1"}, "Message identifiers are not specified"),
        (
            "copyMessages",
            {"chat_id": "1", "from_chat_id": "1", "message_ids": "[x"},
            "Can't parse message_ids JSON object",
        ),
        (
            "copyMessages",
            {"chat_id": "1", "from_chat_id": "1", "message_ids": "1"},
            "Expected an Array of message identifiers",
        ),
        ("deleteMessage", {}, "Chat identifier is not specified"),
        ("deleteMessage", {"chat_id": "1"}, "Message identifier is not specified"),
        ("banChatMember", {"chat_id": "1"}, "Invalid user_id specified"),
        ("banChatMember", {"chat_id": "1", "user_id": "abc"}, "Invalid user_id specified"),
        ("banChatMember", {"user_id": "5"}, "chat_id is empty"),
        ("getFile", {}, "file_id not specified"),
        ("setChatStickerSet", {"chat_id": "1"}, "sticker_set_name is empty"),
        ("deleteStickerFromSet", {}, "Sticker is not specified"),
        ("setStickerEmojiList", {"sticker": "a", "emoji_list": "x"}, "Can't parse emoji list JSON array"),
        ("setMyCommands", {"commands": "x"}, "Can't parse commands JSON object"),
        ("setMyCommands", {"commands": "{}"}, "Expected an Array of BotCommand"),
        ("setMyCommands", {"commands": "[{}]"}, "Can't parse BotCommand: Can't find field \"command\""),
        ("setMyCommands", {"commands": "[]", "scope": "x"}, "Can't parse BotCommandScope JSON object"),
        (
            "setMyCommands",
            {"commands": "[]", "scope": "[]"},
            "Can't parse BotCommandScope: BotCommandScope must be an Object",
        ),
        (
            "setMyCommands",
            {"commands": "[]", "scope": '{"type":"x"}'},
            "Can't parse BotCommandScope: Unsupported type specified",
        ),
        (
            "setMessageReaction",
            {"chat_id": "1", "message_id": "1", "reaction": '[{"type":"x"}]'},
            "Can't parse ReactionType: invalid reaction type specified",
        ),
        (
            "answerCallbackQuery",
            {},
            "query is too old and response timeout expired or query ID is invalid",
        ),
        ("setMyProfilePhoto", {}, "Photo isn't specified"),
        (
            "sendInvoice",
            {
                "chat_id": "1",
                "title": "a",
                "description": "a",
                "payload": "a",
                "currency": "XTR",
                "prices": '[{"label":"a","amount":"1.5"}]',
            },
            'Can\'t parse labeled price: Field "amount" must be a valid Number',
        ),
    ],
)
def test_a_missing_or_ill_typed_argument_is_refused_in_the_servers_words(
    name: str, given_arguments: dict[str, str], message: str
) -> None:
    assert refusal(name, **given_arguments) == message


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("reply_markup", "x", "Can't parse reply keyboard markup JSON object"),
        ("reply_markup", "[]", "Object expected as reply markup"),
        ("reply_markup", '{"inline_keyboard":5}', 'Field "inline_keyboard" must be of type Array'),
        (
            "reply_markup",
            '{"inline_keyboard":[["a"]]}',
            "Can't parse inline keyboard button: InlineKeyboardButton must be an Object",
        ),
        (
            "reply_markup",
            '{"inline_keyboard":[[{}]]}',
            "Can't parse inline keyboard button: Can't find field \"text\"",
        ),
        (
            "reply_markup",
            '{"inline_keyboard":[[{"text":"a","url":true}]]}',
            'Can\'t parse inline keyboard button: Field "url" must be of type String',
        ),
        (
            "reply_markup",
            '{"keyboard":[[5]]}',
            "Can't parse keyboard button: KeyboardButton must be a String or an Object",
        ),
        (
            "reply_markup",
            '{"keyboard":[[{"text":"a","request_contact":"yes"}]]}',
            'Can\'t parse keyboard button: Field "request_contact" must be of type Boolean',
        ),
        ("reply_parameters", "x", "Can't parse reply parameters JSON object"),
        ("reply_parameters", "5", "Object expected as reply parameters"),
        ("reply_parameters", '{"message_id":[]}', 'Field "message_id" must be a Number'),
        ("reply_parameters", '{"message_id":"5.0"}', 'Field "message_id" must be a valid Number'),
        ("link_preview_options", "x", "Can't parse link preview options JSON object"),
        ("link_preview_options", '{"is_disabled":1}', 'Field "is_disabled" must be of type Boolean'),
        ("suggested_post_parameters", "1", "Object expected as suggested post parameters"),
    ],
)
def test_an_object_that_is_none_is_refused_in_the_servers_words(name: str, text: str, message: str) -> None:
    assert refusal("sendMessage", chat_id="1", text="a", **{name: text}) == message


@pytest.mark.parametrize(
    ("text", "value"),
    [("5", 5), ("5x", 5), ("x", 0), ("-7", -7), ("5.9", 5), (" 5", 0), ("+5", 0), ("9223372036854775808", -(2**63))],
)
def test_whole_numbers_begin_a_text(text: str, value: int) -> None:
    assert read_arguments_of(method("getUpdates"), {"offset": text}) == {"offset": value}


@pytest.mark.parametrize(
    ("text", "value"),
    [("true", True), ("TRUE", True), (" yes ", True), ("1", True), ("on", False), ("false", False), ("0", False)],
)
def test_true_is_true_yes_or_1(text: str, value: bool) -> None:
    assert read_arguments_of(method("deleteWebhook"), {"drop_pending_updates": text}) == {"drop_pending_updates": value}


@pytest.mark.parametrize(("text", "value"), [("1.5", 1.5), ("-1e2", -100.0), (" 2", 2.0), ("x", 0.0), ("1e999", 0.0)])
def test_numbers_with_a_point_begin_a_text(text: str, value: float) -> None:
    read = read_arguments_of(method("sendLocation"), {"chat_id": "1", "latitude": text, "longitude": "0"})
    assert read["latitude"] == value


def test_chat_identifiers_stay_texts() -> None:
    read = read_arguments_of(method("getChat"), {"chat_id": "@keepers"})
    assert read == {"chat_id": "@keepers"}


def test_objects_come_with_plain_numbers() -> None:
    markup = '{"inline_keyboard":[[{"text":"a","callback_data":"b"}]],"x":[1,2.5,true,null]}'
    read = read_arguments_of(method("sendMessage"), {"chat_id": "1", "text": "a", "reply_markup": markup})
    assert read["reply_markup"] == {
        "inline_keyboard": [[{"text": "a", "callback_data": "b"}]],
        "x": [1, 2.5, True, None],
    }


def test_texts_that_spell_whole_numbers_are_as_good_where_those_are_expected() -> None:
    where = {"chat_id": "1", "from_chat_id": "2", "message_ids": '["3",4]'}
    assert read_arguments_of(method("copyMessages"), where)["message_ids"] == [3, 4]
    answer = {"chat_id": "1", "text": "a", "reply_parameters": '{"message_id":"5","chat_id":"6"}'}
    assert read_arguments_of(method("sendMessage"), answer)["reply_parameters"] == {"message_id": 5, "chat_id": "6"}


def test_buttons_and_poll_options_may_be_bare_texts() -> None:
    keyboard = '{"keyboard":[["a",{"text":"b"}]]}'
    read = read_arguments_of(method("sendMessage"), {"chat_id": "1", "text": "a", "reply_markup": keyboard})
    assert read["reply_markup"] == {"keyboard": [["a", {"text": "b"}]]}
    poll = {"chat_id": "1", "question": "a", "options": '["x",{"text":"y"}]'}
    assert read_arguments_of(method("sendPoll"), poll)["options"] == ["x", {"text": "y"}]


def test_an_object_without_a_keyboard_is_no_markup_and_no_error() -> None:
    read = read_arguments_of(method("sendMessage"), {"chat_id": "1", "text": "a", "reply_markup": "{}"})
    assert read["reply_markup"] == {}


def test_entities_are_left_to_the_markup() -> None:
    call = {"chat_id": "1", "text": "a"}
    assert "entities" not in read_arguments_of(method("sendMessage"), {**call, "entities": "["})
    assert read_arguments_of(method("sendMessage"), {**call, "entities": '[{"type":5}]'})["entities"] == [{"type": 5}]


def test_a_file_that_is_a_part_of_the_call_is_not_missing() -> None:
    assert read_arguments_of(method("sendPhoto"), {"chat_id": "1"}, files={"photo"}) == {"chat_id": "1"}


def test_an_empty_caption_is_told_from_none_and_an_empty_needed_text_is_missing() -> None:
    call = {"chat_id": "1", "from_chat_id": "2", "message_id": "3"}
    assert "caption" not in read_arguments_of(method("copyMessage"), call)
    assert read_arguments_of(method("copyMessage"), {**call, "caption": ""})["caption"] == ""
    assert refusal("sendMessage", chat_id="1", text="") == "Message text is empty"


def test_arguments_that_a_method_does_not_take_are_left_out() -> None:
    assert read_arguments_of(method("getMe"), {"chat_id": "1", "weather": "fine"}) == {}


@pytest.mark.parametrize("known", METHODS, ids=lambda known: known.name)
def test_every_method_takes_every_valid_call(known: Method) -> None:
    @settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(arguments(known))
    def check(call: dict[str, str]) -> None:
        read = read_arguments_of(known, call)
        for field in known.takes:
            if field.name in read:
                assert _fits(read[field.name], field.shape)
            else:
                assert not call.get(field.name)

    check()


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(METHODS), st.data())
def test_rubbish_is_refused_in_words_and_nothing_else(known: Method, data: st.DataObject) -> None:
    texts = st.one_of(st.sampled_from(JUNK), st.text(max_size=8))
    call = data.draw(st.fixed_dictionaries({}, optional={field.name: texts for field in known.takes}))
    try:
        read = read_arguments_of(known, call)
    except ArgumentError as refused:
        message = refused.message
    else:
        message = "taken"
        assert set(read) <= {field.name for field in known.takes}
    assert message


def _fits(value: Any, expected: facts.Shape) -> bool:
    match expected:
        case Named(name) if name in TYPES:
            return isinstance(value, TYPES[name])
        case ArrayOf():
            return isinstance(value, list)
        case OneOf(options) if Named("string") in options:
            return isinstance(value, str)
        case _:
            return isinstance(value, dict)
