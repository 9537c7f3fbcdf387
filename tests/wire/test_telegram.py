"""Decides whether the Telegram wire reads and writes what the Bot API does: a table of objects and their exact bytes.

It has never heard of gateways or emulators. Shapes are those of core.telegram.org/bots/api and of its open server.
"""

from collections.abc import Callable
from typing import Any

import pytest

from vestnik.messengers.telegram import encodings, wire

CALLS = [
    (
        wire.SendMessage(987654321, "Your parcel waits at the post office."),
        b'{"chat_id":987654321,"text":"Your parcel waits at the post office."}',
    ),
    (
        wire.SendMessage("@lighthouse_keepers", "Гроза в 18:00 ⛈"),
        '{"chat_id":"@lighthouse_keepers","text":"Гроза в 18:00 ⛈"}'.encode(),
    ),
    (
        wire.SendMessage(-1001234567890, "<b>Bold</b>", "HTML"),
        b'{"chat_id":-1001234567890,"text":"<b>Bold</b>","parse_mode":"HTML"}',
    ),
]

RESULTS: list[tuple[type[Any], Any, bytes]] = [
    (
        wire.User,
        wire.User(
            7000000001,
            is_bot=True,
            first_name="Herald",
            username="herald_bot",
            can_join_groups=True,
            can_read_all_group_messages=False,
            supports_inline_queries=False,
        ),
        (
            b'{"ok":true,"result":{"id":7000000001,"is_bot":true,"first_name":"Herald","username":"herald_bot",'
            b'"can_join_groups":true,"can_read_all_group_messages":false,"supports_inline_queries":false}}'
        ),
    ),
    (
        wire.Message,
        wire.Message(
            365,
            wire.User(7000000001, is_bot=True, first_name="Herald", username="herald_bot"),
            wire.Chat(987654321, first_name="Zoë", last_name="Ångström", username="zoe", type="private"),
            1795426200,
            'Grüße 🎉 "quoted" \\ and a\nnew line',
        ),
        (
            b'{"ok":true,"result":{"message_id":365,"from":{"id":7000000001,"is_bot":true,"first_name":"Herald",'
            b'"username":"herald_bot"},"chat":{"id":987654321,"first_name":"Zo\\u00eb","last_name":"\\u00c5ngstr\\u00f6m",'
            b'"username":"zoe","type":"private"},"date":1795426200,'
            b'"text":"Gr\\u00fc\\u00dfe \\ud83c\\udf89 \\"quoted\\" \\\\ and a\\nnew line"}}'
        ),
    ),
    (
        wire.Message,
        wire.Message(12, None, wire.Chat(-1001234567890, title="Keepers", type="channel"), 1795426200, "ok"),
        (
            b'{"ok":true,"result":{"message_id":12,"chat":{"id":-1001234567890,"title":"Keepers","type":"channel"},'
            b'"date":1795426200,"text":"ok"}}'
        ),
    ),
]

FAILURES = [
    (wire.UNAUTHORIZED, b'{"ok":false,"error_code":401,"description":"Unauthorized"}'),
    (wire.INVALID_TOKEN, b'{"ok":false,"error_code":401,"description":"Unauthorized: invalid token specified"}'),
    (wire.NOT_FOUND, b'{"ok":false,"error_code":404,"description":"Not Found"}'),
    (wire.METHOD_NOT_FOUND, b'{"ok":false,"error_code":404,"description":"Not Found: method not found"}'),
    (wire.MISDIRECTED, b'{"ok":false,"error_code":421,"description":"Misdirected Request: unallowed token specified"}'),
    (wire.CHAT_ID_EMPTY, b'{"ok":false,"error_code":400,"description":"Bad Request: chat_id is empty"}'),
    (wire.CHAT_NOT_FOUND, b'{"ok":false,"error_code":400,"description":"Bad Request: chat not found"}'),
    (wire.TEXT_EMPTY, b'{"ok":false,"error_code":400,"description":"Bad Request: message text is empty"}'),
    (wire.TEXT_TOO_LONG, b'{"ok":false,"error_code":400,"description":"Bad Request: message is too long"}'),
    (wire.RAW_TEXT_TOO_LONG, b'{"ok":false,"error_code":400,"description":"Bad Request: text is too long"}'),
    (wire.UNSUPPORTED_PARSE_MODE, b'{"ok":false,"error_code":400,"description":"Bad Request: unsupported parse_mode"}'),
    (wire.BLOCKED, b'{"ok":false,"error_code":403,"description":"Forbidden: bot was blocked by the user"}'),
    (wire.DEACTIVATED, b'{"ok":false,"error_code":403,"description":"Forbidden: user is deactivated"}'),
    (wire.RESTART, b'{"ok":false,"error_code":500,"description":"Internal Server Error: restart"}'),
    (
        wire.too_many_requests(17),
        (
            b'{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 17",'
            b'"parameters":{"retry_after":17}}'
        ),
    ),
    (
        wire.Failure(
            400,
            "Bad Request: group chat was upgraded to a supergroup chat",
            wire.Parameters(migrate_to_chat_id=-1001234567890),
        ),
        (
            b'{"ok":false,"error_code":400,"description":"Bad Request: group chat was upgraded to a supergroup chat",'
            b'"parameters":{"migrate_to_chat_id":-1001234567890}}'
        ),
    ),
]

