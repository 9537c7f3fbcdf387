"""Decides what the real wiring finds in place of the machine it usually runs on: clocks, files and sockets of a life.

It has never heard of what is joined; it changes what names in the wiring mean, and nothing in the rooms.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, MutableMapping, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, NoReturn, cast
from unittest.mock import patch

import structlog
from starlette import routing

from tests.simulation.disk import Fate
from tests.simulation.loop import PROCESS
from tests.simulation.machine import FAR, MACHINE, SERVICE, Clock, ServiceClock
from tests.simulation.net import ATTEMPT, ATTEMPT_HEADER, WireTransport
from tests.simulation.retirement import shown, shown_in_memory
from vestnik import outfit, wiring
from vestnik.api import accounts, app, clock, deliveries, messages, sendmsg
from vestnik.api.docs import Docs
from vestnik.api.shapes import Shape
from vestnik.config import Settings
from vestnik.domain.delivery import Claim
from vestnik.domain.errors import NotSent, StoreFull, StoreUnavailable
from vestnik.domain.moment import seconds
from vestnik.domain.outcomes import Outcome
from vestnik.emulation import journal
from vestnik.emulation.far import Emulation
from vestnik.groupcommit import GroupCommit
from vestnik.messengers.answers import IDEMPOTENCY_KEY
from vestnik.messengers.registry import messengers
from vestnik.messengers.telegram.gateway import TelegramGateway
from vestnik.messengers.viber.gateway import ViberGateway
from vestnik.messengers.whatsapp.gateway import WhatsAppGateway
from vestnik.ports import Request, Response, Store
from vestnik.sqlfiles import migrations
from vestnik.store import sqlite, sqlite_retire
from vestnik.store.memory import MemoryStore
from vestnik.store.remains import Remains

_GATEWAYS: Final[tuple[Any, ...]] = (TelegramGateway, ViberGateway, WhatsAppGateway)
_READS: Final = frozenset(
    {
        "orphans",
        "message",
        "messages",
        "deliveries",
        "delivery",
        "history",
        "accounts",
        "list_accounts",
        "keys",
        "clock_offset",
        "watch",
        "progress",
        "due",
    }
)


_OVER_ROWS: Final = frozenset({"begin_request", "finish_request"})
"""These know more than their rows do, and only the rows are on the disk."""
_ROWS: Final = ("_begin", "_finish")
_RINGING: Final = frozenset({"accept", "give_back", "reschedule", "retry"})
"""After these something may be due, for whichever process looks first."""
_LOOK_EVERY: Final = 30.0
"""Seconds after which a dispatcher looks without having been rung."""


class KeptInMemory:
    """The store in memory behind a disk: it takes time, can be full, and a crash falls before a commit or after it."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self._disk = MACHINE.get().disk
        self._process = PROCESS.get()
        for row in _ROWS:
            setattr(store, row, self._behind_a_disk(row))

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)
        return method if name in _OVER_ROWS or not callable(method) else self._behind_a_disk(name)

    def _behind_a_disk(self, name: str) -> Callable[..., Awaitable[Any]]:
        method = getattr(self._store, name)

        async def asked(*args: Any, **kwargs: Any) -> Any:
            return await self._carry_out(method, name not in _READS, args, kwargs)

        return asked

    async def close(self) -> None:
        """Nothing is open."""

    async def _carry_out(self, method: Any, writes: bool, args: Any, kwargs: Any) -> Any:
        disk, process = self._disk, self._process
        assert process is not None
        await asyncio.sleep(disk.pause(process))
        fate = disk.fate() if writes else Fate.WELL
        if writes and disk.full:
            raise StoreFull("there is no room on the disk")
        if fate is Fate.BUSY:
            raise StoreUnavailable("database is locked")
        if fate is Fate.LOST:
            process.die()
            await process.last_breath()
        result = await method(*args, **kwargs)
        if fate is Fate.UNHEARD:
            raise StoreUnavailable("the connection broke at a commit")
        if fate is Fate.KEPT:
            process.die()
            await process.last_breath()
        await asyncio.sleep(disk.pause(process))
        return result


