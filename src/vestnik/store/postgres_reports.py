"""Decides how records of attempts and reports of messengers find each other, also when they come at the same time.

It has never heard of what either does to a delivery. Each of them is stored before it looks for the other: whichever
commits last sees what the other has left, so no report waits for a record that has already been.
"""

from collections.abc import Sequence
from functools import partial
from importlib.resources import files
from typing import Any, Final, TypeAlias, TypeVar

from vestnik.domain.delivery import Return, Verdict
from vestnik.domain.lifecycle import State
from vestnik.domain.moment import Moment
from vestnik.domain.outcomes import Receipt
from vestnik.sqlfiles import queries
from vestnik.store.page import Page
from vestnik.store.postgres_line import Connection, Line, clean
from vestnik.store.postgres_page import (
    keys_about,
    lay_out_for,
    lay_out_neighbours,
    lock_rows,
    read_early,
    read_rows,
    turn,
)
from vestnik.store.rows import EARLY_KEPT_FOR, delivery_key

_SQL: Final = queries(files(__package__) / "postgres_reports.sql")
_STRAYS: Final = 1_000
"""Deliveries that are settled at once."""

T = TypeVar("T", Verdict, Receipt)
Answer: TypeAlias = tuple[str, int, str | None, bool]
"""A delivery's key, the external id that the answer brings, and whether it leaves doubt."""


class Reports:
    """What is recorded, given back and reported, a batch of each at a time."""

    def __init__(self, line: Line) -> None:
        self._line = line

    async def record(self, items: Sequence[tuple[Sequence[Verdict], Moment]]) -> list[list[bool]]:
        """Whether each verdict of each batch was applied; kept reports follow."""
        items = [([_cleaned(verdict, "external_id") for verdict in verdicts], now) for verdicts, now in items]
        answers: list[Answer] = [
            (*key, verdict.external_id, verdict.doubt)
            for verdicts, _ in items
            for verdict in verdicts
            if (key := delivery_key(verdict.delivery_id)) is not None
        ]

        async def work(connection: Connection) -> tuple[list[list[bool]], set[int]]:
            page = await _page(connection, answers)
            recorded = [[page.record(verdict, now) for verdict in verdicts] for verdicts, now in items]
            return recorded, await _turn_with_early(connection, page, answers, items[-1][1])

        recorded, seen = await self._line.write(work)
        await self._look_for_reports(answers, seen, items[-1][1])
        return recorded

    async def give_back(self, items: Sequence[tuple[Sequence[Return], Moment]]) -> list[None]:
        """Attempts that were not made do not count; reports kept in the meantime follow."""
        answers: list[Answer] = [
            (*key, None, False)
            for returns, _ in items
            for each in returns
            if (key := delivery_key(each.delivery_id)) is not None
        ]

        async def work(connection: Connection) -> set[int]:
            page = await _page(connection, answers)
            for returns, _ in items:
                for each in returns:
                    page.give_back(each)
            return await _turn_with_early(connection, page, answers, items[-1][1])

        seen = await self._line.write(work)
        await self._look_for_reports(answers, seen, items[-1][1])
        return [None] * len(items)

    async def apply(self, items: Sequence[tuple[Sequence[Receipt], Moment]]) -> list[None]:
        """Reports find their deliveries or are kept."""
        words = "external_id", "reference", "recipient"
        receipts = [_cleaned(receipt, *words) for batch, _ in items for receipt in batch]
        now = items[-1][1]

        async def work(connection: Connection) -> list[Receipt]:
            page = Page()
            await lay_out_for(connection, page, receipts)
            page.apply(receipts)
            await turn(connection, page, now)
            return [receipt for receipt in page.unmatched if not _has_a_record(page, receipt)]

        if unmatched := await self._line.write(work):
            await self._look_for_records(unmatched, now)
        return [None] * len(items)

    async def settle_strays(self, now: Moment) -> None:
        """Settles kept reports whose records are stored and that were not looked for, as when a process died there."""

        async def look(connection: Connection) -> list[Answer]:
            return [tuple(found) for found in await connection.fetch(_SQL["strays"], _STRAYS, now - EARLY_KEPT_FOR)]

        if answers := await self._line.read(look):
            await self._settle(answers, now)

    async def _look_for_reports(self, answers: Sequence[Answer], seen: set[int], now: Moment) -> None:
        """Settles reports that were kept while the answers were being stored."""
        early = await self._line.read(partial(read_early, answers=answers))
        if any(each.number not in seen for each in early):
            await self._settle(answers, now)

    async def _look_for_records(self, unmatched: Sequence[Receipt], now: Moment) -> None:
        """Settles reports whose records were stored while they were being kept."""

        async def look(connection: Connection) -> list[Answer]:
            page = Page()
            page.lay_out(await read_rows(connection, await keys_about(connection, unmatched)))
            await lay_out_neighbours(connection, page)
            found = [page.find(receipt) for receipt in unmatched if _has_a_record(page, receipt)]
            return [(*row.key, None, row.doubt) for row in found if row is not None]

        if answers := await self._line.read(look):
            await self._settle(answers, now)

    async def _settle(self, answers: Sequence[Answer], now: Moment) -> None:
        async def work(connection: Connection) -> None:
            page = await _page(connection, answers)
            await _turn_with_early(connection, page, answers, now)

        await self._line.write(work)


def _has_a_record(page: Page, receipt: Receipt) -> bool:
    row = page.find(receipt)
    return row is not None and row.state is not State.SENDING


async def _page(connection: Connection, answers: Sequence[Answer]) -> Page:
    page = Page()
    page.lay_out(await lock_rows(connection, [(message_id, ordinal) for message_id, ordinal, _, _ in answers]))
    return page


async def _turn_with_early(connection: Connection, page: Page, answers: Sequence[Answer], now: Moment) -> set[int]:
    """Writes the page with what kept reports do to it; the numbers of all that were there to be found."""
    early = await read_early(connection, answers)
    awaited = page.awaited(early)
    await lay_out_for(connection, page, [each.receipt() for each in awaited])
    page.report_early(awaited)
    page.give_up_late(now)
    await turn(connection, page, now)
    if page.served:  # A report may have told more of its delivery, and others are known by that from now on.
        early += await read_early(connection, answers)
    return {each.number for each in early}


def _cleaned(told: T, *words: str) -> T:
    """What a stranger has told, in words that the database can hold."""
    unfit: dict[str, Any] = {
        word: cleaned for word in ("code", "detail", *words) if (cleaned := clean(said := getattr(told, word))) != said
    }
    return told._replace(**unfit) if unfit else told
