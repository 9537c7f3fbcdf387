"""Decides whether the documents are true: their examples are run, word for word, against a service started as they say.

It has never heard of the service's code.
"""

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.acceptance.client import Client
from tests.acceptance.documents import Block, Reader, blocks, examples
from tests.acceptance.process import environment, eventually, lasting_port

ROOT: Final = Path(__file__).resolve().parents[2]
DOCUMENTS: Final = ("README.md", "docs/http-api.md")

PROVED_ELSEWHERE: Final = {
    "make run": "the service of these tests is started by it",
    "make test": "it runs these tests",
    "docker compose --profile embedded up --build": "tests/docker builds and runs the same Dockerfile",
    "docker compose --profile embedded run --rm vestnik keys create backend": "tests/docker does so",
    "docker compose --profile cluster up --build": "test_compose.py runs the same commands by hand",
    ".venv/bin/vestnik keys create backend": "test_the_commands_for_keys_do_what_the_readme_says",
    ".venv/bin/vestnik keys list": "test_the_commands_for_keys_do_what_the_readme_says",
    ".venv/bin/vestnik keys revoke backend": "test_the_commands_for_keys_do_what_the_readme_says",
}
"""Commands of ```sh blocks, which these tests cannot run beside everything else, and where each is run."""

pytestmark = pytest.mark.timeout(300)  # `make run` may have to install the dependencies first.


class MakeRun:
    """`make run` with its output, until `stop`."""

    def __init__(self, folder: Path) -> None:
        self._log = folder / "log"
        settings = f"--test-clock --port {lasting_port()} --data {folder / 'data'}"
        with self._log.open("wb") as output:
            self._process = subprocess.Popen(
                ["make", "run", f"ARGS={settings}"],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=environment({}),
                cwd=ROOT,
                start_new_session=True,
            )

    @property
    def log(self) -> str:
        return self._log.read_text(encoding="utf-8")

    def address(self) -> str:
        """Host and port, as soon as it is ready."""

        def said() -> str | None:
            assert self._process.poll() is None, self.log
            found = re.search(r"^vestnik ready on http://(\S+)$", self.log, re.MULTILINE)
            return found[1] if found else None

        return eventually(said, "make run serves", 240)

    def stop(self) -> None:
        os.killpg(self._process.pid, signal.SIGTERM)
        self._process.wait(30)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[MakeRun]:
    running = MakeRun(tmp_path)
    try:
        yield running
    finally:
        running.stop()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_example_of_the_document_does_what_the_document_shows(service: MakeRun, document: str) -> None:
    reader = Reader(service.address(), environment({"COLUMNS": "120"}), ROOT)
    text = (ROOT / document).read_text(encoding="utf-8")
    for block in blocks(text):
        _prove(reader, block)
    if document == "README.md":
        untried = _untried(Client(f"http://{reader.address}"))
        assert untried == set(), "these routes have no example, or no error"
    assert "Traceback" not in service.log, service.log


def _prove(reader: Reader, block: Block) -> None:
    match block.info.split():
        case ["console"]:
            for example in examples(block):
                reader.follow(example)
        case ["json", *_]:
            reader.post(block)
        case ["sh"]:
            commands = [line.partition("#")[0].strip() for line in block.text.splitlines()]
            assert [command for command in commands if command and command not in PROVED_ELSEWHERE] == []
        case _:
            raise AssertionError(f"line {block.line}: nobody runs ```{block.info}")


def _untried(client: Client) -> set[str]:
    """Routes that were asked nothing, or were never made to refuse."""
    description: dict[str, Any] = client.call("GET", "/api/openapi.json").expect(200)
    metrics = client.call("GET", "/metrics").body.decode()
    counted = re.findall(r'vestnik_http_requests_total\{method="(\w+)",route="([^"]+)",status="(\d)', metrics)
    tried = {
        (method, route.replace(":path}", "}"), "no" if first in "45" else "yes") for method, route, first in counted
    }
    missing = set()
    for path, methods in description["paths"].items():
        for method in (name.upper() for name in methods if name in ("get", "post", "put", "patch", "delete")):
            if (method, path, "yes") not in tried and path != "/" and not path.startswith("/docs/"):
                missing.add(f"{method} {path}")
            if (method, path, "no") not in tried and path.startswith("/api/") and path != "/api/openapi.json":
                missing.add(f"{method} {path} refused")
    return missing


def test_the_russian_readme_has_the_same_examples_and_tables_of_settings() -> None:
    english, russian = (ROOT / name for name in ("README.md", "README.ru.md"))
    texts = [path.read_text(encoding="utf-8") for path in (english, russian)]
    code, translated = ([(block.info, _uncommented(block)) for block in blocks(text)] for text in texts)
    assert code == translated
    settings, translated_settings = (re.findall(r"^(\| `VESTNIK_\w+` \|[^|]*\|)", text, re.MULTILINE) for text in texts)
    assert settings == translated_settings


def _uncommented(block: Block) -> str:
    return re.sub(r"\s+#.*$", "", block.text, flags=re.MULTILINE) if block.info == "sh" else block.text


def test_the_commands_for_keys_do_what_the_readme_says(tmp_path: Path) -> None:
    reader = Reader("127.0.0.1:9", environment({"VESTNIK_DATA": str(tmp_path)}), ROOT)
    told = """
$ .venv/bin/vestnik keys create backend
vk_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG
$ .venv/bin/vestnik keys list
name may speak for created revoked
backend anybody 2026-11-23T06:27:35Z
$ .venv/bin/vestnik keys revoke backend
$ .venv/bin/vestnik keys list
name may speak for created revoked
backend anybody 2026-11-23T06:27:35Z 2026-11-23T06:27:35Z
"""
    for example in examples(Block("console", told.strip(), 0)):
        reader.follow(example)
    database = b"".join(path.read_bytes() for path in tmp_path.glob("vestnik.db*"))
    assert b"backend" in database
    assert b"vk_" not in database
