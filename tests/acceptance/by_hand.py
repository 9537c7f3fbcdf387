"""Decides how what compose.yaml says is run without Docker: its commands and settings, as processes of this machine.

It has never heard of what the services do; it knows those words of compose files that ours has.
"""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import yaml

from tests.acceptance.client import Client, NoAnswer
from tests.acceptance.process import Process, eventually, lasting_port

ROOT: Final = Path(__file__).resolve().parents[2]
SECRETS: Final = "/run/secrets/"
_PROBE: Final = "VESTNIK_PROBE_PORT"
_START_WITHIN: Final = 90.0
_SAID_SHOWN: Final = 5_000


def composed() -> dict[str, Any]:
    """compose.yaml, its anchors resolved."""
    read: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    return read


def ours(profile: str) -> dict[str, dict[str, Any]]:
    """The services of a profile that run our image."""
    services: dict[str, dict[str, Any]] = composed()["services"]
    return {name: each for name, each in services.items() if each["image"] == "vestnik" and profile in each["profiles"]}


class Running:
    """One process of a service, and a client that speaks with it; its log outlives it."""

    def __init__(self, folder: Path, name: str, service: Mapping[str, Any]) -> None:
        self.name = name
        self.service = service
        self.client = Client(f"http://127.0.0.1:{lasting_port()}")
        self.process: Process | None = None
        self._folder = folder

    def start(self, known: Mapping[str, str]) -> None:
        """Starts it, with those words of its settings replaced that are known to be called something else here."""
        given: dict[str, str] = dict(self.service["environment"])
        for name, value in given.items():
            for there, here in known.items():
                value = value.replace(there, here)  # noqa: PLW2901 - one after the other
            given[name] = value
        given |= {"VESTNIK_HOST": "127.0.0.1", "VESTNIK_DATA": str(self._folder / self.name)}
        given[_PROBE if _PROBE in given else "VESTNIK_PORT"] = self.client.address.rpartition(":")[2]
        self.process = Process([*self.service["command"]], self._folder / f"{self.name}.log", given)

    def healthy(self) -> bool:
        """Whether it says so where its health check asks."""
        assert self.process is not None
        assert self.process.alive, f"{self.name} ended: {self.process.output()}"
        path = "/emulator/stats" if "healthcheck" in self.service else "/readyz"
        try:
            return self.client.call("GET", path).status == 200
        except NoAnswer:
            return False

    def kill9(self) -> None:
        """Ends it where it stands."""
        if self.process is not None:
            self.process.kill9()

    def number(self, what: str) -> float:
        """One of its metrics, with its labels; 0 where it does not have it."""
        lines = self.client.call("GET", "/metrics").body.decode().splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(what))


class ByHand:
    """All processes of a profile, so many of each service as it has replicas; ready when they are healthy."""

    def __init__(self, folder: Path, profile: str, secrets: Mapping[str, str]) -> None:
        """`secrets` are the contents of the secrets' files."""
        (folder / "secrets").mkdir(parents=True)
        for name, content in secrets.items():
            (folder / "secrets" / name).write_text(content + "\n", encoding="utf-8")
        self.roles = {
            name: [
                Running(folder, f"{name}-{number}", service)
                for number in range(service.get("deploy", {}).get("replicas", 1))
            ]
            for name, service in ours(profile).items()
        }
        self.known = {SECRETS: f"{folder / 'secrets'}/"}
        self.known |= {f"http://{name}:8080": made[0].client.address for name, made in self.roles.items()}
        self._all = [each for made in self.roles.values() for each in made]
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            for each in self._all:
                stack.callback(each.kill9)
                each.start(self.known)
            for each in self._all:
                eventually(each.healthy, f"{each.name} is healthy", _START_WITHIN, every=0.2)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stack.close()

    def tell(self) -> None:
        """Prints the end of what each process has said."""
        for each in self._all:
            if each.process is not None:
                print(f"--- {each.name}\n{each.process.output()[-_SAID_SHOWN:]}")  # noqa: T201 - for whoever reads why
