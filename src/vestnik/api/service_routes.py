"""Decides which routes there are beside those for messages: webhooks, the clock, probes and the description itself.

It has never heard of how any of them is carried out.
"""

from dataclasses import dataclass

from vestnik.api import examples
from vestnik.api.clock import ClockRoutes, ClockView
from vestnik.api.docs import Docs
from vestnik.api.health import Health, HealthView
from vestnik.api.operations import IDEMPOTENCY_KEY, Operation, Success, path_parameter
from vestnik.api.problems import (
    NO_TEST_CLOCK,
    NOT_FOUND,
    NOT_READY,
    SLOW_BODY,
    STORE_UNAVAILABLE,
    TOO_LARGE,
    VALIDATION,
)
from vestnik.api.receipts import Receipts
from vestnik.api.routes import BODY, ONCE, REPLAYED
from vestnik.api.schemas import ClockBody


@dataclass(frozen=True, slots=True)
class ServiceRooms:
    """What answers these routes."""

    receipts: Receipts
    clock: ClockRoutes
    health: Health
    docs: Docs


def service_operations(rooms: ServiceRooms) -> list[Operation]:
    """All of them."""
    return [*_receipts(rooms.receipts), *_clock(rooms.clock), *_health(rooms.health), *_docs(rooms.docs)]


def _receipts(room: Receipts) -> list[Operation]:
    messenger = path_parameter("messenger", "The messenger's name.", "a messenger")
    said = Success(200, "What the messenger expects.", media_type=None)
    refused = Success(403, "It is not signed as it must be.", media_type=None)
    return [
        Operation(
            method,
            "/api/receipts/{messenger}",
            room.receive,
            summary,
            (said, refused),
            "receipts",
            "For the messenger's servers, which sign what they say; it needs no key.",
            parameters=(messenger,),
            problems=(NOT_FOUND, SLOW_BODY, TOO_LARGE, STORE_UNAVAILABLE),
            keyless=True,
        )
        for method, summary in (("POST", "A messenger reports"), ("GET", "A messenger makes sure of the address"))
    ]


def _clock(room: ClockRoutes) -> list[Operation]:
    told = Success(200, "The service's time.", ClockView, headers=REPLAYED)
    return [
        Operation(
            "GET",
            "/api/clock",
            room.show,
            "Tell the service's time",
            (told,),
            "clock",
            "With `--test-clock` only.",
            problems=(NO_TEST_CLOCK, VALIDATION),
        ),
        Operation(
            "POST",
            "/api/clock",
            room.move,
            "Move the service's time",
            (told,),
            "clock",
            "With `--test-clock` only: everything that waits follows.",
            ClockBody,
            examples.CLOCK,
            (IDEMPOTENCY_KEY,),
            (NO_TEST_CLOCK, *BODY, *ONCE, STORE_UNAVAILABLE),
        ),
    ]


def _health(room: Health) -> list[Operation]:
    well = Success(200, "Yes.", HealthView)
    numbers = Success(200, "Metrics for Prometheus.", media_type="text/plain")
    return [
        Operation("GET", "/livez", room.live, "Does the process live?", (well,), "health", keyless=True),
        Operation("GET", "/readyz", room.ready, "Is it ready?", (well,), "health", problems=(NOT_READY,), keyless=True),
        Operation("GET", "/metrics", room.metrics, "Its numbers", (numbers,), "health"),
    ]


def _docs(room: Docs) -> list[Operation]:
    described = Success(200, "OpenAPI 3.1.")
    page = Success(200, "A page for people.", media_type="text/html")
    asset = path_parameter("asset", "The name of a file that the page needs.", "swagger-ui.css")
    led = Success(307, "To the page.", media_type=None, headers={"Location": "Where the page is."})
    return [
        Operation(
            "GET", "/", room.door, "The way to the page for whoever opens the address", (led,), "docs", keyless=True
        ),
        Operation("GET", "/api/openapi.json", room.description, "This description", (described,), "docs"),
        Operation(
            "GET",
            "/docs/openapi.json",
            room.description,
            "This description, for the page that shows it",
            (described,),
            "docs",
            "The same as /api/openapi.json, without a key.",
            keyless=True,
        ),
        Operation("GET", "/docs", room.page, "This description as a page", (page,), "docs", keyless=True),
        Operation(
            "GET", "/docs/problems", room.problems, "What the types of problems mean", (page,), "docs", keyless=True
        ),
        Operation(
            "GET",
            "/docs/{asset}",
            room.asset,
            "A file of that page",
            (Success(200, "The file.", media_type=None),),
            "docs",
            parameters=(asset,),
            problems=(NOT_FOUND,),
            keyless=True,
        ),
    ]
