"""Decides which operation on the PostgreSQL database stands behind each method of the store.

It has never heard of statements; those stand in the .sql files beside the operations.
"""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Final

from vestnik.domain.account import Account, Key
from vestnik.domain.delivery import AttemptMade, Backlog, Claim, Claimed, Delivery, Due, ReceiptGot, Return, Verdict
from vestnik.domain.lifecycle import Event, State
from vestnik.domain.message import Acceptance, Message, Order
from vestnik.domain.moment import LATEST, Moment
from vestnik.domain.outcomes import Receipt
from vestnik.domain.requests import Known
from vestnik.store import (
    postgres_asks,
    postgres_changes,
    postgres_intake,
    postgres_lanes,
    postgres_lead,
    postgres_people,
    postgres_relay,
    postgres_requests,
    postgres_retire,
)
from vestnik.store.begun import Beginning, Reply, UnderWay
from vestnik.store.gather import Gather
from vestnik.store.hunger import Hunger
from vestnik.store.intake import Intake
from vestnik.store.postgres_copy import refuse_if_out_of_use
from vestnik.store.postgres_line import Line
from vestnik.store.postgres_presence import Presence
from vestnik.store.postgres_reports import Reports
from vestnik.store.postgres_schema import bring_up_to_date
from vestnik.store.rows import Retirement

_CLOCK_OFFSET: Final = "clock_offset"
CONNECTIONS: Final = 8
"""The most connections of one process, beside the standing one."""


