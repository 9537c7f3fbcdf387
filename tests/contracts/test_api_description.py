"""The API keeps what its own description promises, whatever is sent: schemathesis makes requests up from it."""

import asyncio
from typing import Any

import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    allow_header_conformance,
    content_type_conformance,
    missing_required_header,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)
from starlette.types import ASGIApp

from tests.unit.api.asking import BIRDS, OWL, PIGEON, BirdGateway
from vestnik.api.app import app
from vestnik.api.parts import ApiSettings, Unheard
from vestnik.clock import SystemClock
from vestnik.domain.account import Account
from vestnik.store.memory import MemoryStore

CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
    negative_data_rejection,
    unsupported_method,
    allow_header_conformance,
    missing_required_header,
)
"""All that judge one answer, but for two. positive_data_acceptance: no schema can say which accounts there are.
ignored_auth: keys are in force only where there are some, as the description says; tests/unit/api/test_keys.py asks.
"""


def served() -> ASGIApp:
    store, clock = MemoryStore(), SystemClock()
    asyncio.run(_fill(store))
    return app(store, clock, BIRDS, {OWL: BirdGateway()}, Unheard(), ApiSettings(), movable=clock)


async def _fill(store: MemoryStore) -> None:
    await store.put_account(Account("john", "John", {OWL: "Hedwig", PIGEON: "7"}))


SCHEMA = schemathesis.openapi.from_asgi("/api/openapi.json", served())


@SCHEMA.parametrize()
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_answer_is_one_that_the_description_tells_of(case: Any) -> None:
    an_empty_one = "" in (case.query or {}).values()  # It means absent, which no schema of a parameter can say.
    case.call_and_validate(checks=CHECKS, excluded_checks=[negative_data_rejection] if an_empty_one else [])
