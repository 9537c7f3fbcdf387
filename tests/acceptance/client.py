"""Decides how a test speaks HTTP to a running service: one plain exchange at a time, from any thread.

It has never heard of the service's own client code, so that a mistake there cannot hide one in the service.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

_TIMEOUT: Final = 30.0


class NoAnswer(Exception):
    """The service is not there, or hung up; what was asked may have been done."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer; header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def expect(self, status: int) -> Any:
        """The decoded body of an answer that must have this status; None where it is empty."""
        assert self.status == status, f"{self.status} in place of {status}: {self.body.decode(errors='replace')}"
        return self.json if self.body else None

    def faults(self) -> dict[str, str]:
        """The wrong parameters that a 422 names, as pointer → detail."""
        return {fault["pointer"]: fault["detail"] for fault in self.expect(422)["errors"]}


class Client:
    """Requests to one address, for instance `http://127.0.0.1:8080`, with a bearer key if one is set."""

    def __init__(self, address: str, key: str | None = None) -> None:
        self.address = address
        self.key = key

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        timeout: float = _TIMEOUT,
        **query: object,
    ) -> Reply:
        """One exchange on a connection of its own; `body` is sent as JSON, bytes as they are. NoAnswer if none came."""
        sent = {"authorization": f"Bearer {self.key}"} if self.key else {}
        content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        if content is not None:
            sent["content-type"] = "application/json"
        asked = {name: value for name, value in query.items() if value is not None}
        connection = HTTPConnection(urlsplit(self.address).netloc, timeout=timeout)
        try:
            connection.request(
                method, f"{path}?{urlencode(asked)}" if asked else path, content, {**sent, **(headers or {})}
            )
            answer = connection.getresponse()
            return Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        except (OSError, HTTPException) as error:
            raise NoAnswer(f"{method} {path}: {error!r}") from error
        finally:
            connection.close()
