"""Whatever comes over a wire is understood or refused with the error that its reader states, never with another."""

import importlib.util
import inspect
import json
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from types import ModuleType
from typing import Any, Final, get_origin

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import vestnik.messengers
from tests.hostile.length import EXAMPLES, PATIENCE
from tests.hostile.test_emulators import VIBER_FIELDS, WHATSAPP_FIELDS

OTHERS: Final = (
    "answers.retry_after",
    *("telegram.numerals.decode", "telegram.numerals.exact_integer", "telegram.numerals.leading_integer"),
    *("telegram.numerals.leading_float", "telegram.emulator.pictures.size_of", "telegram.markup.formatted"),
    *("viber.messages.checked", "viber.keyboards.server_fault", "viber.emulator.filling.filled"),
    *("whatsapp.messages.checked", "whatsapp.interactive.check", "whatsapp.templates.check_new"),
)
"""What takes strangers' words beside the wires, by its name in the messengers' room."""

NAMES: Final = {"viber": VIBER_FIELDS, "whatsapp": WHATSAPP_FIELDS}
HEADERS: Final = st.sampled_from(["retry-after", "date", "content-type"])
NUMBERS: Final = st.sampled_from(["1", "-1", "1e999", "nan", "9" * 400, "Wed, 21 Oct 2015 07:28:00 GMT", "\u0661"])

READERS: Final = ("decode", "read_", "split_", "answer_", "canonical", "check", "signed", "status", "parse")
"""How the names of functions begin that take what strangers send."""


def modules() -> Iterator[ModuleType]:
    """The wire of every messenger, and what else reads for it."""
    for package in pkgutil.iter_modules(vestnik.messengers.__path__, "vestnik.messengers."):
        for name in ("wire", "encodings"):
            if package.ispkg and importlib.util.find_spec(f"{package.name}.{name}"):
                yield importlib.import_module(f"{package.name}.{name}")


def readers() -> Iterator[tuple[str, Callable[..., Any]]]:
    for module in modules():
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__ == module.__name__ and name.startswith(READERS):
                yield f"{module.__name__.removeprefix('vestnik.messengers.')}.{name}", function
    for name in OTHERS:
        place, _, called = name.rpartition(".")
        yield name, getattr(importlib.import_module(f"vestnik.messengers.{place}"), called)


def structs(module: ModuleType) -> list[type[msgspec.Struct]]:
    found = inspect.getmembers(module, lambda each: inspect.isclass(each) and issubclass(each, msgspec.Struct))
    return [each for _, each in found]


def values(module: ModuleType) -> st.SearchStrategy[Any]:
    """JSON in which the wire's own names occur, so that what is built of it is sometimes nearly right."""
    messenger = module.__name__.removeprefix("vestnik.messengers.").partition(".")[0]
    of_structs = {field.encode_name for each in structs(module) for field in msgspec.structs.fields(each)}
    names = sorted(of_structs.union(NAMES.get(messenger, ())))
    name = st.sampled_from(names) if names else st.text(max_size=5)
    return st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(max_size=9),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(name | st.text(max_size=5), inner, max_size=6),
        max_leaves=15,
    )


def bodies(module: ModuleType) -> st.SearchStrategy[bytes]:
    told = values(module)
    return st.one_of(
        st.binary(max_size=100),
        told.map(lambda value: json.dumps(value).encode()),
        told.map(lambda value: json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")),
        st.tuples(st.sampled_from([b"[", b'{"a":']), st.integers(1, 100_000)).map(lambda deep: deep[0] * deep[1]),
        st.text(st.characters(codec=None, categories=["Cs", "Cc", "Lu"])).map(lambda text: json.dumps(text).encode()),
    )


def argument(parameter: inspect.Parameter, module: ModuleType) -> st.SearchStrategy[Any]:
    """What may stand for a parameter, by its type."""
    kind = parameter.annotation
    text = st.text(max_size=60) | st.from_regex(r"/?(bot)?[+@0-9:A-Za-z_/?=&%.-]{0,40}", fullmatch=True)
    made: dict[Any, st.SearchStrategy[Any]] = {
        bytes: bodies(module),
        str: text,
        str | bytes: text | bodies(module),
        int: st.integers(),
        Any: values(module),
        object: values(module),
        Mapping[str, Any]: values(module).filter(lambda value: isinstance(value, dict)),
        Mapping[str, str]: st.dictionaries(HEADERS | st.text(max_size=9), NUMBERS | st.text(max_size=9), max_size=5),
    }
    if get_origin(kind) is type:
        return st.sampled_from([*structs(module), bool, str, dict])
    return made[kind]


def own_errors(reader: Callable[..., Any]) -> list[type[Exception]]:
    """What the reader may raise besides ValueError: the errors that its own messenger has made."""
    module = inspect.getmodule(reader)
    found = inspect.getmembers(module, lambda each: inspect.isclass(each) and issubclass(each, Exception))
    room = ".".join(reader.__module__.split(".")[:3])
    return [error for _, error in found if error.__module__.startswith(room)]


@pytest.mark.parametrize("reader", [pytest.param(function, id=name) for name, function in readers()])
@pytest.mark.timeout(PATIENCE)
@settings(max_examples=max(40, EXAMPLES), deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_no_input_breaks_a_reader(reader: Callable[..., Any], data: st.DataObject) -> None:
    module = inspect.getmodule(reader)
    assert module is not None
    parameters = [each for each in inspect.signature(reader).parameters.values() if each.kind != each.KEYWORD_ONLY]
    given_ = [data.draw(argument(each, module)) for each in parameters]
    with suppress(ValueError, *own_errors(reader)):
        reader(*given_)


def test_readers_of_every_messenger_were_found() -> None:
    found = {name.partition(".")[0] for name, _ in readers()}
    assert found - {"answers"} == {
        name for _, name, is_package in pkgutil.iter_modules(vestnik.messengers.__path__) if is_package
    }
