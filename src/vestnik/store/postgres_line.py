"""Decides how the store speaks with PostgreSQL: a bounded pool, bounded waits, and what is tried again when it breaks.

It has never heard of what is said; a piece of work is a function over a connection.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from importlib.resources import files
from typing import Any, Final, TypeAlias, TypeVar

import asyncpg
import structlog

from vestnik.domain.errors import StoreFull, StoreUnavailable
from vestnik.sqlfiles import queries

R = TypeVar("R")

log = structlog.get_logger()

SQL: Final = queries(files(__package__) / "postgres_line.sql")

SETTINGS: Final = {
    "application_name": "vestnik",
    "statement_timeout": "20s",
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "30s",
    # A machine that vanishes without a word frees what it holds within half a minute.
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "25000",
    # A batch is looked up in a table and never a table in a batch, whatever statistics say or do not say: they come too
    # late for a table that grows by a thousand rows a second from nothing.
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "join_collapse_limit": "1",
    "plan_cache_mode": "force_generic_plan",
    "jit": "off",
}
CONNECTION_SECONDS: Final = 5.0
COMMAND_SECONDS: Final = 25.0
"""How long the server may be silent; longer than its own limit, so that only a lost server gets there."""

_PAUSES: Final = (0.05, 0.1, 0.2, 0.4, 0.8)
"""Seconds before each further try of work whose connection broke."""
_CONFLICT_PAUSES: Final = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4)
"""Seconds before each further try of work that got in the way of somebody else's."""

_CONFLICT: Final = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError, asyncpg.LockNotAvailableError)
_CONTESTED: Final = ("deliveries_slot", "keys_in_use")
"""Unique indexes that somebody else may have entered since the work looked; a second look tells who it was."""
_HOPELESS: Final = (StoreUnavailable, asyncpg.QueryCanceledError, asyncpg.DiskFullError)
"""Trouble that would be the same a moment later."""
_LOST: Final = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.InternalClientError,
)


class Connection:
    """A connection as a piece of work sees it.

    `own` is the number of its transaction, where a statement has told it along with its work; else it is asked for.
    """

    def __init__(self, raw: Any) -> None:
        self.fetch: Callable[..., Awaitable[Any]] = raw.fetch
        self.fetchrow: Callable[..., Awaitable[Any]] = raw.fetchrow
        self.fetchval: Callable[..., Awaitable[Any]] = raw.fetchval
        self.execute: Callable[..., Awaitable[Any]] = raw.execute
        self.own: str | None = None


Work: TypeAlias = Callable[[Connection], Awaitable[R]]


