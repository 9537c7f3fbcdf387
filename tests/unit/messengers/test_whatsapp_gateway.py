"""Decides whether every answer of the Cloud API becomes the right outcome, and every status the right report.

It has never heard of the emulator.
"""

import asyncio
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from tests.unit.messengers.scripted import NOW, ScriptedTransport, asked, gateway, sent
from vestnik.domain.errors import BadSetting, NoReply, NotSent
from vestnik.domain.moment import SECOND
from vestnik.domain.outcomes import Blame, PutOff, Receipt, ReceiptKind, Refused, Taken, Unclear
from vestnik.messengers.whatsapp import MESSENGER, wire
from vestnik.messengers.whatsapp.codes import ERRORS, PAIR_LIMIT
from vestnik.ports import Inbound, Request, Response, Traits

TO = "79161234567"
WAMID = "wamid.HBgLNzkxNjEyMzQ1NjcA"
OPTIONS = {"app_secret": "s3cret", "verify_token": "verify me", "app_id": "42", "phone_number_id": "1001"}
METADATA = wire.Metadata("15550100002", "1001")


def accepted(*messages: wire.Accepted) -> bytes:
    return wire.encode(wire.Sent("whatsapp", (wire.Contact(TO, TO),), messages))


def failing(
    code: int, details: str | None = None, status: int = 400, headers: dict[str, str] | None = None
) -> Response:
    error = wire.Error(
        message=f"(#{code}) Words", code=code, error_data=wire.ErrorData("whatsapp", details) if details else None
    )
    return Response(status, headers or {}, wire.encode_error(error))


def test_a_message_that_was_taken_is_named_by_its_wamid() -> None:
    assert sent(MESSENGER, TO, Response(200, body=accepted(wire.Accepted(WAMID, "accepted")))) == Taken(WAMID)


def test_a_delivery_becomes_a_text_message_that_carries_its_id() -> None:
    request = asked(MESSENGER, TO)
    assert (request.method, request.url) == ("POST", "http://far.test/prefix/v23.0/100000000000001/messages")
    assert request.headers == {
        "authorization": "Bearer EAAvestnik",
        "content-type": "application/json",
        "idempotency-key": "01JD-0",
    }
    assert msgspec.json.decode(request.body) == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": TO,
        "type": "text",
        "text": {"body": "Grüße 🎉"},
        "biz_opaque_callback_data": "01JD-0",
    }


@pytest.mark.parametrize("code", sorted(ERRORS))
def test_every_code_of_the_table_becomes_an_outcome_whatever_the_http_status(code: int) -> None:
    kind = PutOff if ERRORS[code].passes else Refused
    for status in {ERRORS[code].http, 400, 500}:
        outcome = sent(MESSENGER, TO, failing(code, status=status))
        assert type(outcome) is kind
        assert (outcome.code, outcome.detail) == (str(code), f"(#{code}) Words")


@pytest.mark.parametrize("code", [4, 80007, 130429, 131048])
def test_a_rate_limit_is_put_off_for_as_long_as_asked_and_the_lane_is_to_blame(code: int) -> None:
    outcome = sent(MESSENGER, TO, failing(code, "Slow down", 429, {"retry-after": "21"}))
    assert outcome == PutOff(str(code), "Slow down", 21.0, Blame.LANE)


def test_the_pair_limit_is_the_recipients_affair() -> None:
    assert sent(MESSENGER, TO, failing(PAIR_LIMIT, "Slow down")) == PutOff("131056", "Slow down", None, Blame.RECIPIENT)


@pytest.mark.parametrize("code", [0, 10, 100, 190, 200, 299, 131026, 131030, 131031, 368])
def test_what_the_same_call_cannot_mend_is_refused(code: int) -> None:
    assert sent(MESSENGER, TO, failing(code, "Because")) == Refused(str(code), "Because")


@pytest.mark.parametrize(
    ("status", "kind"), [(400, Refused), (403, Refused), (429, PutOff), (500, PutOff), (503, PutOff)]
)
def test_a_code_beyond_the_table_is_told_apart_by_the_http_status(status: int, kind: type[PutOff | Refused]) -> None:
    assert type(sent(MESSENGER, TO, failing(999_999, status=status))) is kind


@pytest.mark.parametrize("status", [502, 504])
def test_a_gateways_error_is_unclear_even_in_metas_words(status: int) -> None:
    assert isinstance(sent(MESSENGER, TO, failing(2, status=status)), Unclear)


def test_a_success_without_a_message_or_under_an_error_status_is_unclear() -> None:
    assert isinstance(sent(MESSENGER, TO, Response(200, body=accepted())), Unclear)
    assert isinstance(sent(MESSENGER, TO, Response(500, body=accepted(wire.Accepted(WAMID)))), Unclear)


def test_reports_settle_a_lost_answer_within_the_set_time() -> None:
    transport = ScriptedTransport(Response(500))
    assert gateway(MESSENGER, transport, honours_key=False).traits == Traits(report_wait=10.0)
    longer = gateway(MESSENGER, transport, {"report_wait": "2.5"})
    assert longer.traits == Traits(honours_key=True, report_wait=2.5)
    with pytest.raises(BadSetting, match="VESTNIK_WHATSAPP_REPORT_WAIT=soon: give seconds from 0 to 3600"):
        gateway(MESSENGER, transport, {"report_wait": "soon"})


def opened(
    answer: Response | Exception, callback_url: str = "http://service.test/w", app_id: str = "42"
) -> list[Request]:
    transport = ScriptedTransport(answer)
    asyncio.run(gateway(MESSENGER, transport, OPTIONS | {"app_id": app_id}, callback_url=callback_url).open())
    return [request for request, _ in transport.asked]


