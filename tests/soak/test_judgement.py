"""The soak notices growth of every kind that it watches, and none where there is none."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.soak.judgement import MEBIBYTE, Sample, judge

STEADY = [Sample(100 * MEBIBYTE, 50, 0.05, 10 * MEBIBYTE, number * 5_000, number * 10) for number in range(40)]


def test_a_steady_service_has_not_grown() -> None:
    kept, lines = judge(STEADY)
    assert kept
    assert lines[0] == "memory: 100.0 then 100.0 MiB, at most 109.0"
    assert lines[-1] == "emulator.db: 500 then 500 bytes for each delivery"


@pytest.mark.parametrize(
    "grow",
    [
        lambda sample: replace(sample, memory=112 * MEBIBYTE),
        lambda sample: replace(sample, open_files=80),
        lambda sample: replace(sample, latency=0.5),
        lambda sample: replace(sample, database=20 * MEBIBYTE),
    ],
    ids=["memory", "open files", "latency", "database"],
)
def test_growth_of_one_measure_is_noticed(grow: Callable[[Sample], Sample]) -> None:
    samples = STEADY[:20] + [grow(sample) for sample in STEADY[20:]]
    kept, lines = judge(samples)
    assert not kept
    assert sum(line.endswith("GROWN") for line in lines) == 1


def test_a_journal_that_takes_more_and_more_for_a_delivery_is_noticed() -> None:
    kept, lines = judge([replace(sample, journal=sample.deliveries**2 * 50) for sample in STEADY])
    assert not kept
    assert lines[-1].endswith("GROWN")


def test_what_happens_while_caches_fill_is_left_out() -> None:
    kept, _ = judge([replace(sample, memory=MEBIBYTE) for sample in STEADY[:10]] + STEADY[10:])
    assert kept


def test_a_run_that_was_too_short_says_nothing() -> None:
    with pytest.raises(ValueError, match="15 samples say nothing"):
        judge(STEADY[:15])
