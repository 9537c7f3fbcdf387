"""Decides whether apps on the emulated Cloud API are told what people do: as Meta's webhooks do, signed and in order.

It has never heard of the service that sends.
"""

import base64
import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.contracts.whatsapps import BODY, PERSON, call, does, post, said, values
from tests.contracts.world import NUMBER, Life, told
from vestnik.domain.errors import BadSetting
from vestnik.messengers.whatsapp.emulator.identity import user_id
from vestnik.ports import Response

BUTTONS = [
    {"type": "reply", "reply": {"id": "yes-17", "title": "Yes"}},
    {"type": "reply", "reply": {"id": "no-17", "title": "No"}},
]
ASKED = {"type": "button", "body": BODY, "action": {"buttons": BUTTONS}}
ROWS = [{"id": "mon", "title": "Monday", "description": "before noon"}, {"id": "tue", "title": "Tuesday"}]
LIST = {"type": "list", "body": BODY, "action": {"button": "Days", "sections": [{"rows": ROWS}]}}


def test_a_press_names_the_button_and_the_message_that_it_answers(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        await world.subscribe()
        sent = await post(world, type="interactive", interactive=ASKED)
        await post(world, text={"body": "something else"})
        await does(world, "press", button="Yes")
        await does(world, "press", button="no-17")
        await does(world, "press", button="Perhaps", expect=409)
        await does(world, "choose", row="Yes", expect=409)
        await world.settled()
        messages = said(world)
        assert [message["interactive"] for message in messages] == [
            {"type": "button_reply", "button_reply": {"id": "yes-17", "title": "Yes"}},
            {"type": "button_reply", "button_reply": {"id": "no-17", "title": "No"}},
        ]
        assert messages[0]["context"] == {"from": "15550000001", "id": sent["messages"][0]["id"]}
        assert (messages[0]["type"], messages[0]["from"]) == ("interactive", PERSON)

    told(tmp_path, story)


def test_a_choice_from_a_list_outlives_a_restart(tmp_path: Path) -> None:
    async def before(world: Life) -> None:
        await world.subscribe()
        await post(world, type="interactive", interactive=LIST)

    async def after(world: Life) -> None:
        await does(world, "choose", row="Monday")
        await world.until(lambda: bool(said(world)))
        [message] = said(world)
        chosen = {"id": "mon", "title": "Monday", "description": "before noon"}
        assert message["interactive"] == {"type": "list_reply", "list_reply": chosen}

    told(tmp_path, before)
    told(tmp_path, after)


@pytest.mark.parametrize(
    ("fields", "part"),
    [
        ({"text": "Grüße"}, {"type": "text", "text": {"body": "Grüße"}}),
        (
            {"type": "location", "location": {"latitude": 60.45, "longitude": 22.27, "name": "Turku"}},
            {"type": "location", "location": {"latitude": 60.45, "longitude": 22.27, "name": "Turku"}},
        ),
        (
            {"type": "contacts", "contacts": [{"name": {"formatted_name": "Zoë", "first_name": "Zoë"}}]},
            {"contacts": [{"name": {"formatted_name": "Zoë", "first_name": "Zoë"}}]},
        ),
        (
            {"type": "order", "order": {"catalog_id": "7", "product_items": []}},
            {"type": "order", "order": {"catalog_id": "7", "product_items": []}},
        ),
        ({"text": "x", "reply_to": "wamid.1"}, {"context": {"from": "15550000001", "id": "wamid.1"}}),
        ({"text": "x", "forwarded": True}, {"context": {"forwarded": True}}),
        (
            {"text": "x", "reply_to": "wamid.1", "referred_product": {"catalog_id": "7", "product_retailer_id": "8"}},
            {
                "context": {
                    "from": "15550000001",
                    "id": "wamid.1",
                    "referred_product": {"catalog_id": "7", "product_retailer_id": "8"},
                }
            },
        ),
        ({"text": "x", "referral": {"source_type": "ad"}}, {"referral": {"source_type": "ad"}}),
    ],
)
def test_people_write_in_many_ways(tmp_path: Path, fields: dict[str, Any], part: dict[str, Any]) -> None:
    async def story(world: Life) -> None:
        await world.subscribe()
        entry = await does(world, "messages", **fields)
        await world.settled()
        [value] = values(world)
        [message] = value["messages"]
        assert {name: message[name] for name in part} == part
        assert (message["id"], message["from"]) == (entry["external_id"], PERSON)
        assert message["timestamp"] == "1800000000"
        assert value["metadata"] == {"display_phone_number": "15550000001", "phone_number_id": NUMBER}
        assert (value["contacts"][0]["wa_id"], value["contacts"][0]["profile"]) == (
            PERSON,
            {"name": f"Person {PERSON}"},
        )

    told(tmp_path, story)


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "location", "location": {"latitude": 91, "longitude": 0}},
        {"type": "location", "location": {"latitude": "north", "longitude": 0}},
        {"type": "order", "order": {"catalog_id": "7"}},
        {"type": "order", "order": {"catalog_id": "7", "product_items": [{"quantity": 1}]}},
        {"text": "x", "referred_product": {"catalog_id": "7"}},
        {"text": "x" * 4097},
    ],
)
def test_what_no_phone_sends_is_not_told(tmp_path: Path, fields: dict[str, Any]) -> None:
    async def story(world: Life) -> None:
        await world.subscribe()
        await does(world, "messages", **fields, expect=422)
        await does(world, "change_number", to=PERSON, expect=422)
        await does(world, "messages", text="sent")
        await world.settled()
        assert [message["text"]["body"] for message in said(world)] == ["sent"]

    told(tmp_path, story)


