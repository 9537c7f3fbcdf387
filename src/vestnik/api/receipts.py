"""Decides how a messenger's own webhook calls are taken: read by its gateway, stored, and only then answered.

It has never heard of what any messenger reports; such calls are signed by their vendor and need no key of ours.
"""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from vestnik.api.bodies import read
from vestnik.api.parts import Parts
from vestnik.api.replies import Reply
from vestnik.domain.errors import NotFound
from vestnik.ports import Request as Call

_OURS: Final = frozenset({"content-type", "content-length"})
"""Headers of an answer that are written here."""


class Receipts:
    """The route /api/receipts/{messenger}."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def receive(self, request: Request) -> Response:
        """GET and POST /api/receipts/{messenger}."""
        messenger: str = request.path_params["messenger"]
        gateway = self._parts.gateways.get(messenger)
        if gateway is None:
            raise NotFound("there is no messenger of this name")
        body = await read(request, self._parts)
        query: bytes = request.scope["query_string"]
        url = request.scope["path"] + (f"?{query.decode('latin-1')}" if query else "")
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in request.scope["headers"]}
        now = self._parts.clock.now()
        inbound = gateway.receive(Call(request.method, url, headers, body), now)
        if inbound.receipts:
            await self._parts.store.apply(inbound.receipts, now)
        answer = inbound.response
        others = {name: value for name, value in answer.headers.items() if name not in _OURS}
        media_type = answer.headers.get("content-type", "text/plain; charset=utf-8")
        return Reply(answer.body, answer.status, media_type=media_type, headers=others)
