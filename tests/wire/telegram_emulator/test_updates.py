"""How a bot fetches what people did: which updates, in which order, how long it waits, and who may ask at once."""

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.wire.telegram_emulator.asking import BOT, Api, told
from vestnik.messengers.telegram.emulator.updates import Updates

OTHER = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"


async def said(api: Api, *texts: str, who: int = 1001, **more: Any) -> None:
    for text in texts:
        await api.person(who, "messages", text=text, **more)


def texts(updates: list[dict[str, Any]]) -> list[str]:
    return [update["message"]["text"] for update in updates]


def test_what_a_person_writes_is_an_update(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        await said(api, "/start now")
        [update] = await api.updates()
        assert update["update_id"] == 1
        message = update["message"]
        assert message["from"] == {"id": 1001, "is_bot": False, "first_name": "Person 1001"}
        assert message["chat"] == {"id": 1001, "first_name": "Person 1001", "type": "private"}
        assert message["date"] == 1_800_000_000
        assert message["entities"] == [{"offset": 0, "length": 6, "type": "bot_command"}]
        answer = await api.get("sendMessage", chat_id=1001, text="Hi", reply_to_message_id=message["message_id"])
        assert answer["reply_to_message"] == message

    told(tmp_path, story)


def test_an_offset_forgets_what_lies_below_and_none_forgets_nothing(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        await said(api, "1", "2", "3", "4")
        assert texts(await api.updates(limit=2)) == ["1", "2"]
        api.world.clock.move(10)
        assert texts(await api.updates()) == ["1", "2", "3", "4"]
        assert texts(await api.updates(offset=3)) == ["3", "4"]
        assert texts(await api.updates(offset=-1)) == ["4"]
        assert texts(await api.updates(offset=-5)) == ["4"]
        assert (await api.get("getWebhookInfo"))["pending_update_count"] == 1
        assert texts(await api.updates(offset=5)) == []

    told(tmp_path, story)


def test_updates_outlive_the_process_for_a_day(tmp_path: Path) -> None:
    async def first(api: Api) -> None:
        await said(api, "1", "2")
        assert texts(await api.updates(offset=2)) == ["2"]

    async def second(api: Api) -> None:
        assert texts(await api.updates()) == ["2"]
        await said(api, "3")
        api.world.clock.move(24 * 3600)
        assert texts(await api.updates(offset=-100)) == []
        await said(api, "4")
        [update] = await api.updates(offset=-10)
        assert update["update_id"] == 4

    told(tmp_path, first)
    told(tmp_path, second)


def test_a_poll_waits_for_what_comes_and_no_longer_than_it_said(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        waiting = asyncio.create_task(api.updates(timeout=30))
        await api.world.quiet()
        assert not waiting.done()
        await said(api, "1")
        assert texts(await waiting) == ["1"]
        waiting = asyncio.create_task(api.updates(offset=2, timeout=600))
        await api.world.quiet()
        api.world.clock.move(49)
        await api.world.quiet()
        assert not waiting.done()
        api.world.clock.move(1)
        assert await waiting == []

    told(tmp_path, story)


def test_a_newer_poll_ends_the_older_and_a_second_conflict_is_told_late(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        first = asyncio.create_task(api.ask("getUpdates", timeout=30))
        await api.world.quiet()
        second = asyncio.create_task(api.ask("getUpdates", timeout=30, offset=7))
        assert (await first) == {"ok": False, "error_code": 409, "description": OTHER}
        third = asyncio.create_task(api.ask("getUpdates", timeout=30, offset=8))
        await api.world.quiet()
        assert not second.done()
        api.world.clock.move(3)
        assert (await second)["description"] == OTHER
        await said(api, *"12345678")
        assert len((await third)["result"]) == 1

    told(tmp_path, story)


def test_a_bot_that_asks_the_same_again_and_again_is_slowed_down(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        assert await api.updates() == []
        again = asyncio.create_task(api.updates())
        await api.world.quiet()
        assert not again.done()
        api.world.clock.move(3)
        assert await again == []
        api.world.clock.move(10)
        await said(api, "1", "2")
        assert len(await api.updates()) == 2
        assert len(await api.updates()) == 1

    told(tmp_path, story)


def test_the_kinds_that_a_bot_asks_for_stay_in_force_and_count_when_something_happens(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        assert await api.updates(allowed_updates=["message_reaction", "no such kind"]) == []
        message = await api.get("sendMessage", chat_id=1001, text="Hello")
        await said(api, "not told")
        await api.world.control(
            "POST",
            "/phones/telegram/1001/react",
            {"message": message["message_id"], "emoji": ["👍"], "bot": api.token},
            expect=204,
        )
        api.world.clock.move(10)
        [update] = await api.updates()
        assert update["message_reaction"]["new_reaction"] == [{"type": "emoji", "emoji": "👍"}]
        assert (await api.get("getWebhookInfo"))["allowed_updates"] == ["message_reaction"]
        await api.updates(offset=2, allowed_updates=[])
        await said(api, "told")
        assert texts(await api.updates(offset=-1)) == ["told"]
        assert "allowed_updates" not in await api.get("getWebhookInfo")

    told(tmp_path, story)


def test_a_pressed_button_is_told_once_and_can_be_answered_for_a_while(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        markup = {"inline_keyboard": [[{"text": "Yes", "callback_data": "y"}, {"text": "Go", "url": "https://a.test"}]]}
        message = await api.get("sendMessage", chat_id=1001, text="Sure?", reply_markup=markup)
        press = {"message": message["message_id"], "bot": api.token}
        path = "/phones/telegram/1001/press"
        await api.world.control("POST", path, {**press, "button": "Yes"}, expect=204)
        await api.world.control("POST", path, {**press, "button": "Go"}, expect=204)
        await api.world.control("POST", path, {**press, "button": "No"}, expect=409)
        await api.world.control("POST", path, {**press, "button": "Yes", "message": 99}, expect=404)
        [update] = await api.updates()
        query = update["callback_query"]
        assert (query["data"], query["message"], query["from"]["id"]) == ("y", message, 1001)
        assert await api.get("answerCallbackQuery", callback_query_id=query["id"], text="Done")
        api.world.clock.move(3600)
        for wrong in ("", "77", query["id"]):
            assert await api.refusal("answerCallbackQuery", callback_query_id=wrong) == (
                "Bad Request: query is too old and response timeout expired or query ID is invalid"
            )

    told(tmp_path, story)


def test_a_key_of_the_keyboard_writes_its_text_or_what_it_asks_for(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        keyboard = {"keyboard": [["Yes", {"text": "My number", "request_contact": True}]]}
        await api.get("sendMessage", chat_id=1001, text="?", reply_markup=keyboard)
        for key in ("Yes", "My number"):
            await api.person(1001, "press", button=key)
        first, second = await api.updates()
        assert first["message"]["text"] == "Yes"
        assert second["message"]["contact"]["user_id"] == 1001
        await api.get("sendMessage", chat_id=1001, text="!", reply_markup={"remove_keyboard": True})
        await api.world.control("POST", "/phones/telegram/1001/press", {"button": "Yes"}, expect=409)

    told(tmp_path, story)


def test_people_send_places_and_contacts_and_edit_what_they_wrote(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        await api.person(1001, "messages", location={"latitude": 1.5, "longitude": 2})
        await api.person(1001, "messages", contact={"phone_number": "7", "first_name": "A"})
        await said(api, "frist")
        place, contact, text = (update["message"] for update in await api.updates())
        assert place["location"] == {"latitude": 1.5, "longitude": 2}
        assert contact["contact"]["first_name"] == "A"
        path = "/phones/telegram/1001/edit"
        body = {"message": text["message_id"], "text": "first", "bot": api.token}
        await api.world.control("POST", path, body, expect=204)
        [update] = await api.updates(offset=4)
        assert update["edited_message"] == {**text, "text": "first", "edit_date": 1_800_000_000}
        for wrong in ({"text": "x", "location": {}}, {}, {"location": {"latitude": 1}}, {"text": " "}):
            await api.world.control("POST", "/phones/telegram/1001/messages", {**wrong, "bot": api.token}, expect=422)

    told(tmp_path, story)


@pytest.mark.parametrize("chat", [-5, -1001234567890, "@lighthouse"])
def test_people_write_into_groups_and_channels(tmp_path: Path, chat: int | str) -> None:
    async def story(api: Api) -> None:
        await said(api, "x", chat=chat)
        [update] = await api.updates()
        kind = "channel_post" if chat == "@lighthouse" else "message"
        assert update[kind]["text"] == "x"
        assert update[kind]["chat"]["id"] < 0

    told(tmp_path, story)


def test_each_bot_has_updates_of_its_own(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        other = api.beside("77:other")
        await said(api, "to one")
        await said(other, "to the other")
        assert texts(await api.updates()) == ["to one"]
        assert texts(await other.updates()) == ["to the other"]
        assert (await api.get("getMe"))["id"] == BOT
        await api.world.control("POST", "/reset", expect=204)
        assert await api.updates(offset=-1) == []

    told(tmp_path, story)


def test_what_comes_while_a_poll_drops_what_is_done_ends_its_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(api: Api) -> None:
        original = Updates.done

        async def meanwhile(self: Updates, bot: str, numbers: Iterable[int]) -> None:
            await original(self, bot, numbers)
            await asyncio.create_task(said(api, "meanwhile"))  # Somebody else does that, in a task of his own.

        await said(api, "before")
        monkeypatch.setattr(Updates, "done", meanwhile)
        waiting = asyncio.create_task(api.updates(offset=2, timeout=50))
        assert texts(await waiting) == ["meanwhile"]

    told(tmp_path, story)


def test_a_poll_that_need_not_wait_ends_no_other(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        first = asyncio.create_task(api.ask("getUpdates", timeout=30, offset=1))
        await api.world.quiet()
        assert await api.updates(offset=2) == []
        assert not first.done()
        await said(api, "1")
        assert texts((await first)["result"]) == ["1"]

    told(tmp_path, story)


@pytest.mark.parametrize(
    ("arguments", "count"),
    [
        ({}, 100),
        ({"limit": 0}, 1),
        ({"limit": 100}, 100),
        ({"limit": 1000}, 100),
        ({"limit": 7}, 7),
        ({"offset": 113}, 0),
        ({"offset": 114}, 100),
    ],
)
def test_a_poll_gets_up_to_a_hundred_and_an_offset_far_ahead_says_nothing(
    tmp_path: Path, arguments: dict[str, Any], count: int
) -> None:
    async def story(api: Api) -> None:
        await said(api, *(str(number) for number in range(102)))
        assert len(await api.updates(**arguments)) == count

    told(tmp_path, story)


@pytest.mark.parametrize("kinds", ["x", {"a": 1}, ["message", 1], "null"])
def test_kinds_that_say_nothing_change_nothing(tmp_path: Path, kinds: Any) -> None:
    async def story(api: Api) -> None:
        await api.updates(allowed_updates=["poll"])
        api.world.clock.move(10)
        assert await api.updates(allowed_updates=kinds) == []
        assert (await api.get("getWebhookInfo"))["allowed_updates"] == ["poll"]

    told(tmp_path, story)


def test_kinds_in_capitals_and_kinds_that_there_are_none_of(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        await api.updates(allowed_updates=["MESSAGE", "chat_member"])
        assert (await api.get("getWebhookInfo"))["allowed_updates"] == ["chat_member", "message"]
        api.world.clock.move(10)
        await api.updates(allowed_updates=["nothing"])
        assert "allowed_updates" not in await api.get("getWebhookInfo")

    told(tmp_path, story)