class Line:
    """A pool of connections to one database."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool

    @classmethod
    async def open(cls, url: str, connections: int) -> "Line":
        """A line with at most so many connections; StoreUnavailable if the server cannot be reached."""
        return cls(
            await asyncpg.create_pool(
                url,
                min_size=0,  # With a floor the pool tells of every server that is away by a traceback in the log.
                max_size=connections,
                max_inactive_connection_lifetime=60,
                timeout=CONNECTION_SECONDS,
                command_timeout=COMMAND_SECONDS,
                statement_cache_size=256,
                max_cached_statement_lifetime=0,
                server_settings=SETTINGS,
                reset=_leave_as_it_is,
                init=_note_era,
                connection_class=_Connection,
            )
        )

    async def write(self, work: Work[R]) -> R:
        """The result of the work, which was one transaction, after its commit.

        It is done again after a conflict with another transaction and on another connection after a broken one: work
        changes nothing but the database. StoreUnavailable if that does not help; nothing of it was stored then, unless
        the line broke in the very moment of the commit and the server did not come back to say so, or had crashed.
        """
        return await self._patiently(partial(self._transact, work))

    async def read(self, work: Work[R]) -> R:
        """What the work answers; each of its statements sees the latest commit."""
        return await self._patiently(partial(self._ask, work))

    async def close(self) -> None:
        """Ends all connections, those that do not end by themselves within a bound too."""
        try:
            await asyncio.wait_for(self._pool.close(), CONNECTION_SECONDS)
        except TimeoutError:
            self._pool.terminate()

    async def _patiently(self, work: Callable[[], Awaitable[R]]) -> R:
        lost, conflicts = iter(_PAUSES), iter(_CONFLICT_PAUSES)
        while True:
            try:
                return await work()
            except Exception as trouble:
                conflict = _is_conflict(trouble)
                reason: StoreUnavailable | None = _in_the_way(trouble) if conflict else unavailable(trouble)
                if reason is None:
                    raise
                pause = None if isinstance(trouble, _HOPELESS) else next(conflicts if conflict else lost, None)
                if pause is None:
                    raise reason from trouble
            await asyncio.sleep(pause)

    async def _ask(self, work: Work[R]) -> R:
        async with self._pool.acquire(timeout=COMMAND_SECONDS) as raw:
            return await work(Connection(raw))

    async def _transact(self, work: Work[R]) -> R:
        async with self._pool.acquire(timeout=COMMAND_SECONDS) as raw:
            connection, transaction, era = Connection(raw), raw.transaction(), raw.era
            await transaction.start()
            try:
                result = await work(connection)
                own = connection.own or await connection.fetchval(SQL["own_transaction"])
            except BaseException:
                with suppress(Exception):  # Where the connection is gone, so is the transaction.
                    await transaction.rollback()
                raise
            try:
                await transaction.commit()
            except Exception as trouble:
                if own is None or unavailable(trouble) is None:
                    raise
                lost = trouble
            else:
                return result
        if await self._was_committed(own, era):
            return result
        raise lost

    async def _was_committed(self, transaction: str, era: object) -> bool:
        """What became of a transaction whose commit was not answered, as soon as the server can tell.

        One that has crashed since cannot: the number may by now be that of another transaction.
        """
        for pause in (*_PAUSES, 1.0, 1.0):
            await asyncio.sleep(pause)
            try:
                fate, present = await self._ask(lambda connection: connection.fetchrow(SQL["fate"], transaction, era))
            except Exception as trouble:
                if unavailable(trouble) is None:
                    raise
            else:
                if present != era:
                    raise StoreUnavailable("the server crashed in the very moment of a commit")
                if fate != "in progress":
                    return bool(fate == "committed")
        raise StoreUnavailable("the connection broke at a commit, and the server did not come back to say what it did")


class _Connection(asyncpg.Connection):  # type: ignore[misc]  # asyncpg has no types
    """A connection that knows in which era of its server it was made."""

    era: object = None


async def _note_era(connection: Any) -> None:
    connection.era = await connection.fetchval(SQL["era"])


async def _leave_as_it_is(_connection: Any) -> None:
    """Nothing that the store does outlives its transaction, so a connection needs no washing between two uses."""


def _is_conflict(error: Exception) -> bool:
    contested = isinstance(error, asyncpg.UniqueViolationError) and error.constraint_name in _CONTESTED
    return contested or isinstance(error, _CONFLICT)


def _in_the_way(error: Exception) -> StoreUnavailable:
    return StoreUnavailable(f"others are in the way: {error}")


def unavailable(error: Exception) -> StoreUnavailable | None:
    """The error as one of the server or the way to it; None where it is one of the work asked for."""
    if isinstance(error, StoreUnavailable):
        return error
    if isinstance(error, asyncpg.DiskFullError):
        return StoreFull(f"there is no room on the database's disk: {error}")
    if isinstance(error, _LOST):
        return StoreUnavailable(f"the database cannot be used now: {error or type(error).__name__}")
    # What asyncpg says of a connection that closed under it; its subclasses that are ValueErrors blame the caller.
    if isinstance(error, asyncpg.InterfaceError) and not isinstance(error, ValueError):
        return StoreUnavailable(f"the connection to the database is gone: {error}")
    return None


@contextmanager
def explained() -> Iterator[None]:
    """Raises trouble of the server or the way to it as StoreUnavailable."""
    try:
        yield
    except Exception as trouble:
        if (reason := unavailable(trouble)) is None:
            raise
        raise reason from trouble


def columns(rows: Sequence[Sequence[Any]], width: int) -> list[Sequence[Any]]:
    """Rows of so many fields as one array for each column, the way that unnest takes them."""
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]


def clean(text: str | None) -> str | None:
    """The text without what PostgreSQL cannot hold: NUL, and halves of characters. Only strangers' words have them."""
    if text is None or (text.isprintable() and text.isascii()):
        return text
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
