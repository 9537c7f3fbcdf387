"""Decides how a benchmark runs Vestnik on PostgreSQL: one process, or an API node, a relay and Celery workers.

It has never heard of what is being compared with it. Database and virtual host are the benchmark's own and go away.
"""

import asyncio
import os
import shutil
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import amqp
import asyncpg
from kombu import Connection

from benchmarks.peers import virtual_host
from benchmarks.processes import Failed, Program, every, find_server, parent
from benchmarks.quota import kept_to
from benchmarks.vestnik import READY, VESTNIK, directed

_SERVER: Final = os.environ.get("BENCH_POSTGRES_URL", "postgresql://postgres@127.0.0.1")
_NAME: Final = "vestnik_bench_own"
_URL: Final = f"{_SERVER}/{_NAME}"
_DROP: Final = f"DROP DATABASE IF EXISTS {_NAME} WITH (FORCE)"
_MAKE: Final = f"CREATE DATABASE {_NAME} ENCODING 'UTF8' TEMPLATE template0"
SERVERS: Final[Mapping[str, str]] = {"PostgreSQL": "postgres", "RabbitMQ": "beam.smp"}
"""What it leans on, each with the name of its process."""
_QUEUE: Final = "vestnik.telegram"
_STATES: Final = "SELECT state, count(*) FROM deliveries GROUP BY state"
_ARRIVED: Final = "SELECT coalesce(sum(sent + delivered + read), 0) FROM tallies"
_WEIGHT: Final = """
    SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint, pg_database_size(current_database())
"""
_LEFT: Final = """
    SELECT EXISTS (SELECT FROM deliveries WHERE state = 'waiting')
        OR EXISTS (SELECT FROM deliveries WHERE state = 'sending')
        OR EXISTS (SELECT FROM deliveries WHERE state = 'deferred' AND messenger = 'telegram' AND due_at <= $1)
"""
_LOOK_EVERY: Final = 0.02


@dataclass(frozen=True, slots=True)
class OnPostgres:
    """A running service over the benchmark's database, and the processes that it consists of, by role."""

    address: str
    pids: Mapping[str, int]

    def states(self) -> dict[str, int]:
        """How many deliveries are in each state."""
        return dict(_ask(_URL, lambda connection: connection.fetch(_STATES)))

    def arrived(self) -> int:
        """How many deliveries have been taken by their messengers."""
        return int(_ask(_URL, lambda connection: connection.fetchval(_ARRIVED)))

    def weight(self) -> tuple[int, int]:
        """Bytes of WAL that the server has ever written, and bytes of the database on disk."""
        return tuple(_ask(_URL, lambda connection: connection.fetchrow(_WEIGHT)))

    def postmaster(self) -> int:
        """The process id of the very server that holds the database, on this machine."""

        async def look(connection: Any) -> int:
            return parent(await connection.fetchval("SELECT pg_backend_pid()"))

        return int(_ask(_URL, look))

    def wait_until_done(self, due: float, within: float = 300.0) -> None:
        """Returns as soon as nothing is left that was due by `due`, at most 20 ms late; Failed if that takes too long.

        `due` is seconds since 1970, `within` is seconds.
        """
        moment = int(due * 1_000_000) + 1
        with asyncio.Runner() as runner:
            connection = runner.run(asyncpg.connect(_URL))
            for _ in every(_LOOK_EVERY, within):
                if not runner.run(connection.fetchval(_LEFT, moment)):
                    runner.run(connection.close())
                    return
        raise Failed(f"after {within:g} s deliveries are still {self.states()}")


def missing(*, broker: bool) -> str:
    """Why this cannot run here; empty if it can."""
    if find_server("postgres") is None:
        return "PostgreSQL does not run here"
    if broker and (find_server("beam.smp") is None or shutil.which("rabbitmqctl") is None):
        return "RabbitMQ does not run here, or rabbitmqctl is not here"
    return ""


@contextmanager
def dispatching(folder: Path, far: str) -> Iterator[OnPostgres]:
    """`vestnik serve` on PostgreSQL, with Telegram at the address `far`."""
    with _database():
        options = ["--port", "0", "--data", str(folder / "vestnik"), "--no-emulators"]
        command, settings = [*VESTNIK, "serve", *options], {**directed(far), "VESTNIK_DATABASE_URL": _URL}
        with Program(command, folder / "log", settings=settings, ready=READY) as program:
            yield OnPostgres(program.said, {"Vestnik": program.pid, **_servers("PostgreSQL")})


@contextmanager
def relaying(folder: Path, far: str, workers: int, share: float | None = None) -> Iterator[OnPostgres]:
    """An API node, a relay and so many Celery workers, with Telegram at the address `far`.

    `share` is the share of a core that each worker is kept to.
    """
    virtual_host.make()
    settings = {**directed(far), "VESTNIK_DATABASE_URL": _URL, "VESTNIK_BROKER_URL": virtual_host.URL}

    def start(name: str, *words: str, ready: str | None = None) -> Program:
        return Program([*VESTNIK, *words], folder / name, settings=settings, ready=ready)

    try:
        options = ["--port", "0", "--data", str(folder / "vestnik"), "--no-emulators", "--no-dispatch"]
        with (
            _database(),
            start("node", "serve", *options, ready=READY) as node,
            start("relay", "relay", ready="^(vestnik relay ready)$") as relay,
            ExitStack() as started,
        ):
            names = ("worker", "second worker")[:workers]
            own = {
                name: started.enter_context(start(name, "worker", "--", "-n", name.replace(" ", "-"))).pid
                for name in names
            }
            service = _consumed(node.said, {"API node": node.pid, "relay": relay.pid, **own}, workers)
            with kept_to(share, list(own.values())) if share else nullcontext():
                yield service
    finally:
        virtual_host.drop()


def _consumed(address: str, pids: Mapping[str, int], workers: int) -> OnPostgres:
    """The service, as soon as every worker reads its queues."""
    for _ in every(0.1, 60.0):
        with Connection(virtual_host.URL) as connection:
            try:
                if connection.default_channel.queue_declare(_QUEUE, passive=True).consumer_count == workers:
                    return OnPostgres(address, {**pids, **_servers(*SERVERS)})
            except amqp.NotFound:
                continue
    raise Failed("not every worker reads its queues")


def _servers(*titles: str) -> dict[str, int]:
    return {title: pid for title in titles if (pid := find_server(SERVERS[title])) is not None}


@contextmanager
def _database() -> Iterator[None]:
    server = f"{_SERVER}/postgres"
    _ask(server, lambda connection: connection.execute(_DROP))
    _ask(server, lambda connection: connection.execute(_MAKE))
    try:
        yield
    finally:
        _ask(server, lambda connection: connection.execute(_DROP))


def _ask(address: str, work: Callable[[Any], Awaitable[Any]]) -> Any:
    async def whole() -> Any:
        connection = await asyncpg.connect(address)
        try:
            return await work(connection)
        finally:
            await connection.close()

    return asyncio.run(whole())
