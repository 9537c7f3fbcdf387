"""Decides which of the processes that share a database leads: the one whose connection holds an advisory lock.

It has never heard of what the leader does.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from importlib.resources import files
from typing import Final

import asyncpg
import structlog

from vestnik.sqlfiles import queries
from vestnik.store.postgres_line import SETTINGS, unavailable

log = structlog.get_logger()

_SQL: Final = queries(files(__package__) / "postgres_relay.sql")
_LEAD: Final = 0x5645_0004
"""The class of the advisory lock of whoever leads."""
_ASK_EVERY: Final = 0.5
"""Seconds between two tries to take the lead, and between two looks whether it is still ours."""
_ANSWER_WITHIN: Final = 1.5
"""Seconds that the server may take to say that it is there; a silent one may have given the lead to somebody else."""
_SETTINGS: Final = {
    **SETTINGS,
    "application_name": "vestnik lead",
    # A leader that vanishes without a word, or with an answer on its way to it, is given up within three seconds, so
    # that the next one leads within five.
    "tcp_keepalives_idle": "1",
    "tcp_keepalives_interval": "1",
    "tcp_keepalives_count": "2",
    "tcp_user_timeout": "3000",
}


async def lead(url: str, work: Callable[[], Awaitable[None]]) -> None:
    """Does the work while nobody else who leads in the database does; returns when the work does."""
    waiting_said = False
    while True:
        try:
            connection = await asyncpg.connect(
                url, timeout=_ANSWER_WITHIN, command_timeout=_ANSWER_WITHIN, server_settings=_SETTINGS
            )
            try:
                if await connection.fetchval(_SQL["take_the_lead"], _LEAD):
                    log.info("this process leads")
                    waiting_said = False
                    if await _work_while_leading(connection, work):
                        return
                elif not waiting_said:
                    log.info("another process leads, this one stands by")
                    waiting_said = True
            finally:
                connection.terminate()
        except Exception as trouble:
            if unavailable(trouble) is None:
                raise
            log.warning("the lead cannot be asked for", reason=str(trouble) or type(trouble).__name__)
        await asyncio.sleep(_ASK_EVERY)


async def _work_while_leading(
    connection: "asyncpg.Connection[asyncpg.Record]", work: Callable[[], Awaitable[None]]
) -> bool:
    """Whether the work came to its end; if not, it was cancelled because the lead may be lost."""
    working = asyncio.ensure_future(work())
    try:
        while not working.done():
            await asyncio.wait([working], timeout=_ASK_EVERY)
            if working.done():
                break
            await connection.fetchval(_SQL["still_there"])
    except Exception as trouble:
        if unavailable(trouble) is None:
            raise
        log.warning("the lead may be lost, this process stands by", reason=str(trouble) or type(trouble).__name__)
        return False
    finally:
        if not working.done():
            working.cancel()
            with suppress(asyncio.CancelledError):
                await working
    working.result()
    return True
