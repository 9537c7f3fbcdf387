"""Decides whether the end of a run tells what tests counted and what did not run, which fails the run where CI=true.

It has never heard of this project's own tests: it runs pytest on small ones.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.source import ROOT

SAMPLE = """
import pytest

@pytest.mark.needs("no-such-program", "apt-get install no-such-program")
def test_with_a_program_that_is_missing() -> None: ...

@pytest.mark.xfail(strict=True)
def test_expected_to_fail() -> None:
    raise AssertionError

def test_that_counts(record_property) -> None:
    record_property("told", "accepted = 3")
    record_property("told", "lost = 0")
"""
MISSING = "needs no-such-program: apt-get install no-such-program"


def run_sample(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    (folder / "conftest.py").write_text((ROOT / "tests/conftest.py").read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "test_sample.py").write_text(SAMPLE, encoding="utf-8")
    (folder / "test_whole_file.py").write_text("import pytest\npytest.importorskip('no_such_module')", encoding="utf-8")
    inherited = {name: value for name, value in os.environ.items() if name != "CI" and not name.startswith("PYTEST")}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", folder],
        env=inherited | environment,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_what_was_not_run_is_named_at_the_end(tmp_path: Path) -> None:
    done = run_sample(tmp_path)
    assert done.returncode == 0
    end = done.stdout[done.stdout.index("NOT RUN") :]
    assert f"1 test: {MISSING}" in end
    assert "1 test: could not import 'no_such_module'" in end


def test_what_a_test_tells_stands_at_the_end(tmp_path: Path) -> None:
    done = run_sample(tmp_path)
    assert "test_that_counts: accepted = 3, lost = 0" in done.stdout[done.stdout.index("COUNTS") :]


def test_ci_fails_for_what_was_not_run(tmp_path: Path) -> None:
    done = run_sample(tmp_path, CI="true")
    assert done.returncode == pytest.ExitCode.INTERRUPTED
    assert "no_such_module" in done.stdout


def test_ci_fails_for_a_missing_program_and_not_for_an_expected_failure(tmp_path: Path) -> None:
    done = run_sample(tmp_path, CI="true", PYTEST_ADDOPTS="--continue-on-collection-errors")
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert f"CI runs everything: {MISSING}" in done.stdout
    assert "1 xfailed, 2 errors" in done.stdout
