"""Decides which parameters of a body have the wrong shape, all of them, and what can still be judged of the rest.

It has never heard of what the parameters mean: it knows the types that decode them and the schema made of those.
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, Generic, TypeVar

import jsonschema_rs
import msgspec
from starlette.requests import Request

from vestnik.api.bodies import decode_anything, read_json, too_deep
from vestnik.api.parts import MOST_RECIPIENTS, SLICE, Parts
from vestnik.api.problems import Fault, pointer, refuse
from vestnik.api.unfolding import NO_FIELD, Finding, Path, unfold

S = TypeVar("S", bound=msgspec.Struct)

_UNCHECKED: Final = frozenset({"pattern", "format", "minItems", "maxItems", "examples", "description", "title"})
"""Parts of a schema that check nothing, or that the routes themselves check in better words."""

_SLICE: Final = SLICE // 4
"""How many items of the crowd are checked at once: each may have a wrong identifier on every messenger."""

_MOST_PARTS: Final = 100
"""How many parts anything but the crowd may have: each of them may need a fault."""

_NUL: Final = b"\\u0000"
_UNFIT: Final = "holds a NUL or half a character, which no messenger carries"


class Shape(Generic[S]):
    """The shape of one kind of body.

    `neutral` has the stand-ins for required fields, by name, where it is not the empty string: what is said later
    against a stand-in is left out, because its pointer already has a fault. `crowd` names the field that may hold
    thousands of items, strings among them, which are checked in slices. What is in the `ignored` fields has no faults.
    """

    def __init__(
        self,
        kind: type[S],
        *,
        neutral: Mapping[str, str | list[str]] | None = None,
        crowd: str | None = None,
        ignored: Iterable[str] = (),
    ) -> None:
        self._kind = kind
        self._decode = msgspec.json.Decoder(kind).decode
        self._neutral = neutral or {}
        self._crowd = crowd
        self._ignored = frozenset(ignored)
        (whole,), components = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
        schema = _checking({**whole, "$defs": components})
        self._validator = jsonschema_rs.Draft202012Validator(schema)
        members: dict[str, Any] = {"items": True}
        if crowd is not None:
            members = _listing(schema["$defs"][kind.__name__]["properties"][crowd])
        self._members = jsonschema_rs.Draft202012Validator({**members, "$defs": schema["$defs"]})

    async def read(self, request: Request, parts: Parts) -> tuple[S, list[Fault], bytes]:
        """The body as far as it can be understood, the faults of its shape, and its bytes."""
        body = await read_json(request, parts)
        return (*await self.understand(body), body)

    async def understand(self, body: bytes) -> tuple[S, list[Fault]]:
        """As `read`, from bytes; a Problem where they are not a JSON object."""
        if _NUL not in body:
            try:
                return self._decode(body), []
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                pass
        raw = decode_anything(body)
        if not isinstance(raw, dict):
            refuse([Fault("#", "must be an object")])
        if len(raw) > _MOST_PARTS:
            refuse([Fault("#", f"must have at most {_MOST_PARTS} fields")])
        return await self._examine({name: part for name, part in raw.items() if name not in self._ignored})

    async def _examine(self, raw: dict[str, Any]) -> tuple[S, list[Fault]]:
        crowd = self._crowd
        members = raw.get(crowd) if crowd is not None else None
        if crowd is None or not isinstance(members, list):
            found = self._mend(raw, self._validator)
            return self._settled(raw, found), _told(found)
        raw[crowd] = []
        found = self._mend(raw, self._validator)
        body = self._settled(raw, found)
        faults = _told(found)
        # One more than the limit is kept, so that whoever counts them still finds too many.
        kept = members[: MOST_RECIPIENTS + 1]
        for start in range(0, len(kept), _SLICE):
            part = kept[start : start + _SLICE]
            faults += _told(self._mend(part, self._members), crowd, start)
            kept[start : start + _SLICE] = part
            await asyncio.sleep(0)
        setattr(body, crowd, kept)
        return body, faults

    def _mend(self, value: Any, validator: jsonschema_rs.Draft202012Validator) -> list[Finding]:
        """The faults of the value, which are taken out of it."""
        found = [*_crowded(value)]
        _take_out(value, found)
        unfit = list(_unfit(value))
        _take_out(value, unfit)
        found += unfit
        gone = {path for path, _, _ in found}
        shape = [finding for finding in _violations(validator, value) if finding.path not in gone]
        _take_out(value, shape)
        if found or shape:
            self._fill(value, validator)
        return found + shape

    def _fill(self, value: Any, validator: jsonschema_rs.Draft202012Validator) -> None:
        """Puts stand-ins where required fields are missing."""
        for finding in _violations(validator, value):
            if finding.missing:
                name = str(finding.path[-1])
                _holder(value, finding.path)[name] = self._neutral.get(name, "")

    def _settled(self, raw: dict[str, Any], found: list[Finding]) -> S:
        """The struct of what is left.

        Where the decoder refuses what the schema lets pass, such as 5.0 for a whole number, the decoder is right.
        """
        for _ in range(len(raw)):
            try:
                return msgspec.convert(raw, self._kind)
            except msgspec.ValidationError as error:
                detail, _, where = str(error).partition(" - at `$.")
                field = where.rstrip("`").partition(".")[0].partition("[")[0]
                if raw.pop(field, None) is not None:
                    found.append(Finding((field,), _words(detail)))
                self._fill(raw, self._validator)
        return msgspec.convert(raw, self._kind)


def _words(detail: str) -> str:
    if detail.startswith("Expected `int"):
        return "must be a whole number"
    return detail[:1].lower() + detail[1:].replace("`", "")


def _violations(validator: jsonschema_rs.Draft202012Validator, value: Any) -> list[Finding]:
    try:
        return [finding for error in validator.iter_errors(value) for finding in unfold(error)]
    except ValueError:
        raise too_deep() from None


def _told(found: Iterable[Finding], crowd: str | None = None, start: int = 0) -> list[Fault]:
    """The findings with their pointers; those in a slice of the crowd count from where the slice begins."""
    if crowd is None:
        return [Fault(pointer(*finding.path), finding.detail) for finding in found]
    return [Fault(pointer(crowd, start + int(path[0]), *path[1:]), detail) for path, detail, _ in found]


def _holder(value: Any, path: Path) -> Any:
    for part in path[:-1]:
        value = value[part]
    return value


def _take_out(value: Any, found: Iterable[Finding]) -> None:
    """Removes what is wrong: fields disappear, and an item becomes an empty string so that its neighbours stay."""
    for path, _, missing in sorted(found, key=lambda finding: -len(finding.path)):
        if missing or not path:
            continue
        holder = _holder(value, path)
        if isinstance(holder, list):
            holder[int(path[-1])] = ""
        else:
            holder.pop(path[-1], None)


def _crowded(value: Any) -> Iterator[Finding]:
    """Parts that have too many parts themselves."""
    for part, item in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(item, dict | list) and len(item) > _MOST_PARTS:
            kind = "fields" if isinstance(item, dict) else "items"
            yield Finding((part,), f"must have at most {_MOST_PARTS} {kind}")


def _unfit(value: Any) -> Iterator[Finding]:
    """Strings that cannot be text, and fields without a name, which the validator would tell of their parents."""
    waiting: list[tuple[Path, Any]] = [((), value)]
    while waiting:
        path, current = waiting.pop()
        if isinstance(current, dict):
            for key, item in current.items():
                if not key:
                    yield Finding((*path, key), NO_FIELD)
                elif _is_unfit(key):
                    yield Finding((*path, key), _UNFIT)
                else:
                    waiting.append(((*path, key), item))
        elif isinstance(current, list):
            waiting += [((*path, index), item) for index, item in enumerate(current)]
        elif isinstance(current, str) and _is_unfit(current):
            yield Finding(path, _UNFIT)


def _is_unfit(text: str) -> bool:
    if "\0" in text:
        return True
    if text.isascii():
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _checking(schema: Any) -> Any:
    """The schema without what it does not check."""
    if isinstance(schema, dict):
        return {
            key: {name: _checking(field) for name, field in part.items()} if key == "properties" else _checking(part)
            for key, part in schema.items()
            if key not in _UNCHECKED
        }
    return [_checking(part) for part in schema] if isinstance(schema, list) else schema


def _listing(schema: dict[str, Any]) -> dict[str, Any]:
    """The part of a field's schema that is a list, also where the field may be something else."""
    choices: list[dict[str, Any]] = [schema, *schema.get("anyOf", ())]
    return next({"type": "array", "items": choice["items"]} for choice in choices if choice.get("type") == "array")
