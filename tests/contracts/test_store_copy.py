"""A whole database is copied from one kind to another: nothing is missing, and never are both of them in use."""

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final, cast

import pytest
from hypothesis.stateful import rule

from tests import postgres
from tests.contracts.stores import PostgresData, SqliteData, failed, order, report, taken
from tests.contracts.test_store_agreement import Deliveries, Papers
from tests.contracts.two_stores import lives
from vestnik.domain.account import Account, Key
from vestnik.domain.errors import Conflict, StoreUnavailable
from vestnik.domain.outcomes import Receipt, ReceiptKind
from vestnik.ports import Store
from vestnik.store import postgres_copy, sqlite_copy
from vestnik.store.copying import End, begin, bring_over, finish
from vestnik.store.memory import MemoryStore
from vestnik.store.postgres import PostgresStore
from vestnik.store.postgres_copy import PostgresEnd
from vestnik.store.sqlite import SqliteStore
from vestnik.store.sqlite_copy import SqliteEnd
from vestnik.store.tables import TABLES, Row, Table

IDENTITY: Final = 77
_APART: Final[dict[str, list[Row]]] = {"early_receipts": []}
"""What arrives a little changed, because PostgreSQL cannot hold all of it."""


async def file_end(path: Path, *, alone: bool = True, create: bool = False) -> End:
    return await SqliteEnd.open(path, alone=alone, create=create)


async def server_end() -> End:
    return await PostgresEnd.open(postgres.url(), alone=True)


@asynccontextmanager
async def opened(*ends: Awaitable[End]) -> AsyncGenerator[list[End]]:
    """Closes them whatever happens."""
    async with AsyncExitStack() as stack:
        found = []
        for end in ends:
            found.append(await end)
            stack.push_async_callback(found[-1].close)
        yield found


async def move(source: Awaitable[End], target: Awaitable[End], fuse: "Fuse | None" = None) -> int:
    """The whole of it; how many rows were changed."""
    async with opened(source, target) as ends:
        first, second = ends if fuse is None else [cast("End", Breaking(end, fuse)) for end in ends]
        if not await begin(first, second, IDENTITY):
            return 0
        changed = await bring_over(first, second, lambda _: None)
        await finish(first, second, 1)
    return changed


async def move_ahead(path: Path) -> None:
    """What there is by now, while somebody works with the file."""
    async with opened(file_end(path, alone=False), server_end()) as (source, target):
        assert await begin(source, target, IDENTITY)
        await bring_over(source, target, lambda _: None)


async def rows(whose: Awaitable[End]) -> dict[str, list[Row]]:
    """Every row of every table but the marks."""
    async with opened(whose) as (end,):
        return {
            table.name: [row for row in await end.read(table, None, 100_000) if not str(row[0]).startswith("copy_")]
            for table in TABLES
        }


async def filled(path: Path) -> SqliteStore:
    """A store with rows of each kind, and a word that PostgreSQL cannot hold."""
    store = await SqliteStore.open(path)
    for number in range(30):
        await store.accept(order(number, "ann", "bob", messengers=("telegram", "viber")), number)
    await store.accept(order(40, send_at=1_000, request_key="asked"), 1)
    await store.put_account(Account("ann", "Ann", {"telegram": "1", "viber": "2"}))
    await store.add_key(Key("ops", "digest", ("acme", "shop"), 5))
    await store.begin_request("asked", "print", 1)
    await store.finish_request("asked", 202, b"\x00\xff{}", "/api/messages/M0040")
    await store.begin_request("open", "print", 1)
    (claim, *_) = (await store.claim("viber", suspects=False, limit=3, lease_until=99, now=50)).claims
    await store.record([taken(claim, "x9")], 51)
    await store.apply([report(ReceiptKind.DELIVERED, "x9", 52, "viber")], 52)
    await store.apply([Receipt("viber", ReceiptKind.FAILED, "x1", 3, None, "ann", "12", "no way")], 3)
    await store.keep_clock_offset(-5)
    file = sqlite3.connect(path, isolation_level=None)
    file.execute("UPDATE early_receipts SET detail = 'no ' || char(0) || ' way'")
    file.close()
    return store


