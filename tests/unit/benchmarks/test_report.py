"""Decides whether the report says what was measured, what was not, and which goals are met.

It has never heard of real figures.
"""

from pathlib import Path

import pytest

from benchmarks.figures import Measured, Sample
from benchmarks.report import BEGIN, END, Goal, Results, figure, render, write
from benchmarks.scenarios.rounds import Scenario

RESULTS: Results = {
    "drain": Measured(
        "drain",
        {"rate": "deliveries/s", "p99": "ms"},
        {
            "ours": [Sample({"rate": 3_000.0, "p99": 1.5}, 1_000, {"worker": 0.3}, {"worker": 60.0})],
            "theirs": [Sample({"rate": 1_000.0}, 1_000, {"worker": 5.0}, {}, "3 came twice")],
        },
        reference="theirs",
        left_out={"others": "their server does not run here"},
    )
}


def look(scenario: str, contender: str, name: str) -> float | None:
    spread = RESULTS[scenario].spread(contender, name) if scenario in RESULTS else None
    return None if spread is None else spread.middle


def goal(limit: float, *, at_least: bool = True, scenario: str = "drain") -> Goal:
    return Goal("drain", limit, at_least, lambda _: look(scenario, "ours", "rate"))


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_each_figure_has_a_row_with_its_ratio_and_its_cost() -> None:
    rows = [cells(line) for line in render(RESULTS, [], []).splitlines() if line.startswith("| drain")]
    assert rows == [
        [
            "drain: rate, deliveries/s",
            "ours",
            "3,000",
            "3,000 to 3,000",
            "3.00 x",
            "3.00 to 3.00",
            "worker 0.30",
            "worker 60.0",
        ],
        [
            "drain: rate, deliveries/s",
            "theirs",
            "1,000",
            "1,000 to 1,000",
            "1.00 x",
            "1.00 to 1.00",
            "worker 5.00",
            "-",
        ],
        ["drain: p99, ms", "ours", "1.50", "1.50 to 1.50", "-", "-", "", ""],
    ]


def test_what_was_not_run_is_said_with_the_reason() -> None:
    report = render(RESULTS, [], [])
    assert "- drain, others: their server does not run here" in report
    assert "- drain, theirs: 3 came twice" in report
    assert "Everything that was asked for was run." not in report


def test_what_is_still_ahead_is_said_should_the_run_end_here() -> None:
    report = render({}, [], [], ["memory", "history"])
    assert report.endswith(
        "Not run:\n\n- memory: the run was ended before it\n- history: the run was ended before it\n"
    )
    assert render({}, [], []).endswith("Everything that was asked for was run.\n")


@pytest.mark.parametrize(
    ("asked", "verdict"),
    [
        (goal(3_000.0), "met"),
        (goal(3_001.0), "missed"),
        (goal(3_000.0, at_least=False), "met"),
        (goal(2_999.0, at_least=False), "missed"),
        (goal(1.0, scenario="intake"), "not run"),
    ],
)
def test_a_goal_is_met_missed_or_was_not_run(asked: Goal, verdict: str) -> None:
    assert asked.row(RESULTS)[3] == verdict


def test_figures_keep_three_digits_that_matter() -> None:
    assert [figure(value) for value in (12_345.6, 123.4, 12.34, 1.234, 0.0)] == [
        "12,346",
        "123",
        "12.3",
        "1.23",
        "0.00",
    ]


def test_writing_changes_a_page_only_between_the_marks(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"# Title\n\n{BEGIN}\nold\n{END}\n\nThe end.\n", encoding="utf-8")
    write(page, "new\n")
    write(page, "newer\n")
    assert page.read_text(encoding="utf-8") == f"# Title\n\n{BEGIN}\n\nnewer\n\n{END}\n\nThe end.\n"


def test_everybody_runs_in_every_round_and_each_round_begins_with_another() -> None:
    order: list[str] = []

    def contender(name: str) -> Sample:
        order.append(name)
        return Sample({"rate": float(len(order))})

    names = ("a", "b", "c")
    scenario = Scenario("x", {"rate": "/s"}, {name: lambda _, name=name: contender(name) for name in names})  # type: ignore[misc] # the name is bound early
    measured = scenario.measure(3)
    assert order == ["a", "b", "c", "b", "c", "a", "c", "a", "b"]
    assert [len(measured.rounds[name]) for name in names] == [3, 3, 3]


def test_a_contender_that_fails_costs_only_its_own_round() -> None:
    turns = iter([RuntimeError("no server"), None])

    def shaky(_: Path) -> Sample:
        if (trouble := next(turns)) is not None:
            raise trouble
        return Sample({"rate": 1.0})

    measured = Scenario("x", {"rate": "/s"}, {"shaky": shaky}).measure(2)
    assert measured.rounds["shaky"] == [None, Sample({"rate": 1.0})]
    assert "no server" in measured.left_out["shaky"]
