"""The API keeps what its own description promises, whatever is sent: schemathesis makes requests up from it.

All its checks are asked, of each request alone and of requests in a row that follow the links of the description, on a
service where a key is in force. Two of the checks find nothing to judge here: no header is required but the key, and
keys that see different things are beyond what a description tells: tests/unit/api/test_keys.py asks.
"""

from collections import Counter
from collections.abc import Callable
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, Phase, settings

from tests.hostile.described import Renewed, checks_for, described, mistakes, service
from tests.hostile.length import EXAMPLES, PATIENCE, TRIES

LONGEST_ROW: Final = 15
FOLLOWED: Final = (
    ("POST /api/messages", 202),
    ("GET /api/messages/{id}", 200),
    ("GET /api/messages/{id}/deliveries", 200),
    ("POST /api/messages/{id}/cancel", 200),
    ("GET /api/deliveries/{id}", 200),
    ("DELETE /api/accounts/{id}", 204),
    ("GET /api/accounts/{id}", 404),
)
"""Answers that rows must have come to."""


@pytest.mark.timeout(PATIENCE)
def test_every_answer_is_one_that_the_description_tells_of() -> None:
    assert list(mistakes(service(), paths="", examples=EXAMPLES)) == []


@pytest.mark.timeout(PATIENCE)
def test_what_follows_an_answer_finds_what_the_answer_told_of(record_property: Callable[[str, object], None]) -> None:
    """A row begins with a service that knows nothing of the row before.

    Otherwise the same row would not be answered alike when it is tried again (what was sent is a duplicate), what its
    links lead to would differ, and Hypothesis would find that its data depend on something that it has not drawn.
    """
    renewed = Renewed(service)
    answered: Counter[tuple[str, int]] = Counter()

    made: Any = described(renewed, fitting=True).as_state_machine()

    class Rows(made):  # type: ignore[misc]  # it is made at run time, from the links
        def setup(self) -> None:
            renewed.begin()

        def validate_response(self, response: Any, case: Any, _: Any = None, **asked: Any) -> None:
            answered[case.operation.label, response.status_code] += 1
            case.validate_response(response, checks=checks_for(case), transport_kwargs=asked, recorder=self.recorder)

    for _ in range(TRIES):
        Rows.run(
            settings=settings(
                max_examples=2 * EXAMPLES,
                stateful_step_count=LONGEST_ROW,
                deadline=None,
                derandomize=False,  # Where CI is set, each try would ask the same again.
                phases=[Phase.explicit, Phase.generate, Phase.shrink],
                suppress_health_check=list(HealthCheck),
                database=None,
            )
        )
        missed = [followed for followed in FOLLOWED if not answered[followed]]
        if not missed:
            break
    record_property("told", f"{answered.total()} requests in rows of up to {LONGEST_ROW}")
    assert not missed, f"no row came to {missed}"