async def can_serve(path: Path | None) -> bool:
    """Whether a service could work with the file, or with the database on the server, and would find messages."""
    try:
        store: Store = await (PostgresStore.open(postgres.url()) if path is None else SqliteStore.open(path))
    except StoreUnavailable:
        return False
    found = await store.messages(status=None, sender=None, limit=1, before=None)
    await store.close()
    return bool(found)


def scenario(work: Callable[[Path], Awaitable[None]]) -> Callable[..., None]:
    """A test with a folder and an empty database on the server."""

    def test(tmp_path: Path) -> None:
        postgres.wipe()

        async def run() -> None:
            await work(tmp_path / "vestnik.db")

        asyncio.run(run())

    test.__name__ = test.__qualname__ = work.__name__
    return test


@scenario
async def test_every_row_arrives_and_the_way_back_gives_the_same_rows(path: Path) -> None:
    await (await filled(path)).close()
    before = await rows(file_end(path))
    assert all(before.values()), "a table has no row to be copied"
    assert await move(file_end(path), server_end()) > 190
    arrived = await rows(server_end())
    assert {**arrived, **_APART} == {**before, **_APART}
    assert arrived["early_receipts"][0][-1] == "no \ufffd way"
    home = path.with_name("home.db")
    await move(server_end(), file_end(home, create=True))
    assert await rows(file_end(home)) == arrived


@scenario
async def test_a_copy_that_was_cut_short_anywhere_goes_on_and_never_are_both_databases_in_use(path: Path) -> None:
    await (await filled(path)).close()
    cuts = 0
    while True:
        try:
            await move(file_end(path), server_end(), Fuse(1))
        except StoreUnavailable:
            cuts += 1
            assert await can_serve(path) + await can_serve(None) <= 1
        else:
            break
    assert cuts > len(TABLES) // 2, "each run made two changes"
    apart = {**_APART, "settings": []}  # Those who looked whether they could serve were counted.
    assert {**await rows(server_end()), **apart} == {**await rows(file_end(path)), **apart}
    assert not await can_serve(path)
    assert await can_serve(None)
    assert await move(file_end(path), server_end()) == 0, "to ask once more changes nothing"


