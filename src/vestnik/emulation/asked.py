"""Decides how a request to the control API is read, and names everything in it that cannot be used.

It has never heard of what is asked for.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from vestnik.emulation.problems import JSON as MEDIA_TYPE
from vestnik.emulation.problems import Problem, Refusal, Wrong, pointer

JSON: Final = {"content-type": MEDIA_TYPE}
_LARGEST: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: what its path names, where it names something, its query and its body."""

    messenger: str
    name: str
    query: Mapping[str, str]
    body: bytes
    method: str = "GET"

    def only(self, *names: str) -> None:
        """Refuses parameters of the query that have other names."""
        wrongs = [Wrong(pointer(name), "is no parameter of this address") for name in self.query if name not in names]
        if wrongs:
            raise Refusal(wrongs)

    def number(self, name: str, default: int, *, least: int = 0) -> int:
        """A whole number of the query."""
        text = self.query.get(name, "")
        if name not in self.query:
            return default
        if not (text.isascii() and text.isdigit() and len(text) < 20 and least <= int(text) <= _LARGEST):
            raise Refusal([Wrong(pointer(name), f"must be a whole number from {least}")])
        return int(text)

    def json(self) -> Any:
        """The body."""
        try:
            return msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Problem(400, f"the body is not JSON: {error}") from None

    def fields(self, types: Mapping[str, Any]) -> dict[str, Any]:
        """The body as an object with fields of these types, any of which may be absent."""
        value = self.json()
        if not isinstance(value, dict):
            raise Refusal([Wrong(pointer(), "must be an object")])
        wrongs = []
        for name, given in value.items():
            if name not in types:
                wrongs.append(Wrong(pointer(name), "is no field of this object"))
                continue
            try:
                msgspec.convert(given, types[name])
            except msgspec.ValidationError as error:
                wrongs.append(Wrong(pointer(name), str(error)))
        if wrongs:
            raise Refusal(wrongs)
        return value
