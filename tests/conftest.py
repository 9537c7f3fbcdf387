"""Decides the order of a test run, what it says of tests that it did not run, and that none goes unrun in CI.

It has never heard of what any test is about; a test that needs a program of the machine says so with the mark `needs`.
"""

import os
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Final

import pytest

IN_CI = os.environ.get("CI") == "true"

# Whatever the machine's settings: the command is started hundreds of times, and to compile it is a fifth of a start.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

LONG: Final = ("docker", "cluster", "crash", "acceptance", "hostile", "simulation", "witness", "contracts")
"""Rooms whose files take long, the longest first."""


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "needs(program, how): skip where the program is missing; `how` says how to get it"
    )
    for name in [name for name in os.environ if name.startswith("VESTNIK_")]:
        del os.environ[name]  # The settings of whoever runs the tests are not the tests' settings.


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long begins first, so that no core is left with it alone at the end."""
    here, places = Path(__file__).parent, {room: place for place, room in enumerate(LONG)}
    files = {item.path for item in items}
    ranks = {path: places.get(path.relative_to(here).parts[0], len(LONG)) for path in files if here in path.parents}
    items.sort(key=lambda item: ranks.get(item.path, len(LONG)))


def pytest_runtest_setup(item: pytest.Item) -> None:
    for mark in item.iter_markers("needs"):
        program, how = mark.args
        if shutil.which(program) is None:
            pytest.skip(f"needs {program}: {how}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if IN_CI and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"not run, and CI runs everything: {_reason(report)}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if IN_CI and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"not run, and CI runs everything: {_reason(report)}"
    return report


@pytest.fixture
def show(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Says at once how far a long test has come; a process that shares a run with others has nobody to say it to."""
    terminal: pytest.TerminalReporter | None = request.config.pluginmanager.get_plugin("terminalreporter")
    capture = request.config.pluginmanager.get_plugin("capturemanager")

    def say(line: str) -> None:
        if terminal is not None and capture is not None:
            with capture.global_and_fixture_disabled():
                terminal.ensure_newline()
                terminal.write_line(f"  {line}")

    return say


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    _tell_counts(terminalreporter)
    reasons = Counter(_reason(report) for report in terminalreporter.stats.get("skipped", []))
    if reasons:
        terminalreporter.section("NOT RUN", red=True, bold=True)
        for reason, count in sorted(reasons.items()):
            terminalreporter.line(f"{count} {'test' if count == 1 else 'tests'}: {reason}", red=True)


def _tell_counts(terminalreporter: pytest.TerminalReporter) -> None:
    """What tests recorded under the property `told`: counts and seeds that are worth reading also when all is well."""
    told = {
        report.nodeid: [str(value) for name, value in report.user_properties if name == "told"]
        for reports in terminalreporter.stats.values()
        for report in reports
        if isinstance(report, pytest.TestReport) and report.when == "call"
    }
    if any(told.values()):
        terminalreporter.section("COUNTS", bold=True)
        for test, lines in sorted(told.items()):
            if lines:
                terminalreporter.line(f"{test.rpartition('::')[2]}: {', '.join(lines)}")


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    if isinstance(report.longrepr, tuple):
        return str(report.longrepr[2]).removeprefix("Skipped: ")
    return str(report.longrepr)
