"""Decides what may be said outside of a body: after the question mark, in cursors of lists, as an Idempotency-Key.

It has never heard of bodies; whatever a route does not know in a query is a fault, because `dryrun=true` mistaken for
`dry_run=true` would send.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Final, TypeVar
from urllib.parse import parse_qsl

from starlette.requests import Request

from vestnik.api.headers import idempotency_key
from vestnik.api.problems import Fault, pointer, refuse

E = TypeVar("E", bound=StrEnum)

MOST_ITEMS: Final = 1_000
USUAL_ITEMS: Final = 100
_MOST_FIELDS: Final = 100
_LONGEST_CURSOR: Final = 200
_TRUTH: Final = {"true": True, "1": True, "false": False, "0": False}


class Query:
    """The parameters of a query; faults are gathered until they are settled, those of an Idempotency-Key too."""

    def __init__(self, request: Request, known: Collection[str]) -> None:
        self.faults: list[Fault] = idempotency_key(request)[1] if request.method == "POST" else []
        raw: bytes = request.scope["query_string"]
        self._given: Mapping[str, str] = self._parse(raw, known) if raw else {}

    def _parse(self, raw: bytes, known: Collection[str]) -> dict[str, str]:
        given: dict[str, str] = {}
        try:
            pairs = parse_qsl(raw.decode("latin-1"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
        except ValueError:
            self.faults.append(Fault("#/query", f"must have at most {_MOST_FIELDS} parameters"))
            return given
        for name, value in pairs:
            if name not in known:
                self.fault(name, "there is no such parameter")
            elif name in given:
                self.fault(name, "is given twice")
            else:
                given[name] = value
        return given

    def fault(self, name: str, detail: str) -> None:
        self.faults.append(Fault(pointer("query", name), detail))

    def settle(self) -> None:
        """Refuses the request if there is any fault."""
        if self.faults:
            refuse(self.faults)

    def text(self, name: str) -> str | None:
        """The value; None where it is absent or empty."""
        return self._given.get(name) or None

    def flag(self, name: str) -> bool:
        value = self._given.get(name)
        if value is None:
            return False
        if value.lower() not in _TRUTH:
            self.fault(name, "must be true or false")
        return _TRUTH.get(value.lower(), False)

    def limit(self) -> int:
        """How many items to show at most."""
        value = self.text("limit")
        if value is None:
            return USUAL_ITEMS
        number = int(value) if value.isascii() and value.isdigit() and len(value) <= len(str(MOST_ITEMS)) else 0
        if not 1 <= number <= MOST_ITEMS:
            self.fault("limit", f"must be a whole number from 1 to {MOST_ITEMS}")
        return number

    def choice(self, name: str, choices: type[E]) -> E | None:
        value = self.text(name)
        if value is None:
            return None
        try:
            return choices(value)
        except ValueError:
            self.fault(name, f"must be one of {', '.join(choices)}")
            return None

    def cursor(self) -> str | None:
        """What was turned into the cursor; a fault where it is not one of ours."""
        value = self.text("cursor")
        if value is None:
            return None
        found = _uncovered(value)
        if found is None:
            self.fault("cursor", "is not a cursor of this list")
        return found


def cursor_for(position: str) -> str:
    """The position in a list, in a form that nobody is tempted to read meaning into."""
    return urlsafe_b64encode(position.encode()).rstrip(b"=").decode()


def _uncovered(cursor: str) -> str | None:
    if len(cursor) > _LONGEST_CURSOR:
        return None
    try:
        position = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
    except ValueError:
        return None
    return position if position.isprintable() and cursor_for(position) == cursor else None
