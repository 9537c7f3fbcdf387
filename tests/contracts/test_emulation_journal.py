"""Reading the journal from outside: by who, what and when, and waiting for what is still to come."""

import asyncio
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.contracts.world import JANE, JOHN, Life, told
from vestnik.emulation.when import rfc3339


def test_the_journal_is_read_in_pages_and_by_messenger_and_recipient(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        for number in range(3):
            for messenger in JOHN:
                await world.send(messenger, f"{messenger} {number}")
                await world.send(messenger, "to Jane", to=JANE[messenger])
        page = await world.control("GET", "/journal?limit=10")
        assert len(page["entries"]) == 10
        rest = await world.control("GET", f"/journal?limit=10&after={page['next']}")
        assert len(rest["entries"]) == 8
        assert rest["next"] is None
        assert {entry["messenger"] for entry in await world.journal("?messenger=viber")} == {"viber"}
        johns = await world.journal(f"?recipient={JOHN['viber']}")
        assert [entry["text"] for entry in johns] == ["viber 0", "viber 1", "viber 2"]
        assert await world.journal(f"?recipient={JOHN['viber']}&messenger=telegram") == []
        assert len(await world.journal("?messenger=whatsapp&recipient=%2B7%20916%20123-45-67")) == 3
        late = await world.journal(f"?recipient=1001&after={(await world.journal('?recipient=1001'))[0]['seq']}")
        assert [entry["text"] for entry in late] == ["telegram 1", "telegram 2"]

    told(tmp_path, story)


def test_more_messages_than_one_step_of_sorting_are_found_by_recipient(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vestnik.emulation.journal._SORT_STEP", 7)

    async def story(world: Life) -> None:
        await asyncio.gather(*(world.send("telegram", str(number)) for number in range(70)))
        await world.send("telegram", "last", to="1002")
        assert len(await world.journal("?recipient=1001")) == 70
        assert [entry["text"] for entry in await world.journal("?recipient=1002")] == ["last"]

    told(tmp_path, story)


def test_the_journal_is_asked_by_bot_text_and_time(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        await world.send("telegram", "code 1234")
        await world.send("viber", "code 5678")
        world.clock.move(60)
        later = rfc3339(world.clock.now())
        await world.send("telegram", "hello", to=JANE["telegram"])
        bot = (await world.journal())[0]["bot"]

        async def texts(**query: str) -> list[str]:
            pairs = "&".join(f"{name}={quote(value)}" for name, value in query.items())
            return [entry["text"] for entry in await world.journal(f"?{pairs}")]

        assert await texts(text="code *") == ["code 1234", "code 5678"]
        assert await texts(text="code") == []
        assert await texts(bot=bot) == ["code 1234", "hello"]
        assert await texts(since=later) == ["hello"]
        assert await texts(until=later) == ["code 1234", "code 5678"]
        assert await texts(recipient=JOHN["telegram"], text="*2*") == ["code 1234"]
        assert await texts(messenger="telegram", recipient=JOHN["telegram"], since=later) == []

    told(tmp_path, story)


def test_a_message_that_is_there_is_not_waited_for(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        await world.send("viber", "code 1")
        await world.send("viber", "code 2")
        seen = await world.control("POST", "/expect", {"messenger": "viber", "text": "code *", "timeout": 0.5})
        assert [entry["text"] for entry in seen["entries"]] == ["code 1"]
        again = await world.control("POST", "/expect", {"after": seen["next"], "text": "code *", "timeout": 0.5})
        assert [entry["text"] for entry in again["entries"]] == ["code 2"]

    told(tmp_path, story)


def test_who_waits_is_told_when_enough_messages_that_fit_have_come(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        waiting = asyncio.create_task(
            world.control("POST", "/expect", {"recipient": JOHN["telegram"], "count": 2, "timeout": 5})
        )
        for messenger, text in (("telegram", "one"), ("viber", "other"), ("telegram", "two")):
            await asyncio.sleep(0)
            assert not waiting.done()
            await world.send(messenger, text)
        assert [entry["text"] for entry in (await waiting)["entries"]] == ["one", "two"]

    told(tmp_path, story)


def test_who_waits_in_vain_is_told_how_many_came(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        await world.send("telegram", "one")
        problem = await world.control("POST", "/expect", {"count": 2, "timeout": 0.01}, expect=408)
        assert problem["detail"] == "1 of 2 such messages came within 0.01 s"

    told(tmp_path, story)


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({"messenger": "pigeon"}, {"#/messenger"}),
        ({"since": "yesterday", "until": "2030-01-01T00:00:00"}, {"#/since", "#/until"}),
        ({"count": 0, "timeout": 301, "after": -1}, {"#/count", "#/timeout", "#/after"}),
        ({"text": 1, "colour": "red"}, {"#/text", "#/colour"}),
    ],
)
def test_everything_that_is_wrong_with_an_expectation_is_named(
    tmp_path: Path, body: dict[str, Any], pointers: set[str]
) -> None:
    async def story(world: Life) -> None:
        answer = await world.ask("POST", "/emulator/expect", body)
        assert answer.status == 422
        assert {error["pointer"] for error in json.loads(answer.body)["errors"]} == pointers

    told(tmp_path, story)
