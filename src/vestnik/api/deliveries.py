"""Decides what may be asked about one delivery: its history, another round of attempts, a verdict by a person.

It has never heard of how a delivery moves; the lifecycle's own table refuses what cannot be.
"""

from starlette.requests import Request
from starlette.responses import Response

from vestnik.api.endpoint import caller_of
from vestnik.api.faults import Faults
from vestnik.api.idempotency import Once
from vestnik.api.intake import Intake
from vestnik.api.messages import message_for
from vestnik.api.parts import Parts
from vestnik.api.queries import Query
from vestnik.api.replies import Reply, told
from vestnik.api.schemas import ResolveBody
from vestnik.api.shapes import Shape
from vestnik.api.views import delivery_of, in_full
from vestnik.domain.delivery import Delivery, split_delivery_id
from vestnik.domain.errors import NotFound
from vestnik.domain.lifecycle import Event

_FATES = {"delivered": Event.RESOLVE_DELIVERED, "failed": Event.RESOLVE_FAILED}


class Deliveries:
    """The routes under /api/deliveries."""

    def __init__(self, parts: Parts, intake: Intake, once: Once) -> None:
        self._parts = parts
        self._intake = intake
        self._once = once
        self._resolve = Shape(ResolveBody, neutral={"as": "failed"})

    async def show(self, request: Request) -> Response:
        """GET /api/deliveries/{id}."""
        Query(request, ()).settle()
        delivery = await self._theirs(request)
        attempts, receipts = await self._parts.store.history(delivery.id)
        return told(in_full(delivery, attempts, receipts))

    async def retry(self, request: Request) -> Response:
        """POST /api/deliveries/{id}/retry."""
        self._intake.must_be_open()
        Query(request, ()).settle()

        async def work(_: str | None) -> Reply:
            delivery = await self._theirs(request)
            again = await self._parts.store.retry(delivery.id, self._parts.clock.now())
            self._parts.bell.wake()
            return told(delivery_of(again))

        return await self._once.reply(request, b"", work)

    async def resolve(self, request: Request) -> Response:
        """POST /api/deliveries/{id}/resolve."""
        query = Query(request, ())
        body, of_shape, raw = await self._resolve.read(request, self._parts)
        Faults([*query.faults, *of_shape]).settle()

        async def work(_: str | None) -> Reply:
            delivery = await self._theirs(request)
            now = self._parts.clock.now()
            return told(delivery_of(await self._parts.store.resolve(delivery.id, _FATES[body.fate], now)))

        return await self._once.reply(request, raw, work)

    async def _theirs(self, request: Request) -> Delivery:
        """The delivery in the path; NotFound also where the caller's key is for other senders."""
        delivery_id: str = request.path_params["id"]
        message_id, _ = split_delivery_id(delivery_id)
        caller = caller_of(request)
        if caller.senders:
            await message_for(caller, message_id, self._parts)
        usable = message_id.isascii() and message_id.isalnum()
        delivery = await self._parts.store.delivery(delivery_id) if usable else None
        if delivery is None:
            raise NotFound(f"no delivery has the id {delivery_id[:64]!r}")
        return delivery
