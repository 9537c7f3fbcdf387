"""What bots are told of their messages, signed, in order, and until they have taken it."""

import asyncio
import hashlib
import hmac
import json
from pathlib import Path

from tests.contracts.reported import REPORTING, kinds, people
from tests.contracts.world import A_MOMENT, JANE, JOHN, NUMBER, VIBER_TOKEN, WEBHOOK, Bots, HandClock, Life, told
from vestnik.messengers.whatsapp.emulator.api import AT_ONCE
from vestnik.messengers.whatsapp.emulator.identity import user_id
from vestnik.ports import Request, Response


def test_reports_are_signed_with_the_bot_s_own_secret(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        await world.subscribe()
        await world.send("viber", "Grüße 🎉")
        await world.send("whatsapp", "Grüße 🎉", biz_opaque_callback_data="Grüße 🎉")
        await world.settled()
        secrets = {"x-viber-content-signature": VIBER_TOKEN, "x-hub-signature-256": "secret"}
        for request in world.bots.told:
            assert request.url.partition("?")[0] == WEBHOOK
            [(header, secret)] = [(name, secrets[name]) for name in request.headers if name in secrets]
            digest = hmac.new(secret.encode(), request.body, hashlib.sha256).hexdigest()
            assert request.headers[header].removeprefix("sha256=") == digest
            assert request.headers["content-type"] == "application/json"
            assert request.body.isascii()
        assert len(world.bots.told) == 3

    told(tmp_path, story)


def test_a_message_that_is_read_is_told_step_by_step_at_its_time(tmp_path: Path, reporting: str) -> None:
    async def story(world: Life) -> None:
        await world.subscribe()
        await world.phone(reporting, reads_after=60)
        await world.send(reporting)
        await world.until(lambda: kinds(world) == REPORTING[reporting][:-1])
        await world.nearly(60)
        assert kinds(world) == REPORTING[reporting][:-1]
        world.clock.move(A_MOMENT)
        await world.settled()
        assert kinds(world) == REPORTING[reporting]
        [entry] = await world.journal()
        assert {about for _, about in world.bots.events()} == {entry["external_id"]}
        last = json.loads(world.bots.told[-1].body)
        if reporting == "viber":
            assert last["timestamp"] == 1_800_000_060_000
            assert last["user_id"] == JOHN["viber"]
        else:
            assert last["entry"][0]["changes"][0]["value"]["statuses"][0]["timestamp"] == "1800000060"

    told(tmp_path, story)


def test_statuses_have_the_shape_of_the_cloud_api(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        await world.subscribe()
        await world.send("whatsapp", biz_opaque_callback_data="01JD-0")
        await world.settled()
        value = json.loads(world.bots.told[0].body)["entry"][0]["changes"][0]
        assert value["field"] == "messages"
        assert value["value"]["metadata"]["phone_number_id"] == NUMBER
        assert value["value"]["contacts"][0]["wa_id"] == JOHN["whatsapp"]
        [status] = value["value"]["statuses"]
        conversation = status.pop("conversation")
        assert len(conversation["id"]) == 32
        assert conversation["expiration_timestamp"] == "1800086400"
        assert status == {
            "id": (await world.journal())[0]["external_id"],
            "status": "sent",
            "timestamp": "1800000000",
            "recipient_id": JOHN["whatsapp"],
            "recipient_user_id": user_id(JOHN["whatsapp"]),
            "biz_opaque_callback_data": "01JD-0",
            "pricing": {
                "billable": False,
                "pricing_model": "PMP",
                "type": "free_customer_service",
                "category": "service",
            },
        }
        assert "expiration_timestamp" not in str(json.loads(world.bots.told[1].body))

    told(tmp_path, story)


def test_a_phone_that_is_off_gets_its_messages_when_it_is_back(tmp_path: Path, reporting: str) -> None:
    async def off(world: Life) -> None:
        await world.subscribe()
        await world.phone(reporting, online=False, reads_after=5)
        for number in range(3):
            await world.send(reporting, str(number))
        await world.send(reporting, "to Jane", to=JANE[reporting])
        await world.until(lambda: kinds(world).count("delivered") == 1)
        assert len(await world.journal()) == 4

    async def on(world: Life) -> None:
        world.clock.move(3600)
        await world.phone(reporting, online=True)
        await world.until(lambda: kinds(world) == ["delivered"] * 3)
        world.clock.move(5)
        await world.settled()
        assert kinds(world) == ["delivered"] * 3 + [REPORTING[reporting][-1]] * 3
        ids = [entry["external_id"] for entry in await world.journal()][:3]
        assert [about for _, about in world.bots.events()] == ids * 2

    told(tmp_path, off)
    told(tmp_path, on)


def test_what_a_bot_was_not_told_before_a_crash_it_is_told_after_it(tmp_path: Path, reporting: str) -> None:
    async def dead(world: Life) -> None:
        await world.subscribe()
        world.bots.behave = lambda _request: Response(503)
        for recipient in people(reporting, 20):
            await world.send(reporting, to=recipient)
        await world.until(lambda: bool(world.bots.told))

    async def alive(world: Life) -> None:
        world.clock.move(60)
        await world.settled()
        entries = await world.journal()
        assert {about for kind, about in world.bots.events() if kind == "delivered"} == {
            entry["external_id"] for entry in entries
        }
        counts = await world.stats(reporting)
        assert counts["receipts_sent"] == 20 * (len(REPORTING[reporting]) - 1)
        assert counts["receipts_given_up"] == 0

    told(tmp_path, dead)
    told(tmp_path, alive)


def test_each_phone_s_reports_come_in_order_although_some_calls_fail(tmp_path: Path, reporting: str) -> None:
    calls = 0

    def shaky(_request: Request) -> Response:
        nonlocal calls
        calls += 1
        return Response(500 if calls % 3 == 0 else 200)

    async def story(world: Life) -> None:
        await world.subscribe()
        taken: list[tuple[str, str]] = []

        def behave(request: Request) -> Response:
            response = shaky(request)
            if response.status == 200:
                taken.extend(Bots(told=[request]).events())
            return response

        world.bots.behave = behave
        crowd = people(reporting, 5)
        await asyncio.gather(*(world.send(reporting, str(n), to=crowd[n % 5]) for n in range(50)))
        await world.outlast(1)
        expected: dict[str, list[tuple[str, str]]] = {recipient: [] for recipient in crowd}
        found: dict[str, list[tuple[str, str]]] = {recipient: [] for recipient in crowd}
        owner = {}
        for entry in await world.journal():
            owner[entry["external_id"]] = entry["recipient"]
            steps = [(kind, entry["external_id"]) for kind in REPORTING[reporting][:-1]]
            expected[entry["recipient"]] += steps
        for event in taken:
            found[owner[event[1]]].append(event)
        assert found == expected

    told(tmp_path, story)


def test_the_service_that_runs_beside_is_told_many_statuses_in_one_call(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        await world.phone("whatsapp", online=False)
        for _ in range(AT_ONCE):
            await world.send("whatsapp")
        await world.settled(AT_ONCE)
        world.bots.told.clear()
        await world.phone("whatsapp", online=True)
        await world.settled()
        assert [len(Bots(told=[call]).events()) for call in world.bots.told] == [AT_ONCE]
        assert world.bots.told[0].url == "http://service.test/receipts"
        secret = b"vestnik-app-secret"
        digest = hmac.new(secret, world.bots.told[0].body, hashlib.sha256).hexdigest()
        assert world.bots.told[0].headers["x-hub-signature-256"] == f"sha256={digest}"

    told(tmp_path, story, webhooks={"whatsapp": "http://service.test/receipts"})


def test_the_service_that_runs_beside_is_told_before_it_has_set_its_webhook(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        await world.send("viber")
        await world.settled()
        assert kinds(world) == ["delivered"]
        assert world.bots.told[0].url.startswith("http://service.test/receipts")

    told(tmp_path, story, webhooks={"viber": "http://service.test/receipts"})


def test_what_a_person_writes_is_told_as_the_messenger_tells_it(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        await world.subscribe()
        for messenger in ("telegram", *REPORTING):
            await world.send(messenger)
            path = f"/phones/{messenger}/{JOHN[messenger]}/messages"
            said = await world.control("POST", path, {"text": "Yes 🎉"}, expect=201)
            assert (said["messenger"], said["recipient"], said["text"]) == (messenger, JOHN[messenger], "Yes 🎉")
        await world.settled()
        told = {
            "event" in body: body
            for body in map(json.loads, (one.body for one in world.bots.told))
            if body.get("event", "message") == "message"
        }
        viber = told[True]
        assert viber["sender"]["id"] == JOHN["viber"]
        assert (viber["message"], viber["silent"]) == ({"type": "text", "text": "Yes 🎉"}, False)
        [message] = [
            message
            for request in world.bots.told
            if "entry" in (body := json.loads(request.body))
            for message in body["entry"][0]["changes"][0]["value"].get("messages", ())
        ]
        assert (message["from"], message["type"], message["text"]) == (JOHN["whatsapp"], "text", {"body": "Yes 🎉"})
        assert message["id"].startswith("wamid.")
        assert await world.texts() == ["Hello"] * 3

    told(tmp_path, story)


def test_a_moved_clock_brings_what_is_due_by_then(tmp_path: Path, reporting: str) -> None:
    clock = HandClock()

    async def story(world: Life) -> None:
        await world.subscribe()
        await world.phone(reporting, reads_after=7 * 86_400)
        await world.send(reporting)
        await world.until(lambda: kinds(world) == REPORTING[reporting][:-1])
        clock.move(7 * 86_400)
        await world.settled()
        assert kinds(world) == REPORTING[reporting]

    told(tmp_path, story, clock=clock)
