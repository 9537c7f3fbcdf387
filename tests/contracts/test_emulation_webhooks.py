"""Webhooks that are dead, slow, removed, set anew or were never set, and what becomes of the reports for them."""

import asyncio
import json
from pathlib import Path

from tests.contracts.reported import kinds, people
from tests.contracts.world import VIBER_TOKEN, WEBHOOK, Life, events_of, told
from vestnik.ports import Request, Response


def test_a_bot_whose_webhook_is_dead_holds_no_other_bot_up(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        await world.subscribe()
        other = {"x-viber-auth-token": "another-token"}
        body = {"url": "http://dead.test/hook"}
        assert json.loads((await world.ask("POST", "/viber/pa/set_webhook", body, other)).body)["status"] == 0
        never = asyncio.Event()
        well = world.bots.exchange

        async def exchange(request: Request, *, timeout: float) -> Response:
            if "dead.test" in request.url:
                await never.wait()
            return await well(request, timeout=timeout)

        world.bots.exchange = exchange  # type: ignore[method-assign]  # a bot that never answers
        for number, recipient in enumerate(people("viber", 100)):
            message = {"receiver": recipient, "type": "text", "text": str(number), "sender": {"name": "a"}}
            await world.ask("POST", "/viber/pa/send_message", message, other)
        for number in range(100):
            await world.send("viber", str(number))
        await world.until(lambda: kinds(world).count("delivered") == 100)

    told(tmp_path, story)


def test_a_webhook_that_takes_nothing_is_left_alone_longer_and_longer_until_it_is_set_anew(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        await world.subscribe()
        world.bots.behave = lambda _request: Response(500)
        crowd = people("viber", 40)
        await asyncio.gather(*(world.send("viber", to=recipient) for recipient in crowd))
        await world.until(lambda: world.clock.sleeps(1))
        first = len(world.bots.told)
        assert first > 0
        for pause, longer in ((1, 2), (2, 4)):
            world.clock.move(pause)
            await world.until(lambda: world.clock.sleeps(longer))  # noqa: B023 - it is asked before the next turn
            first += 1
            assert len(world.bots.told) == first
        taken: list[Request] = []  # Of the world's own list `subscribe` forgets what was told while it still went on.

        def take(request: Request) -> Response:
            taken.append(request)
            return Response(200)

        world.bots.behave = take
        await world.subscribe()
        world.clock.move(300)
        await world.settled()
        events = [event for request in taken if request.body for event in events_of(request)]
        got = {entry["external_id"] for entry in await world.journal()}
        assert {about for kind, about in events if kind == "delivered"} == got

    told(tmp_path, story)


def test_a_report_that_is_never_taken_is_given_up_at_last(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        await world.subscribe()
        world.bots.behave = lambda _request: Response(400)
        await world.send("viber")
        await world.outlast(300)
        assert (await world.stats("viber"))["receipts_given_up"] == 1
        assert len(world.bots.told) == 19

    told(tmp_path, story)


def test_a_bot_is_spared_the_events_that_it_did_not_ask_for(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        body = {"url": WEBHOOK, "event_types": ["seen"]}
        await world.ask("POST", "/viber/pa/set_webhook", body, {"x-viber-auth-token": VIBER_TOKEN})
        await world.phone("viber", reads_after=0)
        await world.send("viber")
        await world.settled()
        assert kinds(world) == ["webhook", "seen"]

    told(tmp_path, story)


def test_a_bot_without_a_webhook_is_told_nothing_and_nothing_waits_for_one(tmp_path: Path, reporting: str) -> None:
    async def story(world: Life) -> None:
        await world.send(reporting)
        assert (await world.stats(reporting))["receipts_pending"] == 0
        await world.subscribe()
        await world.send(reporting)
        await world.settled()
        assert len({about for _, about in world.bots.events()}) == 1

    told(tmp_path, story)


def test_what_waits_for_a_bot_that_removes_its_webhook_is_dropped(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        await world.subscribe()
        world.bots.behave = lambda _request: Response(500)
        await world.send("viber")
        await world.until(lambda: bool(world.bots.told))
        await world.ask("POST", "/viber/pa/set_webhook", {"url": ""}, {"x-viber-auth-token": VIBER_TOKEN})
        await world.outlast(60)
        assert (await world.stats("viber"))["receipts_given_up"] == 1

    told(tmp_path, story)


def test_webhooks_outlive_the_process(tmp_path: Path, reporting: str) -> None:
    async def first(world: Life) -> None:
        await world.subscribe()

    async def second(world: Life) -> None:
        await world.send(reporting)
        await world.settled()
        assert kinds(world)[-1] == "delivered"

    told(tmp_path, first)
    told(tmp_path, second)
