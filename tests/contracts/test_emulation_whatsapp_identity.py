"""Decides whether people of the emulated WhatsApp can be written to by their id, and show or hide their number.

It has never heard of the service that sends.
"""

from pathlib import Path
from typing import Any

import pytest

from tests.contracts.whatsapps import ACCOUNT, PERSON, call, does, post, values
from tests.contracts.world import NUMBER, Life, told
from vestnik.messengers.whatsapp.emulator.identity import canonical, user_id

HIDDEN = "US.13491208655302741918"
"""Somebody whose number no business knows."""


def body(**who: str) -> dict[str, Any]:
    return {"messaging_product": "whatsapp", "text": {"body": "Grüße"}, **who}


async def sent(world: Life, **who: str) -> dict[str, Any]:
    return await call(world, "POST", f"{NUMBER}/messages", body(**who))


@pytest.mark.parametrize("number", ["79161234567", "358401234567", "1000000", "999999999999999", "12025550123"])
def test_a_number_and_its_user_id_lead_to_each_other(number: str) -> None:
    assert canonical(user_id(number)) == number
    assert canonical(f"+{number}") == number
    assert user_id(number) != user_id(str(int(number) - 1))


def test_an_id_that_no_number_has_is_a_person_of_its_own() -> None:
    parent = "US.ENT.11815799212886844830"
    strange = user_id("79161234567").replace("RU.", "FI.")
    assert [canonical(one) for one in (HIDDEN, parent, strange)] == [HIDDEN, parent, strange]
    assert [canonical(one) for one in ("US.", "us.12", "US.ENT", "US.1 2", "U.12", "", "abc")] == [
        None,
        None,
        "US.ENT",
        *[None] * 4,
    ]


def test_a_person_with_a_number_is_the_same_by_their_id(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        await world.subscribe()
        answer = await sent(world, recipient=user_id(PERSON))
        assert answer["contacts"] == [{"input": user_id(PERSON), "user_id": user_id(PERSON)}]
        both = await sent(world, to=f"+{PERSON}", recipient=HIDDEN)
        assert both["contacts"] == [{"input": f"+{PERSON}", "wa_id": PERSON}]
        assert [entry["recipient"] for entry in await world.journal()] == [PERSON, PERSON]
        await world.settled()
        status = values(world)[0]
        assert status["statuses"][0]["recipient_id"] == PERSON
        assert status["statuses"][0]["recipient_user_id"] == user_id(PERSON)
        assert status["contacts"][0]["wa_id"] == PERSON

    told(tmp_path, story)


def test_who_hides_their_number_is_called_by_their_id_everywhere(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        await world.subscribe()
        path = f"/phones/whatsapp/{HIDDEN}"
        await world.control("POST", f"{path}/profile", {"name": "Zoë", "username": "zoe.17"}, expect=204)
        answer = await sent(world, recipient=HIDDEN)
        assert answer["contacts"] == [{"input": HIDDEN, "user_id": HIDDEN}]
        await world.settled()
        await world.control("POST", f"{path}/messages", {"bot": NUMBER, "text": "Hello"}, expect=201)
        await world.settled()
        handed, delivered, wrote = values(world)
        person = {"profile": {"name": "Zoë", "username": "zoe.17"}, "user_id": HIDDEN}
        assert handed["contacts"] == [{"profile": {"name": "Zoë"}, "user_id": HIDDEN}]
        assert delivered["contacts"] == wrote["contacts"] == [person]
        assert "recipient_id" not in handed["statuses"][0]
        assert handed["statuses"][0]["recipient_user_id"] == HIDDEN
        assert wrote["messages"][0]["from_user_id"] == HIDDEN
        assert "from" not in wrote["messages"][0]

    told(tmp_path, story)


def test_a_failure_names_the_id_only_where_it_was_written_to(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        await world.subscribe()
        await world.phone("whatsapp", blocked=True)
        await world.control("PATCH", f"/phones/whatsapp/{HIDDEN}", {"blocked": True})
        await sent(world, to=PERSON)
        await world.settled()
        await sent(world, recipient=HIDDEN)
        await world.settled()
        by_number, by_id = [value["statuses"][0] for value in values(world)]
        assert (by_number["recipient_id"], "recipient_user_id" in by_number) == (PERSON, False)
        assert ("recipient_id" in by_id, by_id["recipient_user_id"]) == (False, HIDDEN)

    told(tmp_path, story)


@pytest.mark.parametrize(
    ("who", "code", "details"),
    [
        ({}, 100, "The parameter to is required."),
        ({"to": HIDDEN}, 131009, "Recipient phone number is not valid"),
        ({"recipient": PERSON}, 131009, "Recipient is not valid"),
        ({"recipient": "us.1"}, 131009, "Recipient is not valid"),
        ({"recipient": 17}, 131009, "Recipient is not valid"),
        ({"to": ["x"]}, 131009, "Recipient phone number is not valid"),
    ],
)
def test_numbers_and_ids_have_their_own_fields(tmp_path: Path, who: dict[str, Any], code: int, details: str) -> None:
    async def story(world: Life) -> None:
        answer = await call(world, "POST", f"{NUMBER}/messages", body(**who), expect=400)
        assert (answer["error"]["code"], answer["error"]["error_data"]["details"]) == (code, details)

    told(tmp_path, story)


def test_a_code_goes_to_numbers_alone(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        components = [{"type": "BODY", "text": "{{1}} is your code"}]
        made = {"name": "code", "language": "en_US", "category": "AUTHENTICATION", "components": components}
        await call(world, "POST", f"{ACCOUNT}/message_templates", made)
        await world.control("POST", "/messengers/whatsapp/templates/code/en_US", {"status": "APPROVED"})
        words = [{"type": "body", "parameters": [{"type": "text", "text": "1234"}]}]
        template = {"name": "code", "language": {"code": "en_US"}, "components": words}
        message = {"messaging_product": "whatsapp", "type": "template", "template": template}
        refused = await call(world, "POST", f"{NUMBER}/messages", {**message, "recipient": HIDDEN}, expect=400)
        assert refused["error"]["code"] == 131062
        await post(world, type="template", template=template)

    told(tmp_path, story)


def test_a_message_costs_what_its_category_does(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        await world.subscribe()
        found = []
        for category in ("MARKETING", "UTILITY"):
            name = category.lower()
            made = {"name": name, "language": "fi", "category": category, "components": [{"type": "BODY", "text": "x"}]}
            await call(world, "POST", f"{ACCOUNT}/message_templates", made)
            await world.control("POST", f"/messengers/whatsapp/templates/{name}/fi", {"status": "APPROVED"})
        for answers in (False, True):
            if answers:
                await does(world, "messages", text="Hello")
                await world.settled()
            for name in ("marketing", "utility", ""):
                world.bots.told.clear()
                template = {"type": "template", "template": {"name": name, "language": {"code": "fi"}}}
                await post(world, **(template if name else {"text": {"body": "x"}}))
                await world.settled()
                status = values(world)[0]["statuses"][0]
                pricing = status["pricing"]
                assert status["conversation"]["origin"]["type"] == pricing["category"]
                found.append((pricing["category"], pricing["type"], pricing["billable"]))
        free = ("free_customer_service", False)
        assert found == [
            ("marketing", "regular", True),
            ("utility", "regular", True),
            ("service", *free),
            ("marketing", "regular", True),
            ("utility", *free),
            ("service", *free),
        ]

    told(tmp_path, story)
