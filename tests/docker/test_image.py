"""Decides whether the Dockerfile gives an image that serves: built for real, run for real, and sent a message.

It has never heard of how the service does it; it speaks HTTP to the container.
"""

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.acceptance.client import Client
from tests.acceptance.documents import Reader, blocks, examples
from tests.acceptance.process import environment, eventually, lasting_port
from tests.docker import engine

ROOT: Final = Path(__file__).resolve().parents[2]
IMAGE: Final = "localhost/vestnik-test"

pytestmark = [
    pytest.mark.needs("buildah", "as root: apt-get install buildah"),
    pytest.mark.needs("debootstrap", "as root: apt-get install debootstrap"),
    pytest.mark.timeout(1_800),  # The base image takes two minutes the first time, longer on a slow network.
]


@pytest.fixture(scope="module")
def image() -> str:
    if os.geteuid() != 0:
        pytest.skip("needs root: buildah's chroot isolation and debootstrap work for root only")
    engine.build(ROOT, IMAGE, {"BASE": engine.base()})
    return IMAGE


@pytest.fixture
def container(image: str, tmp_path: Path) -> Iterator[engine.Container]:
    data = tmp_path / "data"
    data.mkdir()
    with engine.container(image, data, {"VESTNIK_PORT": str(lasting_port())}) as made:
        yield made


def test_the_image_runs_as_a_user_of_its_own_with_its_data_in_a_volume(container: engine.Container) -> None:
    assert container.config["User"] == "vestnik"
    assert list(container.config["Volumes"]) == ["/data"]
    assert list(container.config["ExposedPorts"]) == ["8080/tcp"]
    assert container.run("id", "-u").stdout.strip() not in ("", "0")
    assert container.run("touch", "/opt/vestnik/x").returncode != 0
    assert "No module named 'pytest'" in container.run("python", "-c", "import pytest").stderr


def test_without_a_key_the_container_says_in_one_line_why_it_does_not_serve(container: engine.Container) -> None:
    refused = container.run(*container.config["Entrypoint"], *container.config["Cmd"])
    lines = [line for line in refused.stderr.splitlines() if line.startswith("vestnik: ")]
    assert len(lines) == 1
    assert "vestnik keys create NAME" in lines[0]
    assert "ready" not in refused.stdout


def test_the_container_sends_a_message_and_still_knows_it_after_a_restart(
    container: engine.Container, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    with container.service(log, VESTNIK_INSECURE="1", VESTNIK_DEMO="1") as process:
        client = ready(log)
        health = container.config["Healthcheck"]["Test"]
        assert health[0] == "CMD"
        assert container.run(*health[1:]).returncode == 0
        follow_the_readme(client)
        (sent,) = client.call("GET", "/api/messages").expect(200)["messages"]
        assert sent["counts"] == {"delivered": 12}
        assert stop(process) == 0
        assert container.run(*health[1:]).returncode != 0
    log.unlink()
    with container.service(log, VESTNIK_INSECURE="1") as process:
        client = ready(log)
        assert client.call("GET", "/api/messages").expect(200)["messages"] == [sent]
        assert len(client.call("GET", "/emulator/journal").expect(200)["entries"]) == 12
        assert stop(process) == 0


def test_a_key_made_in_the_container_opens_its_api_and_nothing_else_does(
    container: engine.Container, tmp_path: Path
) -> None:
    made = container.run("vestnik", "keys", "create", "ops")
    assert made.returncode == 0, made.stderr
    log = tmp_path / "log"
    with container.service(log) as process:
        client = ready(log)
        client.call("GET", "/api/messages").expect(401)
        client.key = made.stdout.strip()
        client.call("GET", "/api/messages").expect(200)
        assert stop(process) == 0


def ready(log: Path) -> Client:
    """A client of the service, as soon as its log says where it serves."""
    found: re.Match[str] = eventually(
        lambda: re.search(r"^vestnik ready on http://0\.0\.0\.0:(\d+)$", log.read_text(encoding="utf-8"), re.MULTILINE),
        f"the container says that it is ready in {log}",
        60,
    )
    return Client(f"http://127.0.0.1:{found[1]}")


def follow_the_readme(client: Client) -> None:
    """Sends the README's first request and looks until all of it has arrived, as shown there."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    reader = Reader(client.address.removeprefix("http://"), environment({}), ROOT)
    shown = [example for block in blocks(readme) if block.info == "console" for example in examples(block)]
    for example in shown[:2]:
        reader.follow(example)


def stop(process: subprocess.Popen[bytes]) -> int:
    """Stops the service as an engine does, with SIGTERM to the container's first process; the exit status."""
    os.kill(innermost(process.pid), signal.SIGTERM)
    return process.wait(30)


def innermost(pid: int) -> int:
    """The process at the end of a chain of children; buildah does not pass signals on to it."""
    while children := [
        child for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()
    ]:
        pid = int(children[0])
    return pid
