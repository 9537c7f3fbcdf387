"""The service's time, moved for tests."""

from typing import Any

import pytest

from tests.unit.api.asking import Asking, asking, at
from tests.virtual import EPOCH
from vestnik.domain.moment import SECOND, to_rfc3339


def test_the_clock_is_advanced_set_and_reset_and_the_store_remembers() -> None:
    async def work(ask: Asking) -> None:
        assert (await ask.call("GET", "/api/clock")).expect(200) == {"now": to_rfc3339(EPOCH), "offset": 0.0}
        for body, offset in (
            ({"advance": "PT3H"}, 3 * 3600),
            ({"advance": "P1DT30M"}, 3 * 3600 + 86_400 + 1800),
            ({"set": at(days=30)}, 30 * 86_400),
            ({"set": at(days=-30), "advance": None}, -30 * 86_400),
            ({"reset": True}, 0),
            ({"advance": "PT0.5S", "reset": False}, 0.5),
        ):
            told = (await ask.call("POST", "/api/clock", body)).expect(200)
            assert told == {"now": to_rfc3339(EPOCH + round(offset * SECOND)), "offset": offset}
            assert await ask.store.clock_offset() == ask.clock.offset == offset * SECOND
        assert len(ask.rung) == 6

    asking(work, movable=True)


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({}, {"#"}),
        ({"advance": "PT1H", "reset": True}, {"#"}),
        ({"reset": False}, {"#"}),
        ({"advance": ""}, {"#"}),
        ({"reset": 1}, {"#/reset"}),
        ({"advance": 5}, {"#/advance"}),
        ({"advance": "3 hours"}, {"#/advance"}),
        ({"advance": "P1Y"}, {"#/advance"}),
        ({"advance": "P1W"}, {"#/advance"}),
        ({"advance": "-PT1H"}, {"#/advance"}),
        ({"advance": "P" + "9" * 50 + "D"}, {"#/advance"}),
        ({"advance": "P" + "9" * 500 + "D"}, {"#/advance"}),
        ({"advance": "P3000000D"}, {"#/advance"}),
        ({"set": "tomorrow"}, {"#/set"}),
        ({"set": "2030-01-01T00:00:00"}, {"#/set"}),
        ({"set": "9999-12-31T23:59:59Z"}, {"#/set"}),
        ({"set": "1969-12-31T23:59:59Z"}, {"#/set"}),
        ({"stop": True}, {"#/stop"}),
    ],
)
def test_a_move_that_cannot_be_made_is_refused(body: Any, pointers: set[str]) -> None:
    async def work(ask: Asking) -> None:
        assert set((await ask.call("POST", "/api/clock", body)).faults()) == pointers
        assert ask.clock.offset == await ask.store.clock_offset() == 0

    asking(work, movable=True)


@pytest.mark.parametrize(("method", "body"), [("GET", None), ("POST", {"reset": True}), ("POST", b"{")])
def test_without_a_test_clock_the_answer_says_how_to_get_one(method: str, body: Any) -> None:
    async def work(ask: Asking) -> None:
        answer = await ask.call(method, "/api/clock", body)
        assert answer.problem(404) == "no-test-clock"
        assert "--test-clock" in answer.json["detail"]

    asking(work)
