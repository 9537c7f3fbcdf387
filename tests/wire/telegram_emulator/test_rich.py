"""Rich messages: blocks come out as they went in, with their files; what is no rich message is refused."""

import json
from pathlib import Path
from typing import Any

import aiogram.types
import pytest

from tests.wire.telegram_emulator.asking import Api, told


async def sent(api: Api, blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the blocks become; aiogram reads the whole message."""
    message = await api.get("sendRichMessage", chat_id=1001, rich_message={"blocks": blocks})
    aiogram.types.Message.model_validate(message)
    shown: list[dict[str, Any]] = message["rich_message"]["blocks"]
    return shown


def test_blocks_come_out_as_they_went_in(tmp_path: Path) -> None:
    bold = {"type": "bold", "text": ["very ", {"type": "italic", "text": "much"}]}
    blocks: list[dict[str, Any]] = [
        {"type": "heading", "text": "News", "size": 1},
        {"type": "paragraph", "text": ["so ", bold]},
        {"type": "divider"},
        {"type": "pre", "text": "x = 1", "language": "python"},
        {"type": "details", "summary": "More", "blocks": [{"type": "paragraph", "text": "inside"}]},
        {"type": "table", "cells": [[{"align": "left", "valign": "top", "text": "a"}]]},
    ]

    async def story(api: Api) -> None:
        assert await sent(api, blocks) == blocks
        assert await api.world.texts() == ["News so very much x = 1 More inside a"]

    told(tmp_path, story)


def test_items_of_a_list_get_their_labels_and_a_map_its_size(tmp_path: Path) -> None:
    inside = [{"type": "paragraph", "text": "x"}]

    async def story(api: Api) -> None:
        items = [{"blocks": inside}, {"blocks": inside, "value": 7}, {"blocks": inside, "type": "1"}]
        place = {"latitude": 1.0, "longitude": 2.0}
        shown = await sent(api, [{"type": "list", "items": items}, {"type": "map", "location": place, "zoom": 3}])
        assert [item["label"] for item in shown[0]["items"]] == ["•", "7.", "3."]
        assert (shown[1]["zoom"], shown[1]["width"] > 0) == (3, True)

    told(tmp_path, story)


def test_files_in_blocks_are_kept_and_found_again(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        media = {"type": "photo", "media": "attach://p", "has_spoiler": True}
        caption = {"text": "a picture"}
        rich = {"blocks": [{"type": "collage", "blocks": [{"type": "photo", "photo": media, "caption": caption}]}]}
        answer = await api.upload(
            "sendRichMessage", {"p": ("p.png", b"picture")}, chat_id="1001", rich_message=json.dumps(rich)
        )
        aiogram.types.Message.model_validate(answer["result"])
        (photo,) = answer["result"]["rich_message"]["blocks"][0]["blocks"]
        assert (photo["has_spoiler"], photo["caption"]) == (True, caption)
        file_id = photo["photo"][0]["file_id"]
        again = await sent(api, [{"type": "photo", "photo": {"type": "photo", "media": file_id}}])
        assert again[0]["photo"][0]["file_id"] == file_id

    told(tmp_path, story)


def nested(depth: int) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = [{"type": "paragraph", "text": "x"}]
    for _ in range(depth - 1):
        blocks = [{"type": "blockquote", "blocks": blocks}]
    return blocks


@pytest.mark.parametrize(
    ("rich", "words"),
    [
        ({}, "rich message must be non-empty"),
        ({"html": " "}, "rich message must be non-empty"),
        ({"blocks": []}, "rich message must be non-empty"),
        ({"html": "a", "markdown": "b"}, "RICH_MESSAGE_INVALID"),
        ({"blocks": nested(17)}, "RICH_MESSAGE_TOO_LONG"),
        ({"blocks": nested(16)}, None),
        ({"markdown": "# a"}, None),
    ],
)
def test_what_is_no_rich_message_is_refused(tmp_path: Path, rich: dict[str, Any], words: str | None) -> None:
    async def story(api: Api) -> None:
        answer = await api.ask("sendRichMessage", chat_id=1001, rich_message=rich)
        assert answer.get("description") == (None if words is None else f"Bad Request: {words}")

    told(tmp_path, story)
