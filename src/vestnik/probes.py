"""Decides what a process without an API of its own tells of itself: that it lives, whether it works, and its numbers.

It has never heard of what its work is; whoever put it together knows what keeps it from that.
"""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final, TypeAlias

import structlog
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from vestnik.connections import bounded, for_open_files
from vestnik.domain.errors import StoreUnavailable, VestnikError
from vestnik.ports import Store
from vestnik.servers import BACKLOG, Server, address_of, configured

log = structlog.get_logger()

Trouble: TypeAlias = Callable[[], Awaitable[str | None]]
"""Why the process does not do its work at this moment; None where it does."""
_ANSWER_WITHIN: Final = 3.0
"""Seconds in which the database has to answer."""
_GRACE: Final = 1.0


class CannotServe(VestnikError):
    """The address cannot be had."""


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; CannotServe says in one line why the address cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as reason:
        raise CannotServe(f"cannot listen on {host}:{port}: {os.strerror(reason.errno or 0)}") from None


def asking(store: Store, beside: Callable[[], str | None]) -> Trouble:
    """Trouble that the database has, or else what `beside` says."""

    async def trouble() -> str | None:
        try:
            async with asyncio.timeout(_ANSWER_WITHIN):
                await store.clock_offset()
        except (StoreUnavailable, TimeoutError) as reason:
            return str(reason) or "the database does not answer"
        return beside()

    return trouble


@asynccontextmanager
async def probes(host: str, port: int | None, registry: CollectorRegistry, trouble: Trouble) -> AsyncIterator[None]:
    """Answers /livez, /readyz and /metrics meanwhile; nothing without a port. CannotServe where it is taken."""
    if port is None:
        yield
        return
    with listen(host, port) as listening:
        server = Server(configured(_application(registry, trouble), bounded(for_open_files()), _GRACE))
        async with asyncio.TaskGroup() as group:
            group.create_task(server.serve([listening]))
            await server.answers.wait()
            log.info("probes are answered", at=address_of(listening))
            try:
                yield
            finally:
                server.should_exit = True


def _application(registry: CollectorRegistry, trouble: Trouble) -> Starlette:
    async def live(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def ready(_: Request) -> Response:
        reason = await trouble()
        if reason is None:
            return JSONResponse({"status": "ok"})
        problem = {"type": "about:blank", "title": "Not ready", "status": 503, "detail": reason}
        return JSONResponse(problem, 503, {"Retry-After": "1"}, "application/problem+json")

    async def metrics(_: Request) -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return Starlette(routes=[Route("/livez", live), Route("/readyz", ready), Route("/metrics", metrics)])