@pytest.mark.parametrize("kind", ["image", "video", "audio", "document", "sticker"])
def test_a_file_of_a_person_can_be_downloaded_for_a_week(tmp_path: Path, kind: str) -> None:
    content = bytes(range(256))

    async def story(world: Life) -> None:
        await world.subscribe()
        data = base64.b64encode(content).decode()
        await does(world, "messages", type=kind, data=data, caption="Look", filename="a.bin")
        await world.settled()
        [message] = said(world)
        file = message[kind]
        assert (message["type"], file["caption"], file["filename"]) == (kind, "Look", "a.bin")
        assert file["sha256"] == base64.b64encode(sha256(content).digest()).decode()
        shown = await call(world, "GET", file["id"])
        assert (shown["file_size"], shown["mime_type"]) == (256, file["mime_type"])
        world.clock.move(7 * 86400)
        await call(world, "GET", file["id"], expect=400)

    told(tmp_path, story)


def test_reactions_forms_a_new_number_and_what_nobody_understands(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        await world.subscribe()
        await does(world, "profile", name="Zoë", expect=204)
        await does(world, "react", message="wamid.1", emoji="📦")
        await does(world, "react", message="wamid.1")
        await does(world, "answer_flow", response={"day": "monday"})
        await does(world, "messages", type="unsupported")
        await does(world, "change_number", to="+358401234567")
        await world.settled()
        reaction, taken_back, form, unknown, system = said(world)
        assert reaction["reaction"] == {"message_id": "wamid.1", "emoji": "📦"}
        assert taken_back["reaction"] == {"message_id": "wamid.1"}
        assert json.loads(form["interactive"]["nfm_reply"]["response_json"]) == {"day": "monday"}
        assert unknown["errors"][0]["code"] == 131051
        assert system["system"] == {
            "body": f"User Zoë changed from {PERSON} to 358401234567",
            "wa_id": "358401234567",
            "user_id": user_id("358401234567"),
            "type": "user_changed_number",
        }
        assert [value.get("contacts", [{}])[0].get("profile") for value in values(world)] == [{"name": "Zoë"}] * 4 + [
            None
        ]

    told(tmp_path, story)


@pytest.mark.parametrize(
    ("deed", "fields"),
    [
        ("messages", {}),
        ("messages", {"type": "hologram"}),
        ("messages", {"type": "location"}),
        ("messages", {"type": "location", "location": {"latitude": 1}}),
        ("messages", {"type": "image", "data": "no base64"}),
        ("press", {}),
        ("choose", {"row": ""}),
        ("react", {"emoji": "📦"}),
        ("change_number", {"to": "Zoë"}),
        ("messages", {"text": "x", "reply_to": 17}),
    ],
)
def test_what_cannot_be_done_is_named(tmp_path: Path, deed: str, fields: dict[str, Any]) -> None:
    async def story(world: Life) -> None:
        answer = await does(world, deed, **fields, expect=422)
        assert answer["errors"]

    told(tmp_path, story)


def test_who_is_offline_does_nothing_and_there_is_no_other_deed(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        await does(world, "dance", expect=405)
        await world.phone("whatsapp", online=False)
        await does(world, "messages", text="x", expect=409)
        await does(world, "profile", name="Zoë", expect=204)

    told(tmp_path, story)


def test_who_has_the_chat_open_reads_what_comes_and_its_delivery_goes_without_saying(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        await world.subscribe()
        await post(world, text={"body": "before"})
        await world.settled()
        for watching in (True, True):
            await does(world, "watch", watching=watching, expect=204)
        await world.settled()
        await post(world, text={"body": "meanwhile"})
        await world.settled()
        await does(world, "read", expect=409)
        await does(world, "watch", watching=False, expect=204)
        await post(world, text={"body": "after"})
        await does(world, "read", expect=204)
        await world.settled()
        statuses = [status["status"] for value in values(world) for status in value["statuses"]]
        assert statuses == ["sent", "delivered", "read", "sent", "read", "sent", "delivered", "read"]
        await does(world, "watch", expect=422)
        await world.phone("whatsapp", reads_after=0)
        await does(world, "watch", watching=True, expect=409)

    told(tmp_path, story)


def test_an_open_chat_outlives_a_restart(tmp_path: Path) -> None:
    async def before(world: Life) -> None:
        await world.subscribe()
        await does(world, "watch", watching=True, expect=204)

    async def after(world: Life) -> None:
        await post(world, text={"body": "x"})
        await world.settled()
        assert [value["statuses"][0]["status"] for value in values(world)] == ["sent", "read"]

    told(tmp_path, before)
    told(tmp_path, after)


def test_in_a_chat_that_was_deleted_there_is_nothing_to_press(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        await world.subscribe()
        await post(world, type="interactive", interactive=ASKED)
        await does(world, "delete_chat", expect=204)
        await does(world, "press", button="Yes", expect=409)
        await world.settled()
        assert said(world) == []

    told(tmp_path, story)


def test_an_app_can_be_told_of_many_things_in_one_call(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        await world.subscribe()
        world.bots.behave = lambda _request: Response(500)
        for number in range(5):
            await post(world, text={"body": str(number)})
        await world.until(lambda: bool(world.bots.told))
        world.bots.told.clear()
        world.bots.behave = lambda _request: Response(200)
        await world.outlast(60)
        told_of = [len(value["statuses"]) for value in values(world)]
        assert sum(told_of) == 10
        assert max(told_of) == 4

    told(tmp_path, story, options={"whatsapp": {"batch": "4"}})


@pytest.mark.parametrize("batch", ["0", "1001", "many", "-1", "99999999"])
def test_a_batch_that_cannot_be_is_a_bad_setting(tmp_path: Path, batch: str) -> None:
    async def story(_world: Life) -> None:
        raise AssertionError("it began")

    with pytest.raises(BadSetting, match="VESTNIK_WHATSAPP_BATCH"):
        told(tmp_path, story, options={"whatsapp": {"batch": batch}})
