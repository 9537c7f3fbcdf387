"""Decides how the table of the Bot API's methods and types is taken from the installed aiogram package.

It has never heard of what the emulator does with them: only names, types and which parts are required come over.

Run it after aiogram was updated; it rewrites src/vestnik/messengers/telegram/facts.json:

    python -m tools.telegram_facts
"""

import enum
import inspect
import json
import sys
import types
import typing
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import aiogram
import aiogram.methods
import aiogram.types
from aiogram.client.default import Default
from aiogram.methods.base import TelegramMethod
from pydantic import BaseModel
from typing_extensions import TypeAliasType

TABLE: Final = Path(__file__).parent.parent / "src/vestnik/messengers/telegram/facts.json"

_NAMES: Final[dict[Any, str]] = {
    bool: "boolean",
    int: "integer",
    float: "float",
    str: "string",
    datetime: "integer",
    timedelta: "integer",
    aiogram.types.InputFile: "file",
}
_UNTOLD: Final = (type(None), Default)
"""What aiogram adds to say that something may be absent."""
_EXTRA_ROOTS: Final = (aiogram.types.ResponseParameters,)
"""Types that no method takes or returns and that answers carry all the same."""


def derive() -> dict[str, Any]:
    """The table: methods with what they take and return, unions of types, and the fields of types.

    A name that ends with `?` may be absent; `[x]` is an array of x, `x|y` one of both, a value in quotes stands for
    itself.
    """
    speller = _Speller()
    methods = {
        method.__api_method__: {"returns": speller.type(method.__returning__), "takes": speller.fields(method)}
        for method in _models(aiogram.methods, TelegramMethod)
    }
    described: dict[str, Any] = {}
    speller.met.update(_EXTRA_ROOTS)
    while speller.met:
        model = speller.met.pop()
        if model.__name__ not in described:
            described[model.__name__] = speller.fields(model)
    return {
        "source": f"aiogram {aiogram.__version__}",
        "version": aiogram.__api_version__,
        "methods": dict(sorted(methods.items())),
        "unions": dict(sorted(speller.unions.items())),
        "types": dict(sorted(described.items())),
    }


def rendered(table: dict[str, Any]) -> str:
    """The table as JSON with one method, union or type in a line."""
    parts = []
    for name, value in table.items():
        if not isinstance(value, dict):
            parts.append(f"{json.dumps(name)}: {json.dumps(value)}")
            continue
        lines = (f"{json.dumps(key)}: {json.dumps(entry, separators=(',', ':'))}" for key, entry in value.items())
        parts.append(f"{json.dumps(name)}: {{\n" + ",\n".join(lines) + "\n}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


class _Speller:
    """Spells types as the table does, and remembers the models and unions that it met."""

    def __init__(self) -> None:
        self.met: set[Any] = set()
        self.unions: dict[str, list[str]] = {}
        self._aliases = _aliases()

    def fields(self, model: Any) -> dict[str, str]:
        """The fields of a model by their names on the wire."""
        spelled = {}
        for name, field in model.model_fields.items():
            constant = typing.get_origin(field.annotation) is typing.Literal
            mark = "" if field.is_required() or constant else "?"
            spelled[f"{field.alias or name}{mark}"] = self.type(field.annotation)
        return spelled

    def type(self, annotation: Any) -> str:
        options = _options(annotation)
        names = []
        for name, members in self._aliases.items():
            if members <= set(options):
                names.append(name)
                options = [option for option in options if option not in members]
                if name not in self.unions:
                    self.unions[name] = []
                    self.unions[name] = sorted(self._option(member) for member in members)
        names += [self._option(option) for option in options]
        return "|".join(dict.fromkeys(names))

    def _option(self, option: Any) -> str:
        if option in _NAMES:
            return _NAMES[option]
        if typing.get_origin(option) is list:
            item = typing.get_args(option)[0]
            return f"[{item.removesuffix('Union') if isinstance(item, str) else self.type(item)}]"
        if inspect.isclass(option) and issubclass(option, BaseModel):
            self.met.add(option)
            return option.__name__
        if isinstance(option, str):
            return f"'{option.value if isinstance(option, enum.Enum) else option}'"
        return json.dumps(option)


def _models(module: types.ModuleType, parent: type) -> Iterator[Any]:
    for _, model in inspect.getmembers(module, inspect.isclass):
        if issubclass(model, parent) and model is not parent:
            yield model


def _aliases() -> dict[str, frozenset[Any]]:
    """What aiogram calls unions of models by the names that the Bot API has for them: largest first."""
    found: dict[frozenset[Any], str] = {}
    for module_name, module in sorted(sys.modules.items()):
        if not module_name.startswith("aiogram.types.") or not module_name.endswith("_union"):
            continue
        for alias_name, alias in sorted(vars(module).items()):
            name = alias_name.removesuffix("Union")
            if name in (alias_name, "") or name.startswith("Result"):
                continue
            members = frozenset(_options(alias))
            if aiogram.types.InputFile not in members and _is_worth_a_name(name, members):
                found.setdefault(members, name)
    return {name: members for members, name in sorted(found.items(), key=lambda item: (-len(item[0]), item[1]))}


def _is_worth_a_name(name: str, members: frozenset[Any]) -> bool:
    """Whether it joins models, and no other model than their parent has its name."""
    models = [member for member in members if inspect.isclass(member) and issubclass(member, BaseModel)]
    parent = getattr(aiogram.types, name, BaseModel)
    return bool(models) and all(issubclass(model, parent) and model is not parent for model in models)


def _options(annotation: Any) -> list[Any]:
    """What a value may be, with all that aiogram wraps around it taken off."""
    origin, args = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return _options(args[0])
    if origin in (typing.Union, types.UnionType):
        return [option for arg in args for option in _options(arg)]
    if origin is typing.Literal:
        return list(args)
    if isinstance(annotation, TypeAliasType):
        return _options(annotation.__value__)
    return [] if annotation in _UNTOLD else [annotation]


if __name__ == "__main__":
    TABLE.write_text(rendered(derive()), encoding="utf-8")
