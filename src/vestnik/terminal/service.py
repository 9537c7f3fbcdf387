"""Decides how a command line speaks to a running service: one small client of its HTTP API.

It has never heard of what is printed; what the service refuses becomes one error with every fault in it.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import aiohttp
import msgspec

from vestnik.domain.errors import VestnikError

_NO_KEY: Final = 401


class ServiceTrouble(VestnikError):
    """The service cannot be reached or refuses; the text is for the person at the terminal, one fault a line.

    `faults` are pairs of a pointer into the body and what is wrong there.
    """

    def __init__(self, detail: str, faults: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__("\n".join([detail, *(f"  {pointer}: {wrong}" for pointer, wrong in faults)]))
        self.detail = detail
        self.faults = faults


class Service:
    """A running service at `url`."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self._url = url.rstrip("/")
        self._session = session

    async def call(self, method: str, path: str, body: Any = None, **query: str | int) -> Any:
        """The decoded answer; ServiceTrouble where there is none or it is a refusal."""
        content = None if body is None else msgspec.json.encode(body)
        headers = {} if content is None else {"content-type": "application/json"}
        try:
            async with self._session.request(
                method, self._url + path, data=content, headers=headers, params=query
            ) as response:
                return _understood(response.status, await response.read())
        except aiohttp.ClientConnectorError:
            raise ServiceTrouble(f"no service answers at {self._url}") from None
        except (aiohttp.InvalidURL, ValueError):
            raise ServiceTrouble(f"{self._url} is not the address of a service; give http://HOST:PORT") from None
        except (aiohttp.ClientError, TimeoutError) as reason:
            raise ServiceTrouble(f"no answer from {self._url}: {str(reason) or 'it took too long'}") from None


@asynccontextmanager
async def service(url: str, key: str | None) -> AsyncIterator[Service]:
    """A client for the service at `url`, with a bearer key if one is given; a call takes a minute at most."""
    headers = {"authorization": f"Bearer {key}"} if key else {}
    async with aiohttp.ClientSession(headers=headers, timeout=aiohttp.ClientTimeout(total=60)) as session:
        yield Service(url, session)


def _understood(status: int, content: bytes) -> Any:
    try:
        answer = msgspec.json.decode(content) if content else None
    except msgspec.DecodeError:
        raise ServiceTrouble(f"the answer has status {status} and is not from this service") from None
    if status < 400:
        return answer
    problem = answer if isinstance(answer, dict) else {}
    faults = [(str(fault.get("pointer", "")), str(fault.get("detail", ""))) for fault in problem.get("errors", ())]
    detail = str(problem.get("detail") or problem.get("title") or f"status {status}")
    raise ServiceTrouble(f"{detail}; give the key with --key-file" if status == _NO_KEY else detail, faults)
