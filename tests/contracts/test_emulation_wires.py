"""What each emulator answers to calls that are right, wrong or rubbish, in its vendor's own words."""

import gzip
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from aiogram.types import Message, User

from tests.contracts.world import JOHN, NUMBER, TELEGRAM_TOKEN, VIBER_TOKEN, WEBHOOK, WHATSAPP_TOKEN, Life, told
from vestnik.messengers.telegram.emulator.door import BODY_LIMIT
from vestnik.ports import Response

FORM = {"content-type": "application/x-www-form-urlencoded"}
BOT = f"/telegram/bot{TELEGRAM_TOKEN}"
SENT = {"messaging_product": "whatsapp", "to": JOHN["whatsapp"], "type": "text", "text": {"body": "Hi"}}
VIBER = {"receiver": JOHN["viber"], "type": "text", "text": "Hi", "sender": {"name": "acme"}}


def multipart(fields: dict[str, str]) -> tuple[bytes, dict[str, str]]:
    parts = [
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields.items()
    ]
    return ("".join(parts) + "--x--\r\n").encode(), {"content-type": "multipart/form-data; boundary=x"}


def test_get_me_is_a_user_that_aiogram_reads(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        for verb, method in (("GET", "getMe"), ("POST", "getme"), ("PUT", "GETME"), ("DELETE", "test/getMe")):
            answer = json.loads((await world.ask(verb, f"{BOT}/{method}")).body)
            user = User.model_validate(answer["result"])
            assert (user.id, user.is_bot, answer["ok"]) == (7000000001, True, True)

    told(tmp_path, story)


def test_send_message_is_read_in_all_four_encodings_and_the_query_goes_first(tmp_path: Path) -> None:
    fields = {"chat_id": "1001", "text": "Grüße & 🎉"}

    async def story(world: Life) -> None:
        form, packed = urlencode(fields).encode(), gzip.compress(json.dumps(fields).encode())
        several, headers = multipart(fields)
        answers = [
            await world.ask("GET", f"{BOT}/sendMessage?{urlencode(fields)}"),
            await world.ask("POST", f"{BOT}/sendMessage", form, FORM),
            await world.ask("POST", f"{BOT}/sendMessage", several, headers),
            await world.ask("POST", f"{BOT}/sendMessage", fields),
            await world.ask("POST", f"{BOT}/sendMessage", packed, {"content-encoding": "gzip"}),
            await world.ask(
                "POST", f"{BOT}/?text={quote(fields['text'])}", {"chat_id": 1001, "text": "x", "method": "sendmessage"}
            ),
        ]
        for number, answer in enumerate(answers, 1):
            message = Message.model_validate(json.loads(answer.body)["result"])
            assert (message.message_id, message.chat.id, message.text) == (number, 1001, fields["text"])
            assert message.date.timestamp() == 1_800_000_000
            assert answer.body.isascii()
        assert await world.texts() == [fields["text"]] * 6

    told(tmp_path, story)


@pytest.mark.parametrize(
    ("recipient", "kind"),
    [("1001", "private"), ("-5", "group"), ("-1001234567890", "supergroup"), ("@durov", "channel")],
)
def test_the_form_of_an_identifier_decides_what_chat_it_is(tmp_path: Path, recipient: str, kind: str) -> None:
    async def story(world: Life) -> None:
        message = Message.model_validate(json.loads((await world.send("telegram", to=recipient)).body)["result"])
        assert message.chat.type == kind
        assert (await world.journal())[0]["external_id"] == f"{message.chat.id}:{message.message_id}"
        assert (await world.journal())[0]["recipient"] == recipient

    told(tmp_path, story)


@pytest.mark.parametrize(
    ("path", "body", "status", "description"),
    [
        ("/nothing", None, 404, "Not Found"),
        ("/bot7:x", None, 404, "Not Found"),
        ("/bot0:x/getMe", None, 401, "Unauthorized: invalid token specified"),
        ("/botx/getMe", None, 401, "Unauthorized: invalid token specified"),
        (f"/bot7:{'x' * 80}/getMe", None, 401, "Unauthorized: invalid token specified"),
        ("/botx:y/getMe", None, 421, "Misdirected Request: unallowed token specified"),
        ("/bot7:x/", None, 404, "Not Found: method not found"),
        ("/bot7:x/getNothing", None, 404, "Not Found: method not found"),
        ("/bot7:x/sendMessage", {}, 400, "Bad Request: message text is empty"),
        ("/bot7:x/sendMessage", {"text": "x"}, 400, "Bad Request: chat_id is empty"),
        ("/bot7:x/sendMessage", {"chat_id": 1}, 400, "Bad Request: message text is empty"),
        ("/bot7:x/sendMessage", {"chat_id": 1, "text": " \n"}, 400, "Bad Request: text must be non-empty"),
        ("/bot7:x/sendMessage", {"chat_id": "john", "text": "x"}, 400, "Bad Request: chat not found"),
        ("/bot7:x/sendMessage", {"chat_id": 2**52, "text": "x"}, 400, "Bad Request: chat not found"),
        ("/bot7:x/sendMessage", {"chat_id": 1, "text": "x" * 4097}, 400, "Bad Request: message is too long"),
        ("/bot7:x/sendMessage", {"chat_id": 1, "text": "🎉" * 8193}, 400, "Bad Request: text is too long"),
        (
            "/bot7:x/sendMessage",
            {"chat_id": 1, "text": "x", "parse_mode": 1},
            400,
            "Bad Request: unsupported parse_mode",
        ),
        ("/bot7:x/sendMessage", [], 400, "Bad Request: JSON object expected"),
        ("/bot7:x/sendMessage?text=%ff", None, 400, "Bad Request: strings must be encoded in UTF-8"),
    ],
)
def test_telegram_says_no_in_its_own_words(tmp_path: Path, path: str, body: Any, status: int, description: str) -> None:
    async def story(world: Life) -> None:
        answer = await world.ask("POST", f"/telegram{path}", body)
        assert json.loads(answer.body) == {"ok": False, "error_code": status, "description": description}
        assert (answer.status, answer.headers["content-type"]) == (status, "application/json")
        assert await world.journal() == []

    told(tmp_path, story)


def test_telegram_takes_no_request_that_is_too_large_or_packed_in_an_unknown_way(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        bomb = gzip.compress(b" " * (BODY_LIMIT + 1))
        answers = [
            await world.ask("POST", f"{BOT}/sendMessage", b" " * (BODY_LIMIT + 1)),
            await world.ask("POST", f"{BOT}/sendMessage", bomb, {"content-encoding": "gzip"}),
            await world.ask("POST", f"{BOT}/sendMessage", b"x", {"content-encoding": "br"}),
            await world.ask("POST", f"{BOT}/sendMessage", b"x", {"content-encoding": "gzip"}),
        ]
        assert [answer.status for answer in answers] == [413, 413, 415, 400]

    told(tmp_path, story)


@pytest.mark.parametrize("mode", ["HTML", "MarkdownV2", "markdown", "None"])
def test_telegram_keeps_a_text_as_it_came_whatever_its_mode(tmp_path: Path, mode: str) -> None:
    async def story(world: Life) -> None:
        assert (await world.send("telegram", "Hello", parse_mode=mode)).status == 200
        assert (await world.journal())[0]["payload"]["parse_mode"] == mode

    told(tmp_path, story)


@pytest.mark.parametrize(
    ("body", "status", "word"),
    [
        (b"{", 3, "badData"),
        (b"\xff", 3, "badData"),
        ({}, 4, "missingData"),
        ({**VIBER, "receiver": None}, 4, "missingData"),
        ({**VIBER, "sender": {}}, 4, "missingData"),
        ({**VIBER, "text": ""}, 4, "missingData"),
        ({**VIBER, "type": "hologram"}, 3, "badData"),
        ({**VIBER, "text": "x" * 7001}, 3, "badData"),
        ({**VIBER, "sender": {"name": "x" * 29}}, 3, "badData"),
        ({**VIBER, "tracking_data": "x" * 4001}, 3, "badData"),
        ({**VIBER, "tracking_data": "x" * 31_000}, 3, "badData"),
        ({**VIBER, "receiver": "john"}, 5, "receiverNotRegistered"),
        ({**VIBER, "keyboard": None}, 0, "ok"),
    ],
)
def test_viber_says_no_with_http_200_and_a_status(tmp_path: Path, body: Any, status: int, word: str) -> None:
    async def story(world: Life) -> None:
        answer = await world.ask("POST", "/viber/pa/send_message", body, {"x-viber-auth-token": VIBER_TOKEN})
        told = json.loads(answer.body)
        assert (answer.status, told["status"], told["status_message"]) == (200, status, word)
        assert len(await world.journal()) == (status == 0)

    told(tmp_path, story)


def test_viber_takes_its_token_from_the_header_or_the_body_and_asks_for_one(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        bots = []
        for body, headers in (({}, {"x-viber-auth-token": VIBER_TOKEN}), ({"auth_token": VIBER_TOKEN}, {})):
            info = json.loads((await world.ask("POST", "/viber/pa/get_account_info", body, headers)).body)
            assert info["status"] == 0
            bots.append(info["id"])
        assert bots[0] == bots[1]
        assert bots[0].startswith("pa:")
        missing = json.loads((await world.ask("POST", "/viber/pa/send_message", VIBER)).body)
        assert (missing["status"], missing["status_message"]) == (2, "missing_auth_token")
        wrong = json.loads((await world.ask("POST", "/viber/pa/send_message", {**VIBER, "auth_token": "a b"})).body)
        assert (wrong["status"], wrong["status_message"]) == (2, "invalidAuthToken")
        assert (await world.ask("POST", "/viber/pa/fly", VIBER, {"x-viber-auth-token": VIBER_TOKEN})).status == 404

    told(tmp_path, story)


def test_viber_asks_a_webhook_before_it_agrees(tmp_path: Path) -> None:
    headers = {"x-viber-auth-token": VIBER_TOKEN}

    async def story(world: Life) -> None:
        agreed = await world.ask("POST", "/viber/pa/set_webhook", {"url": WEBHOOK, "event_types": ["seen"]}, headers)
        assert json.loads(agreed.body)["event_types"] == ["seen"]
        assert [event for event, _ in world.bots.events()] == ["webhook"]
        info = json.loads((await world.ask("GET", "/viber/pa/get_account_info", None, headers)).body)
        assert (info["webhook"], info["event_types"]) == (WEBHOOK, ["seen"])
        world.bots.behave = lambda _request: Response(404)
        refused = [
            json.loads((await world.ask("POST", "/viber/pa/set_webhook", body, headers)).body)["status"]
            for body in (
                {"url": WEBHOOK},
                {"url": "ftp://x"},
                {"url": "http://["},
                {},
                {"url": WEBHOOK, "event_types": ["x"]},
            )
        ]
        assert refused == [1, 1, 1, 4, 3]
        removed = json.loads((await world.ask("POST", "/viber/pa/set_webhook", {"url": ""}, headers)).body)
        assert (removed["status"], removed["event_types"]) == (0, [])

    told(tmp_path, story)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, 100),
        (b"\xff", 400, 100),
        ({**SENT, "messaging_product": "x"}, 400, 100),
        ({**SENT, "to": None}, 400, 100),
        ({**SENT, "to": "john"}, 400, 131009),
        ({**SENT, "to": "0" * 12}, 400, 131009),
        ({**SENT, "type": "hologram"}, 400, 131051),
        ({**SENT, "text": None}, 400, 131008),
        ({**SENT, "text": {"body": "x" * 4097}}, 400, 100),
        ({**SENT, "biz_opaque_callback_data": "x" * 513}, 400, 100),
        ({**SENT, "status": "seen", "message_id": "wamid.x"}, 400, 100),
        ({**SENT, "status": "read"}, 400, 131009),
    ],
)
def test_whatsapp_says_no_in_the_graph_api_s_envelope(tmp_path: Path, body: Any, status: int, code: int) -> None:
    async def story(world: Life) -> None:
        path, headers = f"/whatsapp/v23.0/{NUMBER}/messages", {"authorization": f"Bearer {WHATSAPP_TOKEN}"}
        answer = await world.ask("POST", path, body, headers)
        error = json.loads(answer.body)["error"]
        assert (answer.status, error["code"], error["type"]) == (status, code, "OAuthException")
        assert error["fbtrace_id"].startswith("A")
        assert await world.journal() == []

    told(tmp_path, story)


