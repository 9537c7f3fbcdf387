"""Decides whether phones are in memory what they are on disk, also while that is being written."""

import asyncio
from collections.abc import Callable
from typing import Any, cast

import pytest

from vestnik.emulation.phones import USUAL, Phone, Phones
from vestnik.groupcommit import GroupCommit, StoreUnavailable

OFFLINE = Phone(online=False)


class Rows:
    """A file that takes a look around while it writes, and may refuse."""

    def __init__(self) -> None:
        self.meanwhile: Callable[[], None] = lambda: None
        self.refuses = False

    async def write(self, _operation: object, _item: Any) -> list[str]:
        self.meanwhile()
        if self.refuses:
            raise StoreUnavailable("the file cannot be written")
        return []


@pytest.fixture
def rows() -> Rows:
    return Rows()


@pytest.fixture
def phones(rows: Rows) -> Phones:
    return Phones(cast("GroupCommit", rows))


def test_who_wrote_to_a_phone_that_was_offline_finds_it_back_before_that_is_on_disk(rows: Rows, phones: Phones) -> None:
    seen: list[bool] = []
    asyncio.run(phones.put("viber", "John", OFFLINE, 0))
    rows.meanwhile = lambda: seen.append(phones.get("viber", "John").online)
    asyncio.run(phones.put("viber", "John", USUAL, 0))
    assert seen == [True]


@pytest.mark.parametrize("before", [USUAL, OFFLINE])
def test_what_cannot_be_written_changes_nothing(rows: Rows, phones: Phones, before: Phone) -> None:
    if before is not USUAL:
        asyncio.run(phones.put("viber", "John", before, 0))
    rows.refuses = True
    with pytest.raises(StoreUnavailable):
        asyncio.run(phones.put("viber", "John", Phone(blocked=True), 0))
    assert phones.get("viber", "John") == before
    assert phones.registered("viber", "John") is (before is not USUAL)
