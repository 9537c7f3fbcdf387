"""Decides whether templates and files of the emulated Cloud API come, are used and go as at Meta.

It has never heard of the service that sends.
"""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.contracts.whatsapps import ACCOUNT, PERSON, call, does, post, refused, said, told
from tests.contracts.world import NUMBER, WEBHOOK, WHATSAPP_TOKEN, Life
from vestnik.ports import Response

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


async def upload(
    world: Life, content: bytes, kind: str, *, expect: int = 200, field: str = "file", **fields: str
) -> dict[str, Any]:
    known = {"messaging_product": "whatsapp", **fields}
    parts = [
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in known.items()
    ]
    head = f'--x\r\nContent-Disposition: form-data; name="{field}"; filename="a"\r\nContent-Type: {kind}\r\n\r\n'
    body = "".join(parts).encode() + head.encode() + content + b"\r\n--x--\r\n"
    headers = {"content-type": "multipart/form-data; boundary=x"}
    return await call(world, "POST", f"{NUMBER}/media", body, expect=expect, **headers)


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


def test_a_file_goes_up_comes_down_and_goes_away(tmp_path: Path) -> None:
    content = bytes(range(256)) + b"\r\n--y\r\n"

    async def story(world: Life) -> None:
        number = (await upload(world, content, "image/png"))["id"]
        shown = await call(world, "GET", number, host="far.test:8080")
        assert shown["url"].startswith("http://far.test:8080/whatsapp/")
        assert (shown["mime_type"], shown["file_size"]) == ("image/png", len(content))
        assert (shown["sha256"], shown["id"]) == (sha256(content).hexdigest(), number)
        answer = await download(world, shown["url"])
        assert (answer.status, answer.body, answer.headers["content-type"]) == (200, content, "image/png")
        assert (await download(world, shown["url"], token=None)).status == 401
        assert (await download(world, shown["url"] + "0")).status == 404
        await post(world, type="image", image={"id": number})
        world.clock.move(301)
        assert (await download(world, shown["url"])).status == 404
        fresh = (await call(world, "GET", number))["url"]
        assert (await download(world, fresh)).status == 200
        assert await call(world, "DELETE", number) == {"success": True}
        assert (await download(world, fresh)).status == 404
        gone = await call(world, "GET", number, expect=400)
        assert (gone["error"]["code"], gone["error"]["error_subcode"]) == (100, 33)

    told(tmp_path, story)


async def download(world: Life, url: str, token: str | None = WHATSAPP_TOKEN) -> Response:
    parts = urlsplit(url)
    headers = {"authorization": f"Bearer {token}"} if token else {}
    return await world.ask("GET", f"{parts.path}?{parts.query}", None, headers)


def test_a_file_is_gone_after_thirty_days(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        number = (await upload(world, b"x", "application/pdf"))["id"]
        world.clock.move(30 * 86400 - 1)
        await call(world, "GET", number)
        world.clock.move(1)
        await call(world, "GET", number, expect=400)

    told(tmp_path, story)


def test_a_file_must_be_of_a_known_type_and_not_too_long(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        answer = await upload(world, b"x", "application/x-tar", expect=400)
        assert "must be a file with one of the following types" in answer["error"]["message"]
        assert "Received file of type 'application/x-tar'" in answer["error"]["message"]
        assert (await upload(world, b"", "image/png", expect=400))["error"]["code"] == 131053
        assert (await upload(world, bytes(500 * 1024 + 1), "image/webp", expect=400))["error"]["code"] == 131053
        await upload(world, bytes(500 * 1024), "image/webp")
        await upload(world, b"x", "application/octet-stream", type="image/png")
        await upload(world, b"x", "image/png", messaging_product="x", expect=400)
        await upload(world, b"x", "image/png", field="x", expect=400)
        await call(world, "POST", f"{NUMBER}/media", b"--x", expect=400, **{"content-type": "multipart/form-data"})
        await call(world, "POST", f"{NUMBER}/media", {"file": "x"}, expect=400)

    told(tmp_path, story)


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
