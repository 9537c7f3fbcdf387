"""Decides whether the emulated Cloud API takes every type of message, refuses what it must, and keeps its real limits.

It has never heard of the service that sends. The messages in `whatsapp_messages.json` have the shapes of all request
examples of Meta's OpenAPI for v23.0, with words of our own.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.contracts.whatsapps import ACCOUNT, BODY, PERSON, call, does, post, refused, values
from tests.contracts.world import NUMBER, WHATSAPP_TOKEN, Life, told
from vestnik.emulation.world import EmulationSettings
from vestnik.messengers import whatsapp

CORPUS: list[dict[str, Any]] = json.loads((Path(__file__).parent / "whatsapp_messages.json").read_text("utf-8"))
TEMPLATE = {"name": "parcel_here", "language": {"code": "fi"}}


def buttons(*titles: str) -> dict[str, Any]:
    replies = [{"type": "reply", "reply": {"id": f"id-{title}", "title": title}} for title in titles]
    return {"type": "button", "body": BODY, "action": {"buttons": replies}}


def link(text: str, url: str) -> dict[str, Any]:
    action = {"name": "cta_url", "parameters": {"display_text": text, "url": url}}
    return {"type": "cta_url", "body": BODY, "action": action}


def rows(*ids: str, **more: Any) -> dict[str, Any]:
    sections = [{"rows": [{"id": one, "title": one[:24], **more} for one in ids]}]
    return {"type": "list", "body": BODY, "action": {"button": "See", "sections": sections}}


def test_the_corpus_has_fifty_messages() -> None:
    assert len({one["name"] for one in CORPUS}) == 50


@pytest.mark.parametrize("body", [one["body"] for one in CORPUS], ids=[one["name"] for one in CORPUS])
def test_a_message_of_every_official_shape_is_taken_and_answered_in_the_official_shape(
    tmp_path: Path, body: dict[str, Any]
) -> None:
    async def story(world: Life) -> None:
        answer = await call(world, "POST", f"{NUMBER}/messages", body)
        if "status" in body:
            assert answer == {"success": True}
            return
        assert set(answer) == {"messaging_product", "contacts", "messages"}
        assert answer["contacts"] == [{"input": "+358401234567", "wa_id": "358401234567"}]
        [message] = answer["messages"]
        [entry] = await world.journal()
        assert (message["id"], message["message_status"]) == (entry["external_id"], "accepted")
        assert entry["payload"] == body

    told(tmp_path, story)


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({"type": "image"}, 131008),
        ({"type": "image", "image": {}}, 131008),
        ({"type": "image", "image": {"id": "1", "link": "https://a.example/"}}, 100),
        ({"type": "image", "image": {"link": "a.jpg"}}, 100),
        ({"type": "video", "video": {"id": "1", "caption": "x" * 1025}}, 100),
        ({"type": "document", "document": {"id": 1}}, 100),
        ({"type": "location", "location": {"latitude": 1}}, 131008),
        ({"type": "location", "location": {"latitude": 91, "longitude": 0}}, 131009),
        ({"type": "contacts", "contacts": []}, 131008),
        ({"type": "contacts", "contacts": [{"name": {"first_name": "Zoë"}}]}, 131008),
        ({"type": "contacts", "contacts": ["Zoë"]}, 100),
        ({"type": "reaction", "reaction": {"emoji": "📦"}}, 131008),
        ({"type": "interactive"}, 131008),
        ({"type": "interactive", "interactive": {"type": "carousel"}}, 100),
        ({"type": "interactive", "interactive": buttons("1", "2", "3", "4")}, 131009),
        ({"type": "interactive", "interactive": buttons("1", "1")}, 131009),
        ({"type": "interactive", "interactive": buttons("x" * 21)}, 131009),
        ({"type": "interactive", "interactive": buttons()}, 131008),
        ({"type": "interactive", "interactive": {**buttons("1"), "body": None}}, 131008),
        ({"type": "interactive", "interactive": {**buttons("1"), "body": {"text": "x" * 1025}}}, 131009),
        ({"type": "interactive", "interactive": {**buttons("1"), "footer": {"text": "x" * 61}}}, 131009),
        ({"type": "interactive", "interactive": {**buttons("1"), "header": {"type": "song"}}}, 100),
        ({"type": "interactive", "interactive": rows(*map(str, range(11)))}, 131009),
        ({"type": "interactive", "interactive": rows("1", "1")}, 131009),
        ({"type": "interactive", "interactive": rows("1", description="x" * 73)}, 131009),
        ({"type": "interactive", "interactive": {"type": "flow", "body": BODY, "action": {"name": "flow"}}}, 131008),
        ({"type": "interactive", "interactive": link("Go", "not an address")}, 100),
        ({"type": "interactive", "interactive": link("x" * 21, "https://post.example/")}, 131009),
        ({"type": "template", "template": {"name": "x"}}, 131008),
        ({"type": "template", "template": {**TEMPLATE, "components": [{"type": "x"}]}}, 100),
        ({"type": "text", "text": {"body": "x"}, "recipient_type": "everybody"}, 100),
        ({"type": "text", "text": {"body": "x"}, "context": {}}, 131008),
    ],
)
def test_what_is_missing_or_does_not_fit_is_named_with_its_code(
    tmp_path: Path, message: dict[str, Any], code: int
) -> None:
    async def story(world: Life) -> None:
        found, details = await refused(world, **message)
        assert found == code
        assert details
        assert await world.journal() == []

    told(tmp_path, story)


def test_lengths_are_counted_to_the_last_character(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        await post(world, type="interactive", interactive=buttons("x" * 20, "y", "z"))
        await post(world, type="interactive", interactive=rows(*map(str, range(10)), description="x" * 72))
        await post(world, type="image", image={"id": "1", "caption": "x" * 1024})
        assert [entry["text"] for entry in await world.journal()] == ["Which one?", "Which one?", "x" * 1024]

    told(tmp_path, story)


def test_the_http_status_of_a_code_can_be_chosen(tmp_path: Path) -> None:
    options = {"whatsapp": {"token": WHATSAPP_TOKEN, "phone_number_id": NUMBER, "http_statuses": "130429=429, 100=422"}}

    async def story(world: Life) -> None:
        settings = EmulationSettings(options=options)
        world.emulation.world.settings = settings  # type: ignore[misc] # as if it had been opened with these
        world.emulation.emulators["whatsapp"] = whatsapp.MESSENGER.emulator(world.emulation.world)
        await world.faults({"messenger": "whatsapp", "fault": "throttle", "retry_after": 7})
        answer = await world.send("whatsapp")
        assert (answer.status, json.loads(answer.body)["error"]["code"]) == (429, 130429)
        assert answer.headers["retry-after"] == "7"
        await world.faults({"messenger": "whatsapp", "fault": "throttle", "status": 503})
        assert (await world.send("whatsapp")).status == 503
        await world.faults()
        assert (await refused(world, text={"body": "x"}, recipient_type="x", expect=422))[0] == 100

    told(tmp_path, story)


TOO_MANY = "Message failed to send because there were too many messages sent from this phone number"


def test_real_limits_are_eighty_messages_a_second_and_a_pair_that_pays_back(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        await does(world, "messages", text="Hello")
        answers = [await world.send("whatsapp", to=f"7916{number:07d}") for number in range(80)]
        # What the person wrote is one of the eighty.
        assert [json.loads(answer.body).get("error", {}).get("code") for answer in answers] == [None] * 79 + [130429]
        world.clock.move(60)
        assert json.loads(answers[-1].body)["error"]["error_data"]["details"] == f"{TOO_MANY} in a short period of time"
        errors = [json.loads((await world.send("whatsapp")).body).get("error", {}) for _ in range(46)]
        assert [error.get("code") for error in errors] == [None] * 45 + [131056]
        details = f"{TOO_MANY} to the same phone number in a short period of time."
        assert errors[-1]["error_data"]["details"] == details

    told(tmp_path, story, limits_real=True)


def test_outside_the_window_a_message_is_taken_and_fails_unless_it_is_a_template(tmp_path: Path) -> None:
    template = {"name": "hello_world", "language": {"code": "en_US"}}

    async def story(world: Life) -> None:
        await world.subscribe()
        await post(world, text={"body": "too late"}, biz_opaque_callback_data="parcel 17")
        await world.settled()
        [status] = [status for value in values(world) for status in value["statuses"]]
        assert (status["status"], status["errors"][0]["code"]) == ("failed", 131047)
        assert status["biz_opaque_callback_data"] == "parcel 17"
        await post(world, type="template", template=template)
        await does(world, "messages", text="Hello")
        await post(world, text={"body": "in time"})
        world.clock.move(24 * 3600)
        await post(world, text={"body": "too late"})
        failures = [entry["failed"] for entry in await world.journal()]
        assert failures == ["131047", None, None, "131047"]

    told(tmp_path, story, limits_real=True)


@pytest.mark.parametrize("code", [131026, 131049, 130472, 131050, 131053])
def test_what_fails_later_fails_after_it_was_taken_with_the_code_that_was_asked_for(tmp_path: Path, code: int) -> None:
    async def story(world: Life) -> None:
        await world.subscribe()
        await world.faults({"messenger": "whatsapp", "fault": "not_delivered", "status": code})
        await post(world, text={"body": "x"})
        await world.settled()
        [status] = [status for value in values(world) for status in value["statuses"]]
        [error] = status["errors"]
        assert (status["status"], error["code"]) == ("failed", code)
        assert error["title"]
        assert error["error_data"]["details"]

    told(tmp_path, story)


def test_a_number_tells_of_itself_and_has_a_profile(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        number = await call(world, "GET", NUMBER)
        assert number["id"] == NUMBER
        assert {"verified_name", "display_phone_number", "quality_rating", "throughput"} <= set(number)
        assert set(await call(world, "GET", f"{NUMBER}?fields=verified_name,status")) == {
            "id",
            "verified_name",
            "status",
        }
        listed = await call(world, "GET", f"{ACCOUNT}/phone_numbers")
        assert [one["id"] for one in listed["data"]] == [NUMBER]
        change = {"messaging_product": "whatsapp", "about": "We deliver", "websites": ["https://post.example/"]}
        path = f"{NUMBER}/whatsapp_business_profile"
        assert await call(world, "POST", path, change) == {"success": True}
        assert (await call(world, "GET", f"{path}?fields=about,websites"))["data"] == [
            {"about": "We deliver", "websites": ["https://post.example/"], "messaging_product": "whatsapp"}
        ]
        await call(world, "POST", path, {**change, "about": "x" * 140}, expect=400)
        await call(world, "POST", path, {"about": "x"}, expect=400)

    told(tmp_path, story)


RUBBISH: list[Any] = [0, -1, 1.5, True, "", "x", [], [[]], {}, {"x": []}, "\u0000", [{}], [None], 2**70]


@pytest.mark.parametrize("body", [one["body"] for one in CORPUS[::3]], ids=[one["name"] for one in CORPUS[::3]])
def test_rubbish_anywhere_in_a_message_gets_an_answer_in_the_right_envelope(
    tmp_path: Path, body: dict[str, Any]
) -> None:
    def spoilt(value: Any) -> list[Any]:
        if isinstance(value, dict):
            return [{**value, name: bad} for name, one in value.items() for bad in [*RUBBISH, *spoilt(one)]]
        if isinstance(value, list):
            return [[bad, *value[1:]] for bad in [*RUBBISH, *spoilt(value[0])]]
        return []

    async def story(world: Life) -> None:
        for bad in spoilt(body):
            answer = await world.ask("POST", f"/whatsapp/{NUMBER}/messages?access_token={WHATSAPP_TOKEN}", bad)
            assert answer.status in (200, 400)
            assert set(json.loads(answer.body)) & {"error", "messages", "success"}

    told(tmp_path, story)


def test_the_person_is_who_the_number_says(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        for to in (PERSON, f"+{PERSON}", "+7 (916) 123-45-67"):
            answer = await post(world, to=to, text={"body": "x"})
            assert answer["contacts"] == [{"input": to, "wa_id": PERSON}]

    told(tmp_path, story)
