"""Decides how the proxy stands in for its hosts: each leads to a part of one application, with the paths of its own.

It has never heard of what the application answers.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from vestnik.clock import SystemClock
from vestnik.connections import Bounds, for_open_files
from vestnik.proxy.authority import Authority
from vestnik.proxy.tunnel import Plan, Tunnel
from vestnik.servers import Server, address_of, configured

FILES: Final = 8
"""One in so many of the files that the process may open is for connections to the proxy."""

_FORWARDED: Final = (b"x-forwarded-proto", b"x-forwarded-prefix")


@asynccontextmanager
async def proxy(
    listening: socket.socket,
    app: ASGIApp,
    hosts: Mapping[str, str],
    folder: Path,
    grace: float,
    bounds: Bounds | None = None,
) -> AsyncIterator[dict[str, str]]:
    """Serves as a proxy until the block ends, and tells the environment that makes clients use it.

    `hosts` are the hosts, each with the prefix of its paths in the application, such as `/telegram`. The authority is
    kept in `folder`. Connections have `grace` seconds to end.
    """
    authority = Authority(folder, hosts, SystemClock().now)
    bounds = bounds or for_open_files(FILES)
    configurations = {
        host: configured(_standing_in(app, host, prefix), asyncio.Protocol, grace) for host, prefix in hosts.items()
    }
    for configuration in configurations.values():
        configuration.load()
    plan = Plan(configurations, authority, bounds)
    server = Server(configured(app, partial(Tunnel, plan=plan), grace))  # type: ignore[arg-type] # uvicorn only calls it
    async with asyncio.TaskGroup() as group:
        group.create_task(server.serve([listening]))
        await server.answers.wait()
        try:
            yield environment(address_of(listening), authority.certificate)
        finally:
            server.should_exit = True


def environment(address: str, certificate: Path) -> dict[str, str]:
    """The variables by which the usual clients find a proxy and learn whom to trust."""
    trusted = str(certificate.resolve())
    return {
        "HTTPS_PROXY": address,
        "SSL_CERT_FILE": trusted,
        "REQUESTS_CA_BUNDLE": trusted,
        "CURL_CA_BUNDLE": trusted,
        "NODE_EXTRA_CA_CERTS": trusted,
        "NODE_USE_ENV_PROXY": "1",
    }


def _standing_in(app: ASGIApp, host: str, prefix: str) -> ASGIApp:
    """The application as it is seen at the host."""

    async def standing_in(scope: Scope, receive: Receive, send: Send) -> None:
        asked = {value for name, value in scope["headers"] if name == b"host"}
        if any(value.lower().partition(b":")[0] != host.encode() for value in asked):  # Some clients name odd ports.
            await _misdirected(send, host, asked)
            return
        headers = [pair for pair in scope["headers"] if pair[0] not in _FORWARDED]
        forwarded = zip(_FORWARDED, (b"https", b"/"), strict=True)
        raw_path = scope.get("raw_path")
        moved = {
            **scope,
            "path": prefix + scope["path"],
            "raw_path": raw_path and prefix.encode() + raw_path,
            "headers": [*headers, *forwarded],
        }
        await app(moved, receive, send)

    return standing_in


async def _misdirected(send: Send, host: str, asked: Collection[bytes]) -> None:
    """The tunnel leads to one host, and the request in it is for another (RFC 9110, 15.5.20)."""
    others = ascii(b", ".join(sorted(asked)).decode("latin-1")[:100])[1:-1]
    body = f"vestnik: this tunnel leads to {host} alone, not to {others}\n".encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 421, "headers": headers})
    await send({"type": "http.response.body", "body": body})