def test_meta_is_told_where_to_report() -> None:
    [request] = opened(Response(200, body=b'{"success":true}'))
    parts = urlsplit(request.url)
    assert (request.method, parts.path, request.body) == ("POST", "/prefix/v23.0/42/subscriptions", b"")
    assert parse_qs(parts.query) == {
        "object": ["whatsapp_business_account"],
        "callback_url": ["http://service.test/w"],
        "verify_token": ["verify me"],
        "fields": ["messages"],
        "access_token": ["42|s3cret"],
    }


def test_without_an_app_or_an_address_of_ours_meta_is_told_nothing() -> None:
    assert opened(Response(200), app_id="") == []
    assert opened(Response(200), callback_url="") == []


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (failing(190), BadSetting),
        (failing(100), BadSetting),
        (failing(2200), NoReply),
        (failing(2, status=503), NoReply),
        (failing(4, status=429), NoReply),
        (Response(500, body=b"<html>"), NoReply),
        (NotSent("refused"), NotSent),
    ],
)
def test_a_webhook_that_is_not_taken_is_told_apart_from_one_that_is_refused(
    answer: Response | Exception, error: type[Exception]
) -> None:
    with pytest.raises(error) as raised:
        opened(answer)
    assert "s3cret" not in str(raised.value)


def received(body: bytes, signature: str | None = None) -> Inbound:
    headers = {wire.SIGNATURE_HEADER: wire.sign("s3cret", body) if signature is None else signature}
    door = gateway(MESSENGER, ScriptedTransport(Response(500)), OPTIONS)
    return door.receive(Request("POST", "/api/receipts/whatsapp", headers, body), NOW)


def status(word: str, data: str | None = "01JD-0", **more: object) -> wire.Status:
    return wire.Status(WAMID, word, "1795426200", TO, data, **more)  # type: ignore[arg-type] # errors only


def notified(*statuses: wire.Status) -> Inbound:
    values = tuple(wire.Value("whatsapp", METADATA, statuses=(one,)) for one in statuses)
    return received(wire.encode_notification((wire.Entry("1", values[:1]), wire.Entry("2", values[1:]))))


def test_a_batch_of_statuses_is_as_many_reports_in_order() -> None:
    words = ["sent", "delivered", "read", "played", "failed"]
    kinds = [ReceiptKind.SENT, ReceiptKind.DELIVERED, ReceiptKind.READ, ReceiptKind.READ, ReceiptKind.FAILED]
    inbound = notified(*(status(word) for word in words))
    assert inbound.response.status == 200
    assert list(inbound.receipts) == [
        Receipt("whatsapp", kind, WAMID, 1795426200 * SECOND, reference="01JD-0", recipient=TO) for kind in kinds
    ]


def test_a_failure_is_reported_with_its_code_and_details() -> None:
    [receipt] = notified(status("failed", errors=(wire.problem(131026, "No WhatsApp there"),))).receipts
    assert (receipt.code, receipt.detail) == ("131026", "No WhatsApp there")
    [receipt] = notified(status("failed", errors=(wire.problem(131047),))).receipts
    assert (receipt.code, receipt.detail) == ("131047", "Re-engagement message")


@pytest.mark.parametrize("data", [None, "", "some data", "01JD-x", "-1"])
def test_the_callback_data_of_somebody_else_is_no_reference(data: str | None) -> None:
    [receipt] = notified(status("sent", data)).receipts
    assert receipt.reference is None
    assert receipt.external_id == WAMID


def test_other_events_are_answered_and_report_nothing() -> None:
    for body in (
        wire.encode_notification(()),
        wire.encode_notification((wire.Entry("1", (wire.Value("whatsapp", METADATA, messages=({"id": "x"},)),)),)),
        b'{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"new","value":[]}]}]}',
    ):
        inbound = received(body)
        assert (inbound.response.status, list(inbound.receipts)) == (200, [])
    assert list(notified(status("warning")).receipts) == []


@pytest.mark.parametrize("signature", ["", "sha256=" + "0" * 64, "sha256=é"])
def test_a_forged_call_is_refused_whatever_it_says(signature: str) -> None:
    for body in (b"not JSON", wire.encode_notification(())):
        assert received(body, signature) == Inbound(Response(403))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not JSON",
        b"[]",
        b'{"object":"x","entry":5}',
        b'{"object":"x","entry":[{"id":"1","changes":[{"field":"messages","value":{}}]}]}',
        b'{"object":"x","y":' + b"[" * 100_000,
        wire.encode_notification(
            (wire.Entry("1", (wire.Value("w", METADATA, statuses=(wire.Status("a", "sent", "now"),)),)),)
        ),
        wire.encode_notification(
            (wire.Entry("1", (wire.Value("w", METADATA, statuses=(wire.Status("a", "sent", "9" * 5000),)),)),)
        ),
        wire.encode_notification(
            (wire.Entry("1", (wire.Value("w", METADATA, statuses=(wire.Status("a", "sent", "9" * 20),)),)),)
        ),
    ],
)
def test_a_signed_call_that_cannot_be_read_is_answered_400(body: bytes) -> None:
    assert received(body) == Inbound(Response(400))


def asked_to_verify(verify_token: str) -> Inbound:
    query = wire.encode_challenge(verify_token, "1158201444")
    door = gateway(MESSENGER, ScriptedTransport(Response(500)), OPTIONS)
    return door.receive(Request("GET", f"/api/receipts/whatsapp?{query}"), NOW)


def test_the_webhook_is_verified_by_echoing_the_challenge() -> None:
    assert asked_to_verify("verify me").response == Response(200, {"content-type": "text/plain"}, b"1158201444")
    assert asked_to_verify("guessed") == Inbound(Response(403))
