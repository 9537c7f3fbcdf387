"""Decides how emulators work beside a test: in a thread, with an event loop and a free port of their own.

It has never heard of pytest or of what is tested.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Coroutine
from concurrent.futures import Future
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

from vestnik import config, serving, wiring
from vestnik.emulation.far import Emulation

T = TypeVar("T")

START_WITHIN: Final = 30.0
"""Seconds."""
_GRACE: Final = 1.0


class EmulatorThread:
    """Emulators over the data folder `data`, at work from `start` to `stop`."""

    def __init__(self, data: Path, *, strict: bool = False, limits: str = "off") -> None:
        overrides = {"data": data, "port": 0, "strict": int(strict), "limits": limits}
        self._settings = config.read(wiring.messenger_options(), overrides, {})
        self._thread = threading.Thread(target=self._work, name="vestnik emulators", daemon=True)
        self._ready: Future[str] = Future()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._proxy_wanted: asyncio.Event | None = None
        self._proxied: Future[dict[str, str]] = Future()
        self.emulation: Emulation | None = None

    def start(self) -> str:
        """The address, once it answers; whatever keeps it from answering is raised."""
        self._settings.data.mkdir(parents=True, exist_ok=True)
        self._thread.start()
        return self._ready.result(START_WITHIN)

    def stop(self) -> None:
        """Ends the work; returns when the data folder is at rest."""
        if self._loop is not None and not self._loop.is_closed():
            for event in (self._stop, self._proxy_wanted):
                if event is not None:
                    self._loop.call_soon_threadsafe(event.set)
        self._thread.join()

    def proxy(self) -> dict[str, str]:
        """The environment for clients with the real hosts written into them; the proxy begins with the first call."""
        assert self._loop is not None
        assert self._proxy_wanted is not None
        self._loop.call_soon_threadsafe(self._proxy_wanted.set)
        return self._proxied.result(START_WITHIN)

    def run(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """The future result of work on the emulators' own event loop."""
        assert self._loop is not None
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def _work(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - it is raised where somebody waits for the start
            if not self._ready.done():
                self._ready.set_exception(error)

    async def _serve(self) -> None:
        self._loop, self._stop, self._proxy_wanted = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()
        with serving.listen(self._settings.host, self._settings.port) as listening:
            await serving.serve(listening, self._build, self._ready.set_result, _GRACE, self._stop)

    @asynccontextmanager
    async def _build(self, address: str) -> AsyncIterator[wiring.Emulating]:
        async with wiring.emulators(self._settings, address) as emulating, asyncio.TaskGroup() as group:
            self.emulation = emulating.emulation
            group.create_task(self._be_proxy(emulating))
            yield emulating

    async def _be_proxy(self, emulating: wiring.Emulating) -> None:
        """Is a proxy from when somebody wants one until the end; nobody else waits for its libraries."""
        assert self._stop is not None
        assert self._proxy_wanted is not None
        await self._proxy_wanted.wait()
        if self._stop.is_set():
            return
        try:
            with serving.listen(self._settings.host, 0) as listening:
                async with emulating.proxy(listening) as environment:
                    self._proxied.set_result(environment)
                    await self._stop.wait()
        except Exception as error:
            if self._proxied.done():
                raise
            self._proxied.set_exception(error)
