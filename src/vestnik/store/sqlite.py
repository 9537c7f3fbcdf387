"""Decides which operation on the SQLite file stands behind each method of the store.

It has never heard of statements; those stand in the .sql files beside the operations.
"""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import TypeVar

from vestnik.domain.account import Account, Key
from vestnik.domain.delivery import AttemptMade, Backlog, Claim, Claimed, Delivery, Due, ReceiptGot, Return, Verdict
from vestnik.domain.errors import VestnikError
from vestnik.domain.lifecycle import Event, State
from vestnik.domain.message import Acceptance, Message, Order
from vestnik.domain.moment import Moment
from vestnik.domain.outcomes import Receipt
from vestnik.domain.requests import Known
from vestnik.groupcommit import GroupCommit
from vestnik.sqlfiles import migrations
from vestnik.store import (
    sqlite_asks,
    sqlite_changes,
    sqlite_copy,
    sqlite_intake,
    sqlite_lanes,
    sqlite_people,
    sqlite_relay,
    sqlite_requests,
    sqlite_retire,
)
from vestnik.store.begun import Reply, UnderWay
from vestnik.store.hunger import Hunger
from vestnik.store.intake import Intake
from vestnik.store.rows import Retirement

R = TypeVar("R")

_CLOCK_OFFSET = "clock_offset"