class PostgresStore:
    """Implements `vestnik.ports.Store` on one PostgreSQL database that any number of processes share."""

    shared = True

    def __init__(self, url: str, line: Line, life: int, dedupe_window: Moment | None) -> None:
        self._url = url
        self._line = line
        self._life = life
        self._window = dedupe_window
        self._requests = UnderWay(life)
        self._gather = Gather()
        self._reports = Reports(line)
        self._presence = Presence(url, line, life)

    @classmethod
    async def open(cls, url: str, *, dedupe_window: Moment | None = None) -> "PostgresStore":
        """Opens the database and brings its schema up to date.

        `dedupe_window` is how long after it was accepted a finished delivery blocks a repetition; None means forever.
        ValueError for an address that is none, SchemaTooNew if a newer version has written the database,
        StoreUnavailable if it cannot be used.
        """
        await bring_up_to_date(url)
        line = await Line.open(url, CONNECTIONS)
        usable = partial(refuse_if_out_of_use, url=url)
        try:
            await line.read(usable)
            self = cls(url, line, await line.write(postgres_people.begin_life), dedupe_window)
        except BaseException:
            await line.close()
            raise
        try:
            await self._presence.ready()
            await line.read(usable)  # Whoever begins to copy from now on finds this process.
        except BaseException:
            await self.close()
            raise
        return self

    # Intake

    async def accept(self, order: Order, now: Moment) -> Acceptance:
        intake = Intake(order, now, self._window_start(now))
        acceptance = await self._gather.do(self._accept, intake, weight=len(order.deliveries))
        self._presence.ring()
        return acceptance

    async def _accept(self, intakes: Sequence[Intake]) -> list[Acceptance]:
        return await self._line.write(partial(postgres_intake.accept, intakes=intakes))

    async def begin_request(self, key: str, fingerprint: str, now: Moment) -> Known:
        return await self._requests.begin(key, fingerprint, now, partial(self._gather.do, self._begin_requests))

    async def _begin_requests(self, items: Sequence[Beginning]) -> list[Known]:
        return await self._line.write(partial(postgres_requests.begin_requests, items=items))

    async def finish_request(self, key: str, status: int, body: bytes, location: str | None) -> None:
        reply = Reply(key, status, body, location)
        await self._requests.finish(reply, partial(self._gather.do, self._finish_requests))

    async def _finish_requests(self, replies: Sequence[Reply]) -> list[None]:
        return await self._line.write(partial(postgres_requests.finish_requests, replies=replies))

    # Dispatch

    async def claim(
        self, messenger: str, *, suspects: bool, limit: int, lease_until: Moment, now: Moment, alone: bool = False
    ) -> Claimed:
        hunger = Hunger(messenger, suspects, limit, lease_until, now, alone)
        return await self._gather.do(self._claim, hunger, weight=max(1, limit))

    async def _claim(self, hungers: Sequence[Hunger]) -> list[Claimed]:
        return await self._line.write(partial(postgres_lanes.claim, hungers=hungers))

    async def due(
        self, messenger: str, *, suspects: bool, limit: int, held: Sequence[str], now: Moment, alone: bool = False
    ) -> Due:
        look = postgres_relay.Look(messenger, suspects, limit, held, now, alone)
        return await self._line.write(partial(postgres_relay.due, look=look))

    async def claim_these(
        self, messenger: str, ids: Sequence[str], *, lease_until: Moment, now: Moment, alone: bool = False
    ) -> list[Claim]:
        naming = postgres_relay.Naming(messenger, ids, lease_until, now, alone)
        return await self._line.write(partial(postgres_relay.claim_these, naming=naming))

    async def backlog(self, messengers: Sequence[str]) -> list[Backlog]:
        return await self._line.read(partial(postgres_relay.backlog, messengers=messengers))

    async def lead(self, work: Callable[[], Awaitable[None]]) -> None:
        await postgres_lead.lead(self._url, work)

    async def record(self, verdicts: Sequence[Verdict], now: Moment) -> list[bool]:
        return await self._gather.do(self._reports.record, (verdicts, now), weight=len(verdicts))

    async def give_back(self, returns: Sequence[Return], now: Moment) -> None:
        await self._gather.do(self._reports.give_back, (returns, now), weight=len(returns))
        self._presence.ring()

    async def orphans(self, limit: int, now: Moment, *, everything: bool = False) -> list[Claim]:
        await self._reports.settle_strays(now)
        lease_until = LATEST if everything else now
        return await self._line.read(partial(postgres_lanes.orphans, limit=limit, lease_until=lease_until))

    async def expire(self, limit: int, now: Moment) -> tuple[int, Moment | None]:
        return await self._gather.do(self._expire, (limit, now), weight=limit)

    async def _expire(self, items: Sequence[tuple[int, Moment]]) -> list[tuple[int, Moment | None]]:
        return await self._line.write(partial(postgres_lanes.expire, items=items))

    async def apply(self, receipts: Sequence[Receipt], now: Moment) -> None:
        await self._gather.do(self._reports.apply, (receipts, now), weight=len(receipts))

    async def forget(self, now: Moment) -> None:
        await self._line.write(partial(postgres_requests.forget, now=now))

    async def retire(self, before: Moment, now: Moment) -> int:
        item = Retirement.of(before, self._window_start(now))
        return await self._line.write(partial(postgres_retire.retire, item=item))

    async def watch(self, on_change: Callable[[], None]) -> None:
        """Calls back when another process has made something due, and now and then in case the news was lost."""
        await self._presence.watch(on_change)

    # What people ask

    async def message(self, message_id: str) -> Message | None:
        return await self._line.read(partial(postgres_asks.message, message_id=message_id))

    async def messages(
        self, *, status: State | None, sender: str | None, limit: int, before: str | None
    ) -> list[Message]:
        question = partial(postgres_asks.messages, status=status, sender=sender, limit=limit, before=before)
        return await self._line.read(question)

    async def deliveries(self, message_id: str, *, state: State | None, limit: int, after: int = -1) -> list[Delivery]:
        question = partial(postgres_asks.deliveries, message_id=message_id, state=state, limit=limit, after=after)
        return await self._line.read(question)

    async def delivery(self, delivery_id: str) -> Delivery | None:
        return await self._line.read(partial(postgres_asks.delivery, delivery_id=delivery_id))

    async def progress(self, message_id: str) -> dict[str, dict[State, int]]:
        return await self._line.read(partial(postgres_asks.progress, message_id=message_id))

    async def history(self, delivery_id: str) -> tuple[list[AttemptMade], list[ReceiptGot]]:
        return await self._line.read(partial(postgres_asks.history, delivery_id=delivery_id))

    async def cancel(self, message_id: str, now: Moment) -> Message:
        del now  # Nothing remembers when a message was cancelled.
        return await self._line.write(partial(postgres_changes.cancel, message_id=message_id))

    async def reschedule(self, message_id: str, send_at: Moment, now: Moment) -> Message:
        del now
        moved = await self._line.write(partial(postgres_changes.reschedule, message_id=message_id, send_at=send_at))
        self._presence.ring()
        return moved

    async def retry(self, delivery_id: str, now: Moment) -> Delivery:
        start = self._window_start(now)
        work = partial(postgres_changes.retry, delivery_id=delivery_id, now=now, window_start=start)
        retried = await self._line.write(work)
        self._presence.ring()
        return retried

    async def resolve(self, delivery_id: str, event: Event, now: Moment) -> Delivery:
        return await self._line.write(partial(postgres_changes.resolve, delivery_id=delivery_id, event=event, now=now))

    # Accounts, keys, clock

    async def put_account(self, account: Account) -> bool:
        return await self._line.write(partial(postgres_people.put_account, account=account))

    async def accounts(self, ids: Sequence[str]) -> dict[str, Account]:
        return await self._line.read(partial(postgres_people.accounts, ids=list(ids)))

    async def list_accounts(self, *, limit: int, after: str | None) -> list[Account]:
        return await self._line.read(partial(postgres_people.list_accounts, limit=limit, after=after))

    async def delete_account(self, account_id: str) -> bool:
        return await self._line.write(partial(postgres_people.delete_account, account_id=account_id))

    async def add_key(self, key: Key) -> None:
        await self._line.write(partial(postgres_people.add_key, key=key))

    async def keys(self) -> list[Key]:
        return await self._line.read(postgres_people.keys)

    async def revoke_key(self, name: str, now: Moment) -> bool:
        return await self._line.write(partial(postgres_people.revoke_key, name=name, now=now))

    async def clock_offset(self) -> Moment:
        return await self._line.read(partial(postgres_people.setting, name=_CLOCK_OFFSET)) or 0

    async def keep_clock_offset(self, offset: Moment) -> None:
        await self._line.write(partial(postgres_people.set_setting, name=_CLOCK_OFFSET, value=offset))

    async def close(self) -> None:
        """Finishes what waits and ends the connections."""
        await self._gather.close()
        await self._presence.close()
        await self._line.close()

    def _window_start(self, now: Moment) -> Moment | None:
        return None if self._window is None else now - self._window
