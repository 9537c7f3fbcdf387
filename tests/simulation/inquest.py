"""Decides how what is on a life's disk is read by whoever judges it: past the service, as it lies there.

It has never heard of what it should say.
"""

from importlib.resources import files
from typing import Final

from tests.simulation.machine import Machine
from vestnik.domain.lifecycle import UNFINISHED
from vestnik.domain.moment import seconds
from vestnik.emulation.journal import Entry
from vestnik.ports import Store
from vestnik.sqlfiles import migrations
from vestnik.store.memory import MemoryStore
from vestnik.store.sqlite import SqliteStore

_STATES: Final = ", ".join(f"'{state}'" for state in UNFINISHED)
_UNFINISHED: Final = f"SELECT count(*) FROM deliveries WHERE state IN ({_STATES})"
_PENDING: Final = "SELECT count(*) FROM callback"
_ENTRIES: Final = """
SELECT seq, messenger, bot, inbound, recipient, text, external_id, idempotency_key, failed, at, payload, type
FROM entry WHERE inbound = 0 ORDER BY seq
"""


def busy(machine: Machine) -> bool:
    """Whether anything is left to be sent or reported."""
    if machine.plan.store == "memory":
        unfinished = len(machine.remains.unfinished)
    else:
        unfinished = machine.files["vestnik.db"].ask(_UNFINISHED)[0][0]
    return bool(unfinished or machine.files["emulator.db"].ask(_PENDING)[0][0])


def asking(machine: Machine) -> int:
    """How many messengers have been told where to report."""
    file = machine.files["emulator.db"]
    if not file.ask("SELECT 1 FROM sqlite_schema WHERE name = 'webhook'"):
        return 0
    count: int = file.ask("SELECT count(*) FROM webhook")[0][0]
    return count


def entries(machine: Machine) -> list[Entry]:
    """What phones got, in order."""
    return [Entry(*row) for row in machine.files["emulator.db"].ask(_ENTRIES)]


async def look_into(machine: Machine) -> Store:
    """The store, for nobody but whoever judges."""
    window = machine.plan.settings.dedupe_window
    kept = None if window is None else seconds(window)
    if machine.plan.store == "memory":
        return MemoryStore(kept, machine.remains)
    rows = await machine.files["vestnik.db"].open(migrations(files("vestnik.store") / "migrations"))
    return SqliteStore(rows, 0, kept)
