"""Decides which service the description of the API is held against: one with a key, made anew whenever that is asked.

It has never heard of what is asked of it. Its time and ids depend on nothing but what was asked before, because
Hypothesis asks the same twice and takes another answer for a mistake of the test.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple

import schemathesis
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from schemathesis.generation.case import Case
from schemathesis.hooks import HookContext
from schemathesis.specs.openapi.checks import negative_data_rejection
from schemathesis.specs.openapi.schemas import OpenApiSchema
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.unit.api.asking import BIRDS, OWL, PIGEON, BirdGateway
from tests.virtual import EPOCH
from vestnik.api.app import app
from vestnik.api.parts import ApiSettings, Unheard
from vestnik.domain.account import KEY_BYTES, Account, Key, key_digest, new_key
from vestnik.domain.moment import Moment
from vestnik.ports import Appointment
from vestnik.store.memory import MemoryStore

load_all_checks()
EVERY_CHECK: Final = tuple(CHECKS.get_all())
MAY_BE_REFUSED: Final = ("2xx", "307", "403", "404", "409", "422")
"""Statuses of what fits the description: no schema can say which accounts and messages there are, or what time it is.
The pages are elsewhere, and their address says so; what a messenger says must be signed.
"""
SECRET: Final = new_key(b"k" * KEY_BYTES)
LATER: Final = "2030-11-23T12:30:00+03:00"
FITTING: Final[Mapping[str, Mapping[str, Any]]] = {
    "POST /api/messages": {
        "text": "Hi",
        "messengers": [OWL],
        "recipients": ["john"],
        "send_at": LATER,
        "expires_at": None,
    },
    "POST /api/sendmsg": {
        "message": "Hi",
        "messengers_list": [OWL],
        "users_list": ["john"],
        "deffered_time": LATER,
        "expires_at": None,
    },
    "PATCH /api/messages/{id}": {"send_at": LATER},
}
"""What makes a body that fits the description fit the world too: nobody guesses who has an account and what time it is.
Without it nothing would ever be accepted, and nothing that follows from that would be asked for.
"""


class Ticking:
    """A clock that goes on by a millisecond whenever it is looked at, and counts its ids."""

    def __init__(self) -> None:
        self._ticks = 0
        self._ids = 0
        self.offset: Moment = 0

    def now(self) -> Moment:
        self._ticks += 1
        return EPOCH + self._ticks * 1_000 + self.offset

    async def sleep_until(self, moment: Moment) -> None:
        raise AssertionError("nobody waits here")

    def call_at(self, moment: Moment, callback: Callable[[], None]) -> Appointment:
        raise AssertionError("nobody waits here")

    def new_id(self) -> str:
        self._ids += 1
        return f"{self._ids:026d}"

    def luck(self) -> float:
        return 0.5

    def move(self, offset: Moment) -> None:
        self.offset = offset


class Renewed:
    """A service that forgets everything but its key and its one account when it is told to begin again."""

    def __init__(self, built: Callable[[], ASGIApp]) -> None:
        self._built = built
        self.begin()

    def begin(self) -> None:
        self._service = self._built()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._service(scope, receive, send)


def service(store: MemoryStore | None = None) -> ASGIApp:
    """One with a key, an account and a clock that may be moved."""
    kept, clock = store if store is not None else MemoryStore(), Ticking()
    asyncio.run(_fill(kept))
    return app(kept, clock, BIRDS, {OWL: BirdGateway()}, Unheard(), ApiSettings(), movable=clock)


async def _fill(store: MemoryStore) -> None:
    await store.put_account(Account("john", "John", {OWL: "Hedwig", PIGEON: "7"}))
    await store.add_key(Key("tests", key_digest(SECRET), (), EPOCH))


def described(service: ASGIApp, *, fitting: bool = False) -> OpenApiSchema:
    """What the service says of itself to whoever has its key; the key goes with every request that needs one.

    `fitting` bodies are such that messages are accepted.
    """
    config: dict[str, Any] = {
        "checks": {"positive_data_acceptance": {"expected-statuses": list(MAY_BE_REFUSED)}},
        "auth": {"openapi": {"key": {"bearer": SECRET}}},
    }
    bearer = {"Authorization": f"Bearer {SECRET}"}
    found = schemathesis.openapi.from_asgi(
        "/api/openapi.json", service, config=SchemathesisConfig.from_dict(config), headers=bearer
    )
    if fitting:
        found.hook("map_case")(_made_to_fit)
    return found


def _made_to_fit(_: HookContext, case: Case[Any]) -> Case[Any]:
    fitting = FITTING.get(case.operation.label)
    if fitting and case.meta is not None and case.meta.generation.mode.is_positive and isinstance(case.body, dict):
        case.body = {**case.body, **fitting}
    return case


def checks_for(case: Case[Any]) -> list[Any]:
    """All of them, but for one that no description can be right for: an empty parameter means an absent one."""
    return [check for check in EVERY_CHECK if not (has_an_empty_one(case) and check is negative_data_rejection)]


def has_an_empty_one(case: Case[Any]) -> bool:
    """Whether a parameter of the query is empty."""
    return isinstance(case.query, Mapping) and any(value in ("", None, [], [""]) for value in case.query.values())


class Found(NamedTuple):
    """A mistake, the check that found it, and how to ask for it again."""

    check: str
    mistake: str
    request: str


def mistakes(application: ASGIApp, *, paths: str, examples: int, seed: int | None = None) -> Iterator[Found]:
    """What schemathesis finds in operations whose paths fit, in all the ways in which it looks.

    Requests with an empty parameter are left out: it means an absent one, which no schema can tell.
    """
    schema = described(application, fitting=True)
    if seed is not None:
        schema.config.seed = seed
    schema.config.generation.update(max_examples=examples)
    schema.hook("filter_case")(lambda _, case: not has_an_empty_one(case))
    for event in from_schema(schema.include(path_regex=paths)).execute():
        if isinstance(event, events.NonFatalError):
            yield Found("", str(event.info), event.label)
        elif isinstance(event, events.ScenarioFinished):
            for checks in event.recorder.checks.values():
                for check in checks:
                    if (failed := check.failure_info) is not None:
                        yield Found(check.name, failed.failure.message, failed.code_sample)
