"""Decides whether every answer of Viber becomes the right outcome, and every callback the right report.

It has never heard of the emulator.
"""

import asyncio

import msgspec
import pytest

from tests.unit.messengers.scripted import NOW, ScriptedTransport, asked, gateway, sent
from vestnik.domain.errors import BadSetting, NoReply, NotSent
from vestnik.domain.outcomes import Blame, PutOff, Receipt, ReceiptKind, Refused, Taken, Unclear
from vestnik.messengers.viber import MESSENGER, wire
from vestnik.ports import Inbound, Request, Response, Traits

RECEIVER = "EGAZ3SZRi6zW1D0uNYhQHg=="
TOKEN = "1111111111111111-2222222222222222-3333333333333333"


def answered(status: int, message: str = "", token: int | str | None = None, http: int = 200) -> Response:
    return Response(http, body=wire.encode(wire.Answer(status, message or wire.status(status).word, token)))


@pytest.mark.parametrize(("token", "known"), [(5741311803571721087, "5741311803571721087"), ("12", "12")])
def test_a_message_that_was_taken_is_named_by_its_token(token: int | str, known: str) -> None:
    assert sent(MESSENGER, RECEIVER, answered(0, token=token)) == Taken(known)


def test_a_delivery_becomes_the_call_send_message() -> None:
    request = asked(MESSENGER, RECEIVER, sender_name="The Municipal Post Office of Turku")
    assert (request.method, request.url) == ("POST", "http://far.test/prefix/pa/send_message")
    assert request.headers["x-viber-auth-token"]
    assert request.headers["idempotency-key"] == "01JD-0"
    assert msgspec.json.decode(request.body) == {
        "receiver": RECEIVER,
        "sender": {"name": "The Municipal Post Office o…"},
        "tracking_data": "01JD-0",
        "type": "text",
        "text": "Grüße 🎉",
    }


def test_a_sender_without_a_name_is_shown_by_its_id() -> None:
    assert msgspec.json.decode(asked(MESSENGER, RECEIVER, sender_name=" ").body)["sender"] == {"name": "acme"}


@pytest.mark.parametrize("code", [*sorted(wire.STATUSES), 25, 999, -1])
def test_every_status_becomes_an_outcome(code: int) -> None:
    outcome = sent(MESSENGER, RECEIVER, answered(code, token=7))
    if code == wire.OK:
        assert outcome == Taken("7")
        return
    kind = PutOff if wire.status(code).passes else Refused
    assert type(outcome) is kind
    assert (outcome.code, outcome.detail) == (str(code), wire.status(code).word)


@pytest.mark.parametrize(
    "code", [wire.INVALID_TOKEN, wire.NOT_REGISTERED, wire.NOT_SUBSCRIBED, wire.BAD_DATA, wire.MISSING_DATA, 11, 23, 24]
)
def test_what_the_same_call_cannot_mend_is_refused(code: int) -> None:
    assert sent(MESSENGER, RECEIVER, answered(code)) == Refused(str(code), wire.status(code).word)


def test_too_many_messages_are_the_receivers_affair() -> None:
    response = Response(200, {"retry-after": "30"}, answered(12, "Too many requests", "1234567890").body)
    assert sent(MESSENGER, RECEIVER, response) == PutOff("12", "Too many requests", 30.0, Blame.RECIPIENT)


def test_a_success_without_a_token_or_under_an_error_status_is_unclear() -> None:
    assert isinstance(sent(MESSENGER, RECEIVER, answered(0)), Unclear)
    assert isinstance(sent(MESSENGER, RECEIVER, answered(0, token=7, http=500)), Unclear)


def test_an_error_of_the_server_in_vibers_words_is_put_off() -> None:
    assert sent(MESSENGER, RECEIVER, answered(999, "Internal failure", http=500)) == PutOff("999", "Internal failure")


@pytest.mark.parametrize("status", [502, 504])
def test_a_gateways_error_is_unclear_even_in_vibers_words(status: int) -> None:
    assert isinstance(sent(MESSENGER, RECEIVER, answered(999, http=status)), Unclear)


def test_sends_to_a_receiver_queue_up_only_where_the_key_is_not_honoured() -> None:
    transport = ScriptedTransport(Response(500))
    assert gateway(MESSENGER, transport).traits == Traits(honours_key=True)
    assert gateway(MESSENGER, transport, honours_key=False).traits == Traits(report_wait=10.0, one_at_a_time=True)