def test_whatsapp_takes_any_version_and_any_spelling_of_a_number(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        headers = {"authorization": f"Bearer {WHATSAPP_TOKEN}"}
        for version, to in (("/v14.0", "79161234567"), ("/v26.0", "+7 (916) 123-45-67"), ("", "+79161234567")):
            answer = await world.ask("POST", f"/whatsapp{version}/{NUMBER}/messages", {**SENT, "to": to}, headers)
            told = json.loads(answer.body)
            assert told["contacts"] == [{"input": to, "wa_id": JOHN["whatsapp"]}]
            assert told["messages"][0]["id"].startswith("wamid.HBgL")
        assert {entry["recipient"] for entry in await world.journal()} == {JOHN["whatsapp"]}

    told(tmp_path, story)


def test_whatsapp_marks_a_message_as_read(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        body = {
            "messaging_product": "whatsapp",
            "status": "read",
            "message_id": "wamid.x",
            "typing_indicator": {"type": "text"},
        }
        path, headers = f"/whatsapp/v23.0/{NUMBER}/messages", {"authorization": f"Bearer {WHATSAPP_TOKEN}"}
        assert json.loads((await world.ask("POST", path, body, headers)).body) == {"success": True}
        assert await world.journal() == []

    told(tmp_path, story)


def test_whatsapp_asks_for_a_token_and_knows_no_other_edges(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        answer = await world.ask("POST", f"/whatsapp/v23.0/{NUMBER}/messages", SENT)
        assert (answer.status, json.loads(answer.body)["error"]["code"]) == (401, 190)
        assert (await world.ask("POST", f"/whatsapp/v23.0/{NUMBER}/messages?access_token=x", SENT)).status == 200
        for method, path, status in (
            ("GET", f"/v23.0/{NUMBER}/messages", 400),
            ("POST", f"/v23.0/{NUMBER}/smoke", 400),
            ("POST", "/v23.0/john/messages", 404),
            ("GET", "/", 404),
        ):
            answer = await world.ask(method, f"/whatsapp{path}", SENT)
            assert (answer.status, json.loads(answer.body)["error"]["code"]) == (status, 100)

    told(tmp_path, story)


def test_whatsapp_asks_a_webhook_whether_it_wants_to_be_one(tmp_path: Path) -> None:
    path = "/whatsapp/v23.0/100000000000002/subscriptions"
    asked = {
        "object": "whatsapp_business_account",
        "callback_url": WEBHOOK,
        "verify_token": "word",
        "fields": "messages",
        "access_token": "100000000000002|secret",
    }

    async def story(world: Life) -> None:
        assert (await world.ask("POST", path, urlencode(asked).encode(), FORM)).status == 200
        [subscription] = json.loads((await world.ask("GET", path)).body)["data"]
        assert (subscription["callback_url"], subscription["active"]) == (WEBHOOK, True)
        assert json.loads((await world.ask("DELETE", path)).body) == {"success": True}
        assert json.loads((await world.ask("GET", path)).body) == {"data": []}
        for wrong in ({"object": "page"}, {"fields": "stars"}, {"callback_url": ""}):
            answer = await world.ask("POST", f"{path}?{urlencode({**asked, **wrong})}")
            assert answer.status == 400
        world.bots.exchange = lambda *_args, **_more: refuse()  # type: ignore[method-assign]  # nobody is there
        answer = await world.ask("POST", f"{path}?{urlencode(asked)}")
        assert (answer.status, json.loads(answer.body)["error"]["code"]) == (400, 2200)
        assert (await world.ask("PATCH", path)).status == 400

    async def refuse() -> Response:
        raise ConnectionRefusedError

    told(tmp_path, story)
