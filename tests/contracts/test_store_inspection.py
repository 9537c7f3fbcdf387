"""What makes a file of the store sound, and that every question about it can find something."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from importlib.resources import files
from pathlib import Path
from typing import Final

import pytest

from tests.contracts.stores import claim, doubted, failed, order, put_off, report, taken
from vestnik.domain.account import Account
from vestnik.domain.errors import StoreUnavailable
from vestnik.domain.outcomes import ReceiptKind
from vestnik.snapshots import CONTENTS
from vestnik.sqlfiles import queries
from vestnik.store.inspection import inspect
from vestnik.store.sqlite import SqliteStore

QUESTIONS: Final = set(queries(files("vestnik.store") / "sqlite_check.sql")) - {CONTENTS}

HARMS: Final = {
    "messages_whose_counters_differ_from_their_rows": "UPDATE tallies SET waiting = waiting + 1",
    "messages_without_counters": "DELETE FROM tallies WHERE message_id = 'M0001'",
    "messages_without_deliveries": "DELETE FROM deliveries WHERE message_id = 'M0001'",
    "counters_without_a_message": "DELETE FROM messages WHERE id = 'M0001'",
    "deliveries_without_a_message": "DELETE FROM messages WHERE id = 'M0001'",
    "deliveries_in_a_state_that_does_not_exist": "UPDATE deliveries SET state = 'lost' WHERE ordinal = 0",
    "unfinished_deliveries_without_their_time": "UPDATE deliveries SET due_at = NULL WHERE state = 'waiting'",
    "unfinished_deliveries_without_their_dedupe_slot": "UPDATE deliveries SET content_key = NULL",
    "deliveries_with_the_dedupe_slot_of_another_content": "UPDATE deliveries SET content_key = content_key || 'x'",
    "deliveries_that_never_arrived_and_keep_their_dedupe_slot": (
        "UPDATE deliveries SET content_key = message_id WHERE state = 'failed'"
    ),
    "two_deliveries_with_one_dedupe_slot": (
        "DROP INDEX deliveries_slot;"
        "UPDATE deliveries SET content_key = 'same' WHERE content_key IS NOT NULL AND ordinal IN (0, 1);"
    ),
    "attempts_without_a_delivery": "UPDATE attempts SET ordinal = ordinal + 100",
    "attempts_that_their_delivery_never_counted": "UPDATE attempts SET attempt = attempt + 100",
    "receipts_without_a_delivery": "UPDATE receipts SET message_id = 'M9999'",
    "identifiers_without_an_account": "DELETE FROM accounts WHERE id = 'ann'",
}
"""What must be done to a sound file for the question to find something."""


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    """A file with deliveries in many states, attempts, reports, an account and a request."""
    path = tmp_path / "vestnik.db"

    async def live() -> None:
        store = await SqliteStore.open(path)
        await store.put_account(Account("ann", "Ann", {"telegram": "1"}))
        await store.begin_request("key", "fingerprint", 1)
        await store.accept(order(1, "ann", "ann", "bob", "cid", "dan", "eve", request_key="key"), 1)
        await store.accept(order(2, "ann", send_at=1_000), 1)
        await store.accept(order(3, "ann", content_key=None), 2)
        first, second, third, fourth, fifth, sixth = await claim(store, 10)
        await store.record([taken(first), failed(second), put_off(third, 500), doubted(fourth)], 20)
        await store.record([taken(fifth, for_good=True)], 20)
        await store.apply([report(ReceiptKind.READ, f"x{first.delivery_id}", 30)], 30)
        assert sixth.delivery_id == "M0003-0"
        await store.close()

    asyncio.run(live())
    return path


def harm(path: Path, statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(statements)


def test_a_file_that_only_the_store_has_written_is_sound(sound: Path) -> None:
    found = inspect(sound, "vestnik.db")
    assert found.faults == []
    assert found.contents == {"messages": 3, "deliveries": 7, "accounts": 2}


def test_an_empty_file_of_the_store_is_sound(tmp_path: Path) -> None:
    async def live() -> None:
        store = await SqliteStore.open(tmp_path / "vestnik.db")
        await store.close()

    asyncio.run(live())
    assert inspect(tmp_path / "vestnik.db", "vestnik.db").faults == []


def test_every_question_has_its_harm() -> None:
    assert set(HARMS) == QUESTIONS


@pytest.mark.parametrize("question", sorted(QUESTIONS))
def test_every_question_finds_what_it_asks_for(sound: Path, question: str) -> None:
    harm(sound, HARMS[question])
    faults = inspect(sound, "vestnik.db").faults
    assert any(fault.startswith(f"{question.replace('_', ' ')}: ") for fault in faults), faults


def test_a_file_of_another_schema_is_not_asked_what_it_cannot_answer(sound: Path) -> None:
    harm(sound, "DROP TABLE tallies; PRAGMA user_version = 0;")
    [fault] = inspect(sound, "vestnik.db").faults
    assert fault.startswith("its schema is version 0 and this program's is ")


def overwritten_page(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(4096 * 8)
        file.write(b"\xff" * 4096)


def no_database(path: Path) -> None:
    path.write_bytes(b"not a database at all" * 1_000)


def cut_short(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(4096 * 5 + 100)


@pytest.mark.parametrize("damage", [overwritten_page, no_database, cut_short])
def test_a_damaged_file_is_not_sound(sound: Path, damage: Callable[[Path], None]) -> None:
    damage(sound)
    assert inspect(sound, "vestnik.db").faults


def test_a_file_that_is_not_there_is_no_finding(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match=r"vestnik\.db: unable to open"):
        inspect(tmp_path / "vestnik.db", "vestnik.db")
    assert not (tmp_path / "vestnik.db").exists()
