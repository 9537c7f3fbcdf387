"""Decides whether templates of the emulated Cloud API come, are used and go as at Meta.

It has never heard of the service that sends.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.contracts.whatsapps import ACCOUNT, PERSON, call, does, post, refused, said
from tests.contracts.world import WEBHOOK, Life, told

PATH = f"{ACCOUNT}/message_templates"
BUTTONS = [
    {"type": "QUICK_REPLY", "text": "Kiitos"},
    {"type": "URL", "text": "Missä", "url": "https://post.example/{{1}}"},
]
NEW: dict[str, Any] = {
    "name": "parcel_here",
    "language": "fi",
    "category": "UTILITY",
    "components": [
        {"type": "HEADER", "format": "IMAGE"},
        {"type": "BODY", "text": "Hei {{1}}, paketti {{2}} on täällä", "example": {"body_text": [["Zoë", "17"]]}},
        {"type": "BUTTONS", "buttons": BUTTONS},
    ],
}
HEADER = {"type": "header", "parameters": [{"type": "image", "image": {"link": "https://post.example/a.jpg"}}]}
WORDS = {"type": "body", "parameters": [{"type": "text", "text": "Zoë"}, {"type": "text", "text": "17"}]}
REPLY = {
    "type": "button",
    "sub_type": "quick_reply",
    "index": "0",
    "parameters": [{"type": "payload", "payload": "thanks"}],
}
LINK = {"type": "button", "sub_type": "url", "index": "1", "parameters": [{"type": "text", "text": "17"}]}


def use(*components: dict[str, Any], language: str = "fi", name: str = "parcel_here") -> dict[str, Any]:
    return {"type": "template", "template": {"name": name, "language": {"code": language}, "components": components}}


async def review(world: Life, status: str, *, expect: int = 200, **more: Any) -> None:
    path = "/messengers/whatsapp/templates/parcel_here/fi"
    await world.control("POST", path, {"status": status, **more}, expect=expect)


def test_a_template_is_made_waits_is_approved_used_and_removed(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        made = await call(world, "POST", PATH, NEW)
        assert (made["status"], made["category"]) == ("PENDING", "UTILITY")
        assert await refused(world, **use(HEADER, WORDS, REPLY, LINK), expect=404) == (
            132001,
            "template name (parcel_here) does not exist in fi",
        )
        await review(world, "approved")
        answer = await post(world, **use(HEADER, WORDS, REPLY, LINK))
        assert answer["messages"][0]["message_status"] == "accepted"
        assert [entry["text"] for entry in await world.journal()] == ["Hei Zoë, paketti 17 on täällä"]
        [listed] = (await call(world, "GET", f"{PATH}?name=parcel_here&status=APPROVED"))["data"]
        assert (listed["id"], listed["components"]) == (made["id"], NEW["components"])
        assert (await call(world, "GET", made["id"]))["name"] == "parcel_here"
        assert await call(world, "DELETE", f"{PATH}?name=parcel_here") == {"success": True}
        await call(world, "GET", made["id"], expect=400)
        await call(world, "DELETE", f"{PATH}?name=parcel_here", expect=400)

    told(tmp_path, story)


def body(*texts: str) -> dict[str, Any]:
    return {"type": "body", "parameters": [{"type": "text", "text": text} for text in texts]}


COUNTED = "body: number of localizable_params ({}) does not match the expected number of params (2)"
WRONG_HEADER = {"type": "header", "parameters": [{"type": "text", "text": "x"}]}


@pytest.mark.parametrize(
    ("components", "code", "details"),
    [
        ([HEADER, LINK], 132000, COUNTED.format(0)),
        ([HEADER, LINK, body("Zoë")], 132000, COUNTED.format(1)),
        ([WORDS, LINK], 132012, "header: Format mismatch, expected IMAGE, received UNKNOWN"),
        ([WORDS, LINK, WRONG_HEADER], 132012, "header: Format mismatch, expected IMAGE, received TEXT"),
        ([HEADER, WORDS], 131008, "buttons: Button at index 1 of type Url requires a parameter"),
        ([HEADER, WORDS, LINK, {**REPLY, "index": 2}], 100, "buttons: there is no button at index 2"),
        ([HEADER, LINK, body("x" * 1025, "17")], 132005, "body: hydrated text is longer than 1024 characters"),
    ],
)
def test_the_parameters_of_a_template_are_counted(
    tmp_path: Path, components: list[dict[str, Any]], code: int, details: str
) -> None:
    async def story(world: Life) -> None:
        await call(world, "POST", PATH, NEW)
        await review(world, "APPROVED")
        assert await refused(world, **use(*components)) == (code, details)
        assert await world.journal() == []

    told(tmp_path, story)


def test_parameters_can_have_names(tmp_path: Path) -> None:
    greeting = {"type": "BODY", "text": "Hei {{who}}"}
    parameters = [{"type": "text", "parameter_name": "who", "text": "Zoë"}]

    async def story(world: Life) -> None:
        await call(world, "POST", PATH, {**NEW, "parameter_format": "NAMED", "components": [greeting]})
        await review(world, "APPROVED")
        await post(world, **use({"type": "body", "parameters": parameters}))
        assert [entry["text"] for entry in await world.journal()] == ["Hei Zoë"]
        wrong = [{**parameters[0], "parameter_name": "whom"}]
        assert (await refused(world, **use({"type": "body", "parameters": wrong})))[0] == 100

    told(tmp_path, story)


def test_an_unknown_template_is_told_so_once_there_are_any_and_hello_world_always_is_there(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        await post(world, **use(name="anything"))
        await call(world, "POST", PATH, NEW)
        assert (await refused(world, **use(name="anything"), expect=404))[0] == 132001
        assert (await refused(world, **use(language="en_US"), expect=404))[0] == 132001
        await post(world, **use(name="hello_world", language="en_US"))

    told(tmp_path, story)


def test_where_only_the_registered_exists_no_other_template_does(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        await world.phone("whatsapp")
        assert (await refused(world, **use(name="anything"), expect=404))[0] == 132001
        await post(world, **use(name="hello_world", language="en_US"))

    told(tmp_path, story, strict=True)


@pytest.mark.parametrize(
    ("status", "code", "http"), [("REJECTED", 132001, 404), ("PAUSED", 132015, 400), ("DISABLED", 132016, 400)]
)
def test_a_template_that_is_not_in_force_is_refused(tmp_path: Path, status: str, code: int, http: int) -> None:
    async def story(world: Life) -> None:
        await call(world, "POST", PATH, NEW)
        await review(world, status)
        assert (await refused(world, **use(HEADER, WORDS, LINK), expect=http))[0] == code

    told(tmp_path, story)


def test_the_decision_over_a_template_is_told_to_an_app_that_asked(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        query = (
            f"object=whatsapp_business_account&callback_url={WEBHOOK}&verify_token=word"
            "&fields=messages,message_template_status_update&access_token=100000000000002%7Csecret"
        )
        assert (await world.ask("POST", f"/whatsapp/v23.0/100000000000002/subscriptions?{query}")).status == 200
        made = await call(world, "POST", PATH, NEW)
        await review(world, "REJECTED", reason="ABUSIVE_CONTENT")
        [change] = json.loads(world.bots.told[0].body)["entry"][0]["changes"]
        assert change["field"] == "message_template_status_update"
        assert change["value"] == {
            "event": "REJECTED",
            "message_template_id": int(made["id"]),
            "message_template_name": "parcel_here",
            "message_template_language": "fi",
            "reason": "ABUSIVE_CONTENT",
        }
        await review(world, "PERFECT", expect=422)

    told(tmp_path, story)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "Parcel"},
        {"name": None},
        {"language": None},
        {"category": "SONG"},
        {"components": []},
        {"components": [{"type": "BODY"}]},
        {"components": [{"type": "HEADER", "text": "x"}]},
        {"components": [NEW["components"][1]] * 2},
        {"components": [{"type": "BODY", "text": "x" * 1025}]},
    ],
)
def test_what_is_no_template_is_refused(tmp_path: Path, wrong: dict[str, Any]) -> None:
    async def story(world: Life) -> None:
        await call(world, "POST", PATH, {**NEW, **wrong}, expect=400)

    told(tmp_path, story)


def test_a_template_outlives_restarts_and_resets_and_exists_once_in_a_language(tmp_path: Path) -> None:
    async def before(world: Life) -> None:
        await call(world, "POST", PATH, NEW)
        await world.control("POST", "/reset", expect=204)

    async def after(world: Life) -> None:
        answer = await call(world, "POST", PATH, NEW, expect=400)
        assert answer["error"]["error_subcode"] == 2388024
        await call(world, "POST", PATH, {**NEW, "language": "sv"})
        whole = (await call(world, "GET", f"{PATH}?limit=2"))["data"]
        assert [(one["name"], one["language"]) for one in whole] == [("hello_world", "en_US"), ("parcel_here", "fi")]
        rest = (await call(world, "GET", f"{PATH}?limit=2&after=2"))["data"]
        assert [one["language"] for one in rest] == ["sv"]
        edited = {"components": [{"type": "BODY", "text": "Hei"}]}
        assert await call(world, "POST", whole[1]["id"], edited) == {"success": True}
        assert (await call(world, "GET", whole[1]["id"]))["components"] == edited["components"]

    told(tmp_path, before)
    told(tmp_path, after)


def test_the_buttons_of_a_template_answer_with_their_payload(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        await world.subscribe()
        await call(world, "POST", PATH, NEW)
        await review(world, "APPROVED")
        sent = await post(world, **use(HEADER, WORDS, REPLY, LINK))
        await does(world, "press", button="Kiitos")
        await world.settled()
        [message] = said(world)
        assert (message["type"], message["button"]) == ("button", {"payload": "thanks", "text": "Kiitos"})
        assert message["context"]["id"] == sent["messages"][0]["id"]
        assert message["from"] == PERSON

    told(tmp_path, story)


@pytest.mark.parametrize(
    ("components", "details"),
    [
        (
            [HEADER, {"type": "body", "parameters": [{"type": "text", "text": text}, {"type": "text", "text": "17"}]}],
            "Param text cannot have new-line/tab characters or more than 4 consecutive spaces",
        )
        for text in ("a\nb", "a\tb", "a     b")
    ]
    + [
        (
            [HEADER, WORDS, {**LINK, "sub_type": "quick_reply"}],
            "buttons: Button at index 1 must be of type Url",
        )
    ],
)
def test_parameters_that_a_template_cannot_have_are_named(
    tmp_path: Path, components: list[dict[str, Any]], details: str
) -> None:
    async def story(world: Life) -> None:
        await call(world, "POST", PATH, NEW)
        await review(world, "APPROVED")
        assert await refused(world, **use(*components)) == (132018, details)

    told(tmp_path, story)


def test_a_template_without_a_header_takes_no_parameters_for_one(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        await call(world, "POST", PATH, {**NEW, "components": NEW["components"][1:]})
        await review(world, "APPROVED")
        words = "header: Template does not contain title component, no parameters allowed"
        assert await refused(world, **use(HEADER, WORDS, REPLY, LINK)) == (132018, words)
        await post(
            world, **use({"type": "body", "parameters": [*WORDS["parameters"][:1], text("a    b")]}, REPLY, LINK)
        )

    told(tmp_path, story)


def text(said: str) -> dict[str, str]:
    return {"type": "text", "text": said}
