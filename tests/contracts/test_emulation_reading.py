"""Decides whether somebody who reads what arrived is reported as having read it, each message once.

It has never heard of the service that sends.
"""

from pathlib import Path
from urllib.parse import quote

import pytest

from tests.contracts.world import JANE, JOHN, NUMBER, VIBER_TOKEN, Life, Story, told

BOTS = {"viber": VIBER_TOKEN, "whatsapp": NUMBER}
WORDS = {"viber": "seen", "whatsapp": "read"}
both = pytest.mark.parametrize("messenger", BOTS)


def told_to_all(folder: Path, story: Story) -> None:
    """As `told`, with a webhook at each bot."""

    async def subscribed(world: Life) -> None:
        await world.subscribe()
        await story(world)

    told(folder, subscribed)


async def reads(world: Life, messenger: str, *, expect: int = 204) -> None:
    path = f"/phones/{messenger}/{quote(JOHN[messenger], safe='')}/read"
    await world.control("POST", path, {"bot": BOTS[messenger]}, expect=expect)
    await world.settled()


async def sent(world: Life, messenger: str, *texts: str) -> list[str]:
    """The messages' names."""
    for text in texts:
        await world.send(messenger, text)
    await world.settled()
    return [entry["external_id"] for entry in await world.journal() if entry["text"] in texts]


def read(world: Life, messenger: str) -> list[str]:
    """The messages that were reported as read, in the order of the reports."""
    return [name for event, name in world.bots.events() if event == WORDS[messenger]]


@both
def test_what_has_arrived_is_read_once_and_in_order(tmp_path: Path, messenger: str) -> None:
    async def story(world: Life) -> None:
        first = await sent(world, messenger, "one", "two")
        await world.send(messenger, "to somebody else", to=JANE[messenger])
        assert read(world, messenger) == []
        await reads(world, messenger)
        assert read(world, messenger) == first
        second = await sent(world, messenger, "three")
        await reads(world, messenger)
        await reads(world, messenger)
        assert read(world, messenger) == first + second
        assert (await world.stats(messenger))["receipts_pending"] == 0

    told_to_all(tmp_path, story)


@both
def test_what_failed_is_never_read(tmp_path: Path, messenger: str) -> None:
    async def story(world: Life) -> None:
        await world.faults({"messenger": messenger, "fault": "not_delivered"})
        await sent(world, messenger, "lost")
        await reads(world, messenger)
        assert read(world, messenger) == []

    told_to_all(tmp_path, story)


@both
def test_a_phone_that_reads_by_itself_needs_nobody(tmp_path: Path, messenger: str) -> None:
    async def story(world: Life) -> None:
        await world.phone(messenger, reads_after=0)
        first = await sent(world, messenger, "by itself")
        assert read(world, messenger) == first
        await reads(world, messenger, expect=409)
        await world.phone(messenger, reads_after=None)
        second = await sent(world, messenger, "by somebody")
        await reads(world, messenger)
        assert read(world, messenger) == first + second

    told_to_all(tmp_path, story)


@both
def test_nobody_reads_on_a_phone_that_is_offline(tmp_path: Path, messenger: str) -> None:
    async def story(world: Life) -> None:
        await world.phone(messenger, online=False)
        await world.send(messenger, "later")
        path = f"/phones/{messenger}/{quote(JOHN[messenger], safe='')}/read"
        await world.control("POST", path, {"bot": BOTS[messenger]}, expect=409)
        await world.phone(messenger, online=True)
        await reads(world, messenger)
        assert len(read(world, messenger)) == 1

    told_to_all(tmp_path, story)
