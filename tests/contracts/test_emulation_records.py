"""What messengers keep beside the journal: documents by kind and key, and files within a bound."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from vestnik.emulation.blobs import Blobs
from vestnik.emulation.journal import MESSAGE, Draft, Item, Journal
from vestnik.emulation.records import Change, Records, ordered


@asynccontextmanager
async def opened(folder: Path) -> AsyncGenerator[Journal]:
    journal = await Journal.open(folder / "emulator.db")
    try:
        yield journal
    finally:
        await journal.close()


def test_a_document_outlives_the_process_and_belongs_to_one_messenger(tmp_path: Path) -> None:
    async def story() -> None:
        async with opened(tmp_path) as journal:
            await Records(journal.rows, "a").put("chat", "1", {"title": "Grüße", "ids": [2**60]})
        async with opened(tmp_path) as journal:
            assert await Records(journal.rows, "a").get("chat", "1") == {"title": "Grüße", "ids": [2**60]}
            assert await Records(journal.rows, "b").get("chat", "1") is None
            assert await Records(journal.rows, "a").get("user", "1") is None

    asyncio.run(story())


def test_of_several_changes_of_one_document_the_last_counts(tmp_path: Path) -> None:
    async def story() -> None:
        async with opened(tmp_path) as journal:
            records = Records(journal.rows, "a")
            await records.change([Change("x", "1", 1), Change("x", "2", 1), Change("x", "1", None)])
            assert await records.all("x") == [("2", 1)]
            await records.change([Change("x", "2", None), Change("x", "2", [2])])
            assert await records.all("x") == [("2", [2])]
            await asyncio.gather(*(records.put("y", "1", number) for number in range(50)))
            assert await records.get("y", "1") == 49

    asyncio.run(story())


def test_documents_are_read_by_ranges_of_their_keys(tmp_path: Path) -> None:
    async def story() -> None:
        async with opened(tmp_path) as journal:
            records = Records(journal.rows, "a")
            await records.change([Change("n", f"b/{ordered(n)}", n) for n in (2, 10, 9, 100)])
            await records.put("n", "c/1", "other")
            values = [value for _, value in await records.under("n", "b/")]
            assert values == [2, 9, 10, 100]
            newest = await records.listed("n", after="b/", before=f"b/{ordered(100)}", limit=2, newest=True)
            assert [value for _, value in newest] == [10, 9]
            assert await records.some("n", ["c/1", "c/2", "c/1"]) == {"c/1": "other"}
            await records.drop("n", ["c/1", "c/2"])
            assert await records.some("n", ["c/1"]) == {}

    asyncio.run(story())


def test_many_documents_are_read_in_pages_and_come_whole(tmp_path: Path) -> None:
    async def story() -> None:
        async with opened(tmp_path) as journal:
            records = Records(journal.rows, "a")
            await records.change([Change("n", ordered(n), n) for n in range(2_500)])
            assert [value for _, value in await records.all("n")] == list(range(2_500))

    asyncio.run(story())


def test_a_reset_leaves_lasting_documents(tmp_path: Path) -> None:
    async def story() -> None:
        async with opened(tmp_path) as journal:
            records, blobs = Records(journal.rows, "a"), Blobs(journal.rows, "a")
            await records.change([Change("x", "1", 1), Change("x", "2", 2, lasting=True)])
            await blobs.put("f", b"bytes")
            await journal.empty()
            assert await records.all("x") == [("2", 2)]
            assert await blobs.get("f") is None

    asyncio.run(story())


def test_what_is_kept_of_a_message_is_written_with_its_entry_and_not_again_with_a_repetition(tmp_path: Path) -> None:
    async def story() -> None:
        async with opened(tmp_path) as journal:

            def item(kept: object) -> Item:
                more = [Change("shown", "1", kept)]
                draft = Draft("bot", "1", "text", "{}", key="k", prefix="1:", kept=kept, more=more)
                return Item("a", draft, inbound=False, honoured=True, failed=None, at=1, reports=())

            first, second = [await journal.take(item(kept)) for kept in ({"n": 1}, {"n": 2})]
            assert (first.replayed, second.replayed) == (False, True)
            assert await Records(journal.rows, "a").get(MESSAGE, "1:1") == {"n": 1}
            assert await Records(journal.rows, "a").get("shown", "1") == {"n": 1}
            entry = await journal.entry(1)
            assert entry is not None
            assert entry.external_id == "1:1"
            assert await journal.entry(2) is None

    asyncio.run(story())


def test_the_oldest_files_go_where_there_is_no_room_for_all(tmp_path: Path) -> None:
    async def story() -> None:
        async with opened(tmp_path) as journal:
            blobs, others = Blobs(journal.rows, "a", most=10), Blobs(journal.rows, "b")
            await others.put("1", b"x" * 100)
            for key in "123":
                await blobs.put(key, key.encode() * 5)
            assert [await blobs.get(key) for key in "123"] == [None, b"22222", b"33333"]
            await blobs.put("big", b"y" * 11)
            assert [await blobs.get(key) for key in ("2", "3", "big")] == [None, None, b"y" * 11]
            await blobs.put("big", b"other")
            assert await blobs.get("big") == b"y" * 11
            await blobs.drop("big")
            assert await blobs.get("big") is None
            assert await others.get("1") == b"x" * 100

    asyncio.run(story())
