"""Decides how a test builds and runs an image without a container engine of its own: with Debian's buildah, as root.

It has never heard of what is in the image.
"""

import ast
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

SUITE: Final = "bookworm"
BASE: Final = f"localhost/vestnik-test-base-{SUITE}"
ISOLATION: Final = ("--isolation", "chroot")
"""Needs no namespaces of its own, so that it works inside a container too; the network is the machine's."""
PACKAGES: Final = "ca-certificates,python3,python3-venv"
PIP_KEYS: Final = ("index-url", "extra-index-url", "proxy", "timeout", "trusted-host")
_CERTIFICATES: Final = "/run/host-certificates.pem"


def run(*command: str, within: float = 600) -> str:
    """The output of a command that must succeed; `within` is seconds."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=within, check=False)
    assert done.returncode == 0, f"{' '.join(command)}: {done.returncode}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return done.stdout


def base() -> str:
    """The name of a small Debian with Python; made when it is first asked for and kept by buildah."""
    if run("buildah", "images", "--noheading", "--filter", f"reference={BASE}").strip():
        return BASE
    with TemporaryDirectory() as folder:
        run("debootstrap", "--variant=minbase", f"--include={PACKAGES}", SUITE, f"{folder}/root", within=900)
        run("tar", "--directory", f"{folder}/root", "--create", "--file", f"{folder}/root.tar", ".")
        container = run("buildah", "from", "scratch").strip()
        try:
            run("buildah", "add", "--quiet", container, f"{folder}/root.tar", "/")
            run("buildah", "commit", "--quiet", container, BASE)
        finally:
            run("buildah", "rm", container)
    return BASE


def build(context: Path, name: str, arguments: Mapping[str, str]) -> None:
    """Builds the Dockerfile of a folder in place of the last such image; pip fetches packages as on this machine."""
    subprocess.run(["buildah", "rmi", name], capture_output=True, check=False)  # There may be none.
    given = [part for key, value in arguments.items() for part in ("--build-arg", f"{key}={value}")]
    with TemporaryDirectory() as folder:
        mounts = list(_as_pip_does_here(Path(folder)))
        run(
            *("buildah", "build", "--pull-never", "--format", "docker", *ISOLATION),
            *(part for mount in mounts for part in ("--volume", mount)),
            *(*given, "--tag", name, str(context)),
            within=900,
        )


def _as_pip_does_here(folder: Path) -> Iterator[str]:
    listed = run(sys.executable, "-m", "pip", "config", "list")
    pairs = (line.partition("=") for line in listed.splitlines() if "=" in line)
    known = {key.rpartition(".")[2]: ast.literal_eval(value) for key, _, value in pairs}
    lines = [f"{key} = {known[key]}" for key in PIP_KEYS if known.get(key) and not known[key].startswith("file:")]
    if certificates := known.get("cert"):
        yield f"{certificates}:{_CERTIFICATES}:ro"
        lines.append(f"cert = {_CERTIFICATES}")
    settings = folder / "pip.conf"
    settings.write_text("\n".join(["[global]", *lines, ""]), encoding="utf-8")
    yield f"{settings}:/etc/pip.conf:ro"


class Container:
    """A container made from an image; commands run in it with the image's user, folder and variables."""

    def __init__(self, name: str, data: Path, settings: Mapping[str, str]) -> None:
        self.config: dict[str, Any] = json.loads(run("buildah", "inspect", name))["Docker"]["config"]
        self._name = name
        self._data = data
        self._settings = settings

    def _command(self, arguments: Sequence[str], more: Mapping[str, str]) -> list[str]:
        settings = [part for key, value in {**self._settings, **more}.items() for part in ("--env", f"{key}={value}")]
        mount = ("--volume", f"{self._data}:/data")
        return ["buildah", "run", *ISOLATION, *settings, *mount, self._name, "--", *arguments]

    def run(self, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """Runs a command to its end, at most a minute."""
        command = self._command(arguments, settings)
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    @contextmanager
    def service(self, log: Path, **settings: str) -> Iterator[subprocess.Popen[bytes]]:
        """What the image runs by itself, killed at the end."""
        command = self._command([*self.config["Entrypoint"], *self.config["Cmd"]], settings)
        with (
            log.open("ab") as output,
            subprocess.Popen(
                command, stdout=output, stderr=output, stdin=subprocess.DEVNULL, start_new_session=True
            ) as process,
        ):
            try:
                yield process
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)


@contextmanager
def container(image: str, data: Path, settings: Mapping[str, str]) -> Iterator[Container]:
    """A container with the folder as its /data, writable for the image's user, removed at the end."""
    name = run("buildah", "from", "--pull-never", image).strip()
    try:
        made = Container(name, data, settings)
        uid = int(made.run("id", "-u").stdout)
        os.chown(data, uid, uid)
        yield made
    finally:
        run("buildah", "rm", name)