class SqliteStore:
    """Implements `vestnik.ports.Store` on one SQLite file that one process serves."""

    shared = False

    def __init__(self, rows: GroupCommit, life: int, dedupe_window: Moment | None) -> None:
        self._rows = rows
        self._window = dedupe_window
        self._requests = UnderWay(life)

    @classmethod
    async def open(cls, path: Path | str, *, dedupe_window: Moment | None = None) -> "SqliteStore":
        """Opens or creates the file and brings its schema up to date.

        `dedupe_window` is how long after it was accepted a finished delivery blocks a repetition; None means forever.
        SchemaTooNew if a newer version wrote the file, StoreUnavailable if it cannot be used, such as one whose rows
        were brought to another database.
        """
        rows = await GroupCommit.open(path, migrations(files(__package__) / "migrations"))
        try:
            await rows.read(partial(sqlite_copy.refuse_if_out_of_use, path=path))
        except BaseException:
            await rows.close()
            raise
        return cls(rows, await rows.write(sqlite_people.begin_life, None), dedupe_window)

    # Intake

    async def accept(self, order: Order, now: Moment) -> Acceptance:
        intake = Intake(order, now, self._window_start(now))
        return await self._rows.write(sqlite_intake.accept, intake, weight=len(order.deliveries))

    async def begin_request(self, key: str, fingerprint: str, now: Moment) -> Known:
        ask = partial(self._rows.write, sqlite_requests.begin_requests)
        return await self._requests.begin(key, fingerprint, now, ask)

    async def finish_request(self, key: str, status: int, body: bytes, location: str | None) -> None:
        reply = Reply(key, status, body, location)
        await self._requests.finish(reply, partial(self._rows.write, sqlite_requests.finish_requests))

    # Dispatch

    async def claim(
        self, messenger: str, *, suspects: bool, limit: int, lease_until: Moment, now: Moment, alone: bool = False
    ) -> Claimed:
        hunger = Hunger(messenger, suspects, limit, lease_until, now, alone)
        return await self._rows.write(sqlite_lanes.claim, hunger, weight=max(1, limit))

    async def due(
        self, messenger: str, *, suspects: bool, limit: int, held: Sequence[str], now: Moment, alone: bool = False
    ) -> Due:
        look = sqlite_relay.Look(messenger, suspects, limit, held, now, alone)
        return await self._rows.write(sqlite_relay.due, look, weight=max(1, limit))

    async def claim_these(
        self, messenger: str, ids: Sequence[str], *, lease_until: Moment, now: Moment, alone: bool = False
    ) -> list[Claim]:
        naming = sqlite_relay.Naming(messenger, ids, lease_until, now, alone)
        return await self._rows.write(sqlite_relay.claim_these, naming, weight=max(1, len(ids)))

    async def backlog(self, messengers: Sequence[str]) -> list[Backlog]:
        return await self._rows.read(partial(sqlite_relay.backlog, messengers=messengers))

    async def lead(self, work: Callable[[], Awaitable[None]]) -> None:
        await work()

    async def record(self, verdicts: Sequence[Verdict], now: Moment) -> list[bool]:
        return await self._rows.write(sqlite_lanes.record, (verdicts, now), weight=len(verdicts))

    async def give_back(self, returns: Sequence[Return], now: Moment) -> None:
        await self._rows.write(sqlite_lanes.give_back, (returns, now), weight=len(returns))

    async def orphans(self, limit: int, now: Moment, *, everything: bool = False) -> list[Claim]:
        if await self._rows.read(partial(sqlite_lanes.strays, now=now)):
            await self._rows.write(sqlite_lanes.settle_strays, now)
        lease_until = sqlite_lanes.EVERYTHING if everything else now
        return await self._rows.read(partial(sqlite_lanes.orphans, limit=limit, lease_until=lease_until))

    async def expire(self, limit: int, now: Moment) -> tuple[int, Moment | None]:
        return await self._rows.write(sqlite_lanes.expire, (limit, now), weight=limit)

    async def apply(self, receipts: Sequence[Receipt], now: Moment) -> None:
        await self._rows.write(sqlite_lanes.apply, (receipts, now), weight=len(receipts))

    async def watch(self, on_change: Callable[[], None]) -> None:
        """Returns at once: nobody else makes anything due."""

    async def forget(self, now: Moment) -> None:
        await self._rows.write(sqlite_requests.forget, now)

    async def retire(self, before: Moment, now: Moment) -> int:
        item = Retirement.of(before, self._window_start(now))
        return await self._rows.write(sqlite_retire.retire, item)

    # What people ask

    async def message(self, message_id: str) -> Message | None:
        return await self._rows.read(partial(sqlite_asks.message, message_id=message_id))

    async def messages(
        self, *, status: State | None, sender: str | None, limit: int, before: str | None
    ) -> list[Message]:
        question = partial(sqlite_asks.messages, status=status, sender=sender, limit=limit, before=before)
        return await self._rows.read(question)

    async def deliveries(self, message_id: str, *, state: State | None, limit: int, after: int = -1) -> list[Delivery]:
        question = partial(sqlite_asks.deliveries, message_id=message_id, state=state, limit=limit, after=after)
        return await self._rows.read(question)

    async def delivery(self, delivery_id: str) -> Delivery | None:
        return await self._rows.read(partial(sqlite_asks.delivery, delivery_id=delivery_id))

    async def progress(self, message_id: str) -> dict[str, dict[State, int]]:
        return await self._rows.read(partial(sqlite_asks.progress, message_id=message_id))

    async def history(self, delivery_id: str) -> tuple[list[AttemptMade], list[ReceiptGot]]:
        return await self._rows.read(partial(sqlite_asks.history, delivery_id=delivery_id))

    async def cancel(self, message_id: str, now: Moment) -> Message:
        del now  # Nothing remembers when a message was cancelled.
        return _unless_refused(await self._rows.write(sqlite_changes.cancel, message_id))

    async def reschedule(self, message_id: str, send_at: Moment, now: Moment) -> Message:
        del now
        item = sqlite_changes.Rescheduling(message_id, send_at)
        return _unless_refused(await self._rows.write(sqlite_changes.reschedule, item))

    async def retry(self, delivery_id: str, now: Moment) -> Delivery:
        item = sqlite_changes.Retrying(delivery_id, now, self._window_start(now))
        return _unless_refused(await self._rows.write(sqlite_changes.retry_deliveries, item))

    async def resolve(self, delivery_id: str, event: Event, now: Moment) -> Delivery:
        item = sqlite_changes.Resolving(delivery_id, event, now)
        return _unless_refused(await self._rows.write(sqlite_changes.resolve_deliveries, item))

    # Accounts, keys, clock

    async def put_account(self, account: Account) -> bool:
        return await self._rows.write(sqlite_people.put_accounts, account)

    async def accounts(self, ids: Sequence[str]) -> dict[str, Account]:
        found = await self._rows.read(partial(sqlite_people.accounts, ids=list(ids)))
        return {account.id: account for account in found}

    async def list_accounts(self, *, limit: int, after: str | None) -> list[Account]:
        return await self._rows.read(partial(sqlite_people.list_accounts, limit=limit, after=after))

    async def delete_account(self, account_id: str) -> bool:
        return await self._rows.write(sqlite_people.delete_accounts, account_id)

    async def add_key(self, key: Key) -> None:
        _unless_refused(await self._rows.write(sqlite_people.add_keys, key))

    async def keys(self) -> list[Key]:
        return await self._rows.read(sqlite_people.keys)

    async def revoke_key(self, name: str, now: Moment) -> bool:
        return await self._rows.write(sqlite_people.revoke_keys, (name, now))

    async def clock_offset(self) -> Moment:
        return await self._rows.read(partial(sqlite_people.setting, name=_CLOCK_OFFSET)) or 0

    async def keep_clock_offset(self, offset: Moment) -> None:
        await self._rows.write(sqlite_people.set_settings, (_CLOCK_OFFSET, offset))

    async def close(self) -> None:
        """Finishes what is queued and closes the file."""
        await self._rows.close()

    def _window_start(self, now: Moment) -> Moment | None:
        return None if self._window is None else now - self._window


def _unless_refused(answer: R | VestnikError) -> R:
    if isinstance(answer, VestnikError):
        raise answer
    return answer
