"""Decides what may be asked about messages: send one, look at them, cancel, send at another time.

It has never heard of how a message is kept or sent.
"""

import re
from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from vestnik.api.endpoint import caller_of
from vestnik.api.faults import Faults
from vestnik.api.idempotency import Once
from vestnik.api.intake import Intake, accepted, following
from vestnik.api.keys import Caller
from vestnik.api.parts import Parts
from vestnik.api.planning import Planner, future
from vestnik.api.problems import pointer
from vestnik.api.queries import Query, cursor_for
from vestnik.api.recipients import NOT_AN_ID
from vestnik.api.replies import Reply, told
from vestnik.api.schemas import MessageBody, RescheduleBody
from vestnik.api.shapes import Shape
from vestnik.api.views import DeliveriesPage, MessagesPage, ProgressView, delivery_of, summary_of
from vestnik.domain.account import ACCOUNT_ID
from vestnik.domain.errors import NotFound
from vestnik.domain.lifecycle import State
from vestnik.domain.message import Message
from vestnik.domain.moment import to_rfc3339
from vestnik.domain.summary import message_status

_ID: Final = re.compile(r"[0-9A-Za-z]{1,64}")
_ORDINAL: Final = re.compile(r"[0-9]{1,9}")


class Messages:
    """The routes under /api/messages."""

    def __init__(self, parts: Parts, planner: Planner, intake: Intake, once: Once) -> None:
        self._parts = parts
        self._planner = planner
        self._intake = intake
        self._once = once
        self._body = Shape(MessageBody, neutral={"messengers": [], "recipients": []}, crowd="recipients")
        self._reschedule = Shape(RescheduleBody)

    async def send(self, request: Request) -> Response:
        """POST /api/messages."""
        self._intake.must_be_open()
        query = Query(request, ("dry_run",))
        dry = query.flag("dry_run")
        body, of_shape, raw = await self._body.read(request, self._parts)
        faults = Faults([*query.faults, *of_shape])

        async def work(key: str | None) -> Reply:
            order = await self._planner.order(body, caller_of(request), self._parts.messengers.get, faults, key)
            if dry:
                return self._intake.dry_run(order)
            view = await self._intake.take(order, pointer_of)
            return accepted(view, view.id)

        def pointer_of(delivery: int, messenger: str) -> str:
            recipient = delivery // len(body.messengers)
            named = isinstance(body.recipients[recipient], Mapping)
            return pointer("recipients", recipient, messenger) if named else pointer("recipients", recipient)

        async def render(message_id: str) -> Reply:
            return accepted(await self._intake.seen(message_id), message_id)

        return await (work(None) if dry else self._once.reply(request, raw, work, render))

    async def listed(self, request: Request) -> Response:
        """GET /api/messages."""
        query = Query(request, ("status", "sender", "limit", "cursor"))
        status, limit, before = query.choice("status", State), query.limit(), query.cursor()
        sender = query.text("sender")
        allowed = caller_of(request).senders
        if sender is None and len(allowed) == 1:
            sender = allowed[0]
        if sender is None and allowed:
            query.fault("sender", "must name one of the senders of this key")
        if sender is not None and not ACCOUNT_ID.fullmatch(sender):
            query.fault("sender", NOT_AN_ID)
        query.settle()
        if sender is not None:
            caller_of(request).must_speak_for(sender)
        found = await self._parts.store.messages(status=status, sender=sender, limit=limit + 1, before=before)
        page = [summary_of(message) for message in found[:limit]]
        return told(MessagesPage(page, cursor_for(page[-1].id) if len(found) > limit else None))

    async def show(self, request: Request) -> Response:
        """GET /api/messages/{id}."""
        Query(request, ()).settle()
        return told(await self._intake.shown(await self._theirs(request)))

    async def deliveries(self, request: Request) -> Response:
        """GET /api/messages/{id}/deliveries."""
        query = Query(request, ("status", "limit", "cursor"))
        state, limit, after = query.choice("status", State), query.limit(), query.cursor()
        if after is not None and not _ORDINAL.fullmatch(after):
            query.fault("cursor", "is not a cursor of this list")
        query.settle()
        message = await self._theirs(request)
        ordinal = -1 if after is None else int(after)
        found = await self._parts.store.deliveries(message.id, state=state, limit=limit + 1, after=ordinal)
        page = [delivery_of(delivery) for delivery in found[:limit]]
        return told(DeliveriesPage(page, following(page) if len(found) > limit else None))

    async def progress(self, request: Request) -> Response:
        """GET /api/messages/{id}/progress."""
        Query(request, ()).settle()
        message = await self._theirs(request)
        found = await self._parts.store.progress(message.id)
        return told(ProgressView(message.id, message_status(message.counts), found))

    async def cancel(self, request: Request) -> Response:
        """POST /api/messages/{id}/cancel."""
        Query(request, ()).settle()

        async def work(_: str | None) -> Reply:
            message = await self._theirs(request)
            cancelled = await self._parts.store.cancel(message.id, self._parts.clock.now())
            return told(await self._intake.shown(cancelled))

        return await self._once.reply(request, b"", work)

    async def reschedule(self, request: Request) -> Response:
        """PATCH /api/messages/{id}."""
        query = Query(request, ())
        body, of_shape, _ = await self._reschedule.read(request, self._parts)
        faults = Faults([*query.faults, *of_shape])
        now = self._parts.clock.now()
        send_at = future(body.send_at, "send_at", now, faults)
        message = await self._theirs(request)
        if send_at is not None and message.expires_at is not None and send_at >= message.expires_at:
            faults.add(f"is not before the message expires, {to_rfc3339(message.expires_at)}", "send_at")
        faults.settle()
        assert send_at is not None
        moved = await self._parts.store.reschedule(message.id, send_at, now)
        self._parts.bell.wake()
        return told(await self._intake.shown(moved))

    async def _theirs(self, request: Request) -> Message:
        """The message in the path; NotFound also where the caller's key is for other senders."""
        message_id: str = request.path_params["id"]
        return await message_for(caller_of(request), message_id, self._parts)


async def message_for(caller: Caller, message_id: str, parts: Parts) -> Message:
    """The message; NotFound if there is none that the caller may know of."""
    message = await parts.store.message(message_id) if _ID.fullmatch(message_id) else None
    if message is None or not caller.may_speak_for(message.sender.id):
        raise NotFound(f"no message has the id {message_id[:64]!r}")
    return message
