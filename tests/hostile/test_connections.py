"""What one connection may take of the server: time, room and turns, each within its bound."""

import asyncio
import gc
import time
from contextlib import ExitStack

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.hostile.raw import answer, dialled, push, rest
from tests.served import served
from vestnik.connections import Bounds

SOON = 0.3
"""Seconds of a bound under test."""
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n"
LARGE = b"x" * 4_000_000


def app(body: bytes = b"well", *, after: float = 0.0, status: int = 200) -> ASGIApp:
    """Answers without reading the request, after so many seconds."""

    async def run(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(after)
        await Response(body, status)(scope, receive, send)

    return run


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    await Response(await Request(scope, receive).body())(scope, receive, send)


def test_a_connection_on_which_nothing_is_asked_is_closed() -> None:
    with served(app(), bounds=Bounds(idle=SOON)) as address, dialled(address) as connection:
        assert rest(connection) == b""


def test_an_idle_connection_is_closed_after_its_answer_too() -> None:
    with served(app(), bounds=Bounds(idle=SOON)) as address, dialled(address) as connection:
        connection.sendall(GET)
        assert answer(connection) == (200, b"well")
        assert rest(connection) == b""


def test_line_ends_before_a_request_do_not_keep_a_connection() -> None:
    with served(app(), bounds=Bounds(idle=SOON)) as address, dialled(address) as connection:
        while push(connection, b"\r\n"):
            time.sleep(0.01)


def test_a_head_that_comes_byte_by_byte_is_given_up() -> None:
    with served(app(), bounds=Bounds(head_within=SOON)) as address, dialled(address) as connection:
        began = time.monotonic()
        sent = 0
        while push(connection, b"G" if sent == 0 else b"ET / HTTP/1.1\r\nX: "[sent : sent + 1] or b"a"):
            sent += 1
            time.sleep(0.01)
        assert time.monotonic() - began < 10


def test_a_head_that_comes_late_in_time_is_answered() -> None:
    with served(app(), bounds=Bounds(head_within=5, idle=5)) as address, dialled(address) as connection:
        for piece in (GET[:5], GET[5:20], GET[20:]):
            connection.sendall(piece)
            time.sleep(0.05)
        assert answer(connection) == (200, b"well")


@pytest.mark.parametrize(
    ("begin", "piece"),
    [
        (b"GET /", b"a" * 10_000),
        (b"GET / HTTP/1.1\r\nX: ", b"a" * 10_000),
        (b"GET / HTTP/1.1\r\n", b"X: a\r\n" * 2_000),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X: a\r\n" * 2_000),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: ", b"a" * 10_000),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;", b"a" * 10_000),
    ],
    ids=["path", "header", "headers", "trailers", "trailer", "chunk extension"],
)
def test_a_head_without_end_is_refused(begin: bytes, piece: bytes) -> None:
    with served(echo, bounds=Bounds(head_within=60, rest_within=60)) as address, dialled(address) as connection:
        connection.sendall(begin)
        pieces = 0
        while pieces < 2_000 and push(connection, piece):
            pieces += 1
        assert pieces < 2_000, "20 MB were taken"


def test_more_requests_than_are_allowed_to_wait_are_refused() -> None:
    with served(app(after=0.2)) as address, dialled(address) as connection:
        push(connection, GET * 10_000)
        assert rest(connection).count(b"HTTP/1.1 200") <= 65


def test_requests_that_wait_for_their_turn_are_answered_in_order() -> None:
    with served(echo) as address, dialled(address) as connection:
        for number in range(30):
            connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n%02d" % number)
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert [line[-2:] for line in rest(connection).split(b"HTTP/1.1 200")[1:-1]] == [b"%02d" % n for n in range(30)]


def test_who_sends_a_body_to_its_end_sees_the_refusal_and_goes_on_with_the_connection() -> None:
    with served(app(b"no", status=413)) as address, dialled(address) as connection:
        for _ in range(2):
            connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 20000000\r\n\r\n")
            connection.sendall(b"x" * 20_000_000)
            assert answer(connection) == (413, b"no")


def test_a_body_that_does_not_end_after_its_answer_is_given_up() -> None:
    with served(app(), bounds=Bounds(rest_within=SOON)) as address, dialled(address) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        while push(connection, b"3e8\r\n" + b"x" * 1000 + b"\r\n"):
            time.sleep(0.001)


def test_a_caller_who_takes_nothing_of_an_answer_is_given_up() -> None:
    bounds = Bounds(stalled=SOON)
    with served(app(LARGE), bounds=bounds) as address, dialled(address, receive_buffer=4096) as connection:
        connection.sendall(GET)
        time.sleep(4 * SOON)
        assert len(rest(connection)) < len(LARGE)


def test_a_caller_who_takes_an_answer_slowly_gets_all_of_it() -> None:
    bounds = Bounds(stalled=SOON, idle=SOON)
    with served(app(LARGE), bounds=bounds) as address, dialled(address, receive_buffer=65536) as connection:
        connection.sendall(GET)
        came = 0
        while came < len(LARGE):
            piece = connection.recv(100_000)
            assert piece, f"closed after {came} bytes"
            came += len(piece)
            time.sleep(0.02)


def test_where_there_are_too_many_connections_the_longest_idle_has_to_go() -> None:
    with served(app(after=0.5), bounds=Bounds(connections=3)) as address, ExitStack() as stack:
        first, second, third, fourth = [stack.enter_context(dialled(address)) for _ in range(4)]
        assert rest(first) == b""
        third.sendall(GET)
        time.sleep(0.1)
        fifth = stack.enter_context(dialled(address))
        assert rest(second) == b""
        for connection in (third, fourth, fifth):
            connection.sendall(GET)
            assert answer(connection) == (200, b"well")


def test_a_long_answer_time_is_no_idleness() -> None:
    bounds = Bounds(idle=SOON, head_within=SOON, rest_within=SOON)
    with served(app(after=4 * SOON), bounds=bounds) as address, dialled(address) as connection:
        connection.sendall(GET + GET[:10])
        assert answer(connection) == (200, b"well")


def test_what_was_answered_leaves_nothing_to_the_collector() -> None:
    count = 50
    with served(echo) as address, dialled(address) as connection:

        def ask(times: int) -> None:
            for _ in range(times):
                connection.sendall(POST + b"body")
                assert answer(connection) == (200, b"body")

        ask(1)
        gc.collect()
        gc.disable()
        try:
            ask(count)
            assert gc.collect() < count
        finally:
            gc.enable()
