"""Decides how the messengers are run in a process of their own, over real sockets, beside a service that sends.

It has never heard of what dies.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.acceptance.people import MESSENGERS
from tests.acceptance.service import Service

RETRIES = {"retry_base": 0.05, "retry_cap": 0.5}


class Apart(Service):
    """A service whose emulators are another process; their control API is asked there."""

    def __init__(self, folder: Path, emulators: Service, **settings: Any) -> None:
        for messenger in MESSENGERS:
            settings[f"{messenger}_base_url"] = f"{emulators.address}/{messenger}"
            settings[f"{messenger}_honours_key"] = 1
        super().__init__(folder, "--no-emulators", **settings)
        self.emulators = emulators
        self.control = emulators.client


@contextmanager
def apart(folder: Path, far_data: Path | None = None, **settings: Any) -> Iterator[Apart]:
    """Both processes; `far_data` is the folder of the messengers' database."""
    with (
        Service(folder / "emulators", command="emulate", data=far_data) as emulators,
        Apart(folder / "service", emulators, **RETRIES, **settings) as service,
    ):
        yield service
