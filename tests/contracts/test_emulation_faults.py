"""What each scripted fault does to a message, on every messenger."""

import asyncio
import json
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from tests.contracts.world import A_MOMENT, JANE, JOHN, HandClock, Life, told
from vestnik.emulation.faults import DELAYS, Fault
from vestnik.ports import HungUp, Response

MESSENGERS = ("telegram", "viber", "whatsapp")
HANGS = DELAYS[Fault.HANG]


@pytest.fixture(params=MESSENGERS)
def messenger(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def taken(response: Response) -> bool:
    body = json.loads(response.body)
    return response.status == 200 and (body.get("ok", True) is True) and body.get("status", 0) == 0


async def passes(world: Life, work: Coroutine[Any, Any, Response], seconds: float) -> Response:
    """The answer, which must not come before that many seconds have passed, and must then."""
    answering = asyncio.ensure_future(work)
    await world.nearly(seconds)
    assert not answering.done()
    world.clock.move(A_MOMENT)
    return await answering


@pytest.mark.parametrize(
    ("rule", "answers"),
    [
        ({}, [(500, 500), (200, 999), (500, 131000)]),
        ({"status": 503}, [(503, 503), (503, 999), (503, 131016)]),
        ({"status": 400}, [(400, 400), (400, None), (400, 100)]),
        ({"status": 7}, [(400, 400), (200, 7), (400, 7)]),
        ({"status": 131049}, [(400, 400), (200, 131049), (400, 131049)]),
    ],
)
def test_error_answers_with_the_code_asked_for(
    tmp_path: Path, rule: dict[str, int], answers: list[tuple[int, int | None]]
) -> None:
    async def story(world: Life) -> None:
        await world.faults({"fault": "error", **rule})
        found = []
        for messenger in MESSENGERS:
            response = await world.send(messenger)
            body = json.loads(response.body or b"{}")
            found.append(
                (response.status, body.get("error_code", body.get("error", body).get("code", body.get("status"))))
            )
        assert found == answers
        assert await world.journal() == []

    told(tmp_path, story)


def test_throttle_asks_to_wait(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        await world.faults({"fault": "throttle", "retry_after": 2.5})
        telegram, viber, whatsapp = [await world.send(messenger) for messenger in MESSENGERS]
        assert json.loads(telegram.body) == {
            "ok": False,
            "error_code": 429,
            "description": "Too Many Requests: retry after 3",
            "parameters": {"retry_after": 3},
        }
        assert json.loads(viber.body)["status"] == 12
        assert json.loads(whatsapp.body)["error"]["code"] == 130429
        assert [answer.headers["retry-after"] for answer in (telegram, viber, whatsapp)] == ["3", "3", "3"]
        assert await world.journal() == []

    told(tmp_path, story)


def test_slow_takes_the_message_after_the_delay(tmp_path: Path, messenger: str) -> None:
    async def story(world: Life) -> None:
        await world.faults({"fault": "slow", "delay": 30})
        assert taken(await passes(world, world.send(messenger), 30))
        assert len(await world.journal()) == 1

    told(tmp_path, story)


def test_a_request_that_hangs_is_hung_up_when_the_rule_is_lifted(tmp_path: Path, messenger: str) -> None:
    async def story(world: Life) -> None:
        await world.faults({"messenger": messenger, "fault": "hang"})
        hanging = asyncio.ensure_future(world.send(messenger))
        await world.sleeping(HANGS)
        assert not hanging.done()
        assert all([taken(await world.send(other)) for other in MESSENGERS if other != messenger])
        await world.control("DELETE", "/faults", expect=204)
        with pytest.raises(HungUp):
            await hanging
        assert len(await world.journal()) == 2
        assert taken(await world.send(messenger))

    told(tmp_path, story)


def test_a_request_that_hangs_is_hung_up_after_its_delay_at_the_latest(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        await world.faults({"fault": "hang", "delay": 5})
        with pytest.raises(HungUp):
            await passes(world, world.send("telegram"), 5)

    told(tmp_path, story)


def test_a_reset_releases_what_hangs(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        await world.faults({"fault": "hang"})
        hanging = asyncio.ensure_future(world.send("telegram"))
        await world.sleeping(HANGS)
        await world.control("POST", "/reset", expect=204)
        with pytest.raises(HungUp):
            await hanging

    told(tmp_path, story)


def test_disconnect_before_drops_the_request(tmp_path: Path, messenger: str) -> None:
    async def story(world: Life) -> None:
        await world.faults({"fault": "disconnect_before", "times": 1})
        with pytest.raises(HungUp):
            await world.send(messenger, key="key-1")
        assert await world.journal() == []
        assert taken(await world.send(messenger, key="key-1"))

    told(tmp_path, story)


def test_lose_reply_takes_the_message_and_hangs_up(tmp_path: Path, messenger: str) -> None:
    async def story(world: Life) -> None:
        await world.faults({"fault": "lose_reply", "times": 1})
        with pytest.raises(HungUp):
            await world.send(messenger, key="key-1")
        assert len(await world.journal()) == 1
        assert taken(await world.send(messenger, key="key-1"))
        assert len(await world.journal()) == 1

    told(tmp_path, story)


def test_late_reply_takes_the_message_at_once_and_answers_after_the_delay(tmp_path: Path, messenger: str) -> None:
    async def story(world: Life) -> None:
        await world.faults({"fault": "late_reply", "delay": 20})
        answering = asyncio.ensure_future(world.send(messenger))
        while not await world.journal():
            assert not answering.done()
        assert taken(await passes(world, asyncio.wait_for(answering, None), 20))

    told(tmp_path, story)


def test_blocked_and_unknown_user_are_told_as_the_messenger_tells_them(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        await world.subscribe()
        await world.faults({"fault": "blocked", "times": 3}, {"fault": "unknown_user"})
        found = []
        for _ in range(2):
            telegram, viber, whatsapp = [await world.send(messenger) for messenger in MESSENGERS]
            found.append((json.loads(telegram.body)["description"], json.loads(viber.body)["status_message"]))
            assert taken(whatsapp)
        assert found == [
            ("Forbidden: bot was blocked by the user", "notSubscribed"),
            ("Bad Request: chat not found", "receiverNotRegistered"),
        ]
        await world.settled()
        assert [event for event, _ in world.bots.events()] == ["failed", "failed"]
        status = json.loads(world.bots.told[0].body)["entry"][0]["changes"][0]["value"]["statuses"][0]
        assert (status["errors"][0]["code"], status["errors"][0]["title"]) == (131026, "Message undeliverable")
        assert [entry["failed"] for entry in await world.journal()] == ["131026", "131026"]

    told(tmp_path, story)


@pytest.mark.parametrize(
    ("fault", "events"),
    [
        ("receipt_lost", {"viber": [], "whatsapp": []}),
        (
            "receipt_duplicated",
            {
                "viber": ["delivered", "delivered", "seen", "seen"],
                "whatsapp": ["sent", "sent", "delivered", "delivered", "read", "read"],
            },
        ),
        ("receipt_reordered", {"viber": ["seen", "delivered"], "whatsapp": ["read", "delivered", "sent"]}),
        ("not_delivered", {"viber": ["failed"], "whatsapp": ["failed"]}),
    ],
)
def test_receipts_go_astray_as_asked(tmp_path: Path, reporting: str, fault: str, events: dict[str, list[str]]) -> None:
    async def story(world: Life) -> None:
        await world.subscribe()
        await world.phone(reporting, reads_after=0)
        await world.faults({"fault": fault})
        assert taken(await world.send(reporting))
        await world.settled()
        assert [event for event, _ in world.bots.events()] == events[reporting]
        assert len(await world.journal()) == 1

    told(tmp_path, story)


def test_late_receipts_come_after_the_delay(tmp_path: Path, reporting: str) -> None:
    async def story(world: Life) -> None:
        await world.subscribe()
        await world.faults({"fault": "receipt_late", "delay": 10})
        await world.send(reporting)
        await world.nearly(10)
        assert world.bots.told == []
        world.clock.move(A_MOMENT)
        await world.settled()
        assert world.bots.events()[-1][0] == "delivered"

    told(tmp_path, story)


def test_not_delivered_fails_with_the_code_asked_for(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        await world.subscribe()
        await world.faults({"fault": "not_delivered", "status": 131049})
        await world.send("whatsapp")
        await world.send("viber")
        await world.settled()
        told = {json.dumps("event" in body): body for body in (json.loads(one.body) for one in world.bots.told)}
        status = told["false"]["entry"][0]["changes"][0]["value"]["statuses"][0]
        assert (status["status"], status["errors"][0]["code"]) == ("failed", 131049)
        assert (told["true"]["event"], told["true"]["desc"]) == ("failed", "131049")

    told(tmp_path, story)


def test_faults_of_different_steps_strike_together(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        await world.subscribe()
        await world.faults({"fault": "slow", "delay": 1}, {"fault": "lose_reply"}, {"fault": "receipt_lost"})
        with pytest.raises(HungUp):
            await passes(world, world.send("viber"), 1)
        await world.settled()
        assert len(await world.journal()) == 1
        assert world.bots.told == []

    told(tmp_path, story)


def test_a_rule_strikes_only_the_recipients_that_it_matches(tmp_path: Path, messenger: str) -> None:
    async def story(world: Life) -> None:
        await world.faults({"messenger": messenger, "recipient": JANE[messenger], "fault": "error"})
        assert taken(await world.send(messenger))
        assert not taken(await world.send(messenger, to=JANE[messenger]))
        assert [entry["recipient"] for entry in await world.journal()] == [JOHN[messenger]]

    told(tmp_path, story)


def test_rules_and_what_is_left_of_them_outlive_the_process(tmp_path: Path) -> None:
    rule = {"messenger": "viber", "recipient": "*", "fault": "error", "times": 3, "status": 7}

    async def first(world: Life) -> None:
        await world.faults({"fault": "slow", "delay": 0}, rule)
        await world.faults(rule)
        await world.send("viber")

    async def second(world: Life) -> None:
        [found] = await world.control("GET", "/faults")
        assert found == {**rule, "times": 2, "probability": 1.0, "seed": None, "retry_after": None, "delay": None}
        assert [taken(await world.send("viber")) for _ in range(3)] == [False, False, True]

    async def third(world: Life) -> None:
        assert [one["times"] for one in await world.control("GET", "/faults")] == [0]
        assert taken(await world.send("viber"))
        assert (await world.stats("viber"))["refused"] == 0

    for story in (first, second, third):
        told(tmp_path, story)


def test_a_rule_s_last_strike_is_one_strike_however_many_come_at_once(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        await world.faults({"fault": "error", "times": 5})
        answers = await asyncio.gather(*(world.send("telegram", str(number)) for number in range(50)))
        assert sum(not taken(answer) for answer in answers) == 5
        assert (await world.stats("telegram"))["refused"] == 5

    told(tmp_path, story)


def test_a_moved_clock_is_the_clock_of_faults(tmp_path: Path) -> None:
    clock = HandClock()

    async def story(world: Life) -> None:
        await world.faults({"fault": "slow", "delay": 86_400})
        answering = asyncio.ensure_future(world.send("telegram"))
        await world.sleeping(86_400)
        clock.move(3 * 86_400)
        assert taken(await answering)
        assert (await world.journal())[0]["at"] == "2027-01-18T08:00:00Z"

    told(tmp_path, story, clock=clock)
