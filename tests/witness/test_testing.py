"""The fixture for tests of other people's bots: every example of its document, in a project of its own."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.witness.nodes import HERE as NODE
from tests.witness.nodes import installed, needs_node

DOCUMENT: Final = Path(__file__).parents[2] / "docs" / "testing.md"


def examples(language: str) -> dict[str, str]:
    """The code in that language by the heading that it stands under; of several pieces all, one after another."""
    found: dict[str, str] = {}
    for section in DOCUMENT.read_text(encoding="utf-8").split("\n## ")[1:]:
        code = re.findall(rf"^```{language}\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
        if code:
            found[section.partition("\n")[0]] = "\n\n".join(code)
    return found


def run(folder: Path, **tests: str) -> "subprocess.CompletedProcess[str]":
    """Runs files of tests, given by name and content, with nothing but what is installed."""
    for name, content in tests.items():
        (folder / f"test_{name}.py").write_text(content, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", "--rootdir", "."]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=110, check=False)


def test_every_example_works_as_it_is_printed(tmp_path: Path) -> None:
    printed = examples("python")
    assert list(printed) == ["python-telegram-bot", "aiogram", "viberbot", "pywa", "Hosts that cannot be changed"]
    result = run(tmp_path, **{re.sub(r"\W", "_", title): example for title, example in printed.items()})
    assert result.returncode == 0, result.stdout + result.stderr
    assert "7 passed" in result.stdout


@needs_node
def test_the_example_for_node_works_as_it_is_printed(tmp_path: Path) -> None:
    installed()
    [example] = examples("js").values()
    (tmp_path / "bot.test.mjs").write_text(example, encoding="utf-8")
    (tmp_path / "node_modules").symlink_to(NODE / "node_modules")
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    result = subprocess.run(
        ["node", "--test"], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert re.search(r"^\S pass 2$", result.stdout, re.MULTILINE), result.stdout


SEND: Final = """
import json
import urllib.error
import urllib.request

import pytest


def send(vestnik, text):
    body = json.dumps({"chat_id": 1001, "text": text}).encode()
    url = vestnik.url("telegram") + "/bot123:abc/sendMessage"
    urllib.request.urlopen(urllib.request.Request(url, body, {"content-type": "application/json"})).close()
"""


STORIES: Final = (
    SEND
    + """

def test_fails(vestnik):
    send(vestnik, "Are you there?")
    vestnik.phone("telegram", "1001").writes("Yes, I am.")
    assert False


def test_starts_with_nothing(vestnik):
    assert vestnik.journal() == []


def test_waits(vestnik):
    vestnik.phone("viber", "EGAZ3SZRi6zW1D0uNYhQHg==").expect("never", timeout=0.05)


def test_misspells(vestnik):
    vestnik.faults({"fault": "eror"})


def test_saves(vestnik, tmp_path_factory):
    vestnik.clock.advance(3600)
    send(vestnik, "An hour later")
    document = vestnik.save()
    vestnik.reset()
    vestnik.load(document)
    assert [entry["text"] for entry in vestnik.journal()] == ["An hour later"]
    (tmp_path_factory.getbasetemp() / "state.db").write_bytes(document)


def test_loads(vestnik, tmp_path_factory):
    vestnik.load((tmp_path_factory.getbasetemp() / "state.db").read_bytes())
    send(vestnik, "Later still")
    first, second = [entry["at"] for entry in vestnik.journal()]
    assert first < second
    vestnik.load(b"nonsense")


@pytest.mark.vestnik(limits="real", strict=True)
def test_meets_limits(vestnik):
    vestnik.control("PUT", "/bots/telegram/123:abc")
    with pytest.raises(urllib.error.HTTPError, match="400"):
        send(vestnik, "to nobody")
    vestnik.phone("telegram", "1001").set(online=True)
    for number in range(3):
        send(vestnik, f"number {number}")
    with pytest.raises(urllib.error.HTTPError, match="429"):
        send(vestnik, "too much")
    vestnik.clock.advance(1)
    send(vestnik, "later")


@pytest.mark.vestnik("real")
def test_mistakes_the_mark(vestnik):
    pass


def test_turns_the_clock_back(vestnik):
    vestnik.clock.advance(-1)


def test_mistakes_the_messenger(vestnik):
    vestnik.url("pigeon")
"""
)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What pytest prints of a few tests that use the fixture, most of them in vain."""
    return run(tmp_path_factory.mktemp("stories"), stories=STORIES).stdout


def test_a_failure_shows_the_conversation(told: str) -> None:
    assert "vestnik: what passed between bots and phones" in told
    assert "telegram  123 -> 1001  Are you there?" in told
    assert "telegram  1001 -> 123  Yes, I am." in told


def test_each_test_has_emulators_of_its_own(told: str) -> None:
    assert "test_stories.py::test_starts_with_nothing PASSED" in told


def test_a_mark_says_how_the_emulators_are(told: str) -> None:
    assert "test_stories.py::test_meets_limits PASSED" in told
    assert "PytestUnknownMarkWarning" not in told


def test_what_one_test_saved_another_goes_on_from_with_the_clock_of_then(told: str) -> None:
    assert "test_stories.py::test_saves PASSED" in told
    assert "nothing was loaded: it is no state of the emulators, which is an SQLite file" in told


def test_what_cannot_be_met_or_meant_is_said(told: str) -> None:
    assert "0 of 1 such messages came within 0.05 s" in told
    assert "#/0/fault" in told
    assert "there is no messenger 'pigeon'; there are telegram, viber, whatsapp" in told
    assert "the mark vestnik takes strict= and limits=, and nothing else" in told
    assert "time does not go back, and -1 seconds were asked for" in told