ENCODINGS = [
    ("chat_id=987654321&text=%D0%B4%D0%B0+%2B1", "", b""),
    ("", "application/x-www-form-urlencoded", b"chat_id=987654321&text=%D0%B4%D0%B0+%2B1"),
    ("", "application/json; charset=utf-8", '{"chat_id": 987654321, "text": "да +1"}'.encode()),
    ("", "application/json", b'{"chat_id":"987654321","text":"\\u0434\\u0430 +1"}'),
    (
        "",
        'multipart/form-data; boundary="a-b=c"',
        b'preamble\r\n--a-b=c\r\nContent-Disposition: form-data; name="chat_id"\r\n\r\n987654321\r\n'
        b'--a-b=c\r\ncontent-type: text/plain; charset=utf-8\r\nContent-Disposition: form-data; name="text"\r\n\r\n'
        + "да +1".encode()
        + b"\r\n--a-b=c--\r\n",
    ),
    ("chat_id=987654321&text=%D0%B4%D0%B0+%2B1", "application/json", b'{"chat_id":1,"text":"the query goes first"}'),
    ("chat_id=987654321&text=%D0%B4%D0%B0+%2B1", "text/plain", b"ignored"),
]


@pytest.mark.parametrize(("call", "raw"), CALLS)
def test_a_call_and_its_bytes_are_the_same_thing(call: wire.SendMessage, raw: bytes) -> None:
    assert wire.encode_call(call) == raw
    assert wire.read_send_message(encodings.read_arguments("", wire.JSON, raw)) == call


@pytest.mark.parametrize(("kind", "result", "raw"), RESULTS)
def test_a_result_and_its_bytes_are_the_same_thing(kind: type[Any], result: object, raw: bytes) -> None:
    assert wire.encode_result(result) == raw
    assert wire.decode_answer(raw, kind) == result


@pytest.mark.parametrize(("failure", "raw"), FAILURES)
def test_a_failure_and_its_bytes_are_the_same_thing(failure: wire.Failure, raw: bytes) -> None:
    assert wire.encode_failure(failure) == raw
    assert wire.decode_answer(raw, wire.Message) == failure


@pytest.mark.parametrize(("query", "content_type", "body"), ENCODINGS)
def test_every_encoding_says_the_same(query: str, content_type: str, body: bytes) -> None:
    arguments = encodings.read_arguments(query, content_type, body)
    assert wire.read_send_message(arguments) == wire.SendMessage(987654321, "да +1")


def test_json_values_that_are_no_texts_keep_their_json() -> None:
    body = b'{"reply_markup": {"keyboard": [[1, "\\u0434"]]}, "protect_content": true, "none": null, "n": -1.50}'
    assert encodings.read_arguments("", "application/json", body) == {
        "reply_markup": '{"keyboard": [[1, "\\u0434"]]}',
        "protect_content": "true",
        "none": "null",
        "n": "-1.50",
    }


def test_a_multipart_value_keeps_its_bytes_and_files_are_left_out() -> None:
    body = (
        b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\n  two\r\nlines \r\n--\r\n'
        b'\r\n--x\r\nContent-Disposition: form-data; name="photo"; filename="a.jpg"\r\n\r\n\xff\xd8\r\n--x--'
    )
    assert encodings.read_arguments("", "multipart/form-data; boundary=x", body) == {
        "text": "  two\r\nlines \r\n--\r\n"
    }


@pytest.mark.parametrize(
    ("query", "content_type", "body", "failure"),
    [
        ("", "application/json", b"[1]", wire.NOT_AN_OBJECT),
        ("", "application/json", b'"text"', wire.NOT_AN_OBJECT),
        ("", "application/json", b'{"text": "\xff"}', wire.NOT_UTF8),
        ("", "application/json", b'{"x": ' + b"[" * 100_000, wire.TOO_DEEP),
        ("", "application/x-www-form-urlencoded", b"text=%ff", wire.NOT_UTF8),
        ("", "application/x-www-form-urlencoded", b"text=\xff", wire.NOT_UTF8),
        ("text=%ff", "", b"", wire.NOT_UTF8),
        ("", "multipart/form-data", b"--x--", wire.BOUNDARY_NOT_FOUND),
        ("", "multipart/form-data; boundary=", b"--x--", wire.BAD_BOUNDARY),
        ("", "multipart/form-data; boundary=" + "x" * 71, b"", wire.BAD_BOUNDARY),
        (
            "",
            "multipart/form-data; boundary=x",
            b"--x\r\nContent-Disposition: form-data\r\n\r\n1\r\n--x--",
            wire.NO_FIELD_NAME,
        ),
        (
            "",
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\xff\r\n--x--',
            wire.NOT_UTF8,
        ),
    ],
)
def test_what_cannot_be_read_is_answered_as_the_server_answers(
    query: str, content_type: str, body: bytes, failure: wire.Failure
) -> None:
    with pytest.raises(wire.Malformed) as raised:
        encodings.read_arguments(query, content_type, body)
    assert raised.value.failure == failure


