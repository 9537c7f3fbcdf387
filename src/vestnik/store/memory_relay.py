"""Decides how the memory store hands out work by id, in the plainest way.

It has never heard of a queue or of who carries the ids.
"""

from collections.abc import Awaitable, Callable, Sequence
from heapq import nsmallest

from vestnik.domain.delivery import Backlog, Claim, Due, Waiting, delivery_id
from vestnik.domain.lifecycle import Event, State, must_step
from vestnik.domain.moment import Moment
from vestnik.domain.priority import Priority
from vestnik.store.remains import Remains
from vestnik.store.rows import RIPEN_AT_ONCE, DeliveryKey, Row, Said, delivery_key


class MemoryRelay:
    """The part of the memory store that a relay and its workers use."""

    remains: Remains

    async def due(
        self, messenger: str, *, suspects: bool, limit: int, held: Sequence[str], now: Moment, alone: bool = False
    ) -> Due:
        deferred = [row for row in self.remains.in_state(State.DEFERRED) if row.messenger == messenger]
        for row in nsmallest(RIPEN_AT_ONCE, (row for row in deferred if _timely(row, now)), key=_in_time):
            row.move(must_step(row.state, Event.COME_DUE))
        waiting = [row for row in self.remains.in_state(State.WAITING) if row.messenger == messenger]
        due = {delivery_id(*row.key): row for row in waiting if _timely(row, now)}
        busy = self._busy(messenger) if alone else set()
        ours = {
            name: row
            for name, row in due.items()
            if row.suspect == suspects and name not in held and row.recipient not in busy
        }
        still = {name for name in held if name in due}
        room = max(0, limit - len(still))
        queues = [
            [
                Waiting(delivery_id(*row.key), row.recipient)
                for row in nsmallest(room, (row for row in ours.values() if row.priority == priority), key=_in_time)
            ]
            for priority in Priority
        ]
        later = [row.due_at or 0 for row in deferred if row.state is State.DEFERRED and not _gone(row, now)]
        later += [
            row.due_at
            for row in waiting
            if row.suspect == suspects and row.due_at and row.due_at > now and not _gone(row, now)
        ]
        return Due(queues, still, max(now, min(later)) if later else None)

    async def claim_these(
        self, messenger: str, ids: Sequence[str], *, lease_until: Moment, now: Moment, alone: bool = False
    ) -> list[Claim]:
        busy = self._busy(messenger) if alone else set()
        claims = []
        for key in sorted({key for each in ids if (key := delivery_key(each)) is not None}):
            row = self.remains.rows.get(key)
            if row is None or row.messenger != messenger or row.state is not State.WAITING or not _timely(row, now):
                continue
            if row.recipient in busy:
                continue
            if alone:
                busy.add(row.recipient)
            row.move(must_step(row.state, Event.CLAIM))
            row.attempts, row.lease_until, row.claimed_at = row.attempts + 1, lease_until, now
            message = self.remains.messages[row.message_id]
            claims.append(row.claim(Said(message.id, message.sender_id, message.sender_name, message.text)))
        return claims

    def _busy(self, messenger: str) -> set[str]:
        return {row.recipient for row in self.remains.in_state(State.SENDING) if row.messenger == messenger}

    async def backlog(self, messengers: Sequence[str]) -> list[Backlog]:
        waiting, sending = (list(self.remains.in_state(state)) for state in (State.WAITING, State.SENDING))
        return [
            Backlog(
                name,
                min((row.due_at or 0 for row in waiting if row.messenger == name), default=None),
                sum(row.messenger == name for row in sending),
            )
            for name in messengers
        ]

    async def lead(self, work: Callable[[], Awaitable[None]]) -> None:
        await work()


def _timely(row: Row, now: Moment) -> bool:
    return row.due_at is not None and row.due_at <= now and not _gone(row, now)


def _gone(row: Row, now: Moment) -> bool:
    return row.expires_at is not None and row.expires_at <= now


def _in_time(row: Row) -> tuple[Moment, DeliveryKey]:
    return row.due_at or 0, row.key
