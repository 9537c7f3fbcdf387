"""The real command under bad input: it refuses, keeps nothing, stays as small as it was and goes on serving others."""

import json
import resource
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import product
from pathlib import Path
from typing import Any, Final

import pytest

from tests.acceptance.client import Reply
from tests.acceptance.people import person
from tests.acceptance.process import eventually
from tests.acceptance.service import Service
from tests.hostile.planes import PLANES
from tests.hostile.raw import answer, dialled, push, rest

MEGABYTE: Final = 2**20
GROWTH: Final = 64 * MEGABYTE
"""Memory that may stay behind after any attack: allocators keep what they once had, but never as much as came."""
PROMPT: Final = 5.0
"""Seconds that a well-behaved request may take during an attack, on a busy machine."""
IDLE: Final = 10_000

BOT: Final = "/telegram/bot123456:AAEhBOweik6ad9r_QXMENQjcrGbqCr4K-bc"
FAR_SIDES: Final = (
    ("POST", f"{BOT}/sendMessage"),
    ("POST", f"{BOT}/setWebhook"),
    ("POST", "/viber/pa/send_message"),
    ("POST", "/viber/pa/set_webhook"),
    ("POST", "/whatsapp/v23.0/100000000000001/messages"),
    ("PUT", "/emulator/faults"),
    ("PATCH", "/emulator/phones/telegram/1"),
    ("POST", "/emulator/phones/telegram/1/messages"),
)
API: Final = (
    ("POST", "/api/messages"),
    ("POST", "/api/sendmsg"),
    ("PUT", "/api/accounts/john"),
    ("PATCH", "/api/messages/01JD"),
    ("POST", "/api/deliveries/01JD-0/resolve"),
    ("POST", "/api/clock"),
    ("POST", "/api/receipts/telegram"),
    ("POST", "/api/receipts/viber"),
    ("POST", "/api/receipts/whatsapp"),
)

Tell = Callable[[str, object], None]

at_first: Final[dict[int, int]] = {}
"""The size of a process before any attack."""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with Service(tmp_path_factory.mktemp("hostile"), "--test-clock") as running:
        prompt(running)
        at_first[pid(running)] = size(running)
        yield running


@pytest.fixture(autouse=True)
def as_it_was(service: Service) -> Iterator[None]:
    """Whatever a test does, the service keeps nothing of it, is not larger afterwards and still works."""
    kept, large, files = stored(service), size(service), open_files(service)
    yield
    assert service.call("GET", "/readyz").status == 200
    assert stored(service) == kept, "nothing of what was refused is stored"
    eventually(lambda: open_files(service) <= files + 8, "connections are closed", 60)
    assert size(service) - large < GROWTH


def pid(service: Service) -> int:
    return service.process.number


def size(service: Service) -> int:
    """Bytes of memory that the process really has."""
    return int(Path(f"/proc/{pid(service)}/statm").read_text("ascii").split()[1]) * resource.getpagesize()


def open_files(service: Service) -> int:
    return len(list(Path(f"/proc/{pid(service)}/fd").iterdir()))


def stored(service: Service) -> list[Any]:
    """Everything that strangers could have left there."""
    asked = ("/api/messages", "/api/accounts", "/emulator/journal", "/emulator/faults", "/emulator/phones")
    return [service.call("GET", path).expect(200) for path in asked]


def prompt(service: Service) -> float:
    """Seconds of a request of somebody who behaves."""
    began = time.monotonic()
    assert service.call("GET", "/api/messages").status == 200
    taken = time.monotonic() - began
    assert taken < PROMPT
    return taken


def refused(reply: Reply, what: object) -> None:
    """A refusal of the caller; the messengers' own refusals may come with 200."""
    assert reply.status < 500, (what, reply)


