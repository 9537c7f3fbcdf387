"""What people can do on every messenger alike: block and let in again, go offline and come back, delete a chat."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.contracts.reported import REPORTING
from tests.contracts.world import JOHN, Life, told
from vestnik.ports import Response


async def does(world: Life, messenger: str, deed: str, *, expect: int = 204, **fields: Any) -> Any:
    path = f"/phones/{messenger}/{quote(JOHN[messenger], safe='')}/{deed}"
    return await world.control("POST", path, fields, expect=expect)


def outcome(messenger: str, answer: Response, failures: list[str]) -> str:
    """How a message ended that was sent to somebody, in the messenger's words."""
    body = json.loads(answer.body)
    match messenger:
        case "telegram":
            return str(body.get("description", "taken"))
        case "viber":
            return str(body["status_message"])
        case _:
            return failures[-1] if failures else "taken"


WORDS = {
    "telegram": ("Forbidden: bot was blocked by the user", "taken"),
    "viber": ("notSubscribed", "ok"),
    "whatsapp": ("131026", "taken"),
}


@pytest.mark.parametrize("messenger", JOHN)
def test_who_blocks_gets_nothing_until_the_bot_is_let_in_again(tmp_path: Path, messenger: str) -> None:
    async def story(world: Life) -> None:
        await world.subscribe()
        for blocked, words in zip((True, False), WORDS[messenger], strict=True):
            await world.phone(messenger, blocked=blocked)
            world.bots.told.clear()
            answer = await world.send(messenger, f"blocked: {blocked}")
            await world.settled()
            values = [json.loads(request.body) for request in world.bots.told]
            failed = [str(code) for value in values for code in codes(value)]
            assert words in outcome(messenger, answer, failed)
            await does(world, messenger, "messages", text="Hi", expect=409 if blocked else 201)
        delivered = [entry["text"] for entry in await world.journal() if entry["failed"] is None]
        assert delivered == ["blocked: False"]

    told(tmp_path, story)


def codes(value: Any) -> list[int]:
    """Codes of the errors that a call of a webhook tells of."""
    changes = [change["value"] for entry in value.get("entry", ()) for change in entry["changes"]]
    statuses = [status for change in changes for status in change.get("statuses", ())]
    return [error["code"] for status in statuses for error in status.get("errors", ())]


@pytest.mark.parametrize("messenger", JOHN)
def test_who_is_offline_gets_it_on_coming_back(tmp_path: Path, messenger: str) -> None:
    async def story(world: Life) -> None:
        await world.subscribe()
        await world.phone(messenger, online=False)
        assert (await world.send(messenger, "Are you there?")).status == 200
        await does(world, messenger, "messages", text="I am not", expect=409)
        await world.settled(pending=int(messenger in REPORTING))
        assert "delivered" not in [kind for kind, _ in world.bots.events()]
        await world.phone(messenger, online=True)
        await world.settled()
        assert [kind for kind, _ in world.bots.events()] == REPORTING.get(messenger, [])[:-1]
        await does(world, messenger, "messages", text="Now I am", expect=201)
        assert await world.texts() == ["Are you there?"]

    told(tmp_path, story)


@pytest.mark.parametrize("messenger", JOHN)
def test_a_deleted_chat_is_no_end_and_the_journal_keeps_it(tmp_path: Path, messenger: str) -> None:
    async def story(world: Life) -> None:
        await world.send(messenger, "Hello")
        await does(world, messenger, "delete_chat")
        await does(world, messenger, "delete_chat")
        assert (await world.send(messenger, "Are you there?")).status == 200
        await does(world, messenger, "messages", text="Yes", expect=201)
        assert await world.texts() == ["Hello", "Are you there?"]

    told(tmp_path, story)


@pytest.mark.parametrize("messenger", REPORTING)
def test_what_was_not_read_before_its_chat_was_deleted_never_is(tmp_path: Path, messenger: str) -> None:
    async def story(world: Life) -> None:
        await world.subscribe()
        await world.phone(messenger, reads_after=60)
        await world.send(messenger, "Gone")
        await world.settled(pending=1)
        await does(world, messenger, "delete_chat")
        assert (await world.stats(messenger))["receipts_pending"] == 0
        await world.send(messenger, "Stays")
        world.clock.move(60)
        await world.settled()
        read = REPORTING[messenger][-1]
        gone, stays = [entry["external_id"] for entry in await world.journal()]
        assert [about for kind, about in world.bots.events() if kind == read] == [stays]
        assert gone != stays

    told(tmp_path, story)


@pytest.mark.parametrize("messenger", REPORTING)
def test_who_opens_a_chat_after_deleting_it_reads_what_came_since(tmp_path: Path, messenger: str) -> None:
    async def story(world: Life) -> None:
        await world.subscribe()
        await world.send(messenger, "Gone")
        await does(world, messenger, "delete_chat")
        await world.send(messenger, "Stays")
        await does(world, messenger, "read")
        await world.settled()
        _, stays = [entry["external_id"] for entry in await world.journal()]
        assert [about for kind, about in world.bots.events() if kind == REPORTING[messenger][-1]] == [stays]

    told(tmp_path, story)


@pytest.mark.parametrize("messenger", REPORTING)
def test_what_waits_for_a_phone_arrives_in_a_new_chat(tmp_path: Path, messenger: str) -> None:
    async def story(world: Life) -> None:
        await world.subscribe()
        await world.phone(messenger, online=False, reads_after=0)
        await world.send(messenger)
        await does(world, messenger, "delete_chat")
        await world.phone(messenger, online=True)
        await world.settled()
        assert [kind for kind, _ in world.bots.events()] == REPORTING[messenger]

    told(tmp_path, story)
