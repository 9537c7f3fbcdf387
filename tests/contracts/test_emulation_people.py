"""What people can do on every messenger alike: delete a chat."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import quote

import pytest

from tests.contracts.world import JOHN, Life, life

Story: TypeAlias = Callable[[Life], Coroutine[Any, Any, None]]
REPORTING = {"viber": ["delivered", "seen"], "whatsapp": ["sent", "delivered", "read"]}


def told(folder: Path, story: Story) -> None:
    async def run() -> None:
        async with life(folder) as world:
            await story(world)

    asyncio.run(run())


async def does(world: Life, messenger: str, deed: str, *, expect: int = 204, **fields: Any) -> Any:
    path = f"/phones/{messenger}/{quote(JOHN[messenger], safe='')}/{deed}"
    return await world.control("POST", path, fields, expect=expect)


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
