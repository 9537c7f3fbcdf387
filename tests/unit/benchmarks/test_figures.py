"""Decides whether a run's samples are summed up rightly: medians, spreads, ratios within rounds, costs.

It has never heard of what was measured.
"""

import pytest

from benchmarks.figures import Measured, Sample, Spread, quantile


def sample(rate: float, cpu: float = 1.0, work: int = 1_000) -> Sample:
    return Sample({"rate": rate}, work, {"worker": cpu}, {"worker": rate / 10})


MEASURED = Measured(
    "drain",
    {"rate": "deliveries/s"},
    {
        "ours": [sample(1_000.0), sample(500.0), sample(800.0)],
        "theirs": [sample(100.0, cpu=5.0), sample(100.0, cpu=7.0), sample(200.0, cpu=6.0)],
        "broken": [None, sample(50.0), None],
        "never": [None, None, None],
    },
    reference="theirs",
)


def test_a_spread_is_the_median_with_the_least_and_the_most() -> None:
    assert MEASURED.spread("ours", "rate") == Spread(800.0, 500.0, 1_000.0)
    assert Spread.of([1.0, 2.0]) == Spread(1.5, 1.0, 2.0)


def test_ratios_are_taken_within_each_round_and_not_of_the_medians() -> None:
    assert MEASURED.ratio("ours", "rate", to="theirs") == Spread(5.0, 4.0, 10.0)


def test_a_ratio_leaves_out_rounds_that_one_of_the_two_did_not_finish() -> None:
    assert MEASURED.ratio("ours", "rate", to="broken") == Spread(10.0, 10.0, 10.0)


def test_what_was_never_measured_has_no_figures() -> None:
    assert MEASURED.spread("never", "rate") is None
    assert MEASURED.ratio("ours", "rate", to="never") is None
    assert MEASURED.ratio("ours", "rate", to="nobody") is None
    assert MEASURED.spread("ours", "colour") is None


def test_cpu_is_told_for_a_thousand_pieces_of_work() -> None:
    assert MEASURED.cpu("theirs") == {"worker": 6.0}
    halves = Measured("drain", {}, {"ours": [sample(1.0, cpu=1.0, work=500)]})
    assert halves.cpu("ours") == {"worker": 2.0}
    nothing_done = Measured("drain", {}, {"ours": [sample(1.0, work=0)]})
    assert nothing_done.cpu("ours") == {}


def test_memory_is_the_median_by_process() -> None:
    assert MEASURED.memory("ours") == {"worker": 80.0}


def test_the_best_has_the_highest_median() -> None:
    assert MEASURED.best("rate", ["theirs", "broken", "never"]) == "theirs"
    assert MEASURED.best("rate", ["never"]) is None


@pytest.mark.parametrize(("share", "expected"), [(0.5, 50), (0.99, 99), (1.0, 100), (0.0, 1), (0.991, 100)])
def test_a_quantile_is_a_value_that_was_measured(share: float, expected: int) -> None:
    assert quantile(reversed(range(1, 101)), share) == expected


def test_a_quantile_of_one_value_is_that_value() -> None:
    assert quantile([7.0], 0.99) == 7.0
