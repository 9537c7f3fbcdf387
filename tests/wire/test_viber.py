"""Decides whether the Viber wire reads and writes what the REST Bot API does: a table of objects and their exact bytes.

It has never heard of gateways or emulators. Shapes are those of developers.viber.com/docs/api/rest-bot-api.
"""

from typing import Any

import msgspec
import pytest

from vestnik.messengers.viber import wire

TOKEN = "4453b6ac12345678-e02c5f1212345678-daec9cbb12345678"

TABLE: list[tuple[msgspec.Struct, bytes]] = [
    (
        wire.SendMessage(
            receiver="AQIDBAUGBwgJCgsMDQ4PEA==",
            min_api_version=1,
            sender=wire.Sender("Post office", "https://post.example/a.png"),
            tracking_data="01JD-0",
            type="text",
            text="Ваша посылка ждёт 📦",
        ),
        '{"receiver":"AQIDBAUGBwgJCgsMDQ4PEA==","min_api_version":1,"sender":{"name":"Post office",'
        '"avatar":"https://post.example/a.png"},"tracking_data":"01JD-0","type":"text",'
        '"text":"Ваша посылка ждёт 📦"}'.encode(),
    ),
    (
        wire.SendMessage(
            receiver="AQIDBAUGBwgJCgsMDQ4PEA==", sender=wire.Sender("A"), type="text", text="b", auth_token=TOKEN
        ),
        b'{"receiver":"AQIDBAUGBwgJCgsMDQ4PEA==","sender":{"name":"A"},"type":"text","text":"b","auth_token":"'
        + TOKEN.encode()
        + b'"}',
    ),
    (
        wire.Answer(0, "ok", 5741311803571721087, "SN-CHAT-05_", 1),
        (
            b'{"status":0,"status_message":"ok","message_token":5741311803571721087,"chat_hostname":"SN-CHAT-05_",'
            b'"billing_status":1}'
        ),
    ),
    (wire.Answer(2, "invalidAuthToken"), b'{"status":2,"status_message":"invalidAuthToken"}'),
    (
        wire.Answer(12, "Too many requests", "1234567890", "SN-CHAT-03_"),
        (
            b'{"status":12,"status_message":"Too many requests","message_token":"1234567890",'
            b'"chat_hostname":"SN-CHAT-03_"}'
        ),
    ),
    (
        wire.SetWebhook(
            "https://post.example/viber", ("delivered", "seen", "failed"), send_name=True, send_photo=False
        ),
        b'{"url":"https://post.example/viber","event_types":["delivered","seen","failed"],"send_name":true,"send_photo":false}',
    ),
    (wire.SetWebhook(""), b'{"url":""}'),
    (
        wire.Answer(0, "ok", event_types=("delivered", "seen")),
        b'{"status":0,"status_message":"ok","event_types":["delivered","seen"]}',
    ),
    (wire.GetAccountInfo(TOKEN), b'{"auth_token":"' + TOKEN.encode() + b'"}'),
    (wire.GetAccountInfo(), b"{}"),
    (
        wire.AccountInfo(
            0,
            "ok",
            "pa:1234567890",
            "Post office",
            "postoffice",
            icon="https://post.example/i.png",
            category="Companies",
            subcategory="Post",
            country="FI",
            webhook="https://post.example/viber",
            event_types=("delivered",),
            subscribers_count=35,
            members=(wire.Member("AQIDBAUGBwgJCgsMDQ4PEA==", "Zoë", role="admin"),),
        ),
        '{"status":0,"status_message":"ok","id":"pa:1234567890","name":"Post office","uri":"postoffice",'
        '"icon":"https://post.example/i.png","category":"Companies","subcategory":"Post","country":"FI",'
        '"webhook":"https://post.example/viber","event_types":["delivered"],"subscribers_count":35,'
        '"members":[{"id":"AQIDBAUGBwgJCgsMDQ4PEA==","name":"Zoë","role":"admin"}]}'.encode(),
    ),
    (
        wire.Callback("webhook", 1457764197627, "SN-CALLBACK-05_", 241256543215),
        b'{"event":"webhook","timestamp":1457764197627,"chat_hostname":"SN-CALLBACK-05_","message_token":241256543215}',
    ),
    (
        wire.Callback("delivered", 1457764197627, "SN-CHAT-05_", 4912661846655238145, "AQIDBAUGBwgJCgsMDQ4PEA=="),
        (
            b'{"event":"delivered","timestamp":1457764197627,"chat_hostname":"SN-CHAT-05_",'
            b'"message_token":4912661846655238145,"user_id":"AQIDBAUGBwgJCgsMDQ4PEA=="}'
        ),
    ),
    (
        wire.Callback("failed", 1457764197627, None, "4912661846655238145", "AQIDBAUGBwgJCgsMDQ4PEA==", "no device"),
        (
            b'{"event":"failed","timestamp":1457764197627,"message_token":"4912661846655238145",'
            b'"user_id":"AQIDBAUGBwgJCgsMDQ4PEA==","desc":"no device"}'
        ),
    ),
]


