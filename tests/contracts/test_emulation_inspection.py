"""What makes a file of the emulators sound, and that every question about it can find something."""

import asyncio
import sqlite3
from contextlib import closing
from importlib.resources import files
from pathlib import Path
from typing import Final

import pytest

from vestnik.emulation.backlog import Backlog, Settled
from vestnik.emulation.blobs import Blobs
from vestnik.emulation.inspection import inspect
from vestnik.emulation.journal import Draft, Due, Item, Journal
from vestnik.snapshots import CONTENTS
from vestnik.sqlfiles import queries

QUESTIONS: Final = set(queries(files("vestnik.emulation") / "check.sql")) - {CONTENTS}

HARMS: Final = {
    "messengers_whose_counters_differ_from_their_rows": "UPDATE tally SET pending = pending + 1",
    "reports_about_no_message": "UPDATE callback SET seq = seq + 100",
    "places_in_a_mailbox_without_a_message": "UPDATE mailbox SET seq = seq + 100",
    "messages_missing_in_a_mailbox": "DELETE FROM mailbox WHERE seq = 1",
    "messages_numbered_as_if_they_had_been_forgotten": "UPDATE mark SET value = 1 WHERE name = 'emptied'",
    "two_messages_under_one_honoured_key": "DROP INDEX entry_by_key; UPDATE entry SET idempotency_key = 'same'",
    "documents_that_are_no_json": "UPDATE entry SET payload = '{' WHERE seq = 1",
    "files_whose_size_is_wrong": "UPDATE blob SET size = size + 1",
}
"""What must be done to a sound file for the question to find something."""


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    """A file with messages in both directions, reports told and untold, and a file that somebody sent."""
    path = tmp_path / "emulator.db"

    async def live() -> None:
        journal = await Journal.open(path)
        for number in range(3):
            draft = Draft("bot", "ann", f"text {number}", "{}", f"key {number}")
            await journal.take(Item("owl", draft, False, True, None, number, [Due("sent", 5), Due("read", None)]))
        person = Draft("bot", "ann", "hello", "{}")
        await journal.take(Item("owl", person, True, False, None, 4, [Due("message", 5)]))
        await Backlog(journal.rows).settle(Settled("owl", told=[1], given_up=[3]))
        await Blobs(journal.rows, "owl").put("picture", b"content")
        assert await journal.recipients(None, ("", ""), 10) == [("owl", "ann")]
        await journal.close()

    asyncio.run(live())
    return path


def test_a_file_that_only_the_emulators_have_written_is_sound(sound: Path) -> None:
    found = inspect(sound, "emulator.db")
    assert found.faults == []
    assert found.contents == {"messages on phones": 3, "messages to bots": 1, "reports that wait": 5}


def test_a_file_that_was_emptied_is_sound(sound: Path) -> None:
    async def empty() -> None:
        journal = await Journal.open(sound)
        await journal.empty()
        await journal.take(Item("owl", Draft("bot", "ann", "text", "{}"), False, False, None, 9, []))
        await journal.close()

    asyncio.run(empty())
    assert inspect(sound, "emulator.db").faults == []


def test_every_question_has_its_harm() -> None:
    assert set(HARMS) == QUESTIONS


@pytest.mark.parametrize("question", sorted(QUESTIONS))
def test_every_question_finds_what_it_asks_for(sound: Path, question: str) -> None:
    with closing(sqlite3.connect(sound)) as connection:
        connection.executescript(HARMS[question])
    faults = inspect(sound, "emulator.db").faults
    assert any(fault.startswith(f"{question.replace('_', ' ')}: ") for fault in faults), faults