def test_slow_and_half_closed_connections_are_given_up_and_hold_nobody_up(
    service: Service, record_property: Tell
) -> None:
    beginnings = [
        b"",
        b"G",
        b"GET /api/messages HTTP/1.1\r\nHost: x\r\nX-Slow: ",
        b"POST /api/messages HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{",
        b"POST " + BOT.encode() + b"/sendMessage HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nchat_id=1",
        b"POST /emulator/reset HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    ]
    slowest = 0.0
    with ExitStack() as stack:
        crowd = [stack.enter_context(dialled(service.address)) for _ in range(300)]
        for number, connection in enumerate(crowd):
            connection.sendall(beginnings[number % len(beginnings)])
            if number % 2:
                connection.shutdown(1)
        began = time.monotonic()
        while time.monotonic() - began < 11:
            for number, connection in enumerate(crowd):
                if not number % 2 and number % len(beginnings) in (1, 2):
                    push(connection, b"a")
            slowest = max(slowest, prompt(service))
            time.sleep(0.5)
        for number, connection in enumerate(crowd):
            if number % 2 or number % len(beginnings) == 2:
                assert b"HTTP/1.1 5" not in rest(connection)
    record_property("told", f"others waited for {slowest * 1000:.0f} ms at most")


def test_ten_thousand_idle_connections_hold_nobody_up_and_leave_nothing_behind(
    service: Service, record_property: Tell
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    count = min(IDLE, hard - 500)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, count + 400), hard))
    peaks = []
    try:
        for _ in range(2):
            with ExitStack() as stack:
                for _ in range(count):
                    stack.enter_context(dialled(service.address))
                waited = prompt(service)
                peaks.append(size(service))
            eventually(lambda: open_files(service) < 300, "connections are closed", 60)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert peaks[1] < peaks[0] + 16 * MEGABYTE, "the second ten thousand cost nothing more"
    told = f"{count} connections, {peaks[0] / MEGABYTE:.0f} MiB then {peaks[1] / MEGABYTE:.0f} MiB"
    record_property("told", f"{told}, a request meanwhile {waited * 1000:.0f} ms")


