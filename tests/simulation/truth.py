"""Decides whether a life went as promised: it compares what the store tells with what phones got and people were told.

It has never heard of how things came to be so; it is given the end of a life and names every promise that was broken.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from tests.simulation.ledger import Ledger
from tests.simulation.plan import Plan
from vestnik.api.times import moment_of
from vestnik.dispatch.sweep import INTERRUPTED, LEASE_RAN_OUT
from vestnik.domain.delivery import AttemptMade, Delivery, Ending, ReceiptGot
from vestnik.domain.identity import content_key
from vestnik.domain.judge import OnUnclear
from vestnik.domain.lifecycle import TAKEN, UNFINISHED, State
from vestnik.domain.message import Message
from vestnik.domain.moment import LATEST, Moment
from vestnik.emulation.journal import Entry


@dataclass(frozen=True, slots=True)
class Told:
    """All that the store tells of one delivery, and all that is known of it elsewhere."""

    message: Message
    row: Delivery
    attempts: list[AttemptMade]
    receipts: list[ReceiptGot]
    entries: list[Entry]
    seen: list[float]
    """When requests about it reached its messenger, on the loop's time."""
    attempt_of: Mapping[int, int | None]
    """Which attempt made an entry, by its number in the journal, where that is known."""
    gone: bool = False
    """The service has let go of all of it: a report that came later found nothing."""

    @property
    def unclear(self) -> int:
        """Attempts that ended without an answer."""
        return sum(made.ending is Ending.UNCLEAR for made in self.attempts)

    @property
    def taken(self) -> int:
        """Attempts that the messenger is known to have taken."""
        return sum(made.ending is Ending.TAKEN for made in self.attempts)

    @property
    def reported_failed(self) -> bool:
        return any(got.kind == "failed" for got in self.receipts)


def delivery_of(key: str | None) -> str | None:
    """The delivery that an Idempotency-Key was made for: each issue of a delivery has its own key."""
    return key and key.partition(".")[0]


@dataclass(slots=True)
class End:
    """The end of a life."""

    plan: Plan
    ledger: Ledger
    told: list[Told] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    journal: list[Entry] = field(default_factory=list)
    reports_lost: bool = False
    """Whether a report may have been lost on its way."""
    left_over: list[str] = field(default_factory=list)
    """What was to be let go of and is there."""
    latest: Callable[[float], Moment] = lambda _: 0
    """The latest time that clocks had shown by a time of the loop."""


@dataclass(slots=True)
class Count:
    """What a life came to."""

    accepted: int = 0
    doubled: int = 0
    """Messages that phones got once more than meant, each in the ambiguous window that its policy allows."""
    states: Counter[State] = field(default_factory=Counter)


def count(end: End) -> Count:
    """The numbers of a life."""
    doubled = sum(len(told.entries) - len({entry.idempotency_key for entry in told.entries}) for told in end.told)
    return Count(len(end.told), doubled, Counter(told.row.state for told in end.told))


def broken(end: End) -> list[str]:
    """Every promise that was broken, as a sentence."""
    found = [*end.ledger.complaints, *end.left_over, *_orders(end), *_strangers(end), *_tallies(end), *_repeats(end)]
    for told in end.told:
        for check in (_final, _attempts, _endings, _journal, _state, _times):
            found += [f"{told.row.id} on {told.row.messenger}: {fault}" for fault in check(told, end)]
    return found


def _orders(end: End) -> Iterator[str]:
    """What people were told is accepted is there."""
    rows = Counter(told.row.message_id for told in end.told)
    ids = {told.row.id for told in end.told}
    for order in end.ledger.orders:
        if order.message_id is None:
            continue
        if order.message_id not in rows:
            yield f"order {order.number} was accepted as {order.message_id}, and nothing is known of it"
        elif not order.duplicates and not order.replayed and rows[order.message_id] != order.size:
            yield f"order {order.number} asked for {order.size} deliveries and {rows[order.message_id]} are there"
        for duplicate in order.duplicates:
            if duplicate not in ids:
                yield f"order {order.number} was told of {duplicate}, and nothing is known of it"
    texts = Counter(message.text for message in end.messages)
    for text, times in texts.items():
        orders = [order for order in end.ledger.orders if order.body["text"] == text]
        most = sum(1 if order.key is not None else order.tries for order in orders)
        if times > most:
            yield f"{text!r} was accepted {times} times, and asked for {most} times"


