"""How tests and pages steer the emulators, and what they are told when they ask for what cannot be."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.contracts.world import JANE, JOHN, TELEGRAM_TOKEN, Life, told


def test_every_phone_exists_and_is_as_usual(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        for messenger, recipient in JOHN.items():
            assert await world.control("GET", f"/phones/{messenger}/{recipient}") == {
                "messenger": messenger,
                "id": recipient,
                "online": True,
                "blocked": False,
                "reads_after": None,
            }
        assert (await world.control("GET", "/phones")) == {"phones": [], "next": None}

    told(tmp_path, story)


def test_a_phone_is_changed_in_the_fields_that_are_given_and_stays_so(tmp_path: Path) -> None:
    async def first(world: Life) -> None:
        path = "/phones/whatsapp/%2B7%20916%20123-45-67"
        assert (await world.control("PATCH", path, {"online": False}))["online"] is False
        assert (await world.control("PATCH", path, {"reads_after": 2}))["online"] is False
        assert await world.control("PATCH", path, {}) == await world.control("GET", path)

    async def second(world: Life) -> None:
        phone = await world.control("GET", f"/phones/whatsapp/{JOHN['whatsapp']}")
        assert (phone["id"], phone["online"], phone["reads_after"]) == (JOHN["whatsapp"], False, 2)

    told(tmp_path, first)
    told(tmp_path, second)


def test_an_identifier_with_a_slash_names_a_phone_escaped_or_not(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        identifier = "////////////////////+w=="[:22] + "=="
        for path in (identifier, identifier.replace("/", "%2F")):
            assert (await world.control("GET", f"/phones/viber/{path}"))["id"] == identifier
        await world.send("viber", to=identifier)
        await world.control("POST", f"/phones/viber/{identifier}/messages", {"text": "Hi"}, expect=201)
        assert len(await world.journal(f"?messenger=viber&recipient={identifier}")) == 1

    told(tmp_path, story)


def test_phones_that_were_set_up_or_got_something_are_listed_in_pages(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        await world.phone("telegram", online=False)
        for recipient in ("3", "1", "2", "1"):
            await world.send("telegram", to=recipient)
        await world.send("viber")
        page = await world.control("GET", "/phones?limit=3")
        rest = await world.control("GET", f"/phones?limit=3&after={page['next']}")
        listed = [(phone["messenger"], phone["id"]) for phone in page["phones"] + rest["phones"]]
        assert listed == [
            ("telegram", "1"),
            ("telegram", "1001"),
            ("telegram", "2"),
            ("telegram", "3"),
            ("viber", JOHN["viber"]),
        ]
        assert rest["next"] is None
        only = await world.control("GET", "/phones?messenger=viber")
        assert [phone["id"] for phone in only["phones"]] == [JOHN["viber"]]
        assert [phone["online"] for phone in page["phones"]] == [True, False, True]

    told(tmp_path, story)


def test_a_person_writes_to_the_bot_that_is_named_or_wrote_last_or_is_the_only_one(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        path = f"/phones/telegram/{JANE['telegram']}/messages"
        assert (await world.control("POST", path, {"text": "Hi"}, expect=201))["bot"] == "7000000001"
        await world.ask("POST", "/telegram/bot8:x/sendMessage", {"chat_id": JANE["telegram"], "text": "Hello"})
        assert (await world.control("POST", path, {"text": "Hi"}, expect=201))["bot"] == "8"
        said = await world.control("POST", path, {"text": "Hi", "bot": TELEGRAM_TOKEN}, expect=201)
        assert (said["bot"], said["external_id"]) == ("7000000001", "1002:4")
        await world.control("PUT", "/bots/telegram/9:x")
        other = "/phones/telegram/77/messages"
        assert (await world.control("POST", other, {"text": "Hi"}, expect=422))["errors"][0]["pointer"] == "#/bot"

    told(tmp_path, story)


def test_a_phone_that_is_off_or_has_blocked_the_bots_writes_nothing(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        path = f"/phones/viber/{JOHN['viber']}/messages"
        await world.phone("viber", online=False)
        assert "offline" in (await world.control("POST", path, {"text": "Hi"}, expect=409))["detail"]
        await world.phone("viber", online=True, blocked=True)
        assert "blocked" in (await world.control("POST", path, {"text": "Hi"}, expect=409))["detail"]

    told(tmp_path, story)


@pytest.mark.parametrize(
    ("method", "path", "body", "pointers"),
    [
        ("PATCH", "/phones/telegram/1", {"online": 1, "blocked": "no", "reads_after": -1, "mood": "good"}, 4),
        ("PATCH", "/phones/telegram/1", [], 1),
        ("POST", "/phones/telegram/1/messages", {}, 1),
        ("POST", "/phones/telegram/1/messages", {"text": "", "bot": 7}, 2),
        ("PUT", "/faults", [{"fault": "none"}, {"messenger": "pigeon"}], 3),
        ("PUT", "/bots/telegram/7:x", {"token": 7, "name": "x"}, 2),
        ("GET", "/journal?limit=0", None, 1),
        ("GET", "/journal?after=-1", None, 1),
        ("GET", "/journal?after=99999999999999999999", None, 1),
        ("GET", "/journal?messenger=pigeon", None, 1),
        ("GET", "/journal?mesenger=viber&limt=1", None, 2),
        ("GET", "/phones?messenger=pigeon", None, 1),
        ("POST", "/reset?everything=1", None, 1),
    ],
)
def test_every_wrong_parameter_is_named(tmp_path: Path, method: str, path: str, body: Any, pointers: int) -> None:
    async def story(world: Life) -> None:
        response = await world.ask(method, f"/emulator{path}", body)
        problem = json.loads(response.body)
        assert (response.status, response.headers["content-type"]) == (422, "application/problem+json")
        assert (problem["status"], problem["title"]) == (422, "Unprocessable Entity")
        assert len({error["pointer"] for error in problem["errors"]}) == pointers
        assert all(error["detail"] for error in problem["errors"])

    told(tmp_path, story)


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "", None, 404),
        ("GET", "/nothing", None, 404),
        ("GET", "/journal/1", None, 404),
        ("GET", "/phones/pigeon/1", None, 404),
        ("GET", "/phones/telegram", None, 404),
        ("GET", "/phones/telegram/John", None, 404),
        ("GET", "/phones/%ff/%ff", None, 400),
        ("PUT", "/bots/viber/no%20token", None, 404),
        ("PUT", "/bots/telegram/token", None, 404),
        ("PUT", "/faults", b"{", 400),
        ("PUT", "/faults", b"[" * 100_000, 400),
        ("PUT", "/faults", b"\xff", 400),
        ("PUT", "/faults", b" " * (2**20 + 1), 413),
        ("POST", "/phones/telegram/1/messages", b"\xff", 400),
        ("PATCH", "/phones/telegram/1", b'{"online": "\\ud800"}', 400),
    ],
)
def test_what_cannot_be_done_is_a_problem_document(
    tmp_path: Path, method: str, path: str, body: Any, status: int
) -> None:
    async def story(world: Life) -> None:
        response = await world.ask(method, f"/emulator{path}", body)
        assert (response.status, response.headers["content-type"]) == (status, "application/problem+json")
        assert json.loads(response.body)["status"] == status

    told(tmp_path, story)


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("POST", "/journal", "GET"),
        ("DELETE", "/stats", "GET"),
        ("GET", "/reset", "POST"),
        ("POST", "/faults", "DELETE, GET, PUT"),
        ("POST", "/phones", "GET"),
        ("PUT", "/phones/telegram/1", "GET, PATCH, POST"),
        ("POST", "/phones/telegram/1", "GET, PATCH"),
    ],
)
def test_a_wrong_method_is_answered_with_the_right_ones(tmp_path: Path, method: str, path: str, allow: str) -> None:
    async def story(world: Life) -> None:
        response = await world.ask(method, f"/emulator{path}")
        assert (response.status, response.headers["allow"]) == (405, allow)

    told(tmp_path, story)


def test_registered_bots_are_listed(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        assert await world.control("PUT", "/bots/whatsapp/42", {"token": "mine"}) == {
            "messenger": "whatsapp",
            "bot": "42",
        }
        listed = (await world.control("GET", "/bots"))["bots"]
        assert {"messenger": "whatsapp", "bot": "42"} in listed
        assert {one["messenger"] for one in listed} == {"telegram", "viber", "whatsapp"}
        message = {"messaging_product": "whatsapp", "to": JOHN["whatsapp"], "text": {"body": "Hi"}}
        answers = [
            (
                await world.ask("POST", "/whatsapp/v23.0/42/messages", message, {"authorization": f"Bearer {token}"})
            ).status
            for token in ("mine", "yours")
        ]
        assert answers == [200, 401]

    told(tmp_path, story)


@pytest.mark.parametrize("messenger", ["telegram", "viber", "whatsapp"])
def test_a_registered_bot_is_called_by_the_name_that_is_listed_too(tmp_path: Path, messenger: str) -> None:
    credential = {"telegram": "8:x", "viber": "token", "whatsapp": "42"}[messenger]

    async def story(world: Life) -> None:
        name = (await world.control("PUT", f"/bots/{messenger}/{credential}"))["bot"]
        said = {"text": "Hi", "bot": name}
        path = f"/phones/{messenger}/{JOHN[messenger]}/messages"
        assert (await world.control("POST", path, said, expect=201))["bot"] == name
        await world.control("DELETE", f"/bots/{messenger}/{name}", expect=204)
        assert {"messenger": messenger, "bot": name} not in (await world.control("GET", "/bots"))["bots"]
        nobody = await world.control("POST", path, {**said, "bot": "no bot"}, expect=422)
        assert nobody["errors"][0]["pointer"] == "#/bot"

    told(tmp_path, story)


def test_an_unknown_prefix_is_no_emulator_and_an_absolute_address_is_as_good_as_a_path(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        assert (await world.ask("GET", "/pigeon/send")).status == 404
        assert (await world.ask("GET", "/")).status == 404
        answer = await world.ask("GET", f"http://far.test/telegram/bot{TELEGRAM_TOKEN}/getMe?x=1")
        assert answer.status == 200
        assert (await world.ask("GET", "http://far.test")).status == 404

    told(tmp_path, story)
