"""Decides how the store behaves, in the plainest way: everything in dictionaries, for tests and simulation.

It has never heard of threads, transactions or disks: a method runs to its end before another begins.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from heapq import nsmallest

from vestnik.domain.delivery import AttemptMade, Claim, Claimed, Delivery, ReceiptGot, Return, Verdict, delivery_id
from vestnik.domain.lifecycle import UNFINISHED, Event, State, must_step, step
from vestnik.domain.message import Acceptance, Duplicate, Message, Order
from vestnik.domain.moment import Moment
from vestnik.domain.outcomes import Receipt
from vestnik.domain.priority import Priority, take_turns
from vestnik.domain.summary import message_status
from vestnik.store.hunger import one_each
from vestnik.store.memory_people import MemoryPeople
from vestnik.store.memory_relay import MemoryRelay
from vestnik.store.page import Page, resolve, retry
from vestnik.store.remains import Remains
from vestnik.store.rows import (
    EARLY_KEPT_FOR,
    RIPEN_AT_ONCE,
    DeliveryKey,
    MessageRow,
    Retirement,
    Row,
    Said,
    delivery_key,
    in_order,
    no_delivery,
    no_message,
    nothing_to,
    slot_taken,
)


class MemoryStore(MemoryPeople, MemoryRelay):
    """Implements `vestnik.ports.Store`; one over the `remains` of another is the next life of the same data.

    `dedupe_window` is how long after it was accepted a finished delivery blocks a repetition; None means forever.
    """

    shared = False

    def __init__(self, dedupe_window: Moment | None = None, remains: Remains | None = None) -> None:
        super().__init__(remains or Remains())
        self._window = dedupe_window

    # Intake

    async def accept(self, order: Order, now: Moment) -> Acceptance:
        self.remains.messages[order.id] = self._message_row(order, now)
        duplicates = []
        for row in _new_rows(order, now):
            holder = self._holder(row, now)
            if holder is None:
                self.remains.add(row)
            else:
                duplicates.append(Duplicate(row.ordinal, delivery_id(*holder)))
        message_id = order.id
        if duplicates and len(duplicates) == len(order.deliveries):
            del self.remains.messages[order.id]
            message_id = duplicates[0].delivery_id.rpartition("-")[0]
        else:
            self._introduce(order.sender)
        if order.request_key is not None and (request := self.remains.requests.get(order.request_key)):
            request.message_id = message_id
        return Acceptance(message_id, tuple(duplicates))

    def _message_row(self, order: Order, now: Moment) -> MessageRow:
        known = self.remains.accounts.get(order.sender.id)
        return MessageRow(
            order.id,
            order.sender.id,
            order.sender.name or (known.name if known else order.sender.id),
            order.text,
            now,
            order.send_at,
            order.expires_at,
            order.max_attempts,
            order.priority,
            order.content_key,
            (),
        )

    def _holder(self, row: Row, now: Moment) -> DeliveryKey | None:
        """Who holds the dedupe slot that the row wants; a slot whose window has passed is let go of."""
        slot = row.content_key or "", row.messenger, row.recipient
        key = self.remains.slots.get(slot)
        if key is None or self._window is None:
            return key
        holder = self.remains.rows[key]
        if holder.state in UNFINISHED or self.remains.messages[holder.message_id].created_at > now - self._window:
            return key
        del self.remains.slots[slot]
        holder.content_key = None
        return None

    # Dispatch

    async def claim(
        self, messenger: str, *, suspects: bool, limit: int, lease_until: Moment, now: Moment, alone: bool = False
    ) -> Claimed:
        deferred = [row for row in self._timely(State.DEFERRED, now) if row.messenger == messenger]
        for row in nsmallest(RIPEN_AT_ONCE, _due(deferred, now), key=_due_order):
            row.move(must_step(row.state, Event.COME_DUE))
        waiting = [
            row for row in self._timely(State.WAITING, now) if row.messenger == messenger and row.suspect == suspects
        ]
        busy = {row.recipient for row in self.remains.in_state(State.SENDING) if alone and row.messenger == messenger}
        free = [row for row in _due(waiting, now) if row.recipient not in busy]
        due = [
            nsmallest(limit + 1, (row for row in free if row.priority == priority), key=_due_order)
            for priority in Priority
        ]
        picked, more = take_turns(due, limit), False
        if alone:
            picked, more = one_each([[(row, row.recipient) for row in queue] for queue in due], limit)
        for row in picked:
            row.move(must_step(row.state, Event.CLAIM))
            row.attempts, row.lease_until, row.claimed_at = row.attempts + 1, lease_until, now
        left = [row.due_at or 0 for row in deferred if row.state is State.DEFERRED]
        left += [
            row.due_at or 0
            for row in waiting
            if row.state is State.WAITING and (more or not alone or (row.due_at or 0) > now)
        ]
        return Claimed([self._claim(row) for row in picked], max(now, min(left)) if left else None)

    async def record(self, verdicts: Sequence[Verdict], now: Moment) -> list[bool]:
        page = self.remains.page(delivery_key(verdict.delivery_id) for verdict in verdicts)
        recorded = [page.record(verdict, now) for verdict in verdicts]
        self._turn_with_early(page, now, (delivery_key(verdict.delivery_id) for verdict in verdicts if verdict.doubt))
        return recorded

    async def give_back(self, returns: Sequence[Return], now: Moment) -> None:
        page = self.remains.page(delivery_key(each.delivery_id) for each in returns)
        for each in returns:
            page.give_back(each)
        self._turn_with_early(page, now)

    def _turn_with_early(self, page: Page, now: Moment, doubted: Iterable[DeliveryKey | None] = ()) -> None:
        """Reports that name nothing wait only for recipients of something in doubt."""
        rows = [*(page.rows[key] for key in doubted if key in page.rows), *self.remains.doubtful()]
        people = {(row.messenger, row.recipient) for row in rows}
        early = page.awaited(
            each
            for each in self.remains.early.values()
            if each.reference is not None or page.names(each) or (each.messenger, each.recipient) in people
        )
        self.remains.lay_out_for(page, [each.receipt() for each in early])
        page.report_early(early)
        page.give_up_late(now)
        self.remains.turn(page, now)

    async def orphans(self, limit: int, now: Moment, *, everything: bool = False) -> list[Claim]:
        if strays := self.remains.strays(now - EARLY_KEPT_FOR):
            self._turn_with_early(self.remains.page(strays), now)
        found = [row for row in self.remains.in_state(State.SENDING) if everything or (row.lease_until or 0) <= now]
        return [self._claim(row) for row in sorted(found, key=lambda row: (row.lease_until, row.key))[:limit]]

    async def expire(self, limit: int, now: Moment) -> tuple[int, Moment | None]:
        mortal = sorted(
            (row.expires_at, row.key)
            for row in self.remains.in_state(State.DEFERRED, State.WAITING)
            if row.expires_at is not None
        )
        expired = [key for moment, key in mortal if moment <= now][:limit]
        self._end(expired, Event.EXPIRE, now)
        left = [moment for moment, _ in mortal[len(expired) :]]
        going = [row.expires_at for row in self.remains.in_state(State.SENDING) if row.expires_at is not None]
        return len(expired), min([*left, *(moment for moment in going if moment > now)], default=None)

    async def apply(self, receipts: Sequence[Receipt], now: Moment) -> None:
        page = self.remains.page((), receipts)
        page.apply(receipts)
        self.remains.turn(page, now)

    async def watch(self, on_change: Callable[[], None]) -> None:
        """Returns at once: nobody else makes anything due."""

    async def retire(self, before: Moment, now: Moment) -> int:
        return self.remains.retire(Retirement.of(before, None if self._window is None else now - self._window))

    def _timely(self, state: State, now: Moment) -> list[Row]:
        return [row for row in self.remains.in_state(state) if row.expires_at is None or row.expires_at > now]

    def _claim(self, row: Row) -> Claim:
        message = self.remains.messages[row.message_id]
        return row.claim(Said(message.id, message.sender_id, message.sender_name, message.text))

    # What people ask

    async def message(self, message_id: str) -> Message | None:
        message = self.remains.messages.get(message_id)
        if message is None:
            return None
        states = [self.remains.rows[key].state for key in self.remains.of_message[message_id]]
        message.counts = [states.count(state) for state in State]
        return message.message()

    async def messages(
        self, *, status: State | None, sender: str | None, limit: int, before: str | None
    ) -> list[Message]:
        found: list[Message] = []
        for message_id in sorted(self.remains.messages, reverse=True):
            message = await self._message(message_id)
            if (
                len(found) < limit
                and (before is None or message_id < before)
                and sender in (None, message.sender.id)
                and status in (None, message_status(message.counts))
            ):
                found.append(message)
        return found

    async def _message(self, message_id: str) -> Message:
        message = await self.message(message_id)
        if message is None:
            raise no_message(message_id)
        return message

    async def deliveries(self, message_id: str, *, state: State | None, limit: int, after: int = -1) -> list[Delivery]:
        rows = [self.remains.rows[key] for key in self.remains.of_message.get(message_id, ()) if key[1] > after]
        return [row.delivery() for row in rows if state in (None, row.state)][:limit]

    async def delivery(self, delivery_id: str) -> Delivery | None:
        row = self._row(delivery_id)
        return row.delivery() if row else None

    async def progress(self, message_id: str) -> dict[str, dict[State, int]]:
        found: dict[str, dict[State, int]] = {}
        rows = (self.remains.rows[key] for key in self.remains.of_message.get(message_id, ()))
        for row in sorted(rows, key=lambda row: row.messenger):
            counts = found.setdefault(row.messenger, {})
            counts[row.state] = counts.get(row.state, 0) + 1
        return found

    async def history(self, delivery_id: str) -> tuple[list[AttemptMade], list[ReceiptGot]]:
        row = self._row(delivery_id)
        if row is None:
            return [], []
        return list(self.remains.attempts[row.key]), in_order(self.remains.receipts[row.key].values())

    async def cancel(self, message_id: str, now: Moment) -> Message:
        await self._message(message_id)
        keys = self._that_can(Event.CANCEL, message_id)
        if not keys:
            raise nothing_to("cancel", message_id)
        self._end(keys, Event.CANCEL, now)
        return await self._message(message_id)

    async def reschedule(self, message_id: str, send_at: Moment, now: Moment) -> Message:
        await self._message(message_id)
        keys = [key for key in self._that_can(Event.RESCHEDULE, message_id) if not self.remains.rows[key].attempts]
        if not keys:
            raise nothing_to("reschedule", message_id)
        self._step(keys, Event.RESCHEDULE, now)
        for key in keys:
            self.remains.rows[key].due_at = send_at
        self.remains.messages[message_id].send_at = send_at
        return await self._message(message_id)

    async def retry(self, delivery_id: str, now: Moment) -> Delivery:
        page = self._page_of_one(delivery_id)
        (row,) = page.rows.values()
        retry(row, self.remains.messages[row.message_id], now)
        if row.content_key is not None and self._holder(row, now) not in (None, row.key):
            raise slot_taken(self.remains.slots[row.content_key, row.messenger, row.recipient])
        self.remains.turn(page, now)
        return row.delivery()

    async def resolve(self, delivery_id: str, event: Event, now: Moment) -> Delivery:
        page = self._page_of_one(delivery_id)
        (row,) = page.rows.values()
        resolve(row, event)
        self.remains.turn(page, now)
        return row.delivery()

    def _row(self, delivery: str) -> Row | None:
        key = delivery_key(delivery)
        return self.remains.rows.get(key) if key else None

    def _page_of_one(self, delivery: str) -> Page:
        page = self.remains.page([delivery_key(delivery)])
        if not page.rows:
            raise no_delivery(delivery)
        return page

    def _that_can(self, event: Event, message_id: str) -> list[DeliveryKey]:
        keys = self.remains.of_message[message_id]
        return [key for key in keys if step(self.remains.rows[key].state, event) is not None]

    def _end(self, keys: Iterable[DeliveryKey], event: Event, now: Moment) -> None:
        page = self.remains.page(keys)
        for row in page.rows.values():
            row.end(event)
        self.remains.turn(page, now)

    def _step(self, keys: Iterable[DeliveryKey], event: Event, now: Moment) -> None:
        page = self.remains.page(keys)
        for row in page.rows.values():
            row.move(must_step(row.state, event))
        self.remains.turn(page, now)


def _new_rows(order: Order, now: Moment) -> Iterator[Row]:
    later = order.send_at is not None and order.send_at > now
    for ordinal, address in enumerate(order.deliveries):
        yield Row(
            order.id,
            ordinal,
            address.messenger,
            address.recipient,
            address.account,
            State.DEFERRED if later else State.WAITING,
            order.priority,
            attempts=0,
            max_attempts=order.max_attempts,
            due_at=order.send_at if later else now,
            lease_until=None,
            claimed_at=None,
            expires_at=order.expires_at,
            external_id=None,
            code=None,
            detail=None,
            doubt=False,
            suspect=False,
            content_key=order.content_key,
            issue=0,
        )


def _due(rows: Iterable[Row], now: Moment) -> Iterator[Row]:
    return (row for row in rows if row.due_at is not None and row.due_at <= now)


def _due_order(row: Row) -> tuple[Moment, DeliveryKey]:
    return row.due_at or 0, row.key
