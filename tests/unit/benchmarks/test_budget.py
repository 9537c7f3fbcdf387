"""Decides whether samples of stacks become the microseconds of rooms.

It has never heard of a profiler.
"""

import pytest

from benchmarks.budget import budget

MAIN = "thread (1): MainThread;run (uvloop/__init__.py:92);"
STACKS = [
    MAIN + "_work (vestnik/dispatch/track.py:170);send (vestnik/messengers/telegram/gateway.py:31) 30",
    MAIN + "_work (vestnik/dispatch/track.py:170);timeout (asyncio/timeouts.py:145) 10",
    MAIN + "call (vestnik/messengers/viber/emulator/api.py:9) 40",
    MAIN + "select (selectors.py:1) 20",
    "thread (2): write-vestnik.db;_write_forever (vestnik/groupcommit.py:170) 5",
    "no thread at all 7",
    "",
]


def test_the_time_of_the_event_loops_thread_goes_to_the_innermost_room() -> None:
    found = budget(STACKS, {1: 2.0}, 1_000)
    assert found == {
        "emulator": pytest.approx(800),
        "gateway: encode and judge": pytest.approx(600),
        "event loop and the rest": pytest.approx(400),
        "lanes and verdicts": pytest.approx(200),
    }


def test_other_threads_are_told_as_a_whole_also_those_that_were_never_sampled() -> None:
    found = budget(STACKS, {2: 0.5, 3: 0.25, 4: 0.25}, 1_000)
    assert found == {
        "writer of vestnik.db: SQLite and its statements": pytest.approx(500),
        "other threads": pytest.approx(500),
    }


def test_the_largest_comes_first() -> None:
    assert next(iter(budget(STACKS, {1: 1.0, 2: 9.0}, 1_000))).startswith("writer")
