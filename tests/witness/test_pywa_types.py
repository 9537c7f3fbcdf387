"""Decides whether pywa sends every type of message to the emulated Cloud API and reads everything that it is told.

It has never heard of our own gateway.
"""

import base64
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import httpx
import pytest
from pywa import errors
from pywa.client import WhatsApp
from pywa.handlers import CallbackButtonHandler, CallbackSelectionHandler, MessageHandler, TemplateStatusUpdateHandler
from pywa.types import templates
from pywa.types.callback import Button, Section, SectionList, SectionRow, URLButton
from pywa.types.message import Message
from pywa.types.others import Contact, Pagination

from tests.emulated import Steering
from tests.witness.listener import Listener
from tests.witness.pywas import listened, opened

PEOPLE = (f"35842{number:07d}" for number in count(1_000_000))
NUMBERS = (str(number) for number in count(400_000_000_000_001))
NAMES = (f"parcel_{number}" for number in count(1))
LINK = "https://post.example/a.bin"
LANGUAGE = templates.TemplateLanguage.ENGLISH_US


@pytest.fixture
def person() -> str:
    return next(PEOPLE)


@pytest.fixture
def number() -> str:
    return next(NUMBERS)


@pytest.fixture
def client(address: str, number: str) -> Iterator[WhatsApp]:
    with opened(address, number) as library:
        yield library


@pytest.fixture
def listener(client: WhatsApp) -> Iterator[Listener]:
    with listened(client) as webhook:
        yield webhook


def handed(client: WhatsApp, listener: Listener, handler: Callable[[Any], Any]) -> Any:
    """What the library hands its user for the next call that is for this handler, after it checked the signature."""
    seen: list[Any] = []
    client.add_handlers(handler(lambda _, update: seen.append(update)))
    while not seen:
        call = listener.next()
        assert client.webhook_update_validator(call.body, call.headers["x-hub-signature-256"]) is None
        assert client.webhook_update_handler(call.body) == ("ok", 200)
    return seen[0]


def buttons(client: WhatsApp, to: str) -> Any:
    return client.send_message(to, "Well?", buttons=[Button("Yes", "yes-17"), Button("No", "no-17")])


def rows(client: WhatsApp, to: str) -> Any:
    section = Section("Days", [SectionRow("Monday", "mon", "before noon"), SectionRow("Tuesday", "tue")])
    return client.send_message(to, "When?", buttons=SectionList("See", [section]))


@pytest.mark.parametrize(
    ("send", "kind", "text"),
    [
        (lambda client, to: client.send_message(to, "Grüße", preview_url=True), "text", "Grüße"),
        (lambda client, to: client.send_image(to, LINK, caption="Look"), "image", "Look"),
        (lambda client, to: client.send_video(to, LINK), "video", LINK),
        (lambda client, to: client.send_audio(to, LINK), "audio", LINK),
        (lambda client, to: client.send_document(to, LINK, filename="a.pdf"), "document", "a.pdf"),
        (lambda client, to: client.send_sticker(to, LINK), "sticker", LINK),
        (lambda client, to: client.send_location(to, 60.45, 22.27, name="Turku"), "location", "Turku"),
        (lambda client, to: client.send_reaction(to, "📦", message_id="wamid.x"), "reaction", "📦"),
        (
            lambda client, to: client.send_contact(to, Contact(Contact.Name("Zoë", "Zoë"))),
            "contacts",
            "Zoë",
        ),
        (lambda client, to: client.send_catalog(to, "See"), "interactive", "See"),
        (lambda client, to: client.send_product(to, "7", "8"), "interactive", ""),
        (lambda client, to: client.send_message(to, "Go", buttons=URLButton("Go", LINK)), "interactive", "Go"),
        (buttons, "interactive", "Well?"),
        (rows, "interactive", "When?"),
    ],
)
def test_a_message_of_every_type_arrives(
    client: WhatsApp, steering: Steering, person: str, send: Callable[[WhatsApp, str], Any], kind: str, text: str
) -> None:
    sent = send(client, person)
    [entry] = [entry for entry in steering.journal() if entry["recipient"] == person]
    assert (entry["external_id"], entry["payload"]["type"], entry["text"]) == (sent.id, kind, text)


