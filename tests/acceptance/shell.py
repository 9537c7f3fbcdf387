"""Decides how somebody follows the blocks of a document at a terminal: what serves goes on, everything else has to end.

It has never heard of what the commands do. Words that the document uses as examples, such as the name of a server,
stand for what the test says they stand for.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.acceptance.documents import blocks
from tests.acceptance.process import environment, eventually, lasting_port
from tests.servers.postgres import program

DOCUMENT: Final = Path(__file__).resolve().parents[2] / "docs" / "running.md"
_SERVES: Final = re.compile(r"([A-Z_]+=\S+ )*(vestnik (serve|emulate|relay|worker)|celery .*(worker|flower))\b.*")
_READY: Final = re.compile(r"^vestnik (relay )?ready|this worker takes tasks|Visit me at", re.MULTILINE)
_HEADING: Final = re.compile(r"^##+ (.*)$", re.MULTILINE)
_WITHIN: Final = 90.0


def below(heading: str) -> list[str]:
    """The blocks of commands that stand below a heading and above the next, in order."""
    text = DOCUMENT.read_text(encoding="utf-8")
    parts = _HEADING.split(text)
    return [
        block.text for block in blocks(dict(zip(parts[1::2], parts[2::2], strict=True))[heading]) if block.info == "sh"
    ]


def headings() -> set[str]:
    """The headings that have blocks of commands."""
    return {found for found in _HEADING.findall(DOCUMENT.read_text(encoding="utf-8")) if below(found)}


class Shell:
    """A terminal in a folder of its own, with what is exported in it."""

    def __init__(self, folder: Path, known: Mapping[str, str], **exported: str) -> None:
        """`known` are words of the document and what they stand for here."""
        self.folder = folder
        self.known = dict(known)
        programs = Path(program("createdb") or "/usr/bin/createdb").parent
        path = os.pathsep.join([str(Path(sys.executable).parent), str(programs), os.environ["PATH"]])
        self._environment = {**environment({}), "PATH": path, **exported}
        self._serving: dict[str, subprocess.Popen[bytes]] = {}

    def follow(self, block: str, said: str = "") -> str:
        """Runs what ends by itself and starts what serves; what the former printed. `said` is typed in.

        AssertionError for a command that fails.
        """
        for shown, here in self.known.items():
            block = block.replace(shown, here)
        printed, script = "", ""
        for line in block.splitlines():
            if _SERVES.fullmatch(line):
                printed += self._run(script, said)
                script = ""
                self._serve(line)
            else:
                script += line + "\n"
        return printed + self._run(script, said)

    def _run(self, script: str, said: str) -> str:
        if not script.strip():
            return ""
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", f"{script}\nenv -0 >.exported"],
            cwd=self.folder,
            env=self._environment,
            input=said,
            capture_output=True,
            text=True,
            timeout=_WITHIN,
            start_new_session=True,
            check=False,
        )
        assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
        exported = (self.folder / ".exported").read_text(encoding="utf-8").split("\0")
        self._environment = dict(pair.split("=", 1) for pair in exported if "=" in pair)
        return done.stdout

    def _serve(self, command: str) -> None:
        number = len(self._serving)
        log = self.folder / f"{number}.log"
        given = {"VESTNIK_PORT": str(lasting_port()), **self._environment}
        with log.open("wb") as output:
            process = subprocess.Popen(
                ["bash", "-c", f"exec env {command}"], cwd=self.folder, env=given, stdout=output, stderr=output
            )
        self._serving[f"{number} {command}"] = process

        def ready() -> bool:
            assert process.poll() is None, f"{command} ended: {log.read_text(errors='replace')}"
            return bool(_READY.search(log.read_text(errors="replace")))

        try:
            eventually(ready, f"{command} is ready", _WITHIN, every=0.1)
        except AssertionError:
            process.kill()
            process.wait()
            raise

    def address(self, number: int) -> str:
        """Where the so-manieth of what serves is reached."""
        said = (self.folder / f"{number}.log").read_text(errors="replace")
        found = re.search(r"^vestnik ready on (\S+)$", said, re.MULTILINE)
        assert found is not None, said
        return found[1].replace("0.0.0.0", "127.0.0.1")

    def stop(self) -> None:
        """Ends what serves, the latest first; each must end well."""
        serving, self._serving = self._serving, {}
        for process in reversed(serving.values()):
            process.terminate()
        ended: dict[str, int | None] = {}
        for command, process in serving.items():
            try:
                ended[command] = process.wait(_WITHIN)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                ended[command] = None
        assert set(ended.values()) <= {0}, ended

    @contextmanager
    def open(self) -> Iterator["Shell"]:
        """Ends whatever still serves."""
        try:
            yield self
        except BaseException:
            for process in self._serving.values():
                process.kill()
                process.wait()
            raise
        self.stop()
