"""Decides whether a gateway can tell the same things of an exchange in process and over a real socket.

It has never heard of messengers.
"""

import asyncio
import socket
import ssl
import struct
import threading
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, nullcontext
from typing import TypeAlias

import pytest
from starlette.types import Receive, Scope, Send

from tests.served import served
from vestnik.asgi import asgi_far, far_asgi
from vestnik.domain.errors import NoReply, NotSent
from vestnik.ports import Far, HungUp, Request, Response, Transport
from vestnik.transport import InProcessTransport, RoutedTransport, SocketTransport, origin

Opened: TypeAlias = Callable[[Far], AbstractAsyncContextManager[tuple[Transport, str]]]


@asynccontextmanager
async def in_process(far: Far) -> AsyncGenerator[tuple[Transport, str]]:
    yield InProcessTransport(far), "http://far.test"


@asynccontextmanager
async def through_asgi(far: Far) -> AsyncGenerator[tuple[Transport, str]]:
    yield InProcessTransport(asgi_far(far_asgi(far))), "http://far.test"


@asynccontextmanager
async def over_a_socket(far: Far) -> AsyncGenerator[tuple[Transport, str]]:
    with served(far_asgi(far)) as address:
        transport = SocketTransport()
        try:
            yield transport, address
        finally:
            await transport.close()


every_way = pytest.mark.parametrize("opened", [in_process, through_asgi, over_a_socket], ids=lambda way: way.__name__)


async def exchange(opened: Opened, far: Far, request: Request, timeout: float = 5.0) -> Response:
    async with opened(far) as (transport, address):
        return await transport.exchange(
            Request(request.method, address + request.url, request.headers, request.body), timeout=timeout
        )


@every_way
def test_a_request_and_its_answer_arrive_byte_for_byte(opened: Opened) -> None:
    seen: list[Request] = []

    async def far(request: Request) -> Response:
        seen.append(request)
        return Response(418, {"x-kind": "teapot"}, b"\x00\xff short and stout")

    request = Request("POST", "/a%20b/c:d?x=%2B1&y=", {"x-one": "1", "content-type": "text/plain"}, b"\x00\xff body")
    answer = asyncio.run(exchange(opened, far, request))
    assert (answer.status, answer.headers["x-kind"], answer.body) == (418, "teapot", b"\x00\xff short and stout")
    assert (seen[0].method, seen[0].url, seen[0].body) == (request.method, request.url, request.body)
    assert request.headers.items() <= seen[0].headers.items()


@every_way
def test_a_far_side_that_hangs_up_gives_no_reply(opened: Opened) -> None:
    async def far(request: Request) -> Response:
        raise HungUp

    with pytest.raises(NoReply):
        asyncio.run(exchange(opened, far, Request("POST", "/", body=b"x")))


@every_way
def test_a_far_side_that_is_too_slow_gives_no_reply_and_is_cancelled(opened: Opened) -> None:
    cancelled = threading.Event()

    async def far(request: Request) -> Response:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()
        raise AssertionError

    with pytest.raises(NoReply, match=r"no answer within 0\.2 s"):
        asyncio.run(exchange(opened, far, Request("POST", "/", body=b"x"), timeout=0.2))
    assert cancelled.wait(5)


@every_way
def test_a_far_side_that_breaks_never_looks_like_a_refusal(opened: Opened, caplog: pytest.LogCaptureFixture) -> None:
    async def far(request: Request) -> Response:
        raise RuntimeError("the far side's own fault")

    with pytest.raises(NoReply) if opened is in_process else nullcontext():
        assert asyncio.run(exchange(opened, far, Request("POST", "/bot12:SECRET/x"))).status == 500
    assert "the far side's own fault" in caplog.text
    assert "SECRET" not in caplog.text


@every_way
def test_a_cancelled_exchange_ends_at_once(opened: Opened) -> None:
    begun = threading.Event()

    async def far(request: Request) -> Response:
        begun.set()
        await asyncio.Event().wait()
        raise AssertionError

    async def cancel() -> None:
        task = asyncio.create_task(exchange(opened, far, Request("POST", "/")))
        assert await asyncio.to_thread(begun.wait, 5)
        task.cancel()
        async with asyncio.timeout(5):
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(cancel())


@pytest.mark.parametrize(
    "address", ["/bot12:SECRET/x", "http://[SECRET", "http://far.test:SECRET/", "ftp://12:SECRET/"]
)
def test_what_went_wrong_is_told_without_the_address(address: str) -> None:
    """With some messengers the address holds the token."""

    async def ask(sockets: SocketTransport) -> None:
        for transport in (sockets, RoutedTransport({}, sockets)):
            with pytest.raises(NotSent) as raised:
                await transport.exchange(Request("POST", address), timeout=5)
            assert "SECRET" not in str(raised.value)
        await sockets.close()

    asyncio.run(ask(SocketTransport()))


async def call(far: Far, request: Request) -> Response:
    return await far(request)


def refused() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}/"


async def over(request: Request, timeout: float = 5.0) -> Response:
    transport = SocketTransport(body_limit=1000)
    try:
        return await transport.exchange(request, timeout=timeout)
    finally:
        await transport.close()


def test_a_refused_connection_was_surely_not_sent() -> None:
    with pytest.raises(NotSent):
        asyncio.run(over(Request("POST", refused(), body=b"x")))


