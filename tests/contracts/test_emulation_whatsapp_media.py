"""Decides whether files of the emulated Cloud API come up, go down and away as at Meta, and what sends them.

It has never heard of the service that sends.
"""

from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.contracts.whatsapps import call, post, upload, values
from tests.contracts.world import NUMBER, WHATSAPP_TOKEN, Life, Story, told
from vestnik.ports import Response


async def download(world: Life, url: str, token: str | None = WHATSAPP_TOKEN) -> Response:
    parts = urlsplit(url)
    headers = {"authorization": f"Bearer {token}"} if token else {}
    return await world.ask("GET", f"{parts.path}?{parts.query}", None, headers)


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


def test_a_file_that_is_not_there_any_more_cannot_be_sent(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        pdf = (await upload(world, b"paper", "application/pdf"))["id"]
        await post(world, type="document", document={"id": pdf})
        world.clock.move(30 * 86400)
        error = (await post(world, type="document", document={"id": pdf}, expect=400))["error"]
        words = "is not a valid whatsapp business account media attachment ID"
        assert (error["code"], error["message"]) == (100, f"(#100) Param document['id'] {words}")
        await post(world, type="document", document={"id": "1234"})

    async def strict(world: Life) -> None:
        error = (await post(world, type="image", image={"id": "1234"}, expect=400))["error"]
        assert error["code"] == 100

    told(tmp_path, story)
    (tmp_path / "strict").mkdir()
    told(tmp_path / "strict", registered(strict), strict=True)


def registered(story: Story) -> Story:
    """The same where the business and the person are known."""

    async def run(world: Life) -> None:
        await world.control("PUT", f"/bots/whatsapp/{NUMBER}", {"token": WHATSAPP_TOKEN})
        await world.phone("whatsapp", online=True)
        await story(world)

    return run


@pytest.mark.parametrize(
    ("kind", "mime_type", "fits"),
    [
        ("image", "image/png", True),
        ("image", "application/pdf", False),
        ("image", "image/webp", False),
        ("sticker", "image/webp", True),
        ("sticker", "image/png", False),
        ("video", "video/mp4", True),
        ("video", "audio/ogg", False),
        ("document", "image/png", True),
    ],
)
def test_a_file_of_another_type_is_taken_and_fails(tmp_path: Path, kind: str, mime_type: str, fits: bool) -> None:
    async def story(world: Life) -> None:
        await world.subscribe()
        medium = (await upload(world, b"x", mime_type))["id"]
        message: dict[str, Any] = {"type": kind, kind: {"id": medium}}
        await post(world, **message)
        await world.settled()
        last = values(world)[-1]["statuses"][0]
        assert last["status"] == ("delivered" if fits else "failed")
        assert [error["code"] for error in last.get("errors", ())] == ([] if fits else [131053])

    told(tmp_path, story)