@pytest.mark.cell("pywa", "file")
def test_a_file_goes_up_comes_down_and_goes_away(client: WhatsApp, person: str, steering: Steering) -> None:
    content = bytes(range(256))
    sent = client.send_image(person, content, mime_type="image/png", caption="Look")
    [entry] = [entry for entry in steering.journal() if entry["recipient"] == person]
    assert entry["external_id"] == sent.id
    media_id = entry["payload"]["image"]["id"]
    shown = client.get_media_url(media_id)
    assert (shown.mime_type, shown.file_size) == ("image/png", len(content))
    assert client.get_media_bytes(url=shown.url) == content
    assert client.delete_media(media_id)
    with pytest.raises(errors.WhatsAppError) as raised:
        client.get_media_url(media_id)
    assert (raised.value.code, raised.value.subcode) == (100, 33)


@pytest.mark.cell("pywa", "markup", "press")
def test_a_press_and_a_choice_are_told(
    client: WhatsApp, listener: Listener, steering: Steering, person: str, number: str
) -> None:
    sent = buttons(client, person)
    steering.does("whatsapp", person, "press", bot=number, button="Yes")
    pressed = handed(client, listener, CallbackButtonHandler)
    assert (pressed.data, pressed.title, pressed.from_user.wa_id) == ("yes-17", "Yes", person)
    assert pressed.reply_to_message.id == sent.id
    rows(client, person)
    steering.does("whatsapp", person, "choose", bot=number, row="mon")
    chosen = handed(client, listener, CallbackSelectionHandler)
    assert (chosen.data, chosen.title, chosen.description) == ("mon", "Monday", "before noon")


@pytest.mark.parametrize(
    ("deed", "fields", "read"),
    [
        ("messages", {"text": "Grüße"}, lambda message: message.text == "Grüße"),
        (
            "messages",
            {"type": "image", "caption": "Look"},
            lambda message: message.caption == "Look" and message.image.id,
        ),
        ("messages", {"type": "video"}, lambda message: message.video.mime_type == "video/mp4"),
        ("messages", {"type": "audio", "voice": True}, lambda message: message.audio.voice),
        ("messages", {"type": "document", "filename": "a.pdf"}, lambda message: message.document.filename == "a.pdf"),
        ("messages", {"type": "sticker"}, lambda message: message.sticker.id),
        (
            "messages",
            {"type": "location", "location": {"latitude": 1.5, "longitude": 2.5}},
            lambda message: (message.location.latitude, message.location.longitude) == (1.5, 2.5),
        ),
        (
            "messages",
            {"type": "contacts", "contacts": [{"name": {"formatted_name": "Zoë", "first_name": "Zoë"}}]},
            lambda message: message.contacts[0].name.formatted_name == "Zoë",
        ),
        (
            "messages",
            {"text": "x", "reply_to": "wamid.1"},
            lambda message: message.reply_to_message.id == "wamid.1",
        ),
        ("messages", {"type": "unsupported"}, lambda message: message.error.code == 131051),
        ("react", {"message": "wamid.1", "emoji": "📦"}, lambda message: message.reaction.emoji == "📦"),
    ],
)
def test_a_message_of_every_type_is_read(
    client: WhatsApp,
    listener: Listener,
    steering: Steering,
    person: str,
    number: str,
    deed: str,
    fields: dict[str, Any],
    read: Callable[[Message], Any],
) -> None:
    steering.does("whatsapp", person, deed, bot=number, **fields)
    message = handed(client, listener, MessageHandler)
    assert message.from_user.wa_id == person
    assert read(message)


def test_a_file_of_a_person_is_downloaded(
    client: WhatsApp, listener: Listener, steering: Steering, person: str, number: str
) -> None:
    data = base64.b64encode(b"a parcel").decode()
    steering.does("whatsapp", person, "messages", bot=number, type="document", data=data, mime_type="text/plain")
    message = handed(client, listener, MessageHandler)
    assert message.document.get_bytes() == b"a parcel"