def _strangers(end: End) -> Iterator[str]:
    """Whatever phones got was accepted."""
    ids = {told.row.id for told in end.told}
    for entry in end.journal:
        if not entry.text:
            yield f"{entry.recipient} on {entry.messenger} got a message without a text"
        if delivery_of(entry.idempotency_key) not in ids:
            yield f"{entry.recipient} on {entry.messenger} got {entry.text!r}, which nobody accepted"


def _tallies(end: End) -> Iterator[str]:
    """A message's counts are the counts of its rows."""
    rows: dict[str, Counter[State]] = {message.id: Counter() for message in end.messages}
    for told in end.told:
        rows[told.row.message_id][told.row.state] += 1
    for message in end.messages:
        if {state: number for state, number in message.counts.items() if number} != dict(rows[message.id]):
            yield f"{message.id} counts {dict(message.counts)} and has {dict(rows[message.id])}"


def _repeats(end: End) -> Iterator[str]:
    """The same content reaches the same recipient in one delivery only."""
    if end.plan.settings.dedupe_window is not None:
        return
    bodies = {order.message_id: order.body for order in end.ledger.orders if order.message_id is not None}
    said: dict[tuple[str, str, str], list[Told]] = {}
    for told in end.told:
        body = bodies.get(told.row.message_id)
        if body is None or body.get("allow_duplicate"):
            continue
        key = content_key(told.message.sender.id, told.message.text, body.get("dedupe_key"))
        said.setdefault((key, told.row.messenger, told.row.recipient), []).append(told)
    for same in said.values():
        reached = [told.row.id for told in same if _may_have_reached(told, end)]
        if len(reached) > 1:
            yield f"{' and '.join(reached)} said the same to the same recipient"


def _may_have_reached(told: Told, end: End) -> bool:
    if "failed" in end.ledger.touch.resolved.get(told.row.id, ()) or told.reported_failed:
        return False
    return bool(told.entries) or told.row.state in TAKEN or told.row.state is State.UNKNOWN


def _final(told: Told, end: End) -> Iterator[str]:
    row, hold = told.row, end.plan.settings.on_unclear is OnUnclear.HOLD
    if row.state in UNFINISHED:
        yield f"is still {row.state}"
    if row.state is State.SENT and row.messenger == "telegram":
        yield "is sent for good, and telegram reports nothing"
    if row.state is State.SENT and not (end.reports_lost or told.gone):
        yield "is still sent, and no report was lost"
    if row.state is State.UNKNOWN:
        if not told.unclear:
            yield "is unknown, and every attempt had an answer"
        honoured = end.plan.honours_key[row.messenger]
        last = told.attempts[-1].ending if told.attempts else None
        ended = told.message.expires_at is not None or row.message_id in end.ledger.touch.cancelled
        again = row.attempts < row.max_attempts and (honoured or not hold) and not ended
        if last is Ending.UNCLEAR and again:
            yield f"is unknown after {row.attempts} of {row.max_attempts} attempts, and policy resends"


def _attempts(told: Told, end: End) -> Iterator[str]:
    row = told.row
    rounds = 1 + end.ledger.touch.retries.get(row.id, 0)
    if row.attempts > row.max_attempts or row.attempts > told.message.max_attempts * rounds:
        yield f"was attempted {row.attempts} times, {told.message.max_attempts} were allowed"
    if len(told.seen) > row.attempts:
        yield f"its messenger saw {len(told.seen)} attempts, {row.attempts} were made"
    numbers = [made.attempt for made in told.attempts]
    if numbers != list(range(1, row.attempts + 1)):
        yield f"made {row.attempts} attempts, and its history has {numbers}"


def _endings(told: Told, end: End) -> Iterator[str]:
    """An attempt has no answer only where something kept it from one."""
    troubles = end.plan.troubles
    codes = {made.code for made in told.attempts if made.ending is Ending.UNCLEAR}
    held_up = troubles.clocks or troubles.pauses or troubles.disk
    shared = bool(end.plan.peers)
    if LEASE_RAN_OUT.code in codes and not (held_up or (shared and (troubles.crashes or any(end.plan.peers)))):
        yield "its lease ran out, and nothing held it up"
    if INTERRUPTED.code in codes and (shared or not (troubles.crashes or troubles.stops)):
        yield "it was interrupted, and nothing had stopped that nobody else looks after"


