"""A disk that fills up and gets room again, one whose power is cut, and a write-ahead log whose last page is torn."""

import signal
import struct
import time
from pathlib import Path
from random import Random
from typing import Final

import pytest

from tests.acceptance.disk import fragile_disk, small_disk
from tests.acceptance.journal import expected
from tests.acceptance.people import people
from tests.acceptance.service import Service
from tests.crash.load import MAX_ATTEMPTS, Accepted, Tell, load_on, reckon

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


def test_a_torn_last_page_of_the_write_ahead_log_loses_nothing_that_was_accepted(
    tmp_path: Path, tell: Tell, luck: Random
) -> None:
    with Service(tmp_path) as service:
        text, whom = "Before the cut", people(50)
        service.faults({"fault": "slow", "delay": 0.3})
        sent = service.send(text, whom, max_attempts=MAX_ATTEMPTS)
        time.sleep(0.3)
        service.kill9()
        for name in ("vestnik.db-wal", "emulator.db-wal"):
            tear(service.data / name, luck)
        service.start()
        result = reckon(service, Accepted({sent["id"]: expected(text, whom, whom[0])}))
        tell(str(result))
        assert result.faultless, result


def tear(wal: Path, luck: Random) -> None:
    """Puts half a page of a transaction that was never finished behind the last whole one.

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
    wal.write_bytes(content[:end] + header + luck.randbytes(page_size // 2))
