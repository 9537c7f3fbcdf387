"""Decides whether every notification of the emulated Cloud API is read by pywa and by @great-detail/whatsapp.

It has never heard of our own gateway. The lists of types, of statuses and of what people do come from the emulator's
own code, so a new one without a story here fails. Both libraries check the signature themselves.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import pytest
from pywa import handlers
from pywa.client import WhatsApp
from pywa.types.callback import Button, Section, SectionList, SectionRow
from pywa.types.templates import TemplateLanguage

from tests.emulated import Steering
from tests.witness.emitted import emitted
from tests.witness.listener import Listener
from tests.witness.nodes import Library, Thrown, library, needs_node
from tests.witness.pywas import SECRET, TOKEN, listened, opened
from vestnik.messengers.whatsapp.emulator.doings import WRITTEN
from vestnik.messengers.whatsapp.templates import STATUSES

pytestmark = needs_node
NUMBER: Final = "500000000000001"
PERSON: Final = "358431000000"
MESSAGES: Final[dict[str, dict[str, Any]]] = {
    "text": {"text": "Grüße 🎉", "referral": {"source_url": "https://post.example/", "source_type": "ad"}},
    "image": {"caption": "Look"},
    "video": {"caption": "Look"},
    "audio": {"voice": True},
    "document": {"filename": "a.pdf"},
    "sticker": {},
    "location": {"location": {"latitude": 60.45, "longitude": 22.27, "name": "Turku"}},
    "contacts": {"contacts": [{"name": {"formatted_name": "Zoë", "first_name": "Zoë"}, "phones": [{"phone": "+1"}]}]},
    "order": {"order": {"catalog_id": "7", "text": "Two", "product_items": []}},
    "unsupported": {},
}
QUICK: Final = {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Yes"}]}
TEMPLATE: Final = {
    "name": "asked_by_witness",
    "language": "en_US",
    "category": "UTILITY",
    "components": [{"type": "BODY", "text": "Well?"}, QUICK],
}


class Witnessed:
    """The app's webhook, and what both libraries have read there so far."""

    def __init__(self, client: WhatsApp, other: Library, webhook: Listener, steering: Steering) -> None:
        self.client = client
        self._other = other
        self._webhook = webhook
        self.steering = steering
        self.done: set[str] = set()
        self._seen: list[Any] = []
        for name in dir(handlers):
            kind = getattr(handlers, name)
            if isinstance(kind, type) and issubclass(kind, handlers.Handler) and getattr(kind, "_update", None):
                client.add_handlers(kind(lambda _, update: self._seen.append(update)))

    def does(self, deed: str, **fields: Any) -> None:
        self.done.add(deed)
        self.steering.does("whatsapp", PERSON, deed, **({} if deed == "profile" else {"bot": NUMBER}), **fields)

    def next(self, kind: str) -> Any:
        """What pywa hands its user of this kind for the next call, once both have found its signature right."""
        call = self._webhook.next()
        body, signature = call.body.decode("ascii"), call.headers["x-hub-signature-256"]
        assert self.client.webhook_update_validator(call.body, signature) is None
        assert self.client.webhook_update_validator(call.body + b" ", signature) is not None
        assert self._other.call("hear", body, signature) == json.loads(body)
        with pytest.raises(Thrown):
            self._other.call("hear", body + " ", signature)
        assert self.client.webhook_update_handler(call.body) == ("ok", 200)
        update = self._seen.pop()
        assert not self._seen
        assert type(update).__name__ == kind
        return update


@pytest.fixture
def witnessed(address: str, steering: Steering) -> Iterator[Witnessed]:
    with ExitStack() as stack:
        client = stack.enter_context(opened(address, NUMBER))
        options = {"base": address, "token": TOKEN, "number": NUMBER, "secret": SECRET}
        other = stack.enter_context(library("great-detail-whatsapp", **options))
        webhook = stack.enter_context(listened(client))
        yield Witnessed(client, other, webhook, steering)


def test_everything_that_a_person_does_is_signed_and_read_by_both(witnessed: Witnessed, tmp_path: Path) -> None:
    client = witnessed.client
    witnessed.does("profile", name="Zoë 🎉")
    for kind, fields in MESSAGES.items():
        witnessed.does("messages", type=kind, **fields)
        message = witnessed.next("Message")
        assert (message.type, message.from_user.name) == (kind, "Zoë 🎉")
    asked = client.send_message(PERSON, "Well?", buttons=[Button("Yes", "yes-17")])
    for status in ("sent", "delivered"):
        assert witnessed.next("MessageStatus").status == status
    witnessed.does("press", button="Yes")
    assert witnessed.next("CallbackButton").data == "yes-17"
    client.send_message(PERSON, "When?", buttons=SectionList("See", [Section("Days", [SectionRow("Monday", "mon")])]))
    for status in ("sent", "delivered"):
        assert witnessed.next("MessageStatus").status == status
    witnessed.does("choose", row="Monday")
    assert witnessed.next("CallbackSelection").data == "mon"
    witnessed.does("react", message=asked.id, emoji="📦")
    assert witnessed.next("Message").reaction.emoji == "📦"
    witnessed.does("answer_flow", response={"day": "monday"}, reply_to=asked.id)
    assert witnessed.next("FlowCompletion").response == {"day": "monday"}
    witnessed.does("read")
    assert [witnessed.next("MessageStatus").status for _ in range(2)] == ["read", "read"]
    for deed, value in (("unsubscribe", "stop"), ("subscribe", "resume")):
        witnessed.does(deed)
        assert witnessed.next("UserMarketingPreferences").value == value
    witnessed.does("watch", watching=True)
    client.send_message(PERSON, "Look here")
    assert [witnessed.next("MessageStatus").status for _ in range(2)] == ["sent", "read"]
    witnessed.does("watch", watching=False)
    witnessed.does("change_number", to="358431999999")
    assert witnessed.next("PhoneNumberChange").new_wa_id == "358431999999"
    witnessed.does("delete_chat")
    assert {*MESSAGES} == {*WRITTEN}
    assert witnessed.done == emitted(tmp_path)["whatsapp"].deeds | {"delete_chat"}


def test_every_status_of_a_message_and_of_a_template_is_signed_and_read_by_both(
    witnessed: Witnessed, tmp_path: Path
) -> None:
    client, steering = witnessed.client, witnessed.steering
    client.api.create_template(waba_id="100000000000003", template=TEMPLATE)
    for status in STATUSES:
        steering.asks("POST", "/messengers/whatsapp/templates/asked_by_witness/en_US", {"status": status})
        assert witnessed.next("TemplateStatusUpdate").new_status == status
    steering.asks("POST", "/messengers/whatsapp/templates/asked_by_witness/en_US", {"status": "APPROVED"})
    witnessed.next("TemplateStatusUpdate")
    told = []
    asked = client.send_template(PERSON, "asked_by_witness", TemplateLanguage.ENGLISH_US, [], tracker="Grüße")
    for _ in range(2):
        update = witnessed.next("MessageStatus")
        told.append(update.status)
        assert (update.id, update.tracker, update.from_user.wa_id) == (asked.id, "Grüße", PERSON)
    witnessed.does("press", button="Yes")
    assert witnessed.next("CallbackButton").title == "Yes"
    witnessed.does("read")
    told.append(witnessed.next("MessageStatus").status)
    steering.faults({"messenger": "whatsapp", "recipient": PERSON, "fault": "not_delivered", "status": 131049})
    client.send_message(PERSON, "x")
    update = witnessed.next("MessageStatus")
    assert update.error.code == 131049
    assert {*told, update.status} == emitted(tmp_path)["whatsapp"].reports
