"""Pictures of bots and people, and what belongs to stickers besides their sets."""

from base64 import b64encode
from pathlib import Path
from typing import Any

from tests.wire.telegram_emulator.asking import BOT, Api, told

NAME = f"hats_by_vestnik{BOT}bot"
SMILE = "\N{GRINNING FACE}"


async def portrait(api: Api, content: bytes) -> Any:
    photo = '{"type":"static","photo":"attach://file"}'
    return await api.upload("setMyProfilePhoto", {"file": ("p.png", content)}, photo=photo)


def test_a_bot_has_pictures_of_itself(tmp_path: Path) -> None:
    async def first(api: Api) -> None:
        for content in (b"one", b"two"):
            assert (await portrait(api, content))["result"] is True
        photos = await api.get("getUserProfilePhotos", user_id=BOT)
        assert (photos["total_count"], len(photos["photos"])) == (2, 2)
        newest = await api.get("getFile", file_id=photos["photos"][0][0]["file_id"])
        downloaded = await api.world.ask("GET", f"/telegram/file/bot{api.token}/{newest['file_path']}", None)
        assert downloaded.body == b"two"
        words = await api.refusal("setMyProfilePhoto", photo={"type": "static", "photo": "x"})
        assert words == "Bad Request: photo must be uploaded as a file"

    async def second(api: Api) -> None:
        assert len((await api.get("getUserProfilePhotos", user_id=BOT, offset=1))["photos"]) == 1
        assert await api.get("removeMyProfilePhoto")
        assert (await api.get("getUserProfilePhotos", user_id=BOT))["total_count"] == 1

    told(tmp_path, first)
    told(tmp_path, second)


def test_people_have_pictures_of_themselves(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        assert await api.get("getUserProfilePhotos", user_id=1001) == {"total_count": 0, "photos": []}
        await api.person(1001, "photo", file={"data": b64encode(b"me").decode()})
        await api.person(1001, "photo", file={"data": "?"}, expect=422)
        photos = await api.get("getUserProfilePhotos", user_id=1001)
        unique = photos["photos"][0][0]["file_unique_id"]
        assert (await api.get("getChat", chat_id=1001))["photo"]["big_file_unique_id"] == unique

    told(tmp_path, story)


async def hats(api: Api, kind: str, *files: bytes) -> list[str]:
    """Makes a set of stickers of these files: their identifiers."""
    ids = []
    for content in files:
        picture = {"sticker": ("a.webp", content)}
        answer = await api.upload("uploadStickerFile", picture, user_id="1", sticker_format="static")
        ids.append(answer["result"]["file_id"])
    stickers = [{"sticker": one, "format": "static", "emoji_list": [SMILE]} for one in ids]
    made = {"user_id": 1, "name": NAME, "title": "Hats", "sticker_type": kind, "stickers": stickers}
    assert await api.get("createNewStickerSet", **made)
    return ids


def test_masks_have_a_place_and_stickers_are_replaced(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        one, two = await hats(api, "mask", b"1", b"2")
        place = {"point": "eyes", "x_shift": 0.0, "y_shift": 0.0, "scale": 2.0}
        assert await api.get("setStickerMaskPosition", sticker=one, mask_position=place)
        assert await api.get("setStickerKeywords", sticker=one, keywords=["hat"])
        words = await api.refusal("setStickerKeywords", sticker=one, keywords=["x" * 65])
        assert words == "Bad Request: STICKER_KEYWORDS_INVALID"
        file = await api.upload(
            "uploadStickerFile", {"sticker": ("n.webp", b"3")}, user_id="1", sticker_format="static"
        )
        new = {"sticker": file["result"]["file_id"], "format": "static", "emoji_list": [SMILE]}
        assert await api.get("replaceStickerInSet", user_id=1, name=NAME, old_sticker=two, sticker=new)
        answer = await api.upload(
            "setStickerSetThumbnail", {"thumbnail": ("t.webp", b"t")}, name=NAME, user_id="1", format="static"
        )
        assert answer["result"] is True
        found = await api.get("getStickerSet", name=NAME)
        assert [sticker["file_unique_id"] for sticker in found["stickers"]][1] == file["result"]["file_unique_id"]
        assert found["stickers"][0]["mask_position"] == place
        assert found["thumbnail"]["file_size"] == 1
        words = await api.refusal("replaceStickerInSet", user_id=1, name=NAME, old_sticker=two, sticker=new)
        assert words == "Bad Request: STICKER_INVALID"

    told(tmp_path, story)


def test_custom_emoji_and_icons_are_found_by_their_identifiers(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        await hats(api, "custom_emoji", b"1")
        (mine,) = (await api.get("getStickerSet", name=NAME))["stickers"]
        icons = await api.get("getForumTopicIconStickers")
        wanted = [icons[0]["custom_emoji_id"], mine["custom_emoji_id"], "5"]
        found = await api.get("getCustomEmojiStickers", custom_emoji_ids=wanted)
        assert [one["custom_emoji_id"] for one in found] == wanted[:2]
        words = await api.refusal("getCustomEmojiStickers", custom_emoji_ids=["x"])
        assert words == "Bad Request: invalid custom emoji identifier specified"
        emoji = {"name": NAME, "custom_emoji_id": mine["custom_emoji_id"]}
        assert await api.get("setCustomEmojiStickerSetThumbnail", **emoji)
        assert "thumbnail" in await api.get("getStickerSet", name=NAME)
        assert await api.get("setCustomEmojiStickerSetThumbnail", name=NAME)
        assert "thumbnail" not in await api.get("getStickerSet", name=NAME)

    told(tmp_path, story)
