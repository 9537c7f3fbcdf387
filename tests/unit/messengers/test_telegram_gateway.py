"""Decides whether every answer of the Bot API becomes the right outcome, and a delivery the right call.

It has never heard of the emulator.
"""

import asyncio

import msgspec
import pytest

from tests.unit.messengers.scripted import NOW, ScriptedTransport, asked, gateway, sent
from vestnik.domain.outcomes import Blame, PutOff, Refused, Taken, Unclear
from vestnik.messengers.telegram import MESSENGER, wire
from vestnik.ports import Request, Response, Traits

MESSAGE = wire.encode_result(
    wire.Message(365, None, wire.Chat(-1001, title="Keepers", type="channel"), 1795426200, "x")
)


def failing(failure: wire.Failure, status: int | None = None, headers: dict[str, str] | None = None) -> Response:
    return Response(status or failure.error_code, headers or {}, wire.encode_failure(failure))


def test_a_message_that_was_taken_is_delivered_and_named_by_chat_and_message() -> None:
    assert sent(MESSENGER, "-1001", Response(200, body=MESSAGE)) == Taken("-1001:365", for_good=True)


def test_a_delivery_becomes_the_call_send_message() -> None:
    request = asked(MESSENGER, "1001", text="<b>no markup</b>")
    assert request.method == "POST"
    assert request.url == "http://far.test/prefix/bot7000000001:vestnik/sendMessage"
    assert request.headers == {"content-type": "application/json", "idempotency-key": "01JD-0"}
    assert msgspec.json.decode(request.body) == {"chat_id": 1001, "text": "<b>no markup</b>"}


def test_a_username_is_sent_as_it_is() -> None:
    assert msgspec.json.decode(asked(MESSENGER, "@keepers").body)["chat_id"] == "@keepers"


def test_every_attempt_of_a_delivery_carries_the_same_key() -> None:
    keys = {asked(MESSENGER, "1001", attempt=attempt).headers["idempotency-key"] for attempt in (1, 2, 5)}
    assert keys == {"01JD-0"}


@pytest.mark.parametrize("code", sorted(wire.ERRORS))
def test_every_code_of_the_table_becomes_an_outcome(code: int) -> None:
    failure = wire.failure(code, "Something")
    kind = PutOff if wire.ERRORS[code].passes else Refused
    outcome = sent(MESSENGER, "1001", failing(failure))
    assert type(outcome) is kind
    assert (outcome.code, outcome.detail) == (str(code), failure.description)


@pytest.mark.parametrize(
    "failure",
    [wire.BLOCKED, wire.DEACTIVATED, wire.CHAT_NOT_FOUND, wire.UNAUTHORIZED, wire.INVALID_TOKEN, wire.TEXT_TOO_LONG],
)
def test_what_the_same_call_cannot_mend_is_refused(failure: wire.Failure) -> None:
    assert sent(MESSENGER, "1001", failing(failure)) == Refused(str(failure.error_code), failure.description)


def test_the_wait_in_the_body_goes_before_the_header() -> None:
    outcome = sent(MESSENGER, "1001", failing(wire.too_many_requests(5), headers={"retry-after": "9"}))
    assert outcome == PutOff("429", "Too Many Requests: retry after 5", 5.0, Blame.LANE)


def test_the_wait_in_the_header_is_honoured_where_the_body_has_none() -> None:
    outcome = sent(MESSENGER, "1001", failing(wire.Failure(429, "Too Many Requests"), headers={"retry-after": "9"}))
    assert outcome == PutOff("429", "Too Many Requests", 9.0, Blame.LANE)


@pytest.mark.parametrize(("asked_for", "waited"), [(-1, 0.0), (10**9, 86_400.0)])
def test_a_wait_beyond_reason_is_brought_within_it(asked_for: int, waited: float) -> None:
    outcome = sent(MESSENGER, "1001", failing(wire.too_many_requests(asked_for)))
    assert isinstance(outcome, PutOff)
    assert outcome.retry_after == waited


@pytest.mark.parametrize(("code", "kind"), [(418, Refused), (599, PutOff)])
def test_a_code_beyond_the_table_is_told_apart_as_in_http(code: int, kind: type[PutOff | Refused]) -> None:
    assert type(sent(MESSENGER, "1001", failing(wire.Failure(code, "New")))) is kind


@pytest.mark.parametrize("status", [502, 504])
def test_a_gateways_error_is_unclear_even_in_telegrams_words(status: int) -> None:
    assert isinstance(sent(MESSENGER, "1001", failing(wire.Failure(status, "Bad Gateway"))), Unclear)


def test_a_success_under_an_error_status_is_unclear() -> None:
    assert isinstance(sent(MESSENGER, "1001", Response(500, body=MESSAGE)), Unclear)


def test_a_group_that_moved_is_refused_with_its_new_identifier() -> None:
    moved = wire.Failure(400, "Bad Request: group chat was upgraded to a supergroup chat", wire.Parameters(-1009))
    outcome = sent(MESSENGER, "1001", failing(moved))
    assert isinstance(outcome, Refused)
    assert outcome.detail.endswith("(its new identifier is -1009)")


def test_telegram_reports_nothing_and_wants_to_be_told_nothing() -> None:
    transport = ScriptedTransport(Response(500))
    door = gateway(MESSENGER, transport, honours_key=False)
    asyncio.run(door.open())
    assert transport.asked == []
    assert door.traits == Traits()
    inbound = door.receive(Request("POST", "/api/receipts/telegram", body=b'{"update_id":1}'), NOW)
    assert (inbound.response.status, inbound.receipts) == (404, ())
