"""Decides whether the emulated Viber answers every call as the real one does, within its real limits.

It has never heard of the service that sends.
"""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from tests.contracts.vibers import KEYBOARD, OTHER, PERSON, call, does, heard, listen
from tests.contracts.world import VIBER_TOKEN, WEBHOOK, Life, told
from vestnik.messengers.viber import wire
from vestnik.ports import Response


def test_a_broadcast_reaches_all_but_those_whom_it_names_as_failed(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        await does(world, "unsubscribe", person=OTHER)
        broadcast = {"type": "text", "text": "To all", "sender": {"name": "acme"}}
        answer = await call(world, "broadcast_message", broadcast_list=[PERSON, OTHER, "nobody", PERSON], **broadcast)
        assert answer["failed_list"] == [
            {"receiver": OTHER, "status": 6, "status_message": "Not subscribed"},
            {"receiver": "nobody", "status": 5, "status_message": "Not found"},
        ]
        [entry] = await world.journal()
        assert (entry["recipient"], entry["text"]) == (PERSON, "To all")
        assert entry["external_id"] == str(answer["message_token"])
        assert entry["payload"] == {"receiver": PERSON, **broadcast}

    told(tmp_path, story)


def test_a_repeated_broadcast_with_its_key_adds_nothing(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        body = {"type": "text", "text": "x", "sender": {"name": "acme"}, "broadcast_list": [PERSON, OTHER]}
        headers = {"x-viber-auth-token": VIBER_TOKEN, "idempotency-key": "k"}
        answers = [(await world.ask("POST", "/viber/pa/broadcast_message", body, headers)).body for _ in range(2)]
        assert answers[0] == answers[1]
        assert len(await world.journal()) == 2

    told(tmp_path, story)


def test_real_limits_are_three_hundred_receivers_and_five_hundred_broadcasts_in_ten_seconds(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        crowd = [base64.b64encode(number.to_bytes(16)).decode() for number in range(301)]
        fields = {"type": "text", "text": "x", "sender": {"name": "acme"}}
        assert (await call(world, "broadcast_message", broadcast_list=crowd, **fields))["status"] == 3
        assert (await call(world, "broadcast_message", broadcast_list=crowd[:300], **fields))["failed_list"] == []
        for _ in range(499):
            assert (await call(world, "broadcast_message", broadcast_list=["nobody"], **fields))["status"] == 0
        assert (await call(world, "broadcast_message", broadcast_list=crowd[:1], **fields))["status"] == 12
        world.clock.move(10)
        assert (await call(world, "broadcast_message", broadcast_list=crowd[:1], **fields))["status"] == 0

    told(tmp_path, story, limits_real=True)


def test_a_silent_person_gets_a_hundred_messages_an_hour(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        statuses = [json.loads((await world.send("viber")).body)["status"] for _ in range(101)]
        assert statuses == [0] * 100 + [12]
        await does(world, "messages", text="I am here")
        assert json.loads((await world.send("viber")).body)["status"] == 0

    told(tmp_path, story, limits_real=True)


def test_a_request_beyond_thirty_kibibytes_is_bad_data(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        assert json.loads((await world.send("viber", extra="x" * 30_000)).body)["status"] == 0
        answer = await world.send("viber", extra="x" * 31_000)
        assert json.loads(answer.body)["status"] == 3
        assert "bytes" in answer.headers["x-emulator-detail"]

    told(tmp_path, story)


def test_a_message_that_the_device_is_too_old_for_is_not_sent(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        await does(world, "profile", api_version=2, expect=204)
        assert json.loads((await world.send("viber", min_api_version=3)).body)["status"] == 13
        assert json.loads((await world.send("viber", min_api_version=2)).body)["status"] == 0

    told(tmp_path, story)


def test_what_the_device_cannot_show_is_reported_as_failed_with_its_reason(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        await listen(world, "delivered", "seen", "failed")
        keyboard = {"Type": "keyboard", "Buttons": [{"Text": "x", "ActionBody": "x", "Columns": 7}]}
        token = json.loads((await world.send("viber", keyboard=keyboard)).body)["message_token"]
        await world.settled()
        [event] = [heard(request) for request in world.bots.told]
        assert (event["event"], event["message_token"], event["user_id"]) == ("failed", token, PERSON)
        assert event["desc"] == "button 1: Columns must be from 1 to 6"

    told(tmp_path, story)


def test_a_person_is_seen_as_they_show_themselves(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        await does(world, "profile", name="Zoë", language="sv", country="SE", expect=204)
        answer = await call(world, "get_user_details", id=PERSON)
        user = answer["user"]
        assert (user["id"], user["name"], user["language"], user["country"]) == (PERSON, "Zoë", "sv", "SE")
        assert {"api_version", "primary_device_os", "viber_version", "mcc", "mnc", "device_type"} <= set(user)
        await does(world, "profile", api_version="new", expect=422)

    told(tmp_path, story)


def test_details_of_one_person_are_told_twice_in_twelve_hours(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        statuses = [(await call(world, "get_user_details", id=PERSON))["status"] for _ in range(3)]
        assert statuses == [0, 0, 12]
        assert (await call(world, "get_user_details", id=OTHER))["status"] == 0
        world.clock.move(12 * 3600)
        assert (await call(world, "get_user_details", id=PERSON))["status"] == 0

    told(tmp_path, story, limits_real=True)


def test_presence_is_told_of_a_hundred_people_at_most(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        await world.phone("viber", online=False)
        await does(world, "unsubscribe", person=OTHER)
        third = base64.b64encode(bytes(15) + b"\x01").decode()
        users = (await call(world, "get_online", ids=[PERSON, OTHER, third, "nobody"]))["users"]
        assert [(user["online_status"], user["online_status_message"]) for user in users] == [
            (1, "offline"),
            (4, "unavailable"),
            (0, "online"),
            (4, "unavailable"),
        ]
        assert (await call(world, "get_online", ids=[PERSON] * 101))["status"] == 3
        assert (await call(world, "get_online"))["status"] == 4

    told(tmp_path, story)


def test_a_bot_has_no_public_chat_to_post_to(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        post = {"type": "text", "text": "x", "sender": {"name": "acme"}}
        assert (await call(world, "post", **post))["status"] == 4
        assert (await call(world, "post", **{"from": PERSON}, **post))["status"] == 18

    told(tmp_path, story)


def test_a_callback_is_told_again_until_it_is_taken_for_about_an_hour(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        await listen(world, "failed")
        world.bots.behave = lambda _request: Response(500)
        await does(world, "subscribe")
        await world.outlast(301)
        assert len(world.bots.told) == 19

    told(tmp_path, story)


RUBBISH: list[Any] = [None, 0, -1, 1.5, True, "", "x", [], [[]], {}, {"x": []}, "\u0000", 2**70]


@pytest.mark.parametrize(
    "method",
    ["send_message", "broadcast_message", "get_user_details", "get_online", "set_webhook", "post", "get_account_info"],
)
def test_rubbish_is_told_so_in_the_right_envelope(tmp_path: Path, method: str) -> None:
    good = {
        "receiver": PERSON, "broadcast_list": [PERSON], "type": "text", "text": "x", "sender": {"name": "a"},
        "id": PERSON, "ids": [PERSON], "url": WEBHOOK, "event_types": [], "from": PERSON, "keyboard": KEYBOARD,
        "min_api_version": 3, "tracking_data": "x", "media": "https://a.example/", "rich_media": KEYBOARD,
    }  # fmt: skip

    async def story(world: Life) -> None:
        for name in good:
            for value in RUBBISH:
                for kind in ("text", "picture", "rich_media"):
                    answer = await call(world, method, **{**good, "type": kind, name: value})
                    assert isinstance(answer["status"], int)
                    assert isinstance(answer["status_message"], str)

    told(tmp_path, story)


def test_everybody_gets_a_broadcast_with_their_own_name_and_id_in_it(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        await listen(world)
        person = "AAAAAAAAAAAAAAAAAAA+Xw=="
        await does(world, "profile", name='"Zoë"', expect=204, person=person)
        button = {
            "ActionBody": "https://a.example/?u=replace_me_with_url_encoded_receiver_id",
            "Text": "replace_me_with_user_name",
        }
        fields = {
            "type": "text",
            "text": "replace_me_with_user_name, replace_me_with_receiver_id",
            "tracking_data": "replace_me_with_receiver_id",
            "sender": {"name": "acme"},
            "keyboard": {"Type": "keyboard", "Buttons": [button]},
        }
        assert (await call(world, "broadcast_message", broadcast_list=[person, PERSON], **fields))["failed_list"] == []
        own, other = await world.journal()
        assert own["text"] == own["payload"]["text"] == f'"Zoë", {person}'
        assert (
            own["payload"]["keyboard"]["Buttons"][0]["ActionBody"]
            == "https://a.example/?u=AAAAAAAAAAAAAAAAAAA%2BXw%3D%3D"
        )
        assert other["payload"]["tracking_data"] == PERSON
        await does(world, "press", button='"Zoë"', person=person)
        await world.settled()
        message = heard(world.bots.told[-1])["message"]
        assert message["tracking_data"] == person
        assert message["text"].endswith("%3D%3D")
        alone = json.loads((await world.send("viber", "replace_me_with_user_name")).body)
        assert alone["status"] == 0
        assert (await world.journal())[-1]["text"] == "replace_me_with_user_name"

    told(tmp_path, story)


def test_a_bot_without_a_webhook_sends_nothing_where_it_is_asked_to_have_one(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        fields = {"type": "text", "text": "x", "sender": {"name": "acme"}}
        for method in ("send_message", "broadcast_message"):
            answer = await call(world, method, receiver=PERSON, broadcast_list=[PERSON], **fields)
            assert (answer["status"], answer["status_message"]) == (10, "webhookNotSet")
        await listen(world)
        assert (await call(world, "send_message", receiver=PERSON, **fields))["status"] == 0

    told(tmp_path, story, options={"viber": {"needs_webhook": "1"}})


def test_a_message_too_many_has_a_token_all_the_same(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        await world.faults({"messenger": "viber", "fault": "throttle"})
        answer = json.loads((await world.send("viber")).body)
        assert (answer["status"], answer["message_token"] > 2**53) == (12, True)

    told(tmp_path, story)


def test_who_is_offline_was_online_until_then_and_some_disclose_nothing(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        left = world.clock.now() // 1000
        await world.phone("viber", online=False)
        world.clock.move(60)
        await world.phone("viber", blocked=False)
        await does(world, "profile", discloses=False, expect=204, person=OTHER)
        users = (await call(world, "get_online", ids=[PERSON, OTHER]))["users"]
        assert users == [
            {"id": PERSON, "online_status": 1, "online_status_message": "offline", "last_online": left},
            {"id": OTHER, "online_status": 2, "online_status_message": "undisclosed"},
        ]
        assert "discloses" not in (await call(world, "get_user_details", id=OTHER))["user"]

    told(tmp_path, story)


def test_in_a_chat_that_was_deleted_there_is_nothing_to_press_and_nothing_to_bring_back(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        await listen(world)
        await world.send("viber", keyboard=KEYBOARD, tracking_data="17", min_api_version=3)
        await does(world, "delete_chat", expect=204)
        await does(world, "press", button="Yes, please", expect=409)
        await does(world, "messages", text="Again")
        await world.settled()
        [event] = [heard(request) for request in world.bots.told]
        assert event["message"] == {"type": "text", "text": "Again"}

    told(tmp_path, story)


def test_every_status_of_the_table_can_be_had_with_its_word(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        for code, status in wire.STATUSES.items():
            if code == wire.OK:
                continue
            await world.faults({"messenger": "viber", "fault": "error", "status": code})
            response = await world.send("viber")
            answer = json.loads(response.body)
            assert (response.status, answer["status"], answer["status_message"]) == (200, code, status.word)

    told(tmp_path, story)
