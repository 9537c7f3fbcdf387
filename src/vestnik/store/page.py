"""Decides what verdicts and reports do to the deliveries that they concern, once for every store.

It has never heard of where rows come from: a store lays out the rows that a batch of work may touch and keeps what
has changed. Those that a batch may touch are the ones it names and whatever `Page.find` could come upon.
"""

from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass, field

from vestnik.domain.delivery import AttemptMade, Return, Verdict, split_delivery_id
from vestnik.domain.lifecycle import Event, State, must_step, step
from vestnik.domain.moment import SECOND, Moment
from vestnik.domain.outcomes import Receipt, ReceiptKind
from vestnik.store.rows import REPORTED_WITHIN, DeliveryKey, Early, MessageRow, Row, delivery_key, text_gone

_UNSETTLED = (State.WAITING, State.UNKNOWN)
_LATE_ANSWERS = {Event.TAKE: Event.REPORT_SENT, Event.TAKE_FOR_GOOD: Event.REPORT_DELIVERED}


@dataclass(slots=True)
class Page:
    """The rows that one batch of work may touch, and what it adds to the history."""

    rows: dict[DeliveryKey, Row] = field(default_factory=dict)
    attempts: list[tuple[DeliveryKey, AttemptMade]] = field(default_factory=list)
    receipts: list[tuple[DeliveryKey, Receipt]] = field(default_factory=list)
    """Reports that found their delivery; a store keeps the first of each kind."""
    unmatched: list[Receipt] = field(default_factory=list)
    """Reports to be kept until a record comes."""
    served: list[int] = field(default_factory=list)
    """Numbers of kept reports that have found their delivery."""
    _before: dict[DeliveryKey, Row] = field(default_factory=dict)
    _external: dict[tuple[str, str], DeliveryKey] = field(default_factory=dict)

    def lay_out(self, rows: Iterable[Row]) -> None:
        """Adds rows; those that are here already stay as they have become."""
        for row in rows:
            if row.key not in self.rows:
                self.rows[row.key] = row
                self._before[row.key] = copy(row)
                self._index(row)

    def changed(self) -> list[tuple[Row, Row]]:
        """Each row that has changed: as it was and as it is."""
        return [(before, row) for key, row in self.rows.items() if row != (before := self._before[key])]

    def record(self, verdict: Verdict, now: Moment) -> bool:
        """What follows from an attempt; False where the fence has moved on. IllegalStep for an event of no attempt."""
        row = self.rows.get(split_delivery_id(verdict.delivery_id))
        if row is None:
            return False
        if not row.is_leased(verdict.attempt, verdict.started_at):
            self._take_late(row, verdict)
            return False
        following = must_step(row.state, verdict.event)
        if verdict.external_id is not None:
            self._note(row, verdict.external_id)
        row.code, row.detail, row.doubt, row.suspect = verdict.code, verdict.detail, verdict.doubt, verdict.suspect
        if verdict.event is Event.PUT_OFF:
            row.due_at = now if verdict.due_at is None else verdict.due_at
        row.move(following)
        made = AttemptMade(verdict.attempt, verdict.started_at, now, verdict.ending, verdict.code, verdict.detail)
        self.attempts.append((row.key, made))
        return True

    def give_back(self, back: Return) -> None:
        """The attempt was not made and does not count; ignored where the fence has moved on."""
        row = self.rows.get(split_delivery_id(back.delivery_id))
        if row is None or not row.is_leased(back.attempt, back.claimed_at):
            return
        row.attempts -= 1
        row.due_at = max(back.due_at, row.due_at or 0)  # A clock that was set back makes nothing due before its time.
        row.suspect = back.suspect
        row.move(must_step(row.state, Event.GIVE_BACK))

    def apply(self, receipts: Iterable[Receipt]) -> None:
        """Reports find their deliveries or are unmatched."""
        self.unmatched += [receipt for receipt in receipts if not self.report(receipt)]

    def report(self, receipt: Receipt) -> bool:
        """What follows from a report; False where it finds no delivery whose attempts are all recorded."""
        row = self.find(receipt)
        if row is None or row.state is State.SENDING:
            return False
        self.receipts.append((row.key, receipt))
        about_another = row.external_id not in (None, receipt.external_id)
        if about_another and receipt.kind is ReceiptKind.FAILED:
            return True  # An earlier attempt failed, as is known by now; it says nothing of the latest.
        if row.state is State.WAITING and not row.doubt:
            return True  # The latest attempt is known not to have been taken.
        self._settle(row, receipt)
        return True

    def awaited(self, early: Iterable[Early]) -> list[Early]:
        """Those kept reports that the rows here may have been waited for, in the order in which they came.

        One that names nothing waits for everything that is being sent to its recipient: after the last of these it can
        only be about the one in doubt.
        """
        people = {(row.messenger, row.recipient) for row in self.rows.values()}
        return sorted(
            (
                each
                for each in early
                if delivery_key(each.reference) in self.rows
                or self.names(each)
                or (each.reference is None and (each.messenger, each.recipient) in people)
            ),
            key=lambda each: each.number,
        )

    def names(self, early: Early) -> bool:
        """Whether a row here has the report's external id."""
        return self._named(early.messenger, early.external_id) is not None

    def report_early(self, early: Iterable[Early]) -> None:
        """Kept reports find their deliveries; the rows that `find` may come upon are laid out."""
        self.served += [each.number for each in early if self.report(each.receipt())]

    def give_up_late(self, now: Moment) -> None:
        """Expires what an attempt has put off and whose time was over before the attempt was."""
        for before, row in self.changed():
            late = row.expires_at is not None and row.expires_at <= now
            if late and (before.state, row.state) == (State.SENDING, State.WAITING):
                row.end(Event.EXPIRE)

    def find(self, receipt: Receipt) -> Row | None:
        """The delivery that a report is about: by reference, else by external id, else by its recipient."""
        key = delivery_key(receipt.reference)
        if key is not None and (row := self.rows.get(key)) is not None and row.messenger == receipt.messenger:
            return row
        if (row := self._named(receipt.messenger, receipt.external_id)) is not None:
            return row
        return self._find_by_recipient(receipt) if receipt.reference is None else None

    def _named(self, messenger: str, external_id: str) -> Row | None:
        key = self._external.get((messenger, external_id))
        row = None if key is None else self.rows[key]
        return row if row is not None and row.external_id == external_id else None

    def _find_by_recipient(self, receipt: Receipt) -> Row | None:
        """A delivery in doubt, if it alone can be meant: nothing else is being sent to its recipient.

        One that was sent again after a lost answer may have arrived twice, and only one of its ids is known: for as
        long as messengers keep what they could not deliver, an unknown id may be its other one.
        The times of vendors are whole seconds, so a report may seem a second older than the attempt it is about. What
        is read was reported as delivered first: that it is read is about something long since known.
        """
        if receipt.kind is ReceiptKind.READ:
            return None
        theirs = [
            row
            for row in self.rows.values()
            if row.recipient == receipt.recipient and row.messenger == receipt.messenger
        ]
        possible = [row for row in theirs if row.doubt and (row.claimed_at or 0) > receipt.at - REPORTED_WITHIN]
        if len(possible) != 1 or not is_in_doubt(possible[0]) or any(row.state is State.SENDING for row in theirs):
            return None
        began = possible[0].claimed_at
        return possible[0] if began is not None and receipt.at > began - SECOND else None

    def _take_late(self, row: Row, verdict: Verdict) -> None:
        """An answer after the lease ran out: it names the message, and settles a delivery in doubt like a report."""
        if verdict.external_id is None or verdict.event not in _LATE_ANSWERS:
            return
        if row.external_id is None:
            self._note(row, verdict.external_id)
        if row.doubt and row.state in _UNSETTLED:
            row.doubt = row.attempts > 1  # It is about one attempt, and another may have arrived as well.
            row.code, row.detail = None, None
            row.move(must_step(row.state, _LATE_ANSWERS[verdict.event]))

    def _settle(self, row: Row, receipt: Receipt) -> None:
        following = step(row.state, receipt.kind.event)
        if following is None:
            return
        if row.state in _UNSETTLED:
            # Where reports name no delivery, another unknown one may be about another attempt.
            row.doubt = receipt.reference is None and row.attempts > 1
            row.code, row.detail = None, None
            if row.external_id is None and receipt.external_id:
                self._note(row, receipt.external_id)
        if receipt.kind is ReceiptKind.FAILED:
            row.code, row.detail = receipt.code, receipt.detail
        row.move(following)

    def _note(self, row: Row, external_id: str) -> None:
        row.external_id = external_id
        self._index(row)

    def _index(self, row: Row) -> None:
        """Where two deliveries have the same external id, the younger one is meant."""
        if row.external_id is not None:
            name = row.messenger, row.external_id
            self._external[name] = max(row.key, self._external.get(name, row.key))


