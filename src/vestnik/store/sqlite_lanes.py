"""Decides how lanes get their work from SQLite and hand back what became of it, many lanes and batches at once.

It has never heard of what a verdict or a report does to a delivery; that is the page's affair.
"""

import sqlite3
from collections.abc import Sequence
from importlib.resources import files
from typing import Final, NamedTuple

from vestnik.domain.delivery import Claim, Claimed, Return, Verdict
from vestnik.domain.lifecycle import Event, State, must_step
from vestnik.domain.moment import LATEST, Moment
from vestnik.domain.outcomes import Receipt
from vestnik.domain.priority import Priority, take_turns
from vestnik.sqlfiles import queries
from vestnik.store.hunger import Hunger, one_each, ripening, rounds
from vestnik.store.page import Page
from vestnik.store.rows import EARLY_KEPT_FOR, RIPEN_AT_ONCE, DeliveryKey, Early, delivery_key
from vestnik.store.sqlite_page import (
    add_to_tallies,
    from_json,
    lay_out_for,
    read_awaiting,
    read_rows,
    read_said,
    to_json,
    turn,
)

_SQL: Final = queries(files(__package__) / "sqlite_lanes.sql")
_REPORTS: Final = queries(files(__package__) / "sqlite_reports.sql")
_STRAYS: Final = 1_000
"""Deliveries that are settled at once."""


class _Found(NamedTuple):
    """What is due for a lane, by priority, and the times of what is not."""

    due: list[list[DeliveryKey]]
    next_waiting: Moment | None
    next_deferred: Moment | None


def claim(connection: sqlite3.Connection, hungers: list[Hunger]) -> list[Claimed]:
    """Leases what is due to each lane."""
    return [claimed for each in rounds(hungers) for claimed in _claim_round(connection, each)]


def find(connection: sqlite3.Connection, hungers: list[Hunger]) -> list[_Found]:
    """What there is for each lane, once the deferred that came due wait."""
    found = _due(connection, hungers)
    both = zip(hungers, found, strict=True)
    if ripe := [each for each, had in both if had.next_deferred is not None and had.next_deferred <= each.now]:
        _ripen(connection, ripe)
        found = _due(connection, hungers)
    return found


def _claim_round(connection: sqlite3.Connection, hungers: list[Hunger]) -> list[Claimed]:
    found = find(connection, hungers)
    if hungers[0].alone:
        return [_claim_alone(connection, hungers[0], found[0])]
    picked = [take_turns(had.due, hunger.limit) for hunger, had in zip(hungers, found, strict=True)]
    claims = iter(lease(connection, list(zip(hungers, picked, strict=True))))
    return [
        Claimed([next(claims) for _ in keys], _next_due(hunger, had, len(keys)))
        for hunger, had, keys in zip(hungers, found, picked, strict=True)
    ]


def _claim_alone(connection: sqlite3.Connection, hunger: Hunger, found: _Found) -> Claimed:
    """One for each recipient to whom nothing is being sent."""
    asked = {"messenger": hunger.messenger, "suspects": hunger.suspects, "now": hunger.now, "most": hunger.limit + 1}
    queues = [
        [((key, ordinal), recipient) for key, ordinal, recipient in connection.execute(_SQL["due_alone"], each)]
        for each in ({**asked, "priority": priority} for priority in Priority)
    ]
    picked, more = one_each(queues, hunger.limit)
    claims = lease(connection, [(hunger, picked)])
    return Claimed(claims, hunger.now if more else _later(hunger, found))


def _due(connection: sqlite3.Connection, hungers: Sequence[Hunger]) -> list[_Found]:
    """One more than is wanted of each priority tells whether anything is left."""
    lanes = [(hunger.messenger, hunger.suspects, hunger.now) for hunger in hungers]
    most = max(0, *(hunger.limit for hunger in hungers)) + 1
    rows = connection.execute(_SQL["due"], {"lanes": to_json(lanes), "most": most}).fetchall()
    return [
        _Found([from_json(keys, list[DeliveryKey]) for keys in due], next_waiting, next_deferred)
        for *due, next_waiting, next_deferred in rows
    ]


def _ripen(connection: sqlite3.Connection, hungers: Sequence[Hunger]) -> None:
    parameters = {"lanes": to_json(list(ripening(hungers).items())), "most": RIPEN_AT_ONCE}
    keys: str = connection.execute(_SQL["ripe"], parameters).fetchone()[0]
    connection.execute(_SQL["ripen"], {"keys": keys})
    _count_moves(connection, from_json(keys, list[DeliveryKey]), State.DEFERRED, Event.COME_DUE)


def lease(connection: sqlite3.Connection, shares: list[tuple[Hunger, list[DeliveryKey]]]) -> list[Claim]:
    """Claims on these deliveries, which must be waiting."""
    leases = [(*key, hunger.lease_until, hunger.now) for hunger, keys in shares for key in keys]
    if not leases:
        return []
    connection.execute(_SQL["lease"], {"keys": to_json(leases)})
    keys = [key for _, share in shares for key in share]
    _count_moves(connection, keys, State.WAITING, Event.CLAIM)
    rows, said = read_said(connection, keys)
    return [row.claim(said[row.message_id]) for row in rows]


