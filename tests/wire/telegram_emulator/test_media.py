"""Files: how they come, how they are found again, and what cannot be sent."""

import struct
from pathlib import Path
from typing import Any

import pytest

from tests.wire.telegram_emulator.asking import TOKEN, Api, told
from vestnik.ports import Request, Response

PNG = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + struct.pack(">II", 640, 480) + b"rest"
KINDS = ["photo", "document", "video", "animation", "audio", "voice", "video_note", "sticker"]


def method(kind: str) -> str:
    return f"send{kind.title().replace('_', '')}"


def file_of(message: dict[str, Any], kind: str) -> dict[str, Any]:
    found = message[kind]
    file: dict[str, Any] = found[-1] if isinstance(found, list) else found
    return file


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_is_uploaded_found_sent_again_and_downloaded(tmp_path: Path, kind: str) -> None:
    async def story(api: Api) -> None:
        answer = await api.upload(method(kind), {kind: ("a name.png", PNG)}, chat_id="1001")
        assert answer["ok"], answer
        file = file_of(answer["result"], kind)
        again = await api.get(method(kind), chat_id=1002, **{kind: file["file_id"]})
        assert file_of(again, kind) == file
        found = await api.get("getFile", file_id=file["file_id"])
        assert found["file_unique_id"] == file["file_unique_id"]
        assert found["file_size"] == file["file_size"] == len(PNG)
        download = await api.world.ask("GET", f"/telegram/file/bot{TOKEN}/{found['file_path']}")
        assert (download.status, download.body) == (200, PNG)
        stranger = api.beside("77:other")
        assert await stranger.refusal("getFile", file_id=file["file_id"]) == "Bad Request: invalid file_id"
        first, second = await api.world.journal()
        assert first["payload"]["method"] == second["payload"]["method"] == method(kind)
        assert first["payload"]["files"][kind]["size"] == len(PNG)

    async def later(api: Api) -> None:
        answer = await api.upload(method(kind), {kind: ("a name.png", PNG)}, chat_id="1001")
        assert await api.get("getFile", file_id=file_of(answer["result"], kind)["file_id"])

    told(tmp_path, story)
    told(tmp_path, later)


