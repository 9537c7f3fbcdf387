"""Decides whether pywa takes the emulated Cloud API for the real one.

It has never heard of our own gateway. The library asks graph.facebook.com, and a transport leads it elsewhere.
"""

from collections.abc import Iterator
from itertools import count

import pytest
from pywa import errors
from pywa.client import WhatsApp
from pywa.handlers import MessageStatusHandler
from pywa.types.message_status import MessageStatus, MessageStatusType

from tests.emulated import Steering
from tests.witness.listener import Listener
from tests.witness.pywas import SECRET, listened, opened

PEOPLE = (f"35840{number:07d}" for number in count(1_000_000))
NUMBERS = (str(number) for number in count(200_000_000_000_001))


@pytest.fixture
def person() -> str:
    """A person of the test's own."""
    return next(PEOPLE)


@pytest.fixture
def number() -> str:
    """A business number of the test's own."""
    return next(NUMBERS)


@pytest.fixture
def client(address: str, number: str) -> Iterator[WhatsApp]:
    """The library for a number and an app."""
    with opened(address, number) as library:
        yield library


@pytest.fixture
def listener(client: WhatsApp) -> Iterator[Listener]:
    """The app's webhook, set by the library and verified by it."""
    with listened(client) as webhook:
        yield webhook


@pytest.mark.cell("pywa", "text")
def test_a_text_arrives(client: WhatsApp, steering: Steering, person: str, number: str) -> None:
    sent = client.send_message(to=f"+{person}", text="Grüße 🎉")
    assert sent.id.startswith("wamid.")
    [entry] = [entry for entry in steering.journal() if entry["recipient"] == person]
    assert (entry["messenger"], entry["bot"], entry["text"]) == ("whatsapp", number, "Grüße 🎉")
    assert entry["external_id"] == sent.id


@pytest.mark.cell("pywa", "receive")
def test_reports_come_signed_and_bring_the_tracker_back(
    client: WhatsApp, listener: Listener, steering: Steering, person: str
) -> None:
    seen: list[MessageStatus[str]] = []
    client.add_handlers(MessageStatusHandler(lambda _, status: seen.append(status)))
    steering.phone("whatsapp", person, reads_after=0)
    sent = client.send_message(to=person, text="read me", tracker="parcel 17")
    while len(seen) < 3:
        call = listener.next()
        signature = call.headers["x-hub-signature-256"]
        assert client.webhook_update_validator(call.body, signature) is None
        assert client.webhook_update_validator(call.body + b" ", signature) is not None
        assert client.webhook_update_handler(call.body) == ("ok", 200)
    assert [status.status for status in seen] == [
        MessageStatusType.SENT,
        MessageStatusType.DELIVERED,
        MessageStatusType.READ,
    ]
    assert {(status.id, status.tracker, status.from_user.wa_id) for status in seen} == {(sent.id, "parcel 17", person)}


@pytest.mark.parametrize("fault", ["blocked", "unknown_user", "not_delivered"])
def test_what_cannot_be_delivered_is_accepted_and_fails_later(
    client: WhatsApp, listener: Listener, steering: Steering, person: str, fault: str
) -> None:
    seen: list[MessageStatus[str]] = []
    client.add_handlers(MessageStatusHandler(lambda _, status: seen.append(status)))
    steering.faults({"messenger": "whatsapp", "recipient": person, "fault": fault})
    sent = client.send_message(to=person, text="lost")
    client.webhook_update_handler(listener.next().body)
    [status] = seen
    assert (status.id, status.status) == (sent.id, MessageStatusType.FAILED)
    assert isinstance(status.error, errors.SendMessageError)


@pytest.mark.cell("pywa", "400", "403", "429", "5xx")
@pytest.mark.parametrize(
    ("rule", "kind", "code", "http"),
    [
        ({"fault": "throttle", "retry_after": 21}, errors.RateLimitHit, 130429, 400),
        ({"fault": "throttle", "retry_after": 21, "status": 429}, errors.RateLimitHit, 130429, 429),
        ({"fault": "error", "status": 131056}, errors.TooManyMessages, 131056, 400),
        ({"fault": "error", "status": 131030}, errors.RecipientNotInAllowedList, 131030, 400),
        ({"fault": "error", "status": 190}, errors.ExpiredAccessToken, 190, 401),
        ({"fault": "error", "status": 368}, errors.TemporarilyBlocked, 368, 403),
        ({"fault": "error", "status": 400}, errors.WhatsAppError, 100, 400),
        ({"fault": "error", "status": 403}, errors.PermissionDenied, 10, 403),
        ({"fault": "error"}, errors.UnknownError, 131000, 500),
        ({"fault": "error", "status": 503}, errors.ServiceUnavailable, 131016, 503),
    ],
)
def test_an_error_is_of_the_kind_that_its_code_says(
    client: WhatsApp,
    steering: Steering,
    person: str,
    rule: dict[str, object],
    kind: type[errors.WhatsAppError],
    code: int,
    http: int,
) -> None:
    steering.faults({"messenger": "whatsapp", "recipient": person, **rule})
    with pytest.raises(kind) as raised:
        client.send_message(to=person, text="x")
    assert (type(raised.value), raised.value.code, raised.value.status_code) == (kind, code, http)
    assert raised.value.message
    assert raised.value.fbtrace_id
    if rule["fault"] == "throttle":
        assert raised.value.raw_response is not None
        assert raised.value.raw_response.headers["retry-after"] == "21"


@pytest.mark.parametrize(("to", "text"), [("12", "x"), ("+358401234567", "x" * 4097)])
def test_a_bad_parameter_is_told_so(client: WhatsApp, to: str, text: str) -> None:
    with pytest.raises(errors.WhatsAppError) as raised:
        client.send_message(to=to, text=text)
    assert raised.value.code in (100, 131008, 131009)


def test_a_wrong_webhook_is_not_taken(client: WhatsApp, listener: Listener) -> None:
    with pytest.raises(errors.WhatsAppError):
        client.api.set_app_callback_url(
            app_id=77,
            access_token=f"77|{SECRET}",
            callback_url=listener.address,
            verify_token="not what the webhook knows",
            fields=("messages",),
        )