def _journal(told: Told, end: End) -> Iterator[str]:
    row, times = told.row, len(told.entries)
    if end.plan.honours_key[row.messenger] and len({entry.idempotency_key for entry in told.entries}) < times:
        yield f"reached its phone {times} times, although its key is honoured"
    if times > told.taken + told.unclear:
        yield f"reached its phone {times} times in {told.taken} taken and {told.unclear} unclear attempts"
    endings: dict[int | None, Ending] = {made.attempt: made.ending for made in told.attempts}
    made_by = {told.attempt_of.get(entry.seq) for entry in told.entries}
    for attempt in made_by - {None}:
        if endings.get(attempt) not in (Ending.TAKEN, Ending.UNCLEAR):
            yield f"reached its phone by attempt {attempt}, which is {endings.get(attempt)} in its history"
    if None not in made_by and not end.plan.honours_key[row.messenger]:
        for attempt, ending in endings.items():
            if ending is Ending.TAKEN and attempt not in made_by:
                yield f"attempt {attempt} is taken in its history, and its phone got nothing by it"
    held = end.plan.settings.on_unclear is OnUnclear.HOLD
    if held and times > 1 + end.ledger.touch.retries.get(row.id, 0):
        yield f"reached its phone {times} times, although doubt holds it"
    if told.taken and not times:
        yield "was taken, and its phone never got it"


def _state(told: Told, end: End) -> Iterator[str]:
    row, reached = told.row, bool(told.entries)
    resolved = end.ledger.touch.resolved.get(row.id, set())
    if row.state in TAKEN and not reached and "delivered" not in resolved and not _misled(told, end):
        yield f"is {row.state}, and its phone never got it"
    if row.state is State.FAILED and reached and not told.reported_failed and "failed" not in resolved:
        yield "is failed, and its phone got it"
    if row.state in (State.CANCELLED, State.EXPIRED):
        if not row.attempts and told.seen:
            yield f"is {row.state} before any attempt, and its messenger heard of it"
        if reached and not told.reported_failed and "failed" not in resolved:
            yield f"is {row.state}, and its phone got it"
    if row.state is State.CANCELLED and row.message_id not in end.ledger.touch.cancelled:
        yield "is cancelled, and nobody asked for that"
    if row.state is State.EXPIRED and told.message.expires_at is None:
        yield "is expired, and had no end"


def _misled(told: Told, end: End) -> bool:
    """Whether a person was wrong in saying that something had not reached this phone: its report looks like another."""
    return any(
        "failed" in end.ledger.touch.resolved.get(other.row.id, ())
        for other in end.told
        if other.entries and (other.row.messenger, other.row.recipient) == (told.row.messenger, told.row.recipient)
    )


def _times(told: Told, end: End) -> Iterator[str]:
    begin, retried = _earliest(told, end), bool(end.ledger.touch.retries.get(told.row.id))
    expires_at = LATEST if told.message.expires_at is None else told.message.expires_at
    for made in told.attempts:
        # Later ones may seem early to a clock that was set back meanwhile, and so may what expired before any and was
        # asked for again.
        if made.attempt == 1 and made.started_at < begin and not (retried and expires_at < LATEST):
            yield f"its first attempt began {(begin - made.started_at) / 1e6:.6f} s early"
        if made.started_at >= expires_at and not retried:
            yield f"attempt {made.attempt} began after it had expired"
    for time in told.seen:
        if end.latest(time) < begin:
            yield f"its messenger heard of it at {time:.6f}, before its time"


def _earliest(told: Told, end: End) -> Moment:
    """When it might be sent at the earliest: what was attempted before its message was moved had its first time."""
    moves = end.ledger.touch.moved.get(told.row.message_id)
    if not moves:
        return told.message.send_at or 0
    bodies = [order.body for order in end.ledger.orders if order.message_id == told.row.message_id]
    return min(*moves, *(moment_of(body["send_at"]) if "send_at" in body else 0 for body in bodies))