@pytest.mark.parametrize("wait", ["", "soon", "-1", "nan", "inf", "3601"])
def test_a_wait_that_is_none_is_a_bad_setting(wait: str) -> None:
    with pytest.raises(BadSetting, match="VESTNIK_VIBER_REPORT_WAIT="):
        gateway(MESSENGER, ScriptedTransport(Response(500)), {"report_wait": wait}, honours_key=False)


def opened(answer: Response | Exception, callback_url: str = "http://service.test/viber") -> list[Request]:
    transport = ScriptedTransport(answer)
    asyncio.run(gateway(MESSENGER, transport, callback_url=callback_url).open())
    return [request for request, _ in transport.asked]


def test_viber_is_told_where_to_report() -> None:
    [request] = opened(answered(0))
    assert request.url == "http://far.test/prefix/pa/set_webhook"
    assert msgspec.json.decode(request.body) == {
        "url": "http://service.test/viber",
        "event_types": ["delivered", "seen", "failed"],
        "send_name": False,
        "send_photo": False,
    }


def test_without_an_address_of_ours_viber_is_told_nothing() -> None:
    assert opened(answered(0), callback_url="") == []


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (answered(wire.INVALID_TOKEN), BadSetting),
        (answered(wire.INVALID_URL), NoReply),
        (answered(wire.TOO_MANY_REQUESTS), NoReply),
        (Response(503, body=b"<html>"), NoReply),
        (NotSent("refused"), NotSent),
        (NoReply("no answer"), NoReply),
    ],
)
def test_a_webhook_that_is_not_taken_is_told_apart_from_one_that_is_refused(
    answer: Response | Exception, error: type[Exception]
) -> None:
    with pytest.raises(error):
        opened(answer)


def received(body: bytes, signature: str | None = None) -> Inbound:
    door = gateway(MESSENGER, ScriptedTransport(Response(500)), {"token": TOKEN})
    headers = {wire.SIGNATURE_HEADER: wire.sign(TOKEN, body) if signature is None else signature}
    return door.receive(Request("POST", "/api/receipts/viber", headers, body), NOW)


@pytest.mark.parametrize(
    ("event", "kind"),
    [("delivered", ReceiptKind.DELIVERED), ("seen", ReceiptKind.READ)],
)
def test_a_callback_about_a_message_is_a_report(event: str, kind: ReceiptKind) -> None:
    body = wire.encode(wire.Callback(event, 1457764197627, None, 4912661846655238145, RECEIVER))
    inbound = received(body)
    assert inbound.response.status == 200
    assert list(inbound.receipts) == [
        Receipt("viber", kind, "4912661846655238145", 1457764197627000, recipient=RECEIVER)
    ]


def test_a_failure_is_reported_with_its_reason() -> None:
    body = wire.encode(wire.Callback("failed", 1457764197627, None, "77", RECEIVER, "no suitable device"))
    assert list(received(body).receipts) == [
        Receipt(
            "viber",
            ReceiptKind.FAILED,
            "77",
            1457764197627000,
            recipient=RECEIVER,
            code="failed",
            detail="no suitable device",
        )
    ]


@pytest.mark.parametrize("event", ["webhook", "subscribed", "conversation_started", "message", "something_new"])
def test_other_callbacks_are_answered_and_report_nothing(event: str) -> None:
    inbound = received(wire.encode(wire.Callback(event, 1457764197627, None, 1)))
    assert (inbound.response.status, list(inbound.receipts)) == (200, [])


@pytest.mark.parametrize("signature", ["", "0" * 64, "é"])
def test_a_forged_callback_is_refused_whatever_it_says(signature: str) -> None:
    for body in (b"not JSON", wire.encode(wire.Callback("delivered", 1, None, 1, RECEIVER))):
        inbound = received(body, signature)
        assert (inbound.response, list(inbound.receipts)) == (Response(403), [])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not JSON",
        b"[]",
        b'{"event":"delivered"}',
        b'{"event":"delivered","timestamp":1}',
        b'{"event":"delivered","timestamp":"now","message_token":1}',
        b'{"event":"delivered","timestamp":9999999999999999999999,"message_token":1}',
        b'{"event":"delivered","timestamp":999999999999999999,"message_token":1}',
        b'{"event":"delivered","timestamp":-999999999999999999,"message_token":1}',
        b'{"event":"delivered","timestamp":1,"message_token":{}}',
        b'{"event":"delivered","timestamp":1,"x":' + b"[" * 100_000,
    ],
)
def test_a_signed_callback_that_cannot_be_read_is_answered_400(body: bytes) -> None:
    inbound = received(body)
    assert (inbound.response, list(inbound.receipts)) == (Response(400), [])