def test_a_photo_has_its_size_and_its_caption_its_entities(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        answer = await api.upload(
            "sendPhoto",
            {"x": ("a.png", PNG)},
            chat_id="1001",
            photo="attach://x",
            caption="*Hi*",
            parse_mode="Markdown",
        )
        message = answer["result"]
        [photo] = message["photo"]
        assert (photo["width"], photo["height"]) == (640, 480)
        assert message["caption"] == "Hi"
        assert message["caption_entities"] == [{"offset": 0, "length": 2, "type": "bold"}]
        assert await api.world.texts() == ["Hi"]

    told(tmp_path, story)


def test_an_album_is_several_messages_with_one_mark(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        media = [{"type": "photo", "media": "attach://a", "caption": "one"}, {"type": "video", "media": "attach://b"}]
        files = {"a": ("a.png", PNG), "b": ("b.mp4", b"film")}
        first, second = (await api.upload("sendMediaGroup", files, chat_id="1001", media=media))["result"]
        assert first["media_group_id"] == second["media_group_id"]
        assert (first["caption"], second["video"]["file_name"]) == ("one", "b.mp4")
        assert first["message_id"] < second["message_id"]

    told(tmp_path, story)


def test_an_album_is_sent_once_under_its_key(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        file = (await api.upload("sendPhoto", {"photo": ("a.png", PNG)}, chat_id="1001"))["result"]["photo"][0]
        body = {"chat_id": 1001, "media": [{"type": "photo", "media": file["file_id"]}] * 2}
        path, key = f"/telegram/bot{TOKEN}/sendMediaGroup", {"idempotency-key": "k"}
        assert await api.world.ask("POST", path, body, key) == await api.world.ask("POST", path, body, key)
        assert len(await api.world.journal()) == 3

    told(tmp_path, story)


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("sendPhoto", {}, "there is no photo in the request"),
        ("sendPhoto", {"photo": "attach://nothing"}, "there is no photo in the request"),
        ("sendPhoto", {"photo": "no id"}, "wrong remote file identifier specified: Wrong character in the string"),
        (
            "sendPhoto",
            {"photo": "AgACAgIAAxk"},
            "wrong remote file identifier specified: can't unserialize it. Wrong last symbol",
        ),
        ("sendPhoto", {"photo": "https://example.com/a.png"}, "failed to get HTTP URL content"),
        ("sendPhoto", {"photo": "http://a.test/missing.png"}, "failed to get HTTP URL content"),
        ("sendPhoto", {"photo": "ftp://a.test/a.png"}, "wrong HTTP URL specified"),
        ("sendMediaGroup", {"media": []}, "there are no messages to send"),
        (
            "sendMediaGroup",
            {"media": [{"type": "photo", "media": "x"}] * 11},
            "too many messages to send as an album",
        ),
        (
            "sendMediaGroup",
            {"media": [{"type": "photo", "media": "x"}, {"type": "audio", "media": "x"}]},
            "audio can't be mixed with other media types",
        ),
        (
            "sendMediaGroup",
            {"media": [{"type": "photo", "media": "attach://x"}]},
            "can't parse InputMedia: media not found",
        ),
        ("getFile", {"file_id": "x"}, "invalid file_id"),
    ],
)
def test_what_is_no_file_is_refused(tmp_path: Path, name: str, arguments: dict[str, Any], words: str) -> None:
    async def story(api: Api) -> None:
        api.world.bots.behave = lambda _request: Response(404)
        assert await api.refusal(name, chat_id=1001, **arguments) == f"Bad Request: {words}"
        assert [request.url for request in api.world.bots.told if "example.com" in request.url] == []

    told(tmp_path, story)


def test_a_file_of_one_kind_is_no_file_of_another_and_an_empty_one_is_none(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        answer = await api.upload("sendVoice", {"voice": ("a.ogg", b"sound")}, chat_id="1001")
        voice = answer["result"]["voice"]["file_id"]
        words = await api.refusal("sendPhoto", chat_id=1001, photo=voice)
        assert words == "Bad Request: can't use file of type Voice as Photo"
        empty = await api.upload("sendDocument", {"document": ("a", b"")}, chat_id="1001")
        assert empty["description"] == "Bad Request: file must be non-empty"
        captioned = await api.upload("sendPhoto", {"photo": ("a", PNG)}, chat_id="1001", caption="x" * 1025)
        assert captioned["description"] == "Bad Request: message caption is too long"

    told(tmp_path, story)


def test_a_file_is_fetched_from_an_address_near_by(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        def behave(request: Request) -> Response:
            return Response(200, {"content-type": "text/plain"}, b"words")

        async def exchange(request: Request, *, timeout: float) -> Response:
            return behave(request)

        api.world.bots.exchange = exchange  # type: ignore[method-assign]  # bots answer GET otherwise
        message = await api.get("sendDocument", chat_id=1001, document="http://localhost:9/files/a%20b.txt")
        assert message["document"]["file_name"] == "a b.txt"
        assert message["document"]["mime_type"] == "text/plain"

    told(tmp_path, story)


def test_people_send_files_too(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        file = {"kind": "photo", "data": "iVBORw==", "caption": "Look, #sun"}
        await api.person(1001, "messages", file=file)
        [update] = await api.updates()
        [photo] = update["message"]["photo"]
        assert update["message"]["caption_entities"][0]["type"] == "hashtag"
        assert (await api.get("getFile", file_id=photo["file_id"]))["file_size"] == 4
        for wrong in ({"kind": "photo"}, {"kind": "egg", "data": ""}, {"data": "?"}, {"data": ""}):
            await api.person(1001, "messages", file=wrong, expect=422)

    told(tmp_path, story)


def test_nothing_else_is_downloaded(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        for path in (f"bot{TOKEN}/photos/none.jpg", "bot0:x/photos/none.jpg", f"bot{TOKEN}/../emulator.db", "x"):
            answer = await api.world.ask("GET", f"/telegram/file/{path}")
            assert answer.status in (401, 404)

    told(tmp_path, story)
