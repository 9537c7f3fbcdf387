"""Decides whether Viber's own library, viberbot, takes the emulated Viber for the real one.

It has never heard of our own gateway. The library sends no header with the token and no Content-Type.
"""

import base64
import json
from collections.abc import Iterator
from itertools import count

import pytest
import requests
from viberbot import Api, BotConfiguration  # type: ignore[import-untyped] # it has no stubs
from viberbot.api.messages import TextMessage  # type: ignore[import-untyped] # it has no stubs
from viberbot.api.viber_requests import ViberDeliveredRequest, ViberFailedRequest, ViberSeenRequest  # type: ignore[import-untyped] # it has no stubs

from tests.emulated import Steering
from tests.witness.listener import Listener, listening
from vestnik.ports import Request

TOKENS = (f"4453b6ac{number:08x}-e02c5f1212345678-daec9cbb12345678" for number in count(1))
PEOPLE = (base64.b64encode(number.to_bytes(16)).decode() for number in count(1))


@pytest.fixture
def token() -> str:
    """A bot of the test's own."""
    return next(TOKENS)


@pytest.fixture
def person() -> str:
    """A person of the test's own."""
    return next(PEOPLE)


@pytest.fixture
def api(address: str, token: str, monkeypatch: pytest.MonkeyPatch) -> Api:
    """The library, with its one constant pointed at the emulator."""
    monkeypatch.setattr("viberbot.api.api.VIBER_BOT_API_URL", f"{address}/viber/pa")
    return Api(BotConfiguration(auth_token=token, name="Post office", avatar="https://post.example/a.png"))


@pytest.fixture
def listener() -> Iterator[Listener]:
    """The bot's webhook."""
    with listening(Listener()) as webhook:
        yield webhook


def subscribed(api: Api, listener: Listener) -> None:
    """Sets the webhook, which is called while the library waits for the answer."""
    events = api.set_webhook(listener.address, ["delivered", "seen", "failed"])
    assert set(events) >= {"delivered", "seen", "failed"}
    call = listener.next()
    assert json.loads(call.body)["event"] == "webhook"
    assert verified(api, call)


def verified(api: Api, call: Request) -> bool:
    return bool(api.verify_signature(call.body, call.headers["x-viber-content-signature"]))


@pytest.mark.cell("viberbot", "text")
def test_a_text_arrives(api: Api, listener: Listener, steering: Steering, person: str) -> None:
    subscribed(api, listener)
    [message_token] = api.send_messages(person, [TextMessage(text="Grüße 🎉")])
    assert message_token > 2**53
    [entry] = [entry for entry in steering.journal() if entry["recipient"] == person]
    assert (entry["messenger"], entry["text"], entry["external_id"]) == ("viber", "Grüße 🎉", str(message_token))


@pytest.mark.cell("viberbot", "receive")
def test_reports_come_signed_and_name_the_message(
    api: Api, listener: Listener, steering: Steering, person: str
) -> None:
    subscribed(api, listener)
    steering.phone("viber", person, reads_after=0)
    [message_token] = api.send_messages(person, [TextMessage(text="read me")])
    for kind in (ViberDeliveredRequest, ViberSeenRequest):
        call = listener.next()
        assert verified(api, call)
        assert not api.verify_signature(call.body + b" ", call.headers["x-viber-content-signature"])
        report = api.parse_request(call.body)
        assert isinstance(report, kind)
        assert (report.message_token, report.user_id) == (message_token, person)


def test_a_message_that_fails_later_is_reported_with_a_reason(
    api: Api, listener: Listener, steering: Steering, person: str
) -> None:
    subscribed(api, listener)
    steering.faults({"messenger": "viber", "recipient": person, "fault": "not_delivered"})
    [message_token] = api.send_messages(person, [TextMessage(text="lost")])
    report = api.parse_request(listener.next().body)
    assert isinstance(report, ViberFailedRequest)
    assert (report.message_token, report.user_id) == (message_token, person)
    assert report.desc


def test_an_account_tells_about_itself(api: Api, listener: Listener) -> None:
    subscribed(api, listener)
    account = api.get_account_info()
    assert (account["status"], account["status_message"], account["webhook"]) == (0, "ok", listener.address)
    assert account["id"].startswith("pa:")
    assert account["name"]


def test_a_webhook_that_does_not_answer_is_an_invalid_url(api: Api) -> None:
    with pytest.raises(Exception, match="failed with status: 1, message: invalidUrl"):
        api.set_webhook("http://127.0.0.1:1/nobody")


def test_a_webhook_can_be_removed(api: Api, listener: Listener) -> None:
    subscribed(api, listener)
    api.unset_webhook()
    assert not api.get_account_info().get("webhook")


def test_a_wrong_token_is_told_so(address: str, api: Api, person: str, monkeypatch: pytest.MonkeyPatch) -> None:
    stranger = Api(BotConfiguration(auth_token=" ", name="x", avatar=""))
    with pytest.raises(Exception, match="failed with status: 2, message: invalidAuthToken"):
        stranger.send_messages(person, [TextMessage(text="x")])


def test_no_token_at_all_is_told_so(address: str) -> None:
    answer = requests.post(f"{address}/viber/pa/get_account_info", data="{}", timeout=5).json()
    assert (answer["status"], answer["status_message"]) == (2, "missing_auth_token")


# The library knows one class of its own for whatever status Viber answers, and that is Exception itself.
@pytest.mark.cell("viberbot", "403")
@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("blocked", "failed with status: 6, message: notSubscribed"),
        ("unknown_user", "failed with status: 5, message: receiverNotRegistered"),
    ],
)
def test_a_person_who_cannot_be_reached_is_told_so(
    api: Api, listener: Listener, steering: Steering, person: str, fault: str, words: str
) -> None:
    subscribed(api, listener)
    steering.faults({"messenger": "viber", "recipient": person, "fault": fault})
    with pytest.raises(Exception, match="failed") as raised:
        api.send_messages(person, [TextMessage(text="x")])
    assert (type(raised.value), str(raised.value)) == (Exception, words)


@pytest.mark.cell("viberbot", "400")
def test_what_is_no_receiver_is_told_so(api: Api, listener: Listener) -> None:
    subscribed(api, listener)
    with pytest.raises(Exception, match="failed") as raised:
        api.send_messages("+358401234567", [TextMessage(text="x")])
    assert str(raised.value) == "failed with status: 5, message: receiverNotRegistered"
    with pytest.raises(Exception, match="failed") as raised:
        api.send_messages("", [TextMessage(text="x")])
    assert (type(raised.value), str(raised.value)) == (Exception, "failed with status: 4, message: missingData")


@pytest.mark.cell("viberbot", "429")
def test_too_many_messages_are_told_so(api: Api, listener: Listener, steering: Steering, person: str) -> None:
    subscribed(api, listener)
    """Viber names no time to wait, so there is none that the library could raise."""
    steering.faults({"messenger": "viber", "recipient": person, "fault": "throttle", "retry_after": 17})
    with pytest.raises(Exception, match="failed") as raised:
        api.send_messages(person, [TextMessage(text="x")])
    assert (type(raised.value), str(raised.value)) == (Exception, "failed with status: 12, message: tooManyRequests")


def test_a_server_in_trouble_is_told_so(api: Api, listener: Listener, steering: Steering, person: str) -> None:
    subscribed(api, listener)
    steering.faults({"messenger": "viber", "recipient": person, "fault": "error"})
    with pytest.raises(Exception, match="failed with status: 999, message: generalError"):
        api.send_messages(person, [TextMessage(text="x")])
