"""Decides what pytest offers a test: the fixture `vestnik`, and the conversation beside the failure of a test with it.

It has never heard of what is tested.
"""

from collections.abc import Generator
from importlib import import_module
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from vestnik.testing.emulators import Emulators
    from vestnik.testing.thread import EmulatorThread

FIXTURE: Final = "vestnik"
WAYS: Final = frozenset({"strict", "limits"})
"""What a mark may say."""


def pytest_configure(config: pytest.Config) -> None:
    """Makes the mark known."""
    config.addinivalue_line(
        "markers", f"{FIXTURE}(strict, limits): whether only what was registered exists, and 'real' for vendors' limits"
    )


@pytest.fixture(name=FIXTURE)
def emulators(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Generator["Emulators"]:
    """Emulators of all messengers on a free port, with nothing in them, for this test alone.

    A mark of the same name says how they are: `strict`, and `limits` "real". What they are made of is imported only
    now: pytest loads this module wherever the package is installed.
    """
    mark = request.node.get_closest_marker(FIXTURE)
    ways = {} if mark is None else mark.kwargs
    if mark is not None and (mark.args or not ways.keys() <= WAYS):
        raise pytest.UsageError(f"the mark {FIXTURE} takes strict= and limits=, and nothing else")
    work = import_module("vestnik.testing.thread")
    thread: EmulatorThread = work.EmulatorThread(tmp_path_factory.mktemp(FIXTURE), **ways)
    address = thread.start()
    try:
        yield import_module("vestnik.testing.emulators").Emulators(thread, address)
    finally:
        thread.stop()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Adds the conversation to the report of a test that failed."""
    report = yield
    mine: Emulators | None = getattr(item, "funcargs", {}).get(FIXTURE)
    if report.when == "call" and report.failed and mine is not None:
        lines = mine.conversation() or ["Nothing passed between bots and phones."]
        report.sections.append(("vestnik: what passed between bots and phones", "\n".join(lines)))
    return report
