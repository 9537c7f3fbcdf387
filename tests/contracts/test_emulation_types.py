"""The journal tells what kind of message each entry is, in its messenger's words, and is asked by it."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.contracts.world import JOHN, NUMBER, TELEGRAM_TOKEN, VIBER_TOKEN, WHATSAPP_TOKEN, Life, told

PICTURE = "http://example.org/picture.jpg"
ALBUM = json.dumps([{"type": "photo", "media": "attach://a"}, {"type": "video", "media": "attach://b"}])
BOUNDARY = "x"


def form(files: Mapping[str, str], **fields: str) -> bytes:
    parts = [f'name="{name}"\r\n\r\n{value}' for name, value in {"chat_id": JOHN["telegram"], **fields}.items()]
    parts += [f'name="{name}"; filename="{file}"\r\n\r\nbytes of {file}' for name, file in files.items()]
    lines = [f"--{BOUNDARY}\r\ncontent-disposition: form-data; {part}\r\n" for part in parts]
    return ("".join(lines) + f"--{BOUNDARY}--\r\n").encode()


async def telegram(world: Life, method: str, files: Mapping[str, str] | None = None, **fields: Any) -> None:
    headers = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
    response = await world.ask("POST", f"/telegram/bot{TELEGRAM_TOKEN}/{method}", form(files or {}, **fields), headers)
    assert response.status == 200, response


async def viber(world: Life, **message: Any) -> None:
    body = {"receiver": JOHN["viber"], "sender": {"name": "acme"}, **message}
    response = await world.ask("POST", "/viber/pa/send_message", body, {"x-viber-auth-token": VIBER_TOKEN})
    assert json.loads(response.body)["status"] == 0, response


async def whatsapp(world: Life, kind: str, **content: Any) -> None:
    body = {"messaging_product": "whatsapp", "to": JOHN["whatsapp"], "type": kind, kind: content}
    headers = {"authorization": f"Bearer {WHATSAPP_TOKEN}"}
    response = await world.ask("POST", f"/whatsapp/v23.0/{NUMBER}/messages", body, headers)
    assert response.status == 200, response


def test_every_entry_has_its_messenger_s_own_word_for_its_kind(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        await telegram(world, "sendMessage", text="plain")
        await telegram(world, "sendMessage", text="*bold*", parse_mode="MarkdownV2")
        await telegram(world, "sendPhoto", {"photo": "a.jpg"}, caption="a photo")
        await telegram(world, "sendAnimation", {"animation": "a.gif"})
        await telegram(world, "sendMediaGroup", {"a": "a.jpg", "b": "b.mp4"}, media=ALBUM)
        await telegram(world, "sendVenue", latitude="1", longitude="2", title="Here", address="There")
        await telegram(world, "sendDice")
        await viber(world, type="text", text="plain")
        await viber(world, type="picture", text="a picture", media=PICTURE)
        await viber(world, keyboard={"Type": "keyboard", "Buttons": [{"ActionBody": "a", "Text": "b"}]})
        await whatsapp(world, "text", body="plain")
        await whatsapp(world, "image", link=PICTURE, caption="an image")
        await whatsapp(world, "template", name="hello_world", language={"code": "en_US"})
        types = [(entry["messenger"], entry["type"]) for entry in await world.journal()]
        assert types == [
            *(("telegram", kind) for kind in ("text", "text", "photo", "animation", "photo", "video", "venue", "dice")),
            *(("viber", kind) for kind in ("text", "picture", "keyboard")),
            *(("whatsapp", kind) for kind in ("text", "image", "template")),
        ]

    told(tmp_path, story)


def test_the_journal_is_asked_by_kind_and_so_is_what_is_waited_for(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        await telegram(world, "sendMessage", text="first")
        waiting = asyncio.ensure_future(world.control("POST", "/expect", {"type": "photo", "text": "a *"}))
        await telegram(world, "sendPhoto", {"photo": "a.jpg"}, caption="the photo")
        await telegram(world, "sendPhoto", {"photo": "a.jpg"}, caption="a photo")
        await viber(world, type="picture", text="a picture", media=PICTURE)
        [found] = (await waiting)["entries"]
        assert (found["type"], found["text"]) == ("photo", "a photo")
        for query, texts in (
            ("?type=photo", ["the photo", "a photo"]),
            ("?type=photo&text=a*", ["a photo"]),
            (f"?type=picture&recipient={JOHN['viber'].replace('=', '%3D')}", ["a picture"]),
            ("?type=Photo", []),
            ("?type=", []),
        ):
            assert [entry["text"] for entry in await world.journal(query)] == texts, query
        wrong = await world.control("POST", "/expect", {"type": 7}, expect=422)
        assert wrong["errors"][0]["pointer"] == "#/type"

    told(tmp_path, story)


def test_what_people_do_has_a_kind_too(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        john = {name: f"/phones/{name}/{recipient}" for name, recipient in JOHN.items()}
        for messenger in JOHN:
            await world.control("POST", f"{john[messenger]}/messages", {"text": "Hi"}, expect=201)
        place = {"location": {"latitude": 1.0, "longitude": 2.0}}
        await world.control("POST", f"{john['telegram']}/messages", place, expect=201)
        await world.control("POST", f"{john['viber']}/unsubscribe", {}, expect=201)
        await world.control("POST", f"{john['whatsapp']}/messages", {"type": "image"}, expect=201)
        entries = [await world.emulation.world.journal.entry(seq) for seq in range(1, 7)]
        assert [entry.type for entry in entries if entry] == ["text"] * 3 + ["location", "unsubscribed", "image"]

    told(tmp_path, story)


def test_what_an_earlier_version_took_has_none(tmp_path: Path) -> None:
    async def before(world: Life) -> None:
        await world.send("telegram")
        await world.emulation.world.journal.rows.write(_as_before, None)

    async def after(world: Life) -> None:
        await world.send("telegram", "Again")
        assert [entry["type"] for entry in await world.journal()] == ["", "text"]

    told(tmp_path, before)
    told(tmp_path, after)


def _as_before(connection: Any, items: list[None]) -> list[None]:
    connection.execute("ALTER TABLE entry DROP COLUMN type")
    connection.execute("PRAGMA user_version = 2")
    return items
