"""The API keeps what its own description promises, whatever is sent: schemathesis makes requests up from it.

All its checks are asked. Those that judge requests in a row find nothing to judge here, for each request stands alone;
and that keys are asked for where they are in force is beyond it, for the description calls them optional:
tests/unit/api/test_keys.py asks.
"""

import asyncio
from typing import Any, Final

import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import negative_data_rejection
from schemathesis.specs.openapi.schemas import OpenApiSchema
from starlette.types import ASGIApp

from tests.unit.api.asking import BIRDS, OWL, PIGEON, BirdGateway
from vestnik.api.app import app
from vestnik.api.parts import ApiSettings, Unheard
from vestnik.clock import SystemClock
from vestnik.domain.account import Account
from vestnik.store.memory import MemoryStore

load_all_checks()
EVERY_CHECK: Final = tuple(CHECKS.get_all())
MAY_BE_REFUSED: Final = ("2xx", "307", "404", "409", "422")
"""Statuses of what fits the description: no schema can say which accounts and messages there are, or what time it is.
The pages are elsewhere, and their address says so.
"""


def served() -> ASGIApp:
    store, clock = MemoryStore(), SystemClock()
    asyncio.run(_fill(store))
    return app(store, clock, BIRDS, {OWL: BirdGateway()}, Unheard(), ApiSettings(), movable=clock)


async def _fill(store: MemoryStore) -> None:
    await store.put_account(Account("john", "John", {OWL: "Hedwig", PIGEON: "7"}))


def _described(service: ASGIApp) -> OpenApiSchema:
    config = SchemathesisConfig.from_dict(
        {"checks": {"positive_data_acceptance": {"expected-statuses": list(MAY_BE_REFUSED)}}}
    )
    return schemathesis.openapi.from_asgi("/api/openapi.json", service, config=config)


SCHEMA = _described(served())


@SCHEMA.parametrize()
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_answer_is_one_that_the_description_tells_of(case: Any) -> None:
    an_empty_one = "" in (case.query or {}).values()  # It means absent, which no schema of a parameter can say.
    case.call_and_validate(checks=EVERY_CHECK, excluded_checks=[negative_data_rejection] if an_empty_one else [])