def test_a_template_is_made_reviewed_sent_and_removed(
    client: WhatsApp, listener: Listener, steering: Steering, person: str
) -> None:
    name = next(NAMES)
    body = templates.BodyText("Hello {{1}}, parcel {{2}} is here", "Zoë", "17")
    words = templates.BodyText.params("Zoë", "17")  # type: ignore[arg-type] # it is called on the class or on a body
    made = client.create_template(
        templates.Template(name=name, language=LANGUAGE, category=templates.TemplateCategory.UTILITY, components=[body])
    )
    assert made.status == templates.TemplateStatus.PENDING
    with pytest.raises(errors.TemplateNotExists):
        client.send_template(person, name, LANGUAGE, [words])
    steering.asks("POST", f"/messengers/whatsapp/templates/{name}/en_US", {"status": "APPROVED"})
    update = handed(client, listener, TemplateStatusUpdateHandler)
    assert (update.template_name, update.new_status) == (name, templates.TemplateStatus.APPROVED)
    client.send_template(person, name, LANGUAGE, [words])
    with pytest.raises(errors.TemplateParamCountMismatch):
        client.send_template(person, name, LANGUAGE, [])
    [entry] = [entry for entry in steering.journal() if entry["recipient"] == person]
    assert entry["text"] == "Hello Zoë, parcel 17 is here"
    assert client.get_template(made.id).name == name
    listed = client.get_templates()
    assert name in [template.name for template in listed]
    assert listed.total_count >= 2
    first = client.get_templates(pagination=Pagination(limit=1))
    second = client.get_templates(pagination=Pagination(limit=1, after=first.after))
    assert (first.has_next, [template.name for template in first]) == (True, ["hello_world"])
    assert [template.name for template in second] == [name]
    assert client.delete_template(name)
    assert name not in [template.name for template in client.get_templates()]


def test_a_number_and_its_profile_are_read_and_changed(client: WhatsApp, number: str) -> None:
    assert client.get_business_phone_number().id == number
    assert client.update_business_profile(about="We deliver", websites=["https://post.example/"])
    profile = client.get_business_profile()
    assert (profile.about, list(profile.websites or ())) == ("We deliver", ["https://post.example/"])


def test_a_message_is_marked_as_read_while_something_is_written(client: WhatsApp) -> None:
    assert client.mark_message_as_read("wamid.x")
    assert client.indicate_typing("wamid.x")


@pytest.mark.cell("pywa", "lost reply")
def test_a_lost_reply_is_told_and_the_message_is_there(client: WhatsApp, steering: Steering, person: str) -> None:
    steering.faults({"messenger": "whatsapp", "recipient": person, "fault": "lose_reply"})
    with pytest.raises(httpx.RemoteProtocolError):
        client.send_message(person, "lost")
    assert [entry["text"] for entry in steering.journal() if entry["recipient"] == person] == ["lost"]


def test_who_hides_their_number_is_written_to_and_heard_by_their_id(
    client: WhatsApp, listener: Listener, steering: Steering, number: str
) -> None:
    hidden = "US.13491208655302741918"
    sent = client.send_message(hidden, "Hello")
    assert (sent.input, sent.chat.id) == (hidden, hidden)
    steering.asks("POST", f"/phones/whatsapp/{hidden}/profile", {"name": "Zoë", "username": "zoe.17"})
    steering.does("whatsapp", hidden, "messages", bot=number, text="It is me")
    message = handed(client, listener, MessageHandler)
    assert (message.from_user.bsuid, message.from_user.wa_id, message.from_user.country_code) == (hidden, None, "US")
    assert (message.from_user.name, message.from_user.username) == ("Zoë", "zoe.17")
    message.reply("I know")
    texts = [entry["text"] for entry in steering.journal() if entry["recipient"] == hidden]
    assert texts == ["Hello", "I know"]