@pytest.mark.parametrize("framing", ["length", "chunks"])
def test_a_body_of_100_megabytes_is_refused_and_the_refusal_is_seen(
    service: Service, framing: str, record_property: Tell
) -> None:
    piece = b"[" + b"1," * (MEGABYTE // 2)
    peak, slowest = size(service), 0.0
    targets = (*API[:2], *API[6:7], *FAR_SIDES)
    for method, path in targets:
        head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n".encode()
        with dialled(service.address) as connection:
            if framing == "length":
                push(connection, head + f"Content-Length: {100 * len(piece)}\r\n\r\n".encode(), *[piece] * 100)
            else:
                chunk = f"{len(piece):x}\r\n".encode() + piece + b"\r\n"
                push(connection, head + b"Transfer-Encoding: chunked\r\n\r\n", *[chunk] * 100, b"0\r\n\r\n")
            status, body = answer(connection)
        assert status in (413, 415, 404), (path, status, body[:200])
        peak = max(peak, size(service))
        slowest = max(slowest, prompt(service))
    told = f"{len(targets)} bodies of 100 MB, at most {peak / MEGABYTE:.0f} MiB meanwhile"
    record_property("told", f"{told}, others waited for {slowest * 1000:.0f} ms at most")
    assert peak < size(service) + GROWTH


def test_json_of_any_depth_and_shape_is_refused(service: Service, record_property: Tell) -> None:
    bodies = [
        b"[" * 500_000,
        b'{"text":' * 100_000,
        b"[" * 400_000 + b"]" * 400_000,
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b'{"sender":{"id":' + b"[" * 1_000 + b"]" * 1_000 + b"}}",
        b"1" * 1_000_000,
        b'{"max_attempts":1e400,"text":-1e-400}',
        b"{" + b",".join(b'"%d":1' % n for n in range(50_000)) + b"}",
        b'{"text":"' + b"\\u0000" * 50_000 + b'"}',
        b'"\\ud800"',
        b'{"text":"\\udfff\\ud800","sender":"\\ud800"}',
        b'{"\\ud800":1}',
        b"\xff\xfe\x00",
        b"\xed\xa0\x80",
        b'{"text":"\xf4\x90\x80\x80"}',
        b"\x00" * 1_000,
        b"",
        b"null",
        b"NaN",
        b"\xef\xbb\xbf{}",
    ]
    slowest = 0.0
    for (method, path), body in product((*API, *FAR_SIDES), bodies):
        began = time.monotonic()
        reply = service.call(method, path, body)
        slowest = max(slowest, time.monotonic() - began)
        refused(reply, (path, body[:40]))
        if path.startswith("/api/") and "receipts" not in path:
            assert reply.status >= 400, (path, body[:40], reply)
    record_property("told", f"the slowest refusal took {slowest * 1000:.0f} ms")


ODD: Final = [
    *PLANES,
    "\x00",
    "\u202e\u2066",
    "e\u0301" * 10,
    "\ufeff",
    "\r\n\x0b\x0c\x85\u2028",
    "'\";--<script>%00%s${x}{{7*7}}",
    "a" * 5_000,
]


def test_any_character_anywhere_is_taken_as_text_or_refused(service: Service) -> None:
    """As an id, a name, a recipient, a query, a path and a header; nothing is accepted, for nobody has such an id."""
    for odd in ODD:
        calls: list[tuple[str, str, Any]] = [
            ("POST", "/api/messages", {"sender": odd, "text": odd, "messengers": [odd], "recipients": [odd]}),
            (
                "POST",
                "/api/messages",
                {"sender": "acme", "text": odd, "messengers": ["telegram"], "recipients": [{"telegram": odd + " "}]},
            ),
            ("POST", "/api/sendmsg", {"sender": {"id": odd, "name": odd}, "message": odd, "users_list": [odd]}),
            ("PUT", "/emulator/faults", [{"messenger": odd, "recipient": odd, "fault": odd}]),
            ("POST", f"{BOT}/sendMessage", {"chat_id": odd + " ", "text": odd}),
            ("POST", "/viber/pa/send_message", {"receiver": odd, "type": odd, "text": odd}),
            ("POST", "/whatsapp/v23.0/1/messages", {"to": odd, "type": odd, "text": {"body": odd}}),
        ]
        for method, path, body in calls:
            refused(service.call(method, path, json.dumps(body).encode()), (path, odd))
        for path in ("/api/messages", "/api/accounts", "/emulator/journal", "/emulator/phones", f"{BOT}/getMe"):
            refused(service.call("GET", path, cursor=odd, limit=odd, status=odd, recipient=odd, after=odd), (path, odd))
        with dialled(service.address) as connection:
            raw = odd.encode("utf-8", "surrogatepass")
            push(connection, b"GET /api/messages/" + raw + b" HTTP/1.1\r\nHost: " + raw + b"\r\n\r\n")
            status, _ = answer(connection)
            assert status < 500, odd


ENDS: Final = [
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00+23:59",
    "0000-00-00T00:00:00Z",
    "-0001-01-01T00:00:00Z",
    "1969-12-31T23:59:59.999999Z",
    "9999-12-31T23:59:59.999999999Z",
    "9999-12-31T23:59:59-23:59",
    "9999-12-31T23:59:60Z",
    "9999-12-31T24:00:00Z",
    "10000-01-01T00:00:00Z",
    "+275760-09-13T00:00:00Z",
    "2016-12-31T23:59:60Z",
    "2026-02-30T00:00:00Z",
    "9" * 5_000,
    "",
]


def test_dates_at_the_ends_of_time_are_understood_or_refused(service: Service) -> None:
    for when in ENDS:
        body = {"sender": "acme", "text": when or "-", "messengers": ["telegram"], "recipients": [person(1)]}
        for name in ("send_at", "expires_at"):
            reply = service.call("POST", "/api/messages", {**body, name: when}, dry_run="true")
            refused(reply, when)
        refused(service.call("POST", "/api/sendmsg", {**body, "deffered_time": when}, dry_run="true"), when)
        refused(service.call("POST", "/api/clock", {"set": when}), when)
        refused(service.call("GET", "/readyz"), when)
        refused(service.call("GET", "/api/clock"), when)
        service.call("POST", "/api/clock", {"reset": True}).expect(200)
    for span in ("P9999Y", "PT999999999999999H", "-PT1H", "P1M", "PT0.0000001S", "P" + "9" * 4_000 + "D", "PT", ""):
        refused(service.call("POST", "/api/clock", {"advance": span}), span)
        refused(service.call("GET", "/readyz"), span)
        service.call("POST", "/api/clock", {"reset": True}).expect(200)


def test_all_of_it_together_left_the_service_about_as_small_as_it_was(service: Service, record_property: Tell) -> None:
    first, last = at_first[pid(service)], size(service)
    record_property("told", f"{first / MEGABYTE:.0f} MiB before all attacks, {last / MEGABYTE:.0f} MiB after them")
    assert last - first < 2 * GROWTH
