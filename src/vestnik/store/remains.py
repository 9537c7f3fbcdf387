"""Decides what the store in memory leaves behind for its next life: every row, and how rows are found.

It has never heard of what happens to deliveries; it takes them as they have become.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass, field

from vestnik.domain.account import Account, Key
from vestnik.domain.delivery import AttemptMade, ReceiptGot
from vestnik.domain.lifecycle import UNFINISHED, State
from vestnik.domain.moment import Moment
from vestnik.domain.outcomes import Receipt, ReceiptKind
from vestnik.store.begun import Begun
from vestnik.store.page import Page
from vestnik.store.rows import RETIRE_AT_ONCE, DeliveryKey, Early, MessageRow, Retirement, Row, delivery_key


@dataclass(slots=True)
class Remains:
    """All that the store in memory knows."""

    lives: int = 0
    clock_offset: Moment = 0
    accounts: dict[str, Account] = field(default_factory=dict)
    keys: list[Key] = field(default_factory=list)
    requests: dict[str, Begun] = field(default_factory=dict)
    messages: dict[str, MessageRow] = field(default_factory=dict)
    rows: dict[DeliveryKey, Row] = field(default_factory=dict)
    of_message: defaultdict[str, list[DeliveryKey]] = field(default_factory=lambda: defaultdict(list))
    unfinished: dict[DeliveryKey, Row] = field(default_factory=dict)
    slots: dict[tuple[str, str, str], DeliveryKey] = field(default_factory=dict)
    attempts: defaultdict[DeliveryKey, list[AttemptMade]] = field(default_factory=lambda: defaultdict(list))
    receipts: defaultdict[DeliveryKey, dict[ReceiptKind, ReceiptGot]] = field(default_factory=lambda: defaultdict(dict))
    early: dict[int, Early] = field(default_factory=dict)
    early_count: int = 0
    _external: defaultdict[tuple[str, str], set[DeliveryKey]] = field(default_factory=lambda: defaultdict(set))

    def add(self, row: Row) -> None:
        """A new delivery."""
        self.of_message[row.message_id].append(row.key)
        self.put(None, row)

    def put(self, before: Row | None, row: Row) -> None:
        """The delivery as it has become."""
        if before is not None and before.content_key is not None:
            self.slots.pop((before.content_key, before.messenger, before.recipient), None)
        if before is not None and before.external_id is not None:
            self._external[before.messenger, before.external_id].discard(row.key)
        self.rows[row.key] = row
        if row.content_key is not None:
            self.slots[row.content_key, row.messenger, row.recipient] = row.key
        if row.external_id is not None:
            self._external[row.messenger, row.external_id].add(row.key)
        if row.state in UNFINISHED:
            self.unfinished[row.key] = row
        else:
            self.unfinished.pop(row.key, None)

    def in_state(self, *states: State) -> list[Row]:
        """Unfinished deliveries in these states."""
        return [row for row in self.unfinished.values() if row.state in states]

    def doubtful(self) -> list[Row]:
        """Deliveries that may have arrived without our knowing."""
        return [row for row in self.rows.values() if row.doubt]

    def strays(self, since: Moment) -> set[DeliveryKey]:
        """Deliveries that reports name which were kept since then, and that are not being sent."""
        named = {
            key
            for early in self.early.values()
            for key in (delivery_key(early.reference), *self._external[early.messenger, early.external_id])
            if early.kept_at > since and key in self.rows and self.rows[key].messenger == early.messenger
        }
        return {key for key in named if self.rows[key].state is not State.SENDING}

    def page(self, keys: Iterable[DeliveryKey | None], receipts: Sequence[Receipt] = ()) -> Page:
        """Copies of the named rows and of those that the receipts may be about."""
        page = Page()
        page.lay_out(copy(self.rows[key]) for key in keys if key in self.rows)
        self.lay_out_for(page, receipts)
        return page

    def lay_out_for(self, page: Page, receipts: Iterable[Receipt]) -> None:
        """Adds what `Page.find` may come upon for the receipts."""
        for receipt in receipts:
            keys = {delivery_key(receipt.reference), *self._external[receipt.messenger, receipt.external_id]}
            keys.update(
                row.key
                for row in self.rows.values()
                if receipt.reference is None
                and (row.messenger, row.recipient) == (receipt.messenger, receipt.recipient)
            )
            page.lay_out(copy(self.rows[key]) for key in keys if key in self.rows)

    def retire(self, item: Retirement) -> int:
        """Lets go of what is over, a bounded number of deliveries and their messages at once; how many messages."""
        finished = self.finished(item)
        for message in finished:
            message.text = ""
            self._forget_history(message.id)
        if finished:
            return len(finished)
        bygone = self.bygone(item)
        for message in bygone:
            self._forget_history(message.id)
            for key in self.of_message.pop(message.id):
                row = self.rows.pop(key)
                if row.content_key is not None:
                    del self.slots[row.content_key, row.messenger, row.recipient]
                if row.external_id is not None:
                    self._external[row.messenger, row.external_id].discard(key)
            del self.messages[message.id]
        return len(bygone)

    def finished(self, item: Retirement) -> list[MessageRow]:
        """What lets go of its text, the oldest first."""
        return self._first(message for message in self._over(item.text_before) if message.text)

    def bygone(self, item: Retirement) -> list[MessageRow]:
        """What goes altogether, the oldest first."""
        if item.whole_before is None:
            return []
        untold = {request.message_id for request in self.requests.values() if request.status is None}
        return self._first(
            message
            for message in self._over(item.whole_before)
            if not message.text
            and message.id not in untold
            and (_age(message) <= item.unreported_before or not self._unreported(message))
        )

    def _over(self, before: Moment) -> list[MessageRow]:
        """Finished messages that are so old, the oldest first."""
        old = [
            (_age(message), message.id)
            for message in self.messages.values()
            if not any(key in self.unfinished for key in self.of_message[message.id])
        ]
        return [self.messages[message_id] for age, message_id in sorted(old) if age <= before]

    def _first(self, messages: Iterable[MessageRow]) -> list[MessageRow]:
        """As many as go at once."""
        found: list[MessageRow] = []
        size = 0
        for message in messages:
            if size < RETIRE_AT_ONCE:
                found.append(message)
                size += len(self.of_message[message.id])
        return found

    def _unreported(self, message: MessageRow) -> bool:
        rows = [self.rows[key] for key in self.of_message[message.id]]
        return any(row.state is State.SENT or row.doubt for row in rows)

    def _forget_history(self, message_id: str) -> None:
        for key in self.of_message[message_id]:
            self.attempts.pop(key, None)
            self.receipts.pop(key, None)

    def turn(self, page: Page, now: Moment) -> None:
        """Keeps what has changed on the page."""
        for before, row in page.changed():
            self.put(before, row)
        for key, made in page.attempts:
            self.attempts[key].append(made)
        for key, receipt in page.receipts:
            got = ReceiptGot(receipt.kind, receipt.at, receipt.code, receipt.detail)
            self.receipts[key].setdefault(receipt.kind, got)
        for number in page.served:
            del self.early[number]
        known = {early.identity for early in self.early.values()}
        for receipt in page.unmatched:
            self.early_count += 1
            early = Early.of(receipt, self.early_count, now)
            if early.identity not in known:
                known.add(early.identity)
                self.early[early.number] = early


def _age(message: MessageRow) -> Moment:
    return max(message.created_at, message.send_at or 0)
