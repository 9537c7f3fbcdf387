"""What does not stay: drafts that are still being written, and messages that only one member of a group sees."""

from pathlib import Path
from typing import Any

import pytest

from tests.wire.telegram_emulator.asking import BOT, Api, told
from tests.wire.telegram_emulator.test_groups import GROUP, group
from tests.wire.telegram_emulator.test_service_messages import seen

MARKUP = {"inline_keyboard": [[{"text": "More", "callback_data": "more"}]]}


async def drafts(api: Api) -> Any:
    return (await api.world.control("GET", "/messengers/telegram/drafts/1001"))["drafts"]


def test_a_draft_is_seen_for_half_a_minute(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        assert await api.get("sendMessageDraft", chat_id=1001, draft_id=7, text="<b>Th</b>", parse_mode="HTML")
        bold = [{"type": "bold", "offset": 0, "length": 2}]
        assert await drafts(api) == [{"bot": str(BOT), "draft_id": 7, "text": "Th", "entities": bold}]
        assert await api.get("sendRichMessageDraft", chat_id=1001, draft_id=7, rich_message={"html": "Thus"})
        assert [draft["text"] for draft in await drafts(api)] == ["Thus"]
        assert await api.world.texts() == []
        api.world.clock.move(30)
        assert await drafts(api) == []
        assert await api.refusal("sendMessageDraft", chat_id=1001, draft_id=0) == "Bad Request: RANDOM_ID_INVALID"
        assert await api.refusal("sendMessageDraft", chat_id=-5, draft_id=1) == "Bad Request: PEER_ID_INVALID"

    told(tmp_path, story)


@pytest.mark.parametrize(
    "receiver", [{"ephemeral_message_parameters": {"receiver_user_id": 1001}}, {"receiver_user_id": 1001}]
)
def test_what_only_one_sees_has_an_identifier_of_its_own(tmp_path: Path, receiver: dict[str, Any]) -> None:
    async def story(api: Api) -> None:
        await group(api)
        sent = await api.get("sendMessage", chat_id=GROUP, text="Psst", reply_markup=MARKUP, **receiver)
        assert (sent["message_id"], sent["receiver_user"]["id"]) == (0, 1001)
        number = sent["ephemeral_message_id"]
        words = await api.refusal("editMessageText", chat_id=GROUP, message_id=number, text="x")
        assert words == "Bad Request: message to edit not found"
        await api.person(1, "press", chat=GROUP, message=number, button="More", expect=404)
        await api.person(1001, "press", chat=GROUP, message=number, button="More")
        (query,) = await seen(api, "callback_query")
        assert (query["message"]["message_id"], query["message"]["ephemeral_message_id"]) == (0, number)
        where = {"chat_id": GROUP, "receiver_user_id": 1001, "ephemeral_message_id": number}
        assert await api.get("editEphemeralMessageText", **where, text="Hush") is True
        again = await api.refusal("editEphemeralMessageText", **where, text="Hush")
        assert again.startswith("Bad Request: message is not modified")
        assert await api.get("editEphemeralMessageReplyMarkup", **where, reply_markup=MARKUP) is True
        other = {**where, "receiver_user_id": 1}
        words = await api.refusal("editEphemeralMessageText", **other, text="x")
        assert words == "Bad Request: message to edit not found"
        assert await api.refusal("editEphemeralMessageCaption", **where, caption="x") == (
            "Bad Request: there is no caption in the message to edit"
        )
        assert await api.get("deleteEphemeralMessage", **where) is True
        assert await api.refusal("deleteEphemeralMessage", **where) == "Bad Request: message to delete not found"

    told(tmp_path, story)


def test_it_is_for_members_of_groups(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        await group(api)
        words = await api.refusal("sendMessage", chat_id=GROUP, text="x", receiver_user_id=5)
        assert words == "Bad Request: USER_NOT_PARTICIPANT"
        words = await api.refusal("sendMessage", chat_id=1001, text="x", receiver_user_id=1001)
        assert words == "Bad Request: PEER_ID_INVALID"

    told(tmp_path, story)
