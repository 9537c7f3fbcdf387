"""Decides how orders become rows: a whole batch of them in one set of statements, duplicates found by the index.

It has never heard of a request's faults; an order that comes here is valid.
"""

import sqlite3
from importlib.resources import files
from typing import Any, Final

from vestnik.domain.delivery import delivery_id
from vestnik.domain.message import Acceptance, Duplicate
from vestnik.sqlfiles import queries
from vestnik.store.intake import Intake, accepted, tally
from vestnik.store.sqlite_page import from_json, to_json

_SQL: Final = queries(files(__package__) / "sqlite_intake.sql")


def accept(connection: sqlite3.Connection, intakes: list[Intake]) -> list[Acceptance]:
    """What became of each order; of one that says nothing new to anybody, nothing is kept."""
    _release_slots(connection, intakes)
    connection.execute(_SQL["add_messages"], {"messages": to_json([_message(each) for each in intakes])})
    count = sum(len(intake.order.deliveries) for intake in intakes)
    parameter = {"groups": to_json(_groups(intakes))}
    added = connection.execute(_SQL["add_deliveries"], parameter).rowcount
    duplicates: dict[str, list[Duplicate]] = {intake.order.id: [] for intake in intakes}
    if added < count:
        left_out = connection.execute(_SQL["left_out"], parameter).fetchone()[0]
        for message_id, ordinal, holder, number in sorted(from_json(left_out, list[tuple[str, int, str, int]])):
            duplicates[message_id].append(Duplicate(ordinal, delivery_id(holder, number)))
    given = [accepted(intake.order, duplicates[intake.order.id]) for intake in intakes]
    _finish(connection, list(zip(intakes, given, strict=True)))
    return given


def _release_slots(connection: sqlite3.Connection, intakes: list[Intake]) -> None:
    starts = [intake.window_start for intake in intakes if intake.window_start is not None]
    if not starts:
        return
    wanted = [
        (intake.order.content_key, address.messenger, address.recipient)
        for intake in intakes
        if intake.order.content_key is not None
        for address in intake.order.deliveries
    ]
    connection.execute(_SQL["release_slots"], {"deliveries": to_json(wanted), "accepted_before": min(starts)})


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


def _groups(intakes: list[Intake]) -> dict[str, dict[int | str, str]]:
    """Identifiers under ordinal or ordinal:account, under message:messenger."""
    groups: dict[str, dict[int | str, str]] = {}
    for intake in intakes:
        by_messenger: dict[str, dict[int | str, str]] = {}
        for ordinal, (messenger, recipient, account) in enumerate(intake.order.deliveries):
            key = ordinal if account is None else f"{ordinal}:{account}"
            by_messenger.setdefault(messenger, {})[key] = recipient
        for messenger, addresses in by_messenger.items():
            groups[f"{intake.order.id}:{messenger}"] = addresses
    return groups


def _finish(connection: sqlite3.Connection, both: list[tuple[Intake, Acceptance]]) -> None:
    """What depends on whether an order says anything new: its counters, its sender, or its going away."""
    run = connection.execute
    kept = [(intake, given) for intake, given in both if given.message_id == intake.order.id]
    if len(kept) < len(both):
        gone = [intake.order.id for intake, given in both if given.message_id != intake.order.id]
        run(_SQL["drop_messages"], {"ids": to_json(gone)})
    if kept:
        senders = {intake.order.sender.id: intake.order.sender.name for intake, _ in reversed(kept)}
        run(_SQL["add_senders"], {"senders": to_json(list(senders.items()))})
        if nameless := [intake.order.id for intake, _ in kept if not intake.order.sender.name]:
            run(_SQL["name_senders"], {"ids": to_json(nameless)})
        run(_SQL["add_tallies"], {"tallies": to_json([tally(intake, given) for intake, given in kept])})
    if requests := [(intake.order.request_key, given.message_id) for intake, given in both if intake.order.request_key]:
        run(_SQL["note_accepted"], {"requests": to_json(requests)})