class Fuse:
    def __init__(self, left: int) -> None:
        self._left = left

    def burn(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise StoreUnavailable("killed")


class Breaking:
    """An end that breaks after so many changes of both, as whoever copies may be killed after any of them."""

    def __init__(self, end: End, fuse: Fuse) -> None:
        self._end = end
        self._fuse = fuse

    def __getattr__(self, name: str) -> Any:
        return getattr(self._end, name)

    async def replace(self, table: Table, rows: Sequence[Row], gone: Sequence[Any]) -> None:
        await self._end.replace(table, rows, gone)
        self._fuse.burn()

    async def mark(self, changes: Any) -> None:
        await self._end.mark(changes)
        self._fuse.burn()


@scenario
async def test_a_file_that_a_service_works_with_is_copied_ahead_only_and_the_rest_follows(path: Path) -> None:
    store = await filled(path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite_copy, "PATIENCE", 0.1)
        with pytest.raises(StoreUnavailable, match="is in use: stop the service"):
            await file_end(path)
    await move_ahead(path)
    claims = (await store.claim("telegram", suspects=False, limit=9, lease_until=99, now=60)).claims
    await store.accept(order(50, "eve"), 60)
    await store.cancel("M0029", 60)
    await store.delete_account("ann")
    await store.close()
    changed = await move(file_end(path), server_end())
    assert 0 < changed < len(claims) * 2 + 20, "what has not changed is left alone"
    assert {**await rows(server_end()), **_APART} == {**await rows(file_end(path)), **_APART}


@scenario
async def test_who_holds_a_unique_place_may_have_changed_between_two_runs(path: Path) -> None:
    store = await SqliteStore.open(path)
    await store.accept(order(1, content_key="same"), 1)
    (claim,) = (await store.claim("telegram", suspects=False, limit=1, lease_until=99, now=1)).claims
    await store.record([failed(claim)], 1)
    await store.accept(order(2, content_key="same"), 2)
    await store.add_key(Key("ops", "first", (), 1))
    await store.apply([report(ReceiptKind.READ, "x1", 3), report(ReceiptKind.READ, "x2", 3)], 3)
    await move_ahead(path)
    await store.cancel("M0002", 3)
    await store.retry("M0001-0", 4)
    await store.revoke_key("ops", 3)
    await store.add_key(Key("ops", "second", (), 4))
    await store.forget(2 * 24 * 3_600 * 1_000_000)
    await store.apply([report(ReceiptKind.READ, "x2", 3)], 3)
    await store.close()
    before = await rows(file_end(path))
    assert [row[:5] for row in before["early_receipts"]] == [(1, 3, "telegram", "read", "x2")]
    assert await move(file_end(path), server_end()) > 0
    assert await rows(server_end()) == before


@scenario
async def test_only_an_empty_database_that_nobody_works_with_becomes_a_copy(path: Path) -> None:
    await (await filled(path)).close()
    serving = await PostgresStore.open(postgres.url())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(postgres_copy, "PAUSES", (0.1,))
        with pytest.raises(StoreUnavailable, match=r"is in use: stop what works with it \(1 found\)"):
            await server_end()
        await serving.put_account(Account("eve", "Eve", {}))
        await serving.close()
        with pytest.raises(Conflict, match="is not empty"):
            await move(file_end(path), server_end())
        await asyncio.to_thread(postgres.wipe)
        async with opened(server_end()):
            with pytest.raises(StoreUnavailable, match="is being copied by another process"):
                await server_end()
            with pytest.raises(StoreUnavailable, match="is being copied at this moment"):
                await PostgresStore.open(postgres.url())
    assert await move(file_end(path), server_end()) > 0
    with pytest.raises(Conflict, match="was copied to another database before"):
        await move(file_end(path), file_end(path.with_name("other.db"), create=True))


@scenario
async def test_what_is_half_copied_takes_nothing_from_another_database(path: Path) -> None:
    other = path.with_name("other.db")
    for each in (path, other):
        await (await filled(each)).close()
    with pytest.raises(StoreUnavailable, match="killed"):
        await move(file_end(path), server_end(), Fuse(4))
    with pytest.raises(Conflict, match="holds a part of another database"):
        await move(file_end(other), server_end())
    with pytest.raises(Conflict, match="is a copy that is not finished itself"):
        await move(server_end(), file_end(path.with_name("third.db"), create=True))


@scenario
async def test_a_copy_that_is_not_sound_leaves_the_source_in_use(path: Path) -> None:
    await (await filled(path)).close()
    file = sqlite3.connect(path, isolation_level=None)
    file.execute("UPDATE tallies SET waiting = 99 WHERE message_id = 'M0001'")
    file.close()
    with pytest.raises(Conflict, match="counters differ from their rows: 1, for instance M0001"):
        await move(file_end(path), server_end())
    assert await can_serve(path)
    assert not await can_serve(None)


class MovingDeliveries(Deliveries):
    """Whatever was done, it is brought to the server and back again, and nobody who asks notices."""

    kind = "sqlite"

    def __init__(self) -> None:
        super().__init__()
        self.homes = 0

    @rule()
    def move_away(self) -> None:
        memory, other = self.stores
        assert isinstance(memory, MemoryStore)
        self.runner.run(other.close())
        folder = Path(self.folder.name) / f"{self.homes}"
        self.homes += 1
        if isinstance(self.data, SqliteData):
            here, self.data = file_end(self.data._path), PostgresData(folder)
            there = server_end()
        else:
            folder.mkdir()
            self.data = SqliteData(folder)
            here, there = server_end(), file_end(self.data._path, create=True)
        self.runner.run(move(here, there))
        self.stores = [MemoryStore(self.window, memory.remains), self._open_other()]


class MovingPapers(MovingDeliveries, Papers):
    """The same of everything else that is kept."""


TestMoving = pytest.mark.timeout(900)(MovingPapers.TestCase)
TestMoving.settings = lives(4)
