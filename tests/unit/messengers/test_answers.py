"""Decides whether answers that are in no messenger's words mean the same to every gateway.

It has never heard of what the messengers' own words mean.
"""

import pytest

from tests.unit.messengers.scripted import NOW, sent
from vestnik.domain.errors import NoReply, NotSent
from vestnik.domain.outcomes import Blame, Outcome, PutOff, Refused, Unclear
from vestnik.messengers import telegram, viber, whatsapp
from vestnik.messengers.answers import retry_after
from vestnik.messengers.registry import Messenger
from vestnik.ports import Response

every_messenger = pytest.mark.parametrize(
    ("messenger", "recipient"),
    [
        (telegram.MESSENGER, "1001"),
        (viber.MESSENGER, "EGAZ3SZRi6zW1D0uNYhQHg=="),
        (whatsapp.MESSENGER, "79161234567"),
    ],
    ids=["telegram", "viber", "whatsapp"],
)


@every_messenger
def test_a_request_that_was_never_sent_is_put_off_and_the_lane_is_to_blame(
    messenger: Messenger, recipient: str
) -> None:
    assert sent(messenger, recipient, NotSent("refused")) == PutOff("not_sent", "refused", blame=Blame.LANE)


@every_messenger
def test_an_attempt_without_an_answer_is_unclear(messenger: Messenger, recipient: str) -> None:
    assert sent(messenger, recipient, NoReply("no answer within 7.5 s")) == Unclear(
        "no_reply", "no answer within 7.5 s"
    )


@every_messenger
@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b"[]", b'{"ok":', b"\xff", b'{"x":' + b"[" * 100_000, b"null"])
def test_a_success_that_cannot_be_read_is_unclear(messenger: Messenger, recipient: str, body: bytes) -> None:
    assert isinstance(sent(messenger, recipient, Response(200, body=body)), Unclear)


def seconds_asked(outcome: Outcome) -> float | None:
    assert isinstance(outcome, PutOff)
    return outcome.retry_after


@every_messenger
@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (201, Unclear),
        (302, Refused),
        (400, Refused),
        (401, Refused),
        (404, Refused),
        (413, Refused),
        (408, PutOff),
        (425, PutOff),
        (429, PutOff),
        (503, PutOff),
        (500, Unclear),
        (501, Unclear),
        (502, Unclear),
        (504, Unclear),
        (520, Unclear),
    ],
)
def test_a_status_alone_tells_whether_the_message_can_have_been_taken(
    messenger: Messenger, recipient: str, status: int, kind: type[Outcome]
) -> None:
    outcome = sent(messenger, recipient, Response(status, body=b"<html>"))
    assert isinstance(outcome, PutOff | Refused | Unclear)
    assert (type(outcome), outcome.code) == (kind, f"http_{status}")


@every_messenger
@pytest.mark.parametrize("status", [429, 503])
def test_the_wait_that_a_bare_status_asks_for_is_honoured(messenger: Messenger, recipient: str, status: int) -> None:
    assert seconds_asked(sent(messenger, recipient, Response(status, {"retry-after": "17"}))) == 17.0
    assert seconds_asked(sent(messenger, recipient, Response(status))) is None


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("0", 0.0),
        ("120", 120.0),
        (" 3 ", 3.0),
        ("9" * 400, 86_400.0),
        ("Mon, 23 Nov 2026 09:30:42 GMT", 42.0),
        ("Mon, 23 Nov 2026 11:31:00 +0200", 60.0),
        ("Mon, 23 Nov 2026 09:30:42", 42.0),
        ("Mon, 23 Nov 2026 09:00:00 GMT", 0.0),
        ("Tue, 23 Nov 2027 09:30:42 GMT", 86_400.0),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
        ("Mon, 99 Nov 2026 09:30:42 GMT", None),
        ("Mon, 23 Nov 99999999 09:30:42 GMT", None),
    ],
)
def test_retry_after_is_a_number_or_a_date(value: str, wait: float | None) -> None:
    assert retry_after({"retry-after": value}, NOW) == wait


def test_without_the_header_no_wait_is_asked_for() -> None:
    assert retry_after({}, NOW) is None
