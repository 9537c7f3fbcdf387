"""Disks that fill up and get room again, one whose power is cut, and a write-ahead log whose last page is torn."""

import signal
import sqlite3
import struct
import subprocess
import sys
import time
from contextlib import closing, suppress
from pathlib import Path
from random import Random
from typing import Final

import pytest

from tests.acceptance.disk import fragile_disk, small_disk
from tests.acceptance.journal import expected
from tests.acceptance.people import people
from tests.acceptance.service import Service
from tests.crash.load import MAX_ATTEMPTS, Accepted, Tell, load_on, reckon
from tests.crash.two_processes import apart

WRITER: Final = """
import sqlite3, sys
rows = sqlite3.connect(sys.argv[1], isolation_level=None)
rows.execute("PRAGMA journal_mode = WAL")
rows.execute("PRAGMA synchronous = " + sys.argv[2])
rows.execute("CREATE TABLE told (number)")
for number in range(100_000):
    rows.execute("INSERT INTO told VALUES (?)", (number,))
    print(number, flush=True)
"""
"""Says of each row that it is there as soon as the database says so."""

_WAL_HEADER: Final = 32
_FRAME_HEADER: Final = 24


@pytest.mark.timeout(240)
def test_a_disk_that_fills_up_and_gets_room_again_loses_nothing_and_doubles_nothing(
    tmp_path: Path, tell: Tell, luck: Random
) -> None:
    with (
        small_disk(tmp_path / "disk", megabytes=96) as disk,
        Service(disk.path, retry_base=0.05, retry_cap=0.5) as service,
    ):
        with load_on(service, tell) as load:
            for dies in (False, True, False, True, False):
                time.sleep(luck.uniform(0.2, 1.0))
                disk.fill()
                time.sleep(luck.uniform(0.2, 1.5))
                if dies:
                    service.kill9()
                disk.empty()
                if dies:
                    service.start()
        assert load.accepted.repeated, "no client was refused, so the disk was never full"


@pytest.mark.timeout(240)
def test_a_disk_of_the_messengers_that_fills_up_and_gets_room_again_loses_nothing_and_doubles_nothing(
    tmp_path: Path, tell: Tell, luck: Random
) -> None:
    with (
        small_disk(tmp_path / "disk", megabytes=96) as disk,
        apart(tmp_path, far_data=disk.path, send_timeout=2) as service,
    ):
        with load_on(service, tell):
            for dies in (False, True, False, True):
                time.sleep(luck.uniform(0.2, 1.0))
                disk.fill()
                time.sleep(luck.uniform(0.5, 1.5))
                if dies:
                    service.emulators.kill9()
                disk.empty()
                if dies:
                    service.emulators.start()
        assert "attempt put off" in service.log(), "no attempt was refused, so the disk was never full"


@pytest.mark.parametrize("synchronous", ["FULL", "OFF"])
def test_a_power_cut_takes_what_was_not_synced_and_nothing_else(tmp_path: Path, tell: Tell, synchronous: str) -> None:
    """What shows that the cut is one: a database that does not sync loses what it said was there."""
    with fragile_disk(tmp_path / "disk", tmp_path / "image", megabytes=32) as disk:
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(disk.path / "test.db"), synchronous], stdout=subprocess.PIPE, text=True
        )
        with writer:
            assert writer.stdout is not None
            told = sum(1 for _ in zip(range(200), writer.stdout, strict=False))
            writer.send_signal(signal.SIGSTOP)
            disk.cut()
            writer.kill()
        disk.come_back()
        there = rows_of(disk.path / "test.db")
    tell(f"synchronous = {synchronous}: {told} rows were told, {there} are there")
    if synchronous == "FULL":
        assert there >= told == 200
    else:
        assert there < told


@pytest.mark.timeout(240)
def test_a_power_cut_loses_nothing_that_was_accepted_and_doubles_nothing(
    tmp_path: Path, tell: Tell, luck: Random
) -> None:
    with (
        fragile_disk(tmp_path / "disk", tmp_path / "image", megabytes=96) as disk,
        Service(tmp_path, data=disk.path / "data", retry_base=0.05, retry_cap=0.5) as service,
        load_on(service, tell),
    ):
        for _ in range(5):
            time.sleep(luck.uniform(0.2, 1.5))
            service.process.signal(signal.SIGSTOP)
            disk.cut()
            service.kill9()
            disk.come_back()
            service.start()


@pytest.mark.parametrize("way", ["half a page", "half a header", "garbage", "zeros"])
def test_a_torn_last_page_of_the_write_ahead_log_loses_nothing_that_was_accepted(
    tmp_path: Path, tell: Tell, luck: Random, way: str
) -> None:
    with Service(tmp_path) as service:
        text, whom = "Before the cut", people(50)
        service.faults({"fault": "slow", "delay": 0.3})
        sent = service.send(text, whom, max_attempts=MAX_ATTEMPTS)
        time.sleep(0.3)
        service.kill9()
        for name in ("vestnik.db-wal", "emulator.db-wal"):
            tear(service.data / name, luck, way)
        service.start()
        result = reckon(service, Accepted({sent["id"]: expected(text, whom, whom[0])}))
        tell(str(result))
        assert result.faultless, result


def rows_of(database: Path) -> int:
    """How many rows are there; none where there is no table or no database either."""
    with closing(sqlite3.connect(database)) as connection, suppress(sqlite3.DatabaseError):
        count: int = connection.execute("SELECT count(*) FROM told").fetchone()[0]
        return count
    return 0


def tear(wal: Path, luck: Random, way: str) -> None:
    """Puts what a crash may leave of a transaction that was never finished behind the last whole page.

    Frames of the present log bear its two salts; the torn one does too, and its checksum does not fit.
    """
    content = wal.read_bytes()
    page_size, _, *salts = struct.unpack(">4I", content[8:24])
    frame = _FRAME_HEADER + page_size
    end = _WAL_HEADER
    while struct.unpack(">2I", content[end + 8 : end + 16].ljust(8, b"\0")) == tuple(salts):
        end += frame
    assert end > _WAL_HEADER, f"{wal.name} has no page to tear"
    header = struct.pack(">6I", 1, 0, *salts, 0xBAD, 0xBAD)
    left = {
        "half a page": header + luck.randbytes(page_size // 2),
        "half a header": header[: _FRAME_HEADER // 2],
        "garbage": luck.randbytes(3 * frame),
        "zeros": bytes(frame),
    }
    wal.write_bytes(content[:end] + left[way])
