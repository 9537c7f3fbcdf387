"""How a bot's webhook is called: how many at once, what takes an update, what it may answer, and its certificate."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.contracts.world import WEBHOOK
from tests.wire.telegram_emulator.asking import Api, told
from tests.wire.telegram_emulator.test_webhooks import emptied, settled
from vestnik.ports import Request, Response


@pytest.mark.parametrize(("most", "side_by_side"), [(1, 1), (2, 2), (40, 3)])
def test_chats_are_told_side_by_side_up_to_the_bots_wish(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int, side_by_side: int
) -> None:
    async def story(api: Api) -> None:
        under_way, greatest, free = 0, 0, asyncio.Event()

        async def exchange(_request: Request, **_how: Any) -> Response:
            nonlocal under_way, greatest
            under_way += 1
            greatest = max(greatest, under_way)
            await free.wait()
            under_way -= 1
            return Response(200)

        monkeypatch.setattr(api.world.emulation.world.transport, "exchange", exchange)
        await api.get("setWebhook", url=WEBHOOK, max_connections=most)
        for person in (1001, 1002, 1003):
            for text in "12":
                await api.person(person, "messages", text=text)
        await api.world.quiet()
        assert under_way == greatest == side_by_side
        free.set()
        await emptied(api)
        assert greatest == side_by_side

    told(tmp_path, story)


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_every_answer_from_200_to_299_takes_an_update(tmp_path: Path, status: int) -> None:
    async def story(api: Api) -> None:
        api.world.bots.behave = lambda _request: Response(status)
        await api.get("setWebhook", url=WEBHOOK)
        await api.person(1001, "messages", text="x")
        await settled(api, 1)
        await emptied(api)
        assert "last_error_message" not in await api.get("getWebhookInfo")

    told(tmp_path, story)


@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        ("application/x-www-form-urlencoded", b"method=sendMessage&chat_id=1001&text=at+once"),
        (
            "multipart/form-data; boundary=b",
            b"".join(
                b'--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % pair
                for pair in ((b"method", b"sendMessage"), (b"chat_id", b"1001"), (b"text", b"at once"))
            )
            + b"--b--\r\n",
        ),
    ],
)
def test_a_bot_answers_with_a_call_in_any_form(tmp_path: Path, media_type: str, body: bytes) -> None:
    async def story(api: Api) -> None:
        api.world.bots.behave = lambda _request: Response(200, {"content-type": media_type}, body)
        await api.get("setWebhook", url=WEBHOOK)
        await api.person(1001, "messages", text="x")
        await settled(api, 1)
        await emptied(api)
        assert await api.world.texts() == ["at once"]

    told(tmp_path, story)


def test_a_certificate_is_taken_up_to_three_mebibytes(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        big = {"certificate": ("c.pem", b"x" * (3 * 2**20 + 1))}
        answer = await api.upload("setWebhook", big, url=WEBHOOK)
        assert answer["description"] == "Bad Request: certificate size is too big (3145729 bytes)"
        api.world.clock.move(1)
        assert (await api.upload("setWebhook", {"certificate": ("c.pem", b"x")}, url=WEBHOOK))["ok"]
        info = await api.get("getWebhookInfo")
        assert (info["has_custom_certificate"], info["max_connections"], info["ip_address"]) == (True, 40, "127.0.0.1")

    told(tmp_path, story)