def test_an_address_that_makes_no_sense_was_surely_not_sent() -> None:
    with pytest.raises(NotSent):
        asyncio.run(over(Request("POST", "/no/host")))


def test_a_connection_that_is_not_made_in_time_was_surely_not_sent() -> None:
    with socket.socket() as full:  # A queue of one that is taken: the next handshake is never finished.
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        fillers = [socket.socket() for _ in range(3)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())
        try:
            with pytest.raises(NotSent):
                asyncio.run(over(Request("POST", f"http://127.0.0.1:{full.getsockname()[1]}/"), timeout=0.3))
        finally:
            for filler in fillers:
                filler.close()


def test_a_server_without_a_trusted_certificate_was_surely_not_sent_to() -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async def run() -> None:
        server = await asyncio.start_server(plain, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            with pytest.raises(NotSent):
                await over(Request("POST", f"https://127.0.0.1:{port}/"))

    asyncio.run(run())
    assert ssl.create_default_context().verify_mode is ssl.CERT_REQUIRED


@contextmanager
def raw_server(answer: bytes, *, reset: bool = False) -> Generator[str]:
    """A server that reads one request and answers the given bytes, whatever they are, then closes or resets."""

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(answer)
            if reset:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        thread.join()


@pytest.mark.parametrize(
    ("answer", "reset"),
    [
        (b"", False),
        (b"", True),
        (b"this is no HTTP\r\n\r\n", False),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf", False),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 1001\r\n\r\n" + b"x" * 1001, False),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nh", True),
    ],
)
def test_an_answer_that_breaks_off_or_is_none_may_have_been_one(answer: bytes, reset: bool) -> None:
    with raw_server(answer, reset=reset) as address, pytest.raises(NoReply) as raised:
        asyncio.run(over(Request("POST", f"{address}bot12:SECRET/x", body=b"x")))
    assert "SECRET" not in str(raised.value)


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    redirect = b"HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\nset-cookie: a=b\r\n\r\n"
    with raw_server(redirect) as address:
        assert asyncio.run(over(Request("POST", address))).status == 302


def test_a_hung_up_client_sees_a_closed_connection_and_not_one_byte() -> None:
    async def far(request: Request) -> Response:
        raise HungUp

    with served(far_asgi(far)) as address:
        host, _, port = address.removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port)), timeout=5) as client:
            client.sendall(b"POST / HTTP/1.1\r\nhost: far\r\ncontent-length: 1\r\n\r\nx")
            assert client.recv(1) == b""


def test_a_connection_is_used_again() -> None:
    async def far(request: Request) -> Response:
        return Response(200)

    ports: list[int] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        ports.append(scope["client"][1])
        await far_asgi(far)(scope, receive, send)

    async def run(address: str) -> None:
        transport = SocketTransport()
        for _ in range(3):
            await transport.exchange(Request("POST", address, body=b"x"), timeout=5)
        await transport.close()

    with served(app) as address:
        asyncio.run(run(address))
    assert len(ports) == 3
    assert len(set(ports)) == 1


def test_a_body_over_the_limit_is_answered_413_and_never_reaches_the_far_side() -> None:
    async def far(request: Request) -> Response:
        raise AssertionError

    app = far_asgi(far, body_limit=10)
    answers = []
    with served(app) as address:
        answers.append(asyncio.run(over(Request("POST", address, body=b"x" * 11))))
    answers.append(asyncio.run(call(asgi_far(app), Request("POST", "/", body=b"x" * 11))))
    assert [answer.status for answer in answers] == [413, 413]


def test_half_a_request_never_reaches_the_far_side() -> None:
    reached = threading.Event()

    async def far(request: Request) -> Response:
        reached.set()
        return Response(200)

    with served(far_asgi(far)) as address:
        host, _, port = address.removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port)), timeout=5) as client:
            client.sendall(b"POST / HTTP/1.1\r\nhost: far\r\ncontent-length: 10\r\n\r\nhalf")
    assert not reached.is_set()


def named(name: str) -> Far:
    async def far(request: Request) -> Response:
        return Response(200, body=f"{name} {request.url}".encode())

    return far


def test_the_address_decides_who_answers() -> None:
    async def ask(transport: Transport, url: str) -> bytes:
        return (await transport.exchange(Request("GET", url), timeout=5)).body

    async def run() -> list[bytes]:
        routed = RoutedTransport({"http://127.0.0.1:8080": named("near")}, InProcessTransport(named("other")))
        urls = [
            "http://127.0.0.1:8080/a?b=c",
            "http://127.0.0.1:8081/a",
            "https://127.0.0.1:8080/",
            "http://127.0.0.1:8080",
        ]
        return [await ask(routed, url) for url in urls]

    assert asyncio.run(run()) == [b"near /a?b=c", b"other /a", b"other /", b"near /"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://LocalHost/a", "http://localhost:80"),
        ("https://x", "https://x:443/?q"),
        ("http://[::1]:81/", "http://[::1]:81"),
    ],
)
def test_two_spellings_of_an_origin_are_one(one: str, other: str) -> None:
    assert origin(one) == origin(other)


def test_an_application_that_breaks_after_its_answer_has_answered(caplog: pytest.LogCaptureFixture) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"done"})
        raise RuntimeError("afterwards")

    assert asyncio.run(call(asgi_far(app), Request("GET", "/"))).body == b"done"
    assert "afterwards" in caplog.text
