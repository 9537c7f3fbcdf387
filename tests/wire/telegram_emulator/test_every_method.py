"""Every method of the Bot API answers what outside models can read, and rubbish only gets the server's refusals.

The models are aiogram's. What is sent is drawn from the table of facts.
"""

import asyncio
import inspect
import json
from typing import Any, Final

import aiogram.methods
import pytest
from aiogram.methods.base import Response as Envelope
from aiogram.methods.base import TelegramMethod
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.wire.telegram_emulator.asking import Api, opened
from tests.wire.telegram_facts.shapes import arguments
from vestnik.messengers.telegram import facts

METHODS: Final[dict[str, Any]] = {
    method.__api_method__: method
    for _, method in inspect.getmembers(aiogram.methods, inspect.isclass)
    if issubclass(method, TelegramMethod) and method is not TelegramMethod
}
JUNK: Final = [
    "",
    "0",
    "-1",
    "1001",
    "abc",
    "[]",
    "{}",
    "null",
    "[1]",
    '["a"]',
    '["1"]',
    '["2","1"]',
    '{"type":"x"}',
    "[[]]",
    "9" * 40,
    "\x00",
]
REFUSALS: Final = range(400, 500)
QUIET: Final = settings(
    max_examples=3, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def known(name: str) -> facts.Method:
    method = facts.method(name)
    assert method is not None
    return method


@pytest.mark.parametrize("name", sorted(METHODS))
def test_whatever_succeeds_is_read_by_aiograms_models_and_whatever_does_not_is_a_refusal(
    name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    envelope: Any = Envelope.__class_getitem__(METHODS[name].__returning__)

    @QUIET
    @given(st.lists(arguments(known(name)), min_size=1, max_size=4))
    def lived(calls: list[dict[str, str]]) -> None:
        async def story() -> None:
            async with opened(tmp_path_factory.mktemp("far")) as api:
                for call in calls:
                    answer = await _asked(api, name, call)
                    if answer["ok"]:
                        envelope.model_validate_json(json.dumps(answer))

        asyncio.run(story())

    lived()


@pytest.mark.parametrize("name", sorted(METHODS))
def test_rubbish_gets_nothing_but_refusals(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    takes = [field.name for field in known(name).takes]

    @QUIET
    @given(st.lists(st.dictionaries(st.sampled_from([*takes, "x"]), st.sampled_from(JUNK)), min_size=5, max_size=10))
    def lived(calls: list[dict[str, str]]) -> None:
        async def story() -> None:
            async with opened(tmp_path_factory.mktemp("far")) as api:
                for call in calls:
                    await _asked(api, name, call)

        asyncio.run(story())

    lived()


async def _asked(api: Api, name: str, call: dict[str, str]) -> Any:
    """The answer, whose envelope and status fit each other."""
    if name == "getUpdates":
        call = {**call, "timeout": "0"}
        api.world.clock.move(10)  # Who asks again at once is made to wait, and this clock stands still by itself.
    response = await api.response(name, call)
    answer = json.loads(response.body)
    if answer["ok"]:
        assert response.status == 200
        assert set(answer) <= {"ok", "result", "description"}
    else:
        assert response.status == answer["error_code"]
        assert response.status in REFUSALS
        assert answer["description"]
        assert set(answer) <= {"ok", "error_code", "description", "parameters"}
    return answer
