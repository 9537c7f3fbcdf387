"""Whatever comes to the proxy, it says why it refuses, holds nothing for long, and serves the next one."""

import asyncio
import socket
import ssl
import time
from collections.abc import Generator
from pathlib import Path

import pytest
import uvloop
from structlog.testing import capture_logs

from tests.acceptance.process import eventually
from tests.hostile.raw import answer, dialled, push, rest
from tests.proxied import Proxied, Run, proxied
from vestnik.asgi import far_asgi
from vestnik.connections import Bounds
from vestnik.ports import HungUp, Request, Response

HASTE = 0.3
"""Seconds that a head or a handshake may take in these tests."""


async def far(request: Request) -> Response:
    """Tells what it was asked, and how it was found."""
    path = request.url.partition("?")[0]
    if path.endswith("/hang_up"):
        raise HungUp
    if path.endswith("/slow"):
        await asyncio.sleep(0.5)
    way = [request.headers.get(name, "") for name in ("x-forwarded-proto", "x-forwarded-prefix")]
    return Response(200, {}, " ".join([request.method, request.url, *way, str(len(request.body))]).encode())


@pytest.fixture(scope="module", params=[asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Run:
    """Their ways of ending TLS differ."""
    loop: Run = request.param
    return loop


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory, run: Run) -> Generator[Proxied]:
    bounds = Bounds(head_within=HASTE, idle=5.0)
    with proxied(far_asgi(far, body_limit=2**22), tmp_path_factory.mktemp("proxy"), bounds=bounds, run=run) as at:
        yield at


def asks(connection: socket.socket, path: str, host: str = "api.telegram.org", body: bytes = b"") -> tuple[int, bytes]:
    head = f"POST {path} HTTP/1.1\r\nhost: {host}\r\nx-forwarded-proto: gopher\r\ncontent-length: {len(body)}\r\n\r\n"
    connection.sendall(head.encode() + body)
    return answer(connection)


def may_connect(address: str) -> bool:
    with dialled(address) as connection:
        connection.sendall(b"CONNECT api.telegram.org:443 HTTP/1.1\r\n\r\n")
        return answer(connection)[0] == 200


def works(standing: Proxied) -> bool:
    with standing.tunnel() as tunnel:
        return asks(tunnel, "/bot1:a/getMe")[0] == 200


def test_each_host_leads_to_its_own_part_and_says_how_it_was_found(standing: Proxied) -> None:
    for host, prefix in (("api.telegram.org", "telegram"), ("graph.facebook.com", "whatsapp")):
        with standing.tunnel(host) as tunnel:
            assert asks(tunnel, "/a%2Fb?c=d", host) == (200, f"POST /{prefix}/a%2Fb?c=d https / 0".encode())
            assert asks(tunnel, "/e", f"{host}:443", b"x" * 3_000_000) == (
                200,
                f"POST /{prefix}/e https / 3000000".encode(),
            )


def test_a_foreign_host_is_refused_and_logged(standing: Proxied) -> None:
    with capture_logs() as logged, dialled(standing.address) as connection:
        connection.sendall(b"CONNECT example.org:443 HTTP/1.1\r\n\r\n")
        status, body = answer(connection)
        assert status == 403
        assert b"none behind example.org; nothing was sent there" in body
        assert rest(connection) == b""
    assert [(line["host"], line["log_level"]) for line in logged] == [("example.org", "warning")]
    assert works(standing)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
        (b"\x00" * 100, 400),
        (b"\r\n\r\n\r\n\r\n", 400),
        (b"nonsense\r\n\r\n", 400),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nhost: api.telegram.org\r\n\r\n", 405),
        (b"CONNECT api.telegram.org:443 HTTP/1.1\r\n\r\n\x16\x03\x01", 400),
        (b"CONNECT api.telegram.org:443 HTTP/1.1\r\nx: " + b"x" * 2**20, 431),
        (b"CONNECT api.telegram.org:443 HTTP/1.1\r\n" + b"x: y\r\n" * 20_000 + b"\r\n", 431),
        (b"A" * 2**21, 431),
    ],
)
def test_garbage_and_huge_heads_are_answered_whole_although_more_is_coming(
    standing: Proxied, sent: bytes, status: int
) -> None:
    with dialled(standing.address) as connection:
        push(connection, sent)
        assert answer(connection)[0] == status
    assert works(standing)


def test_who_is_slow_to_say_anything_is_let_go(standing: Proxied) -> None:
    for beginning in (b"", b"CONNECT api.telegram.org:443 HTTP/1.1\r\nhost:"):
        with dialled(standing.address) as connection:
            push(connection, beginning)
            began = time.monotonic()
            assert rest(connection) == b""
            assert time.monotonic() - began < 10 * HASTE


