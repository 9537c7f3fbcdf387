"""Decides that a request with an Idempotency-Key is carried out once, after the IETF draft of that header.

It has never heard of what is carried out. Only what succeeded is remembered: a request that was refused has done
nothing, so its key is free for a better one.
"""

import hashlib
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final, TypeAlias

from starlette.requests import Request

from vestnik.api.endpoint import caller_of
from vestnik.api.headers import idempotency_key
from vestnik.api.parts import Parts
from vestnik.api.problems import KEY_REUSED, STILL_RUNNING, Problem
from vestnik.api.replies import Reply
from vestnik.domain.errors import StoreUnavailable
from vestnik.domain.requests import Fresh, OtherBody, Replay, Running

REPLAYED: Final = {"Idempotency-Replayed": "true"}
_MOST_UNSETTLED: Final = 1_000

_FORGOTTEN: Final = 500
"""The status under which the store forgets a request."""

Work: TypeAlias = Callable[[str | None], Awaitable[Reply]]
"""Carries the request out; it is given the key under which the store knows the request, if there is one."""
Render: TypeAlias = Callable[[str], Awaitable[Reply]]
"""The reply for a message that an earlier process accepted and did not live to reply for."""


class Once:
    """Carries requests out once for each key."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._unsettled: dict[str, tuple[int, bytes, str | None]] = {}
        """How requests ended of which the store could not be told at the time, by their keys."""

    async def reply(self, request: Request, body: bytes, work: Work, render: Render | None = None) -> Reply:
        """The reply of the work, or that of the first request with the same key.

        A key that cannot be used is a fault that the work itself will tell, together with all others.
        """
        sent, _ = idempotency_key(request)
        if sent is None:
            return await work(None)
        key, fingerprint = _identity(request, sent, body)
        store = self._parts.store
        if (ending := self._unsettled.pop(key, None)) is not None:
            await self._settle(key, ending)
        known = await store.begin_request(key, fingerprint, self._parts.clock.now())
        match known:
            case Fresh():
                return await self._carry_out(key, work)
            case Running():
                raise Problem(STILL_RUNNING, "a request with this key is under way", headers={"Retry-After": "1"})
            case OtherBody():
                raise Problem(KEY_REUSED, "this key was used with another body")
            case Replay(message_id=str(message_id), body=b"") if render is not None:
                rendered = await render(message_id)
                rendered.raw_headers += [(name.lower().encode(), value.encode()) for name, value in REPLAYED.items()]
                return rendered
            case Replay():
                location = {} if known.location is None else {"Location": known.location}
                return Reply(known.body, known.status, headers={**REPLAYED, **location})

    async def _carry_out(self, key: str, work: Work) -> Reply:
        try:
            reply = await work(key)
        except Exception:
            with suppress(StoreUnavailable):
                await self._settle(key, (_FORGOTTEN, b"", None))
            raise
        with suppress(StoreUnavailable):
            await self._settle(key, (reply.status_code, bytes(reply.body), reply.headers.get("location")))
        return reply

    async def _settle(self, key: str, ending: tuple[int, bytes, str | None]) -> None:
        """Tells the store how a request ended; where it cannot be told now, the next request with the key does."""
        try:
            await self._parts.store.finish_request(key, *ending)
        except BaseException:
            self._unsettled[key] = ending
            if len(self._unsettled) > _MOST_UNSETTLED:
                del self._unsettled[next(iter(self._unsettled))]
            raise


def _identity(request: Request, sent: str, body: bytes) -> tuple[str, str]:
    """The key as the store knows it, one for each caller and route, and the fingerprint of the whole request."""
    scope = request.scope
    route = (caller_of(request).digest, request.method, scope["path"])
    key = hashlib.sha256("\n".join((*route, sent)).encode(errors="surrogatepass")).hexdigest()
    whole = hashlib.sha256(scope["query_string"])
    whole.update(b"\n")
    whole.update(body)
    return key, whole.hexdigest()
