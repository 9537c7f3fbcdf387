"""Decides whether the table of the Bot API is what aiogram knows of it, and whether every result made from it is valid.

It has never heard of calls. When it fails after aiogram was updated, `python -m tools.telegram_facts` renews the table.
"""

import inspect
import json
from typing import Any

import aiogram.methods
import aiogram.types
import pytest
from aiogram.methods.base import Response, TelegramMethod

from tools.telegram_facts import TABLE, derive, rendered
from vestnik.messengers.telegram import facts
from vestnik.messengers.telegram.facts import ArrayOf, Constant, Named, OneOf
from vestnik.messengers.telegram.samples import result_of, sample

METHODS: dict[str, Any] = {
    method.__api_method__: method
    for _, method in inspect.getmembers(aiogram.methods, inspect.isclass)
    if issubclass(method, TelegramMethod) and method is not TelegramMethod
}


def test_the_table_is_exactly_what_the_installed_aiogram_says() -> None:
    assert TABLE.read_text(encoding="utf-8") == rendered(derive())


def test_every_method_of_aiogram_is_known() -> None:
    assert set(facts.method_names()) == set(METHODS)
    assert facts.version() == aiogram.__api_version__


@pytest.mark.parametrize("name", sorted(METHODS))
def test_the_least_result_of_a_method_parses_as_aiogram_wants_it(name: str) -> None:
    method = facts.method(name)
    assert method is not None
    envelope: Any = Response.__class_getitem__(METHODS[name].__returning__)
    parsed = envelope.model_validate_json(json.dumps({"ok": True, "result": result_of(method)}))
    assert parsed.result is not None


@pytest.mark.parametrize("name", facts.type_names())
def test_the_least_value_of_a_type_parses_as_aiogram_wants_it(name: str) -> None:
    getattr(aiogram.types, name).model_validate(sample(Named(name)))


def test_methods_that_return_a_boolean_return_true() -> None:
    method = facts.method("deleteMessage")
    assert method is not None
    assert result_of(method) is True


@pytest.mark.parametrize("spelling", ["sendMessage", "sendmessage", "SENDMESSAGE", "SendMessage"])
def test_a_method_is_known_in_any_case(spelling: str) -> None:
    method = facts.method(spelling)
    assert method is not None
    assert method.name == "sendMessage"
    assert method.returns == Named("Message")
    assert method.takes[0] == facts.Field("chat_id", OneOf((Named("integer"), Named("string"))), required=True)


def test_an_unknown_method_is_none() -> None:
    assert facts.method("sendPigeon") is None
    assert facts.method("") is None


def test_expressions_of_the_table_stand_for_types() -> None:
    assert facts.shape("[[integer|string]]") == ArrayOf(ArrayOf(OneOf((Named("integer"), Named("string")))))
    assert facts.shape("'photo'") == Constant("photo")
    assert facts.shape("0") == Constant(0)
    union = facts.shape("ReplyMarkup")
    assert isinstance(union, OneOf)
    assert union.name == "ReplyMarkup"
    assert Named("ForceReply") in union.options


def test_every_name_in_the_table_can_be_looked_up() -> None:
    for name in facts.method_names():
        method = facts.method(name)
        assert method is not None
        for field in method.takes:
            _assert_known(field.shape)
        _assert_known(method.returns)
    for type_name in facts.type_names():
        for field in facts.fields(type_name):
            _assert_known(field.shape)


def _assert_known(expected: facts.Shape) -> None:
    match expected:
        case Named(name):
            assert name in facts.BASIC or isinstance(facts.shape(name), OneOf) or facts.fields(name) is not None
        case ArrayOf(item):
            _assert_known(item)
        case OneOf(options):
            for option in options:
                _assert_known(option)
