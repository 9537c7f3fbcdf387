"""Decides what an example in a document is, how it is run, and when what came is what the document shows.

    ```console
    $ curl http://127.0.0.1:8080/api/messages/01KA5YTRV8M3J5W1X7QZ9C4DEF
    {"id": "01KA5YTRV8M3J5W1X7QZ9C4DEF", "status": "delivered", …}
    ```

Lines after `$ ` are commands for bash, run one after the other; the lines below are all that they print. White space
does not count, so long answers may be shown on several lines. `…` stands for anything, a time for any time. An id or a
key stands for the one that came the first time it is shown, and for that same one wherever it is shown again.
The address 127.0.0.1:8080 stands for the service under test, also where a command of ours takes it for granted.

A ```json block names the request whose body it is, as in ```json POST /api/messages; it must be taken.

It has never heard of any route or command in particular.
"""

import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.acceptance.client import Client

ADDRESS: Final = "127.0.0.1:8080"
_PATIENCE: Final = 15.0
"""Seconds."""
_FENCE: Final = re.compile(
    r"^(?P<indent> *)```(?P<info>[^`\n]*)\n(?P<text>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL
)
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_NAMED: Final = re.compile(r"\b[0-9][0-9A-HJKMNP-TV-Z]{25}\b|\bvk_[A-Za-z0-9_-]{20,}")
"""An id of 26 characters, or a key."""
_PATTERNS: Final = {"v": r"vk_[A-Za-z0-9_-]{20,}"}
_ID: Final = r"[0-9][0-9A-HJKMNP-TV-Z]{25}"
_PIECE: Final = re.compile(f"…|{_TIME.pattern}|{_NAMED.pattern}")


@dataclass(frozen=True)
class Block:
    """A fenced block; `info` is what stands behind its fence, `line` where it begins."""

    info: str
    text: str
    line: int


@dataclass(frozen=True)
class Example:
    """A command and what it prints."""

    command: str
    shown: str
    line: int


def blocks(document: str) -> list[Block]:
    """The fenced blocks of a Markdown text, without their indentation."""
    return [
        Block(
            found["info"].strip(),
            re.sub(f"^{found['indent']}", "", found["text"], flags=re.MULTILINE),
            document.count("\n", 0, found.start()) + 1,
        )
        for found in _FENCE.finditer(document)
    ]


def examples(block: Block) -> Iterator[Example]:
    """The commands of a console block, each with the lines that follow it."""
    lines = block.text.splitlines()
    at = 0
    while at < len(lines):
        assert lines[at].startswith("$ "), f"line {block.line + at + 1} should begin with `$ `: {lines[at]!r}"
        start, command = at, lines[at][2:]
        while not _complete(command):
            at += 1
            command += "\n" + lines[at]
        at += 1
        end = next((number for number in range(at, len(lines)) if lines[number].startswith("$ ")), len(lines))
        yield Example(command, "\n".join(lines[at:end]), block.line + start + 1)
        at = end


def _complete(command: str) -> bool:
    if command.endswith("\\"):
        return False
    return subprocess.run(["bash", "-n", "-c", command], capture_output=True, check=False).returncode == 0


@dataclass
class Reader:
    """Somebody who follows a document word for word, at a service on `address` (host and port)."""

    address: str
    environment: Mapping[str, str]
    folder: Path
    _names: dict[str, str] = field(default_factory=dict)
    """What each id and key of the document stands for here."""

    def follow(self, example: Example) -> None:
        """Runs a command; AssertionError where it fails or prints something else than the document shows.

        What is only looked at may take a moment to become what is shown.
        """
        end = time.monotonic() + (_PATIENCE if _only_looks(example.command) else 0.0)
        while (reason := self._try(example)) is not None:
            assert time.monotonic() < end, reason
            time.sleep(0.1)

    def _try(self, example: Example) -> str | None:
        """None where the command printed what is shown, and otherwise what there is to say of it."""
        command = self._here(example.command)
        done = subprocess.run(
            ["bash", "-c", command],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env=self.environment,
            cwd=self.folder,
        )
        pattern, names = self._pattern(example.shown)
        found = re.fullmatch(pattern, _squeezed(done.stdout), re.DOTALL)
        if found is None or done.returncode:
            told = f"line {example.line}: {command}\n--- ended with {done.returncode} and printed\n{done.stdout}"
            return f"{told}\n--- complained\n{done.stderr}\n--- the document shows\n{example.shown}"
        self._names |= {name: found[f"n{number}"] for number, name in enumerate(names)}
        return None

    def post(self, block: Block) -> None:
        """Sends the body that a JSON block shows to the request that it names."""
        words = block.info.split()
        assert len(words) == 3, f"line {block.line}: a JSON block names its request, as in ```json POST /api/messages"
        reply = Client(f"http://{self.address}").call(words[1], words[2], self._here(block.text).encode())
        assert 200 <= reply.status < 300, f"line {block.line}: {reply.status} {reply.body.decode()}"

    def _here(self, text: str) -> str:
        """The text with this service's address and the ids that came."""
        for shown, came in self._names.items():
            text = text.replace(shown, came)
        text = re.sub(r"\bvestnik (send|status) ", rf"vestnik \1 --url http://{ADDRESS} ", text)
        return text.replace(".venv/bin/", f"{Path(sys.executable).parent}/").replace(ADDRESS, self.address)

    def _pattern(self, shown: str) -> tuple[str, list[str]]:
        """What the squeezed output must look like, and the ids that it tells for the first time."""
        squeezed, pattern, names, at = _squeezed(self._here(shown)), "", list[str](), 0
        for piece in _PIECE.finditer(squeezed):
            pattern += re.escape(squeezed[at : piece.start()])
            at = piece.end()
            if piece[0] == "…":
                pattern += ".*?"
            elif _TIME.fullmatch(piece[0]):
                pattern += _TIME.pattern
            elif piece[0] in self._names.values():
                pattern += re.escape(piece[0])
            elif piece[0] in names:
                pattern += f"(?P=n{names.index(piece[0])})"
            else:
                pattern += f"(?P<n{len(names)}>{_PATTERNS.get(piece[0][0], _ID)})"
                names.append(piece[0])
        return pattern + re.escape(squeezed[at:]), names


def _only_looks(command: str) -> bool:
    return command.startswith("curl ") and not re.search(r" (-X|-d|--data|--json|-F)\b", command)


def _squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)