class Shared:
    """A store that other processes work with too: leases tell whose a delivery is, and whoever makes work rings."""

    shared = True

    def __init__(self, store: Any) -> None:
        self._store = store
        self._machine = MACHINE.get()

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)
        return self._ringing(method) if name in _RINGING else method

    async def watch(self, on_change: Callable[[], None]) -> None:
        """Calls back when somebody rings, and now and then without that."""
        bell = asyncio.Event()
        self._machine.bells.append(bell)
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_EVERY):
                    await bell.wait()
            bell.clear()
            on_change()

    def _ringing(self, method: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def asked(*args: Any, **kwargs: Any) -> Any:
            result = await method(*args, **kwargs)
            for bell in self._machine.bells:
                bell.set()
            return result

        return asked


@asynccontextmanager
async def _open_store(settings: Settings) -> AsyncIterator[Store]:
    machine = MACHINE.get()
    window = None if settings.dedupe_window is None else seconds(settings.dedupe_window)
    store: Any
    if machine.plan.store == "memory":
        store = KeptInMemory(MemoryStore(window, machine.remains))
    else:
        store = await sqlite.SqliteStore.open("vestnik.db", dedupe_window=window)
    try:
        yield cast("Store", Shared(store) if machine.plan.peers else store)
    finally:
        await store.close()


class _Files:
    """Stands for GroupCommit where files are opened."""

    @staticmethod
    async def open(path: Path | str, migrations: Sequence[tuple[int, str]]) -> GroupCommit:
        return await MACHINE.get().files[Path(path).name].open(migrations)


class Roads:
    """Stands for sockets: to other processes of the same life."""

    def __init__(self, *, connections: int = 0) -> None:
        machine = MACHINE.get()
        self._roads = {place: WireTransport(machine.wire, machine.places[place]) for place in (SERVICE, FAR)}

    async def exchange(self, request: Request, *, timeout: float) -> Response:
        """See the port."""
        road = self._roads.get(request.url[: request.url.find("/", 8)])
        if road is None:
            raise NotSent(f"there is no {request.url}")
        return await road.exchange(request, timeout=timeout)

    async def close(self) -> None:
        """Nothing is open."""


def _numbered(send: Callable[[Any, Claim], Awaitable[Outcome]]) -> Callable[[Any, Claim], Awaitable[Outcome]]:
    """The sending of a gateway, so that whatever happens because of it knows which attempt it is."""

    async def sending(gateway: Any, claim: Claim) -> Outcome:
        token = ATTEMPT.set(claim.attempt)
        try:
            return await send(gateway, claim)
        finally:
            ATTEMPT.reset(token)

    return sending


_take = journal.Journal.take


async def _noted_take(self: journal.Journal, item: journal.Item) -> journal.Kept:
    """The entry, with a note of the attempt that made it."""
    kept = await _take(self, item)
    if not kept.replayed:
        MACHINE.get().attempt_of[kept.entry.seq] = ATTEMPT.get()
    return kept


_known = cache(messengers)
_migrations = cache(migrations)
_answer = Emulation.answer


async def _noted_answer(self: Emulation, request: Request) -> Response:
    """The emulators' answer, with a note of every attempt that reaches them."""
    machine = MACHINE.get()
    key = request.headers.get(IDEMPOTENCY_KEY)
    if key is None:
        return await _answer(self, request)
    machine.seen[key].append(machine.loop.time())
    if ATTEMPT_HEADER in request.headers:
        ATTEMPT.set(int(request.headers[ATTEMPT_HEADER]))
    machine.arrived.set()
    machine.story.tell("emulator", f"is sent {key}")
    try:
        await asyncio.sleep(machine.far_pause())
        response = await _answer(self, request)
        await asyncio.sleep(machine.far_pause())
    except BaseException as error:
        machine.story.tell("emulator", f"gives {key} no answer: {type(error).__name__}")
        raise
    machine.story.tell("emulator", f"answers {key} {response.status} {response.body.decode()[:100]}")
    return response


def _tell(logger: Any, name: str, event: MutableMapping[str, Any]) -> NoReturn:
    machine = MACHINE.get(None)
    if machine is not None:
        process = PROCESS.get()
        words = " ".join(f"{key}={value}" for key, value in event.items() if key not in ("event", "exc_info"))
        machine.story.tell(process.name if process else "log", f"[{name}] {event.get('event')} {words}")
        if name in ("error", "exception", "critical") or event.get("exc_info"):
            machine.faults.append(f"log: {event.get('event')} {words} {event.get('exc_info')!r}")
    raise structlog.DropEvent


@contextmanager
def stage(*, told: bool) -> Iterator[None]:
    """While it stands the wiring builds for a life; with `told` log lines become part of the story."""
    kept = structlog.get_config()
    structlog.configure(
        processors=[_tell],
        wrapper_class=structlog.make_filtering_bound_logger("debug" if told else "error"),
        cache_logger_on_first_use=False,
    )
    with ExitStack() as patches:
        for where, name, what in (
            (wiring, "open_store", _open_store),
            (outfit, "SocketTransport", Roads),
            (wiring, "version", cache(version)),
            (wiring, "messengers", _known),
            (outfit, "messengers", _known),
            (sqlite, "GroupCommit", _Files),
            (sqlite, "migrations", _migrations),
            (journal, "GroupCommit", _Files),
            (journal, "migrations", _migrations),
            (Emulation, "answer", _noted_answer),
            (sqlite_retire, "retire", shown),
            (Remains, "retire", shown_in_memory),
            (journal.Journal, "take", _noted_take),
            *((gateway, "send", _numbered(gateway.send)) for gateway in _GATEWAYS),
            (app, "describe", lambda *_: {}),
            (app, "Docs", cache(Docs)),
            (routing, "compile_path", cache(routing.compile_path)),
            *((room, "Shape", _shape) for room in (accounts, clock, deliveries, messages, sendmsg)),
        ):
            patches.enter_context(patch.object(where, name, what))
        patches.enter_context(patch.object(wiring, "SystemClock", _clock))
        yield
    structlog.configure(**kept)


def _clock(offset: int = 0) -> Clock:
    process = PROCESS.get()
    name = "" if process is None else process.name
    if name.startswith("peer "):
        return Clock(offset + seconds(MACHINE.get().plan.peers[int(name.removeprefix("peer "))]))
    return ServiceClock(offset) if name == "service" else Clock(offset)


_Shape: Final = Shape
_shapes: Final[dict[Any, Any]] = {}


def _shape(kind: Any, *args: Any, **kwargs: Any) -> Any:
    """The same shape again: it takes long to make and remembers nothing."""
    if kind not in _shapes:
        _shapes[kind] = _Shape(kind, *args, **kwargs)
    return _shapes[kind]