def _count_moves(connection: sqlite3.Connection, keys: Sequence[DeliveryKey], before: State, event: Event) -> None:
    after = must_step(before, event)
    add_to_tallies(connection, [(message_id, before, after, 1) for message_id, _ in keys])


def _next_due(hunger: Hunger, found: _Found, taken: int) -> Moment | None:
    if sum(map(len, found.due)) > taken:
        return hunger.now
    return _later(hunger, found)


def _later(hunger: Hunger, found: _Found) -> Moment | None:
    times = [moment for moment in (found.next_waiting, found.next_deferred) if moment is not None]
    return max(hunger.now, min(times)) if times else None


def record(connection: sqlite3.Connection, items: list[tuple[Sequence[Verdict], Moment]]) -> list[list[bool]]:
    """Whether each verdict of each batch was applied; kept reports follow."""
    answers = [
        (*key, verdict.external_id, verdict.doubt)
        for verdicts, _ in items
        for verdict in verdicts
        if (key := delivery_key(verdict.delivery_id)) is not None
    ]
    page, early = read_awaiting(connection, answers)
    recorded = [[page.record(verdict, now) for verdict in verdicts] for verdicts, now in items]
    _turn_with_early(connection, page, early, items[-1][1])
    return recorded


def give_back(connection: sqlite3.Connection, items: list[tuple[Sequence[Return], Moment]]) -> list[None]:
    """Attempts that were not made do not count; reports kept in the meantime follow."""
    answers = [
        (*key, None, False)
        for returns, _ in items
        for each in returns
        if (key := delivery_key(each.delivery_id)) is not None
    ]
    page, early = read_awaiting(connection, answers)
    for returns, _ in items:
        for each in returns:
            page.give_back(each)
    _turn_with_early(connection, page, early, items[-1][1])
    return [None] * len(items)


def _turn_with_early(connection: sqlite3.Connection, page: Page, early: list[Early], now: Moment) -> None:
    awaited = page.awaited(early)
    lay_out_for(connection, page, [each.receipt() for each in awaited])
    page.report_early(awaited)
    page.give_up_late(now)
    turn(connection, page, now)


def apply(connection: sqlite3.Connection, items: list[tuple[Sequence[Receipt], Moment]]) -> list[None]:
    """Reports find their deliveries or are kept."""
    page = Page()
    receipts = [receipt for batch, _ in items for receipt in batch]
    lay_out_for(connection, page, receipts)
    page.apply(receipts)
    turn(connection, page, items[-1][1])
    return [None] * len(items)


def orphans(connection: sqlite3.Connection, limit: int, lease_until: Moment) -> list[Claim]:
    """Claims whose lease has run out by then, the longest forsaken first."""
    parameters = {"most": limit, "lease_until": lease_until}
    keys = from_json(connection.execute(_SQL["orphans"], parameters).fetchone()[0], list[DeliveryKey])
    rows, said = read_said(connection, keys)
    return [row.claim(said[row.message_id]) for row in rows if row.state is State.SENDING]


def strays(connection: sqlite3.Connection, now: Moment) -> list[DeliveryKey]:
    """Deliveries that kept reports name, and that are not being sent."""
    parameters = {"most": _STRAYS, "since": now - EARLY_KEPT_FOR}
    return from_json(connection.execute(_REPORTS["strays"], parameters).fetchone()[0], list[DeliveryKey])


def settle_strays(connection: sqlite3.Connection, moments: list[Moment]) -> list[None]:
    """What was told of a delivery before it was known by that name follows."""
    answers = [(*key, None, False) for key in strays(connection, moments[-1])]
    page, early = read_awaiting(connection, answers)
    _turn_with_early(connection, page, early, moments[-1])
    return [None] * len(moments)


def expire(connection: sqlite3.Connection, items: list[tuple[int, Moment]]) -> list[tuple[int, Moment | None]]:
    """How many were expired for each caller, and when the next one will be to expire."""
    return [_expire(connection, limit, now) for limit, now in items]


def _expire(connection: sqlite3.Connection, limit: int, now: Moment) -> tuple[int, Moment | None]:
    found, next_sending = connection.execute(_SQL["expiring"], {"most": limit + 1, "now": now}).fetchone()
    mortal = from_json(found, list[tuple[Moment, str, int]])
    expired = [(message_id, ordinal) for moment, message_id, ordinal in mortal[:limit] if moment <= now]
    page = Page()
    page.lay_out(read_rows(connection, expired))
    for row in page.rows.values():
        row.end(Event.EXPIRE)
    turn(connection, page, now)
    left = [moment for moment, _, _ in mortal[len(expired) :]]
    return len(expired), min([*left, next_sending] if next_sending is not None else left, default=None)


EVERYTHING: Final = LATEST
"""No lease runs longer than this."""