def test_broken_json_is_a_bad_request() -> None:
    with pytest.raises(wire.Malformed) as raised:
        encodings.read_arguments("", "application/json", b'{"text": ')
    assert raised.value.failure.error_code == 400


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("/bot123:abc/sendMessage", ("123:abc", "sendmessage")),
        ("/bot123%3Aabc/SENDMESSAGE", ("123:abc", "sendmessage")),
        ("/bot123:abc/test/getMe", ("123:abc", "getme")),
        ("/bot123:abc/", ("123:abc", "")),
        ("/bot/getMe", ("", "getme")),
        ("/bot123:abc", None),
        ("/file/bot123:abc/x", None),
        ("", None),
    ],
)
def test_a_path_names_a_token_and_a_method(path: str, parts: tuple[str, str] | None) -> None:
    assert wire.split_path(path) == parts
    assert wire.split_path(wire.method_path("1:a", "getMe")) == ("1:a", "getme")


@pytest.mark.parametrize(
    ("token", "answer"),
    [
        ("7000000001:AAE-secret_part", None),
        ("1:", None),
        ("noseparator", wire.INVALID_TOKEN),
        ("0123:abc", wire.INVALID_TOKEN),
        ("123:" + "x" * 77, wire.INVALID_TOKEN),
        ("123:a/b", wire.INVALID_TOKEN),
        (f"{2**54}:abc", wire.INVALID_TOKEN),
        (f"{2**54 - 1}:abc", None),
        ("abc:def", wire.MISDIRECTED),
        ("-5:def", wire.MISDIRECTED),
        (":def", wire.MISDIRECTED),
    ],
)
def test_a_token_that_no_bot_can_have_is_told_apart(token: str, answer: wire.Failure | None) -> None:
    assert wire.check_token(token) == answer


@pytest.mark.parametrize(
    ("code", "message", "description"),
    [
        (400, "Chat not found", "Bad Request: chat not found"),
        (400, "CHAT_WRITE_FORBIDDEN", "Bad Request: CHAT_WRITE_FORBIDDEN"),
        (400, "A_CODE", "Bad Request: A_CODE"),
        (403, "", "Forbidden"),
        (402, "Pay first", "Bad Request: pay first"),
    ],
)
def test_an_error_is_worded_as_the_server_words_it(code: int, message: str, description: str) -> None:
    failure = wire.failure(code, message)
    assert failure.description == description
    assert failure.error_code == (code if code in wire.ERRORS else 400)


@pytest.mark.parametrize(
    ("given", "known"),
    [
        ("1001", "1001"),
        ("-1001234567890", "-1001234567890"),
        ("0001001", "1001"),
        (str(2**52 - 1), str(2**52 - 1)),
        ("@Durov", "@durov"),
        ("@a_1b", "@a_1b"),
        ("@" + "a" * 32, "@" + "a" * 32),
    ],
)
def test_an_identifier_has_one_form(given: str, known: str) -> None:
    assert wire.canonical(given) == known
    assert wire.canonical(known) == known


@pytest.mark.parametrize(
    "given",
    [
        "",
        "0",
        "-0",
        "+7",
        "1.0",
        " 1",
        "1\n",
        "١٢٣",
        str(2**52),
        "-" + "9" * 400,
        "durov",
        "@",
        "@abc",
        "@1abc",
        "@a b c",
        "@" + "a" * 33,
        "@дуров",
    ],
)
def test_what_is_no_identifier_is_told_so(given: str) -> None:
    with pytest.raises(ValueError, match="a Telegram identifier is a non-zero integer"):
        wire.canonical(given)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"<html>",
        b"[]",
        b'{"ok":true}',
        b'{"ok":true,"result":[]}',
        b'{"ok":false}',
        b'{"result":{}}',
        b'{"ok":1}',
        b'{"ok":true,"result":' + b"[" * 100_000,
        b"\xff\xfe",
    ],
)
def test_what_is_no_answer_of_the_api_is_told_apart(raw: bytes) -> None:
    with pytest.raises(ValueError):
        wire.decode_answer(raw, wire.Message)


def test_unknown_fields_of_newer_versions_are_skipped() -> None:
    raw = b'{"ok":true,"result":{"message_id":1,"chat":{"id":2,"type":"private","new":{}},"date":3,"new":[1]},"new":0}'
    assert wire.decode_answer(raw, wire.Message) == wire.Message(1, None, wire.Chat(2, type="private"), 3)


def test_text_is_counted_in_code_points() -> None:
    counted: Callable[[str], int] = wire.text_length
    assert [counted("да"), counted("🎉"), counted("")] == [2, 1, 0]
