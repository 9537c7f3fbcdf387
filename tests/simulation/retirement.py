"""Decides how the archive of a life is shown what a store is about to let go of, in the transaction that does it.

It has never heard of what may be let go of.
"""

import sqlite3
from collections.abc import Iterator
from copy import copy
from typing import Final

from tests.simulation.archive import Kept
from tests.simulation.machine import MACHINE
from vestnik.domain.lifecycle import State
from vestnik.domain.moment import seconds
from vestnik.store import sqlite_asks, sqlite_retire
from vestnik.store.remains import Remains
from vestnik.store.rows import MessageRow, Retirement, in_order

_EVERYTHING: Final = 1_000_000
_retire: Final = sqlite_retire.retire
_retire_from_memory: Final = Remains.retire


def shown(connection: sqlite3.Connection, items: list[Retirement]) -> list[int]:
    """Stands for the operation on the file."""
    for item in items:
        _check_span(item)
        for whole, message_id in _from_file(connection, item):
            message = sqlite_asks.message(connection, message_id)
            assert message is not None
            kept = [
                Kept(row, *sqlite_asks.history(connection, row.id))
                for row in sqlite_asks.deliveries(connection, message_id, None, _EVERYTHING, -1)
            ]
            before = item.whole_before if whole else item.text_before
            MACHINE.get().archive.let_go(message, kept, before or 0, whole=whole)
    return _retire(connection, items)


def shown_in_memory(remains: Remains, item: Retirement) -> int:
    """Stands for the same of the store in memory."""
    _check_span(item)
    for whole, row in _from_memory(remains, item):
        message = copy(row)
        keys = remains.of_message[message.id]
        states = [remains.rows[key].state for key in keys]
        message.counts = [states.count(state) for state in State]
        kept = [
            Kept(
                remains.rows[key].delivery(),
                list(remains.attempts.get(key, ())),
                in_order(remains.receipts.get(key, {}).values()),
            )
            for key in keys
        ]
        before = item.whole_before if whole else item.text_before
        MACHINE.get().archive.let_go(message.message(), kept, before or 0, whole=whole)
    return _retire_from_memory(remains, item)


def _check_span(item: Retirement) -> None:
    machine = MACHINE.get()
    retention = machine.plan.settings.retention
    if retention is None or item.text_before > machine.latest(machine.loop.time()) - seconds(retention):
        machine.archive.faults.append(f"something of {item.text_before} may go after {retention} s, and it is not old")


def _from_file(connection: sqlite3.Connection, item: Retirement) -> Iterator[tuple[bool, str]]:
    """Whether all of a message goes, and which it is."""
    if found := sqlite_retire.finished(connection, item):
        yield from ((False, message_id) for message_id in found)
    else:
        yield from ((True, message_id) for message_id in sqlite_retire.bygone(connection, item))


def _from_memory(remains: Remains, item: Retirement) -> Iterator[tuple[bool, MessageRow]]:
    if found := remains.finished(item):
        yield from ((False, message) for message in found)
    else:
        yield from ((True, message) for message in remains.bygone(item))
