"""How large the SQLite file becomes at a steady load, with and without a retention: measured in pages."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from tests.contracts.stores import claim, order, report, taken
from vestnik.domain.outcomes import ReceiptKind
from vestnik.store.sqlite import SqliteStore

ROUNDS = 12
MESSAGES = 10
"""In each round."""
PEOPLE = 50
TEXT = "x" * 2_000
KEPT_ROUNDS = 2
SPAN = 100
"""The time that a round takes."""


async def live(path: Path, *, retention: bool, window: int | None) -> list[int]:
    """The bytes of the file's pages after each round."""
    store = await SqliteStore.open(path, dedupe_window=window)
    sizes = []
    for round_ in range(1, ROUNDS + 1):
        now = round_ * SPAN
        for number in range(MESSAGES):
            people = [f"person {each}" for each in range(PEOPLE)]
            await store.accept(order(round_ * MESSAGES + number, *people, text=TEXT), now)
        while claims := await claim(store, now):
            await store.record([taken(each) for each in claims], now)
            reports = [report(kind, f"x{each.delivery_id}", now) for each in claims for kind in ReceiptKind]
            await store.apply(reports, now)
        while retention and await store.retire(now - KEPT_ROUNDS * SPAN, now):
            pass
        sizes.append(size(path))
    await store.close()
    return sizes


def size(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        pages, bytes_each = (connection.execute(f"PRAGMA {what}").fetchone()[0] for what in ("page_count", "page_size"))
    return int(pages * bytes_each)


def test_the_file_does_not_grow_where_retention_and_window_are_set(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    sizes = asyncio.run(live(tmp_path / "vestnik.db", retention=True, window=KEPT_ROUNDS * SPAN))
    record_property("told", f"{sizes[3] // 1024} KiB after round 4, {sizes[-1] // 1024} KiB after round {ROUNDS}")
    assert max(sizes[4:]) <= sizes[3] * 1.05


def test_with_retention_alone_only_outlines_are_added(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    kept = asyncio.run(live(tmp_path / "kept.db", retention=False, window=None))
    lean = asyncio.run(live(tmp_path / "lean.db", retention=True, window=None))
    deliveries = (ROUNDS - 4) * MESSAGES * PEOPLE
    before, after = ((sizes[-1] - sizes[3]) / deliveries for sizes in (kept, lean))
    record_property("told", f"{before:.0f} bytes for each delivery without retention, {after:.0f} with it")
    assert after < before * 2 / 3
