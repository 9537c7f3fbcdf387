"""Decides how the API describes itself in OpenAPI 3.1: from the operations and the very types that decode and encode.

It has never heard of any route or messenger in particular.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any, Final

import msgspec

from vestnik.api.operations import Link, Operation, Parameter, Success
from vestnik.api.problems import INTERNAL, KINDS, PROBLEMS_PAGE, UNAUTHORIZED, WRONG_METHOD, Kind
from vestnik.api.replies import JSON, PROBLEM_JSON, ProblemView
from vestnik.api.samples import samples
from vestnik.api.schemas import MARK
from vestnik.domain.rules import MessengerRules

_REFS: Final = "#/components/schemas/{name}"
_ABOUT: Final = (
    "Vestnik takes messages and sends them over messengers, each once to each recipient. "
    f"Refusals are [`application/problem+json`]({PROBLEMS_PAGE}) after RFC 9457; `errors` names every wrong parameter "
    "by a JSON pointer into the body, or by `#/query/…`, `#/header/…` or `#/path/…`. "
    "Fields and query parameters that are not described here are refused; an empty query parameter means absent."
)


def describe(
    operations: Sequence[Operation], messengers: Mapping[str, MessengerRules], version: str, *, guarded: bool
) -> dict[str, Any]:
    """The whole description; `guarded` says whether keys are in force now."""
    types, shown = _types(operations), samples(messengers)
    schemas, components = msgspec.json.schema_components(types, ref_template=_REFS)
    contents = {
        kind: {"schema": schema, **({"example": shown[kind]} if kind in shown else {})}
        for kind, schema in zip(types, schemas, strict=True)
    }
    by_path = sorted(operations, key=lambda operation: operation.name)
    paths = {
        path: {operation.method.lower(): _operation(operation, contents, guarded=guarded) for operation in group}
        for path, group in groupby(by_path, key=lambda operation: operation.name)
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "Vestnik", "version": version, "description": _ABOUT, "license": _LICENCE},
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in dict.fromkeys(operation.tag for operation in operations)],
        "paths": paths,
        "components": {
            "schemas": _with_messengers(components, messengers),
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "Needed as soon as there is a key."}
            },
        },
    }


_LICENCE: Final = {"name": "MIT", "identifier": "MIT"}
_KEY: Final[Mapping[str, Any]] = {"key": []}


def _types(operations: Iterable[Operation]) -> list[type[Any]]:
    """Every type that is told of, each once."""
    found: dict[type[Any], None] = {ProblemView: None}
    for operation in operations:
        if operation.body is not None:
            found[operation.body] = None
        found |= dict.fromkeys(success.kind for success in operation.successes if success.kind is not None)
    return list(found)


def _operation(operation: Operation, contents: Mapping[type[Any], Any], *, guarded: bool) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": _name(operation.method, operation.name),
        "summary": operation.summary,
        "tags": [operation.tag],
        "responses": _responses(operation, contents),
        "security": [] if operation.keyless else [_KEY] if guarded else [{}, _KEY],
    }
    if operation.detail:
        described["description"] = operation.detail
    if operation.parameters:
        described["parameters"] = [_parameter(parameter) for parameter in operation.parameters]
    if operation.body is not None:
        shown = {name: {"value": value} for name, value in operation.examples.items()}
        content = {JSON: {**contents[operation.body], "examples": shown}}
        described["requestBody"] = {"required": True, "content": content}
    return described


def _name(method: str, path: str) -> str:
    words = [part for part in path.replace(".", "/").split("/") if part]
    return "_".join([method.lower(), *(word.strip("{}") for word in words)])


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": parameter.where,
        "description": parameter.detail,
        "required": parameter.required,
        "schema": dict(parameter.schema),
    }


def _responses(operation: Operation, contents: Mapping[type[Any], Any]) -> dict[str, Any]:
    described = {str(success.status): _success(success, contents) for success in operation.successes}
    kinds = {*operation.problems, WRONG_METHOD, INTERNAL}
    if not operation.keyless:
        kinds.add(UNAUTHORIZED)
    in_order = sorted((kind for kind in KINDS if kind in kinds), key=lambda kind: kind.status)
    for status, group in groupby(in_order, key=lambda kind: kind.status):
        problem = _problem(list(group), contents[ProblemView])
        if str(status) in described:
            described[str(status)]["content"] = problem["content"]
        else:
            described[str(status)] = problem
    return described


def _success(success: Success, contents: Mapping[type[Any], Any]) -> dict[str, Any]:
    described: dict[str, Any] = {"description": success.detail}
    if success.kind is not None:
        described["content"] = {success.media_type: contents[success.kind]}
    elif success.media_type is not None:
        described["content"] = {success.media_type: {}}
    if success.headers:
        described["headers"] = {
            name: {"description": detail, "schema": {"type": "string"}} for name, detail in success.headers.items()
        }
    if success.links:
        described["links"] = {name: _link(link) for name, link in success.links.items()}
    return described


def _link(link: Link) -> dict[str, Any]:
    return {
        "operationId": _name(link.method, link.path),
        "description": link.detail,
        "parameters": dict(link.parameters),
    }


def _problem(kinds: Sequence[Kind], content: Mapping[str, Any]) -> dict[str, Any]:
    # Neither a summary nor what a caller gets is Markdown.
    examples = {
        kind.slug: {
            "summary": (plain := kind.meaning.replace("`", "")),
            "value": {"type": kind.uri, "title": kind.title, "status": kind.status, "detail": plain},
        }
        for kind in kinds
    }
    described: dict[str, Any] = {
        "description": "; ".join(kind.title for kind in kinds),
        "content": {PROBLEM_JSON: {**content, "examples": examples}},
    }
    if any(kind.status == 503 for kind in kinds):
        described["headers"] = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}
    return described


def _with_messengers(schema: Any, messengers: Mapping[str, MessengerRules]) -> Any:
    """The schema with the messengers' names where the marks say that they belong."""
    if isinstance(schema, list):
        return [_with_messengers(part, messengers) for part in schema]
    if not isinstance(schema, dict):
        return schema
    filled = {key: _with_messengers(part, messengers) for key, part in schema.items() if key != MARK}
    mark = schema.get(MARK)
    if mark == "name":
        filled["enum"] = list(messengers)
    if mark == "word":
        filled["examples"] = [rules.title for rules in messengers.values()]
    if mark in ("identifiers", "entry"):
        filled["properties"] = {
            name: {"type": ["string", "null"], "examples": [rules.identifier_example]}
            for name, rules in messengers.items()
        }
    if mark == "identifiers":
        filled["additionalProperties"] = False
    return filled
