"""A copy for safekeeping is made while the service works, is found sound, and serves again as the document says."""

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.acceptance.journal import Arrival, audit, expected
from tests.acceptance.people import MESSENGERS, people
from tests.acceptance.process import environment, run, variables
from tests.acceptance.service import Service

DOCUMENT: Final = Path(__file__).parents[2] / "docs" / "running.md"
LONGEST_PAUSE: Final = 2.0
"""Seconds that a request may take while a copy is made; a busy machine of two cores is allowed for."""


class Sending(threading.Thread):
    """Sends message after message until the block ends; what was accepted, and the longest time that one took."""

    def __init__(self, service: Service) -> None:
        super().__init__()
        self._service = service
        self._stop_it = threading.Event()
        self.accepted: dict[str, list[Arrival]] = {}
        self.longest = 0.0

    def run(self) -> None:
        number = 0
        while not self._stop_it.is_set():
            whom, text = people(20, number * 20), f"message {number}"
            began = time.monotonic()
            sent = self._service.send(text, whom)
            self.longest = max(self.longest, time.monotonic() - began)
            self.accepted[sent["id"]] = expected(text, whom, MESSENGERS)
            number += 1

    @contextmanager
    def going(self) -> Iterator["Sending"]:
        self.start()
        try:
            yield self
        finally:
            self._stop_it.set()
            self.join()


def steps(heading: str) -> str:
    """The commands that the document gives below a heading, but for the one that serves."""
    found = re.search(rf"^### {heading}$.*?^```sh\n(.*?)^```$", DOCUMENT.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert found is not None, f"{DOCUMENT.name} has no commands below {heading!r}"
    return "".join(line for line in found[1].splitlines(keepends=True) if "vestnik serve" not in line)


def follow(commands: str, folder: Path, data: Path) -> str:
    """Runs commands in a folder; what they printed. AssertionError if one of them fails."""
    known = environment(variables({"data": data}))
    path = f"{Path(sys.executable).parent}{os.pathsep}{known['PATH']}"
    done = subprocess.run(
        ["bash", "-euc", commands],
        cwd=folder,
        env={**known, "PATH": path},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done
    return done.stdout


def test_a_copy_made_under_load_is_restored_and_nothing_in_it_is_lost_or_doubled(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    with Service(tmp_path / "first") as service:
        sending = Sending(service)
        with sending.going():
            while len(sending.accepted) < 10:
                time.sleep(0.05)
            before = list(sending.accepted)
            shown = follow(steps("A copy for safekeeping"), tmp_path, service.data)
        assert sending.longest < LONGEST_PAUSE
        service.kill9()
    assert "vestnik.db: sound" in shown
    assert "emulator.db: sound" in shown
    follow(steps("Restoring it"), tmp_path, tmp_path / "unused")
    with Service(tmp_path / "second") as restored:
        restored.kill9()
        (tmp_path / "restored").rename(tmp_path / "second" / "restored")
        restored.data = tmp_path / "second" / "restored"
        restored.start()
        known = [
            message for message in sending.accepted if restored.call("GET", f"/api/messages/{message}").status == 200
        ]
        assert set(before) <= set(known), "what was accepted before the copy began is in it"
        restored.wait_until_settled(*known)
        result = audit([arrival for message in known for arrival in sending.accepted[message]], restored.journal())
        assert restored.terminate() == 0
        checked = run("check", str(restored.data))
        assert checked.returncode == 0, checked
    record_property("told", f"{result}, longest request while copying = {sending.longest * 1000:.0f} ms")
    assert result.faultless, result


def test_a_stopped_service_is_copied_too_and_compressed(tmp_path: Path) -> None:
    with Service(tmp_path) as service:
        sent = service.send("Hello", people(3))
        service.wait_until_settled(sent["id"])
        assert service.terminate() == 0
    target = tmp_path / "copy.tar.gz"
    made = run("backup", str(target), data=tmp_path / "data")
    assert made.returncode == 0, made
    assert made.stdout.splitlines() == [
        "vestnik.db: sound (messages 1, deliveries 9, accounts 1)",
        "emulator.db: sound (messages on phones 9, messages to bots 0, reports that wait 0)",
    ]
    assert target.read_bytes()[:2] == b"\x1f\x8b"
    assert target.stat().st_mode & 0o777 == 0o600, "messages are nobody else's affair"
    assert run("check", str(target)).stdout == made.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy.tar.gz", "data", "log"]