def is_in_doubt(row: Row) -> bool:
    """Whether a report that names no delivery may be about this one."""
    return row.doubt and row.external_id is None and row.state in _UNSETTLED


def retry(row: Row, message: MessageRow, now: Moment) -> None:
    """Another full round of attempts, due now, with the dedupe slot taken again.

    IllegalStep where it cannot be, Conflict where the text is no longer kept.
    """
    row.move(must_step(row.state, Event.RETRY))
    if not message.text:
        raise text_gone(message.id)
    row.max_attempts = row.attempts + message.max_attempts
    if row.external_id is not None:
        row.issue += 1  # It was taken: under the same key the messenger would say so again and send nothing.
    row.due_at, row.external_id, row.code, row.detail = now, None, None, None
    row.content_key = message.content_key
    if row.expires_at is not None and row.expires_at <= now:
        row.expires_at = None  # Whoever asks for another round wants it in spite of the time.


def resolve(row: Row, event: Event) -> None:
    """A person has decided what became of it; IllegalStep where there was no doubt."""
    following = must_step(row.state, event)
    row.doubt = event is Event.RESOLVE_DELIVERED  # Then an unknown report may still be about it and about no other.
    if event is Event.RESOLVE_DELIVERED:
        row.code, row.detail = None, None
    row.move(following)
