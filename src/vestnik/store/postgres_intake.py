"""Decides how orders become rows: a whole batch of them in one set of statements, duplicates found by the index.

It has never heard of a request's faults; an order that comes here is valid.
"""

from collections.abc import Sequence
from importlib.resources import files
from typing import Any, Final, TypeAlias

from vestnik.domain.delivery import delivery_id
from vestnik.domain.errors import StoreUnavailable
from vestnik.domain.message import Acceptance, Duplicate
from vestnik.sqlfiles import queries
from vestnik.store.intake import Intake, accepted, tally
from vestnik.store.postgres_line import Connection, columns

_SQL: Final = queries(files(__package__) / "postgres_intake.sql")
_LOOKS: Final = 5

Columns: TypeAlias = list[Sequence[Any]]


async def accept(connection: Connection, intakes: Sequence[Intake]) -> list[Acceptance]:
    """What became of each order; of one that says nothing new to anybody, nothing is kept."""
    await _release_slots(connection, intakes)
    await connection.execute(_SQL["add_messages"], *columns([_message(each) for each in intakes], 10))
    deliveries = [
        (intake.order.id, ordinal, *address)
        for intake in intakes
        for ordinal, address in enumerate(intake.order.deliveries)
    ]
    duplicates: dict[str, list[Duplicate]] = {intake.order.id: [] for intake in intakes}
    for place, holder in await _add(connection, columns(deliveries, 5), len(deliveries)):
        message_id, ordinal, *_ = deliveries[place]
        duplicates[message_id].append(Duplicate(ordinal, holder))
    given = [accepted(intake.order, duplicates[intake.order.id]) for intake in intakes]
    await _finish(connection, list(zip(intakes, given, strict=True)))
    return given


async def _add(connection: Connection, arrays: Columns, count: int) -> list[tuple[int, str]]:
    """The places of those that were left out, and who holds their slots.

    A holder may let go of its slot after it was in the way and before it was asked for; then there is one delivery that
    was neither added nor left out, and the next look adds it.
    """
    added = 0
    for _ in range(_LOOKS):
        more, connection.own = await connection.fetchrow(_SQL["add_deliveries"], *arrays)
        added += more
        if added == count:
            return []
        left_out = await connection.fetch(_SQL["left_out"], *arrays[:4])
        if added + len(left_out) == count:
            return [(place, delivery_id(holder, number)) for place, holder, number in left_out]
    raise StoreUnavailable("the dedupe slots are changing hands too quickly")


async def _release_slots(connection: Connection, intakes: Sequence[Intake]) -> None:
    starts = [intake.window_start for intake in intakes if intake.window_start is not None]
    if not starts:
        return
    wanted = [
        (intake.order.content_key, address.messenger, address.recipient)
        for intake in intakes
        if intake.order.content_key is not None
        for address in intake.order.deliveries
    ]
    await connection.execute(_SQL["release_slots"], *columns(wanted, 3), min(starts))


def _message(intake: Intake) -> tuple[Any, ...]:
    order = intake.order
    return (
        order.id,
        order.sender.id,
        order.sender.name,
        intake.now,
        order.send_at,
        order.expires_at,
        order.max_attempts,
        order.priority,
        order.content_key,
        order.text,
    )


async def _finish(connection: Connection, both: list[tuple[Intake, Acceptance]]) -> None:
    """What is not done yet: messages that say nothing new go, orders to nobody are counted, the nameless get a name."""
    run = connection.execute
    kept = [(intake, given) for intake, given in both if given.message_id == intake.order.id]
    if len(kept) < len(both):
        gone = [intake.order.id for intake, given in both if given.message_id != intake.order.id]
        await run(_SQL["drop_messages"], gone)
    if to_nobody := [(intake, given) for intake, given in kept if not intake.order.deliveries]:
        senders = {intake.order.sender.id: intake.order.sender.name for intake, _ in reversed(to_nobody)}
        await run(_SQL["add_senders"], list(senders), list(senders.values()))
        await run(_SQL["add_tallies"], *columns([tally(intake, given) for intake, given in to_nobody], 4))
    if nameless := [intake.order.id for intake, _ in kept if not intake.order.sender.name]:
        await run(_SQL["name_senders"], nameless)
    if requests := [(intake.order.request_key, given.message_id) for intake, given in both if intake.order.request_key]:
        await run(_SQL["note_accepted"], *columns(requests, 2))