@pytest.mark.parametrize(("thing", "raw"), TABLE)
def test_a_thing_and_its_bytes_are_the_same(thing: msgspec.Struct, raw: bytes) -> None:
    assert wire.encode(thing) == raw
    assert wire.decode(raw, type(thing)) == thing


def test_null_and_unknown_fields_count_as_absent() -> None:
    raw = b'{"receiver":"x","keyboard":null,"text":null,"sender":null,"tracking_data":null,"media":"y"}'
    assert wire.decode(raw, wire.SendMessage) == wire.SendMessage(receiver="x")


def test_account_info_that_was_refused_is_an_answer_like_any_other() -> None:
    assert wire.decode_account_info(b'{"status":2,"status_message":"invalidAuthToken"}') == wire.Answer(
        2, "invalidAuthToken"
    )
    told = wire.decode_account_info(b'{"status":0,"status_message":"ok","id":"pa:1","name":"A","uri":"a"}')
    assert told == wire.AccountInfo(0, "ok", "pa:1", "A", "a")


@pytest.mark.parametrize("kind", [wire.SendMessage, wire.Answer, wire.Callback])
@pytest.mark.parametrize(
    "raw", [b"", b"[]", b"{", b"\xff", b'{"x":' + b"[" * 100_000, b'{"status":"0"}', b'{"text":5}']
)
def test_what_cannot_be_read_is_told_apart(kind: type[Any], raw: bytes) -> None:
    if kind is wire.SendMessage and raw == b'{"status":"0"}':
        assert wire.decode(raw, kind) == wire.SendMessage()
        return
    with pytest.raises(ValueError):
        wire.decode(raw, kind)


def test_a_signature_is_of_the_raw_body_under_the_token() -> None:
    body = b'{"event":"seen"}'
    # printf '{"event":"seen"}' | openssl dgst -sha256 -hmac TOKEN
    known = "a04c87f3a6e44b4503d664b19ec522ecfde946d9296d23121e7733e6ed2cc76e"
    assert wire.sign(TOKEN, body) == known
    assert wire.signed(TOKEN, body, known)
    assert wire.signed(TOKEN, body, known.upper())


@pytest.mark.parametrize(
    "signature", ["", "0" * 64, "é", "a04c87f3a6e44b4503d664b19ec522ecfde946d9296d23121e7733e6ed2cc76e"]
)
def test_a_forged_signature_is_noticed(signature: str) -> None:
    assert not wire.signed(TOKEN, b'{"event":"delivered"}', signature)


def test_every_published_status_code_has_its_word() -> None:
    assert sorted(wire.STATUSES) == list(range(25))
    assert wire.status(999) == wire.OTHER
    assert len({status.word for status in wire.STATUSES.values()}) == 25


@pytest.mark.parametrize("given", ["EGAZ3SZRi6zW1D0uNYhQHg==", "AAAAAAAAAAAAAAAAAAAAAA==", "+/+/+/+/+/+/+/+/+/+/+w=="])
def test_an_identifier_is_kept_as_it_is(given: str) -> None:
    assert wire.canonical(given) == given


@pytest.mark.parametrize(
    "given",
    [
        "",
        "1001",
        "EGAZ3SZRi6zW1D0uNYhQHg",
        "EGAZ3SZRi6zW1D0uNYhQHg=",
        "EGAZ3SZRi6zW1D0uNYhQ====",
        "EGAZ3SZRi6zW1D0uNYhQHgAA",
        " EGAZ3SZRi6zW1D0uNYhQHg==",
        "EGAZ3SZRi6zW1D0uNYhQHg==\n",
        "EGAZ3SZRi6zW1D0uNYhQH_==",
        "\u0415GAZ3SZRi6zW1D0uNYhQHg==",
        "01234567890A=",
        "EGAZ3SZRi6zW1D0uNYhQHg==EGAZ3SZRi6zW1D0uNYhQHg==",
    ],
)
def test_what_is_no_identifier_is_told_so(given: str) -> None:
    with pytest.raises(ValueError, match="a Viber identifier is base64 of 16 bytes"):
        wire.canonical(given)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Acme", "Acme"),
        ("x" * 28, "x" * 28),
        ("x" * 29, "x" * 27 + "…"),
        ("The Municipal Post Office of Turku", "The Municipal Post Office o…"),
        ("The Municipal Post Office  of Turku", "The Municipal Post Office…"),
    ],
)
def test_a_long_sender_name_is_cut_to_what_viber_shows(name: str, shown: str) -> None:
    assert wire.sender_name(name) == shown
    assert len(shown) <= wire.SENDER_NAME_LIMIT