def test_a_tunnel_in_which_no_tls_begins_is_let_go(standing: Proxied) -> None:
    with capture_logs() as logged, standing.connected() as connection:
        assert rest(connection) == b""
        eventually(lambda: logged or None, "it is logged", 5.0)
    assert [line["event"] for line in logged] == ["no TLS with a client of the proxy: does it trust ca.pem?"]
    with standing.connected() as connection:
        connection.shutdown(socket.SHUT_WR)
        assert rest(connection) == b""
    assert works(standing)


def test_garbage_in_place_of_tls_ends_the_tunnel(standing: Proxied) -> None:
    with capture_logs() as logged, standing.connected() as connection:
        push(connection, b"GET / HTTP/1.1\r\n\r\n" * 100)
        rest(connection)
        eventually(lambda: logged or None, "it is logged", 5.0)
    assert [line["log_level"] for line in logged] == ["warning"]
    assert works(standing)


def test_a_client_that_trusts_others_alone_fails_and_the_log_says_what_to_do(standing: Proxied) -> None:
    with capture_logs() as logged, standing.connected() as connection:
        with pytest.raises(ssl.SSLCertVerificationError):
            ssl.create_default_context().wrap_socket(connection, server_hostname="api.telegram.org")
        eventually(lambda: logged or None, "it is logged", 5.0)
    [line] = logged
    assert "does it trust ca.pem" in line["event"]
    assert "unknown ca" in line["reason"]


def test_a_client_that_wants_another_host_than_its_tunnel_s_sees_whose_certificate_it_gets(standing: Proxied) -> None:
    for other in ("graph.facebook.com", "example.org"):
        with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"), standing.tunnel(named=other):
            pass
    context = standing.trusting()
    context.check_hostname = False
    with standing.connected() as connection, context.wrap_socket(connection) as nameless:
        assert asks(nameless, "/x")[0] == 200


def test_a_request_for_another_host_than_its_tunnel_s_is_misdirected(standing: Proxied) -> None:
    with standing.tunnel() as tunnel:
        status, body = asks(tunnel, "/x", "graph.facebook.com")
        assert status == 421
        assert b"leads to api.telegram.org alone, not to graph.facebook.com" in body
        assert asks(tunnel, "/x")[0] == 200


def test_a_client_that_sends_whole_addresses_in_the_open_is_served_too(standing: Proxied) -> None:
    with dialled(standing.address) as connection:
        assert asks(connection, "https://graph.facebook.com/v1?a=b", "graph.facebook.com", b"body") == (
            200,
            b"POST /whatsapp/v1?a=b https / 4",
        )
        assert asks(connection, "https://api.telegram.org/x")[0] == 421
        assert asks(connection, "https://graph.facebook.com/v2", "graph.facebook.com")[0] == 200


def test_a_far_side_that_hangs_up_closes_its_tunnel(standing: Proxied) -> None:
    with standing.tunnel() as tunnel:
        assert asks(tunnel, "/hang_up") == (0, b"")
    assert works(standing)


def test_there_are_no_more_tunnels_than_allowed_and_those_that_failed_do_not_count(tmp_path: Path, run: Run) -> None:
    with proxied(far_asgi(far), tmp_path, bounds=Bounds(connections=2), run=run) as standing:
        for _ in range(3):
            with standing.connected() as connection:
                push(connection, b"no TLS")
                rest(connection)
        with standing.connected(), standing.connected(), dialled(standing.address) as third:
            assert answer(third)[0] == 503
        eventually(lambda: may_connect(standing.address), "there is room again", 5.0)


def test_stopping_ends_open_tunnels_and_finishes_what_was_asked(tmp_path: Path, run: Run) -> None:
    with proxied(far_asgi(far), tmp_path, grace=5.0, run=run) as standing:
        idle, begun, asked = standing.tunnel(), standing.connected(), standing.tunnel()
        silent = dialled(standing.address)
        opened = [idle.__enter__(), begun.__enter__(), silent.__enter__()]
        working = asked.__enter__()
        working.sendall(b"GET /slow HTTP/1.1\r\nhost: api.telegram.org\r\n\r\n")
        time.sleep(0.1)
        began = time.monotonic()
    assert time.monotonic() - began < 4.0
    assert answer(working)[0] == 200
    assert [rest(connection) for connection in opened] == [b"", b"", b""]
    for block in (idle, begun, asked, silent):
        block.__exit__(None, None, None)
