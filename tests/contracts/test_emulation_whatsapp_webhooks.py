"""Decides what else than messages the emulated Cloud API tells an app, and for how long it tries.

It has never heard of the service that sends.
"""

import json
from itertools import pairwise
from pathlib import Path
from urllib.parse import quote

from tests.contracts.whatsapps import ACCOUNT, PERSON, call, does, post, values
from tests.contracts.world import WEBHOOK, Life, told
from vestnik.messengers.whatsapp.emulator.identity import user_id
from vestnik.ports import Response

DAY = 24 * 3600


async def listen(world: Life, field: str) -> None:
    """Sets the webhook for messages and for this field."""
    query = f"object=whatsapp_business_account&callback_url={quote(WEBHOOK)}&verify_token=word"
    query += f"&fields=messages,{field}&access_token=100000000000002%7Csecret"
    await call(world, "POST", f"100000000000002/subscriptions?{query}")


async def make(world: Life) -> None:
    """Makes a template, which waits for its approval."""
    made = {"name": "sale", "language": "fi", "category": "MARKETING", "components": [{"type": "BODY", "text": "x"}]}
    await call(world, "POST", f"{ACCOUNT}/message_templates", made)


def test_a_call_that_is_not_taken_is_made_again_less_and_less_often_for_seven_days(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        teller = world.emulation.emulators["whatsapp"].teller
        assert teller is not None
        pauses: list[float] = []
        while (pause := teller.again_after(len(pauses) + 1)) is not None:
            pauses.append(pause)
        assert all(later >= earlier for earlier, later in pairwise(pauses))
        assert pauses[0] < 60
        assert 6.9 * DAY < sum(pauses) < 7.5 * DAY

    told(tmp_path, story)


def test_a_day_later_an_app_that_is_back_is_told_everything_in_order(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        await world.subscribe()
        world.bots.behave = lambda _request: Response(503)
        for text in ("one", "two"):
            await post(world, text={"body": text})
        for _ in range(24):
            await world.until(lambda: min(world.clock.sleepers, default=0) > world.clock.now())
            world.clock.move(3600)  # No pause is longer.
        failed = len(world.bots.told)
        assert failed > 5
        world.bots.told.clear()
        world.bots.behave = lambda _request: Response(200)
        await world.outlast(600)
        told_of = [(status["status"]) for value in values(world) for status in value["statuses"]]
        assert told_of == ["sent", "delivered"] * 2

    told(tmp_path, story)


def test_who_wants_no_marketing_gets_none_and_an_app_that_asked_is_told(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        await world.subscribe()
        await does(world, "unsubscribe", expect=204)
        await does(world, "subscribe", expect=204)
        await listen(world, "user_preferences")
        world.bots.told.clear()
        await make(world)
        await world.control("POST", "/messengers/whatsapp/templates/sale/fi", {"status": "APPROVED"})
        sale = {"name": "sale", "language": {"code": "fi"}}
        found = []
        for deed in ("unsubscribe", "subscribe"):
            await does(world, deed)
            await post(world, type="template", template=sale)
            await post(world, text={"body": "x"})
            await world.settled()
            *_, told_of = [value for value in values(world) if "user_preferences" in value]
            found.append(told_of["user_preferences"][0])
            assert told_of["contacts"][0]["wa_id"] == PERSON
        assert [entry["failed"] for entry in await world.journal()] == ["131050", None, None, None]
        common = {
            "wa_id": PERSON,
            "user_id": user_id(PERSON),
            "category": "marketing_messages",
            "timestamp": 1800000000,
        }
        assert found == [
            {**common, "value": word, "detail": f"User requested to {word} marketing messages"}
            for word in ("stop", "resume")
        ]
        bodies = [json.loads(request.body) for request in world.bots.told]
        fields = {change["field"] for body in bodies for entry in body["entry"] for change in entry["changes"]}
        assert fields == {"messages", "user_preferences"}

    told(tmp_path, story)


def test_what_was_decided_over_a_template_is_told_again_in_order_until_it_is_taken(tmp_path: Path) -> None:
    async def decide(world: Life, status: str) -> None:
        await world.control("POST", "/messengers/whatsapp/templates/sale/fi", {"status": status})

    async def before(world: Life) -> None:
        await listen(world, "message_template_status_update")
        await make(world)
        world.bots.behave = lambda _request: Response(500)
        for status in ("APPROVED", "PAUSED"):
            await decide(world, status)

    async def after(world: Life) -> None:
        world.bots.behave = lambda _request: Response(200 if len(world.bots.told) > 3 else 500)
        await decide(world, "DISABLED")
        while "DISABLED" not in (events := [value["event"] for value in values(world)]):
            world.clock.move(3600)
            await world.quiet()
        assert events.count("APPROVED") > 1
        assert list(dict.fromkeys(events)) == ["APPROVED", "PAUSED", "DISABLED"]
        assert [events.count(event) for event in ("PAUSED", "DISABLED")] == [1, 1]

    told(tmp_path, before)
    told(tmp_path, after)
