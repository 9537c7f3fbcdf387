"""Decides what probes and collectors are told: that the process lives, whether it is ready, and its numbers.

It has never heard of what readiness depends on; whoever put the service together knows.
"""

import msgspec
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import Response

from vestnik.api.parts import Parts
from vestnik.api.problems import NOT_READY, Problem
from vestnik.api.replies import Reply, told


class HealthView(msgspec.Struct):
    """All is well."""

    status: str


class Health:
    """The routes /livez, /readyz and /metrics."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def live(self, _: Request) -> Response:
        """GET /livez."""
        return told(HealthView("ok"))

    async def ready(self, _: Request) -> Response:
        """GET /readyz."""
        reason = self._parts.readiness() if self._parts.door.open else "the service stops"
        if reason is not None:
            headers = {"Retry-After": str(self._parts.settings.retry_after)}
            raise Problem(NOT_READY, reason, headers=headers)
        return told(HealthView("ok"))

    async def metrics(self, _: Request) -> Response:
        """GET /metrics."""
        return Reply(generate_latest(self._parts.registry), media_type=CONTENT_TYPE_LATEST)
